"""Who holds the lock of a simulated card.

The lock file names the simulator; the simulator's parent is the process that uses the card.
"""

from __future__ import annotations

import re
from pathlib import Path

_SIMULATOR = re.compile(r"in use by process (\d+)")


def parent_of(pid: int) -> int | None:
    """The process that started another one; None where the system does not tell, or when it has ended."""
    try:
        # "pid (name) state ppid ...", and the name may hold spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        parent = int(fields[1])
    except (OSError, IndexError, ValueError):
        return None
    return parent if parent > 1 else None


def busy_text(image: str, simulator: str) -> str:
    """The message for a card in use; ``simulator``: the process id in the lock file."""
    name = f"sim:{Path(image).stem}"
    parent = parent_of(int(simulator)) if simulator.isdecimal() else None
    if parent is not None:
        return f"another smartdm (process {parent}) is using {name}; wait until it ends, or end it"
    return f"another simulator (process {simulator or 'unknown'}) is using {name}; wait until it ends"


def busy_answer(text: str) -> str:
    """The simulator's own words about a card in use, with the process that uses it."""
    found = _SIMULATOR.search(text)
    image = text.removeprefix("the card ").partition(" is in use by ")[0]
    return busy_text(image, found[1]) if found else text
