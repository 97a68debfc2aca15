"""Speaks to the multiselectable probes (``probe/Twin.java``, ``probe/Sister.java``) on logical channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import AID

TWIN = AID
SISTER = AID[:-1] + b"\x02"


class Habit(IntEnum):
    """What an applet does when it is to be selected."""

    ACCEPT = 0
    DECLINE = 1
    THROW = 2
    LEAVE_OPEN = 3
    """It accepts, and returns with a transaction open and RAM written."""


class Note(IntEnum):
    """Methods that were called, as the applet notes them."""

    SELECT = 1
    SELECT_BESIDE = 2
    """``select(false)``: another applet of the package is active."""
    SELECT_AGAIN = 3
    """``select(true)``: the applet itself is."""
    DESELECT = 4
    DESELECT_BESIDE = 5
    DESELECT_AGAIN = 6


@dataclass(frozen=True)
class Look:
    """What an applet sees: its class byte and channels, its memory, its install parameters and AID."""

    cla: int
    cla_channel: int
    assigned: int
    cod: int
    cor: int
    key: bool
    parameters: int
    kept: int
    aid: int
    principal: int


def select_apdu(aid: bytes, channel: int = 0) -> bytes:
    return bytes((channel, 0xA4, 0x04, 0x00, len(aid))) + aid


class Twins:
    """A card with the applets."""

    def __init__(self, card: SimTransport) -> None:
        self.card = card

    def raw(self, command: str) -> str:
        """Hex to hex."""
        return self.card.transmit(bytes.fromhex(command)).hex()

    def select(self, aid: bytes, channel: int = 0, sw: int = 0x9000) -> None:
        assert self.card.transmit(select_apdu(aid, channel)).hex() == f"{sw:04x}"

    def open(self, channel: int, origin: int = 0, sw: int = 0x9000) -> None:
        assert self.raw(f"{origin:02x}7000{channel:02x}00") == f"{sw:04x}"

    def close(self, channel: int, origin: int = 0, sw: int = 0x9000) -> None:
        assert self.raw(f"{origin:02x}7080{channel:02x}00") == f"{sw:04x}"

    def send(self, ins: int, p1: int = 0, channel: int = 0, cla: int = 0x80) -> bytes:
        answer = self.card.transmit(bytes((cla | channel, ins, p1, 0, 0)))
        assert answer[-2:] == b"\x90\x00", answer.hex()
        return answer[:-2]

    def behave(self, habit: Habit, channel: int = 0) -> None:
        self.send(0x60, habit, channel)

    def notes(self, channel: int = 0) -> list[tuple[Note, int]]:
        """What was called, and the channel it was for; then they are forgotten."""
        return [(Note(byte >> 4), byte & 0xF) for byte in self.send(0x61, 0, channel)]

    def fill(self, value: int, channel: int = 0) -> None:
        """Writes into an array of each kind, and sets the key."""
        self.send(0x62, value, channel)

    def look(self, channel: int = 0, cla: int = 0x80) -> Look:
        raw = self.send(0x63, 0, channel, cla)
        cla, cla_channel, assigned, cod, cor, key, parameters, kept, aid = raw[:9]
        principal = int.from_bytes(raw[9:11])
        return Look(cla, cla_channel, assigned, cod, cor, key == 1, parameters, kept, aid, principal)
