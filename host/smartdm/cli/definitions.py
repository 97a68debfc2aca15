"""Definitions that were read from a card, kept in the data folder: each is read once, whatever card has it.

They are named by their digests, so what is kept is right for every card, and a file that was tampered with is not used.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from smartdm.card.registry import read_definition
from smartdm.cli.files import write_result
from smartdm.codec import packed
from smartdm.errors import CodecError

if TYPE_CHECKING:
    from pathlib import Path

    from smartdm.mo.definition import Definition

_DIGEST = re.compile(r"[A-Za-z0-9_-]{16}")


class DefinitionShelf:
    """The folder; what cannot be read from it or written to it is read from the card again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, digest: str) -> Definition | None:
        """The definition with that digest, or None."""
        if not _DIGEST.fullmatch(digest):  # the card chose it
            return None
        with suppress(OSError, CodecError):
            definition = read_definition((self._folder / digest).read_bytes())
            return definition if packed.digest(definition) == digest else None
        return None

    def keep(self, digest: str, answer: bytes) -> None:
        """Keep what a card answered."""
        if _DIGEST.fullmatch(digest):
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                write_result(self._folder / digest, answer)
