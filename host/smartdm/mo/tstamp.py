"""Time stamps of nodes: seconds since 2000-01-01T00:00:00Z, four bytes unsigned on the card.

As text they are ISO 8601 basic in UTC, ``20010711T163817Z`` (OMA DM TND 1.2, TStamp property).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from smartdm.errors import CodecError
from smartdm.mo.text import shown

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
LAST = 0xFFFFFFFF
_TEXT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")


def encode(seconds: int) -> str:
    """The text of a time stamp; ValueError outside 0..2^32-1."""
    if not 0 <= seconds <= LAST:
        raise ValueError(f"a TStamp is 0 to {LAST} seconds, not {seconds}")
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


def decode(text: str) -> int:
    """The seconds that a text means; CodecError if it is no UTC time from 2000 to 2136."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise CodecError(f"TStamp {shown(text)} must have the form 20010711T163817Z")
    try:
        moment = datetime(*(int(group) for group in match.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError as error:
        raise CodecError(f"TStamp {shown(text)} is no date and time: {error}") from error
    seconds = int((moment - EPOCH).total_seconds())
    if not 0 <= seconds <= LAST:
        raise CodecError(f"TStamp {shown(text)} is outside what a card can hold (2000 to February 2136)")
    return seconds
