"""The entry point.  Imports next to nothing, so that Ctrl-C while the rest is being imported ends as it does later."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs ``smartdm`` with these arguments (default: the process's) and returns the exit code."""
    try:
        from smartdm.cli.run import run  # noqa: PLC0415 - see above

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        sys.stderr.write("ERROR: interrupted\n")
        return _INTERRUPTED
