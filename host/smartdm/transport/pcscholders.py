"""Who may be keeping a card reader for himself: other programs that have loaded the PC/SC library."""

from __future__ import annotations

import os
from pathlib import Path

_LIBRARY = b"libpcsclite"
_USUAL = "often scdaemon (`gpgconf --kill scdaemon`), a browser, or gsd-smartcard"


def holders(processes: Path = Path("/proc")) -> list[tuple[str, int]]:
    """Name and process id of other programs that use PC/SC, as far as this user may see them."""
    found = []
    for folder in processes.glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            if _LIBRARY in (folder / "maps").read_bytes():
                found.append(((folder / "comm").read_text("utf-8", "replace").strip(), int(folder.name)))
        except OSError:  # somebody else's, or it has ended
            continue
    return sorted(found)


def busy_text(reader: str, how: str, *, shared: bool) -> str:
    """The message for a reader in use.  ``how``: what the other program does with it; ``shared``: we would share it."""
    found = ", ".join(f"{name} (process {pid})" for name, pid in holders())
    who = f"by the look of it {found}" if found else _USUAL
    return f"another program {how} {reader}: {who}; end it{'' if shared else ', or try --shared'}"
