"""How input is shown inside error messages."""

from __future__ import annotations


def shown(text: str, most: int = 60) -> str:
    """``text`` in quotes, control characters escaped, cut after ``most`` characters: hostile input stays one line."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}…"
