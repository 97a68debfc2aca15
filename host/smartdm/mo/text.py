"""Texts: how input is shown inside error messages, and what XML cannot carry."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def shown(text: str, most: int = 60) -> str:
    """``text`` in quotes, control characters escaped, cut after ``most`` characters: hostile input stays one line."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}…"


def not_xml(text: str) -> str:
    """The first character that XML 1.0 cannot carry; empty if there is none."""
    found = _NOT_XML.search(text)
    return found[0] if found else ""
