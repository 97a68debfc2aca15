"""What the card tests run on: the simulator as built, or that in the folder SMARTDM_SIMULATOR (for coverage, one with
the classes of the sources), with the jCardSim that the build uses, or the version in SMARTDM_JCARDSIM.
"""

import os
from pathlib import Path

from smartdm.transport.simprocess import default_folder

BUILT = Path(os.environ.get("SMARTDM_SIMULATOR") or default_folder())
VERSION = os.environ.get("SMARTDM_JCARDSIM", "")


def jcardsim() -> Path:
    """The jar of the wanted version."""
    jar = default_folder().parent / "jars" / (f"jcardsim-{VERSION}.jar" if VERSION else "jcardsim.jar")
    assert jar.exists(), f"there is no {jar}: pom.xml names the versions that SMARTDM_JCARDSIM can be set to"
    return jar


def simulator_folder(target: Path) -> Path:
    """A folder for SimTransport below ``target``: the wanted simulator, with the wanted jCardSim beside it."""
    (target / "jars").mkdir()
    (target / "jars" / "jcardsim.jar").symlink_to(jcardsim())
    folder = target / "sim"
    folder.symlink_to(BUILT)
    return folder
