"""A card that says what a test tells it to: the fake behind the tests of channel, commands and session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.codec import tlv
from smartdm.wire import APPLET_AID, Select

FIELDS = {
    Select.VERSION: "0100",
    Select.STATE: "0F",
    Select.LIMITS: "10 40 C0 F0 00E0",
    Select.CAPABILITIES: "0000",
    Select.GENERATION: "000007",
    Select.SPACE: "3DF0 10 0200",
    Select.NODES: "0009 0200",
    Select.TAGS: "00000001 00000002" + 16 * "00",
}


def fci(changes: dict[int, bytes | None] | None = None) -> bytes:
    """A SELECT answer; ``changes``: other values for some data objects, None = left out."""
    fields: dict[int, bytes | None] = {tag: bytes.fromhex(value) for tag, value in FIELDS.items()}
    fields |= changes or {}
    inner = b"".join(tlv.encode(tag, value) for tag, value in fields.items() if value is not None)
    return tlv.encode(0x6F, tlv.encode(0x84, APPLET_AID) + tlv.encode(0xA5, inner))


SELECTED = fci() + b"\x90\x00"


class Told:
    """A transport whose card gives these answers in turn; the last one for ever.  Keeps what it was sent."""

    name = "told"

    def __init__(self, answers: Iterable[str | bytes]) -> None:
        given = [bytes.fromhex(answer) if isinstance(answer, str) else answer for answer in answers]
        self._answers = iter(given)
        self._last: Callable[[], bytes] = repeat(given[-1]).__next__
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        assert len(self.sent) < 10_000, "the host never stops"
        return next(self._answers, None) or self._last()

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to end."""


def told(*answers: str | bytes) -> tuple[Card, Told]:
    transport = Told(answers)
    return Card(Channel(transport)), transport
