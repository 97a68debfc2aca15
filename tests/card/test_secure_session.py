"""A session over a secure channel: the real applet, behind the card's side of a second implementation of SCP03."""

from __future__ import annotations

import pytest

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.card.keys import KeySet
from smartdm.card.scp03 import Level
from smartdm.card.secure import SecureLayer
from smartdm.errors import AlreadyExists
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Session
from smartdm.wire import Principal
from tests.card.device import Device
from tests.card.seen import apdu
from tests.card.store import branch, leaf, pattern, uri
from tests.oracle.scp03 import CardSide

KEYS = KeySet(0x30, bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96)))
MOST = 256
"""Bytes of data in one answer; what is more is fetched by GET RESPONSE."""


class Guard:
    """A transport to a card that lets only wrapped commands through, but for SELECT, and them as the issuer's."""

    name = "guard"

    def __init__(self, device: Device) -> None:
        self._device = device
        self.card = CardSide(KEYS.enc, KEYS.mac, self._handle)
        self._rest = b""
        self.fetched = 0
        self.longest = 0

    def _handle(self, cla: int, ins: int, p1: int, p2: int, data: bytes) -> tuple[bytes, int]:
        answer = self._device.link.transmit(apdu(ins, data, p1, p2, cla=cla))
        if self.card.session is None:
            self._device.sim.principal(Principal.ISSUER)  # SELECT ended whatever was open; the channel begins now
        return answer[:-2], int.from_bytes(answer[-2:])

    def transmit(self, command: bytes) -> bytes:
        self.longest = max(self.longest, len(command))
        if command[:2] == b"\x00\xc0":
            self.fetched += 1
        else:
            self._rest = self.card.transmit(command)
        now, self._rest = self._rest[:MOST], self._rest[MOST:]
        if len(self._rest) < 2 or not self._rest[:-2]:
            now, self._rest = now + self._rest, b""
            return now
        return now + bytes((0x61, (len(self._rest) - 2) & 0xFF))

    def reset(self) -> None:
        self.card.session = None
        self._device.link.reset()

    def close(self) -> None:
        self._device.link.close()


def opened(device: Device, level: Level) -> tuple[Session, Guard]:
    guard = Guard(device)
    return Session(Card(Channel(guard, layer=lambda send: SecureLayer(send, KEYS, level)))), guard


TREE = branch("A", *[Node(f"n{number}", Format.BIN, pattern(number, 200)) for number in range(12)], leaf("v", b"old"))


@pytest.mark.parametrize("level", list(Level), ids=lambda level: f"{level:02x}")
def test_everything_that_a_session_does_works_over_a_secure_channel(device: Device, level: Level):
    session, guard = opened(device, level)
    session.apply(Batch().add(ROOT, TREE))
    assert session.read(uri("A")) == TREE
    session.put_value(uri("A/v"), pattern(7, 3_000))
    assert session.read(uri("A/v")).value == pattern(7, 3_000)
    with pytest.raises(AlreadyExists) as caught:
        session.apply(Batch().delete(uri("A/n1")).add(ROOT, leaf("A")))
    assert caught.value.index == 1
    assert session.refresh().generation == session.generation
    assert [node.name for node in session.apply(Batch().get(ROOT, 1))[0].children] == ["A"]
    assert (guard.card.tries, guard.fetched > 0) == (2, bool(level & 0x30))
    assert guard.longest <= 5 + 255 + 1
    assert device.open().read(uri("A/v")).value == pattern(7, 3_000)


def test_the_card_sees_the_same_commands_as_without_a_channel(device: Device):
    session, guard = opened(device, Level.FULL)
    batch = Batch().add(ROOT, TREE)
    session.apply(batch)
    parts = batch.parts(room=239)
    chained = [entry for entry in guard.card.log if entry[1] == 0x30]
    assert [entry[4] for entry in chained] == parts
    assert [entry[0] for entry in chained] == [0x90] * (len(parts) - 1) + [0x80]
