"""Where things lie: the data folder, from the environment or the platform's convention."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "SMARTDM_HOME"
_DOORS = "doors.toml"

CHECKOUT = Path(__file__).resolve().parents[3]
"""The folder with ``build.xml``, ``applet/`` and ``jcsdk/``, when this package runs from a checkout."""


def data_folder() -> Path:
    """``$SMARTDM_HOME``, else the user's data folder of this platform; not created here."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - only needed here, and --help should start fast

    return Path(platformdirs.user_data_dir("smartdm", appauthor=False))


def sim_folder() -> Path:
    """The folder of the simulated cards."""
    return data_folder() / "sim"


def doors_file() -> Path:
    """Where the file of doors is looked for: in ``$SMARTDM_HOME``, else in the user's configuration folder."""
    if os.environ.get(HOME_VARIABLE):
        return data_folder() / _DOORS
    import platformdirs  # noqa: PLC0415 - as above

    return Path(platformdirs.user_config_dir("smartdm", appauthor=False)) / _DOORS
