"""Whether a value suits its Format (OMA DM TND 1.2, "Format"; ISO 8601; XML Schema float)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, time

from smartdm.mo.text import shown
from smartdm.mo.tree import BINARY, Format

INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
_INT = re.compile(r"[+-]?[0-9]{1,10}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_DATE = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2})(:?)([0-9]{2})(?:\2([0-9]{2})(?:[.,][0-9]{1,9})?)?(?:Z|[+-]([0-9]{2})(?::?([0-9]{2}))?)?"
)
_SPACE = re.compile(r"[ \t\r\n]+")


def value_fault(node_format: Format, value: bytes) -> str | None:
    """What is wrong with the octets of a leaf of this Format, as a sentence; None if nothing is.

    For b64 and bin, whose values are octets here, nothing can be.
    """
    if node_format in BINARY:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return f"the value is not UTF-8 text, as Format {node_format} needs"
    return text_fault(node_format, text)


def text_fault(node_format: Format, text: str) -> str | None:
    """What is wrong with a value as a document spells it (base64 for b64 and bin); None if nothing is."""
    rule = _RULES.get(node_format)
    if rule is None or rule[0](text):
        return None
    return f"the value {shown(text)} is not {rule[1]}, as Format {node_format} needs"


def _is_int(text: str) -> bool:
    return bool(_INT.fullmatch(text)) and INT_MIN <= int(text) <= INT_MAX


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    return match is not None and _exists(date, int(match[1]), int(match[3]), int(match[4]))


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    zone = _exists(time, int(match[5] or 0), int(match[6] or 0))
    return zone and _exists(time, int(match[1]), int(match[3]), int(match[4] or 0))


def _exists(kind: Callable[..., object], *numbers: int) -> bool:
    try:
        kind(*numbers)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(_SPACE.sub("", text), validate=True)
    except ValueError:
        return False
    return True


_RULES: dict[Format, tuple[Callable[[str], bool], str]] = {
    Format.INT: (_is_int, f"a whole number from {INT_MIN} to {INT_MAX}"),
    Format.BOOL: (lambda text: text in {"true", "false"}, "'true' or 'false'"),
    Format.NULL: (lambda text: not text, "empty"),
    Format.DATE: (_is_date, "a date like 20260115 or 2026-01-15"),
    Format.TIME: (_is_time, "a time like 080000Z or 08:00:00"),
    Format.FLOAT: (lambda text: bool(_FLOAT.fullmatch(text)), "a number like 0.045 or 1E-3"),
    Format.B64: (_is_base64, "base64"),
    Format.BIN: (_is_base64, "base64"),
}
