"""The card readers of this machine, for those who only want to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.errors import TransportError

if TYPE_CHECKING:
    from smartdm.transport.pcsclib import ReaderState


def found_readers() -> list[ReaderState]:
    """All readers; [] also where PC/SC is not installed or does not run (``smartdm doctor`` tells)."""
    try:
        return listed_readers()
    except TransportError:
        return []


def listed_readers() -> list[ReaderState]:
    """All readers; NoCardError or another TransportError where PC/SC cannot be asked."""
    from smartdm.transport.pcsclib import Context  # noqa: PLC0415 - only for those who use a reader

    context = Context()
    try:
        return context.readers()
    finally:
        context.release()
