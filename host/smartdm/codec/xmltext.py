"""Writing text into an XML document: as it is, or as a token, around which white space does not count."""

from __future__ import annotations

import re

from smartdm.errors import CodecError
from smartdm.mo.text import shown

NAMESPACE = "syncml:dmddf1.2"
"""The namespace of TNDS and DDF documents."""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EDGE_SPACE = re.compile(r"^[ \t\r\n]|[ \t\r\n]$")


def text(value: str, what: str) -> str:
    """``value`` escaped; CodecError for characters that XML 1.0 cannot carry."""
    bad = _NOT_XML.search(value)
    if bad:
        raise CodecError(f"the {what} holds the character {bad[0]!r}, which XML cannot carry")
    return value.translate(_ESCAPES)


def token(value: str, what: str) -> str:
    """Text around which white space does not count, so it may not begin or end with any."""
    if _EDGE_SPACE.search(value):
        raise CodecError(f"the {what} {shown(value)} begins or ends with white space")
    return text(value, what)
