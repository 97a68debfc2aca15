"""Who is asking comes in by a real door: servers and the issuer by SCP03, the holder by PIN, nobody by none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from smartdm.card.keys import KeySet
from smartdm.transport.sim import SimTransport
from smartdm.wire import Ins, Sw
from tests.card.device import ISSUER as ISSUER_KEYS
from tests.card.doors import HOST_CHALLENGE, key_set, pin
from tests.card.seen import SELECT, apdu
from tests.oracle.acl import HOLDER, ISSUER
from tests.oracle.scp03 import Initiator

ROOM = 239
"""Bytes of data in a command at level 33."""
LEVELS = (0x33, 0x03)
FIRST_VERSION = 0x40


@dataclass
class Doors:
    """``keys``: those of each principal that has some."""

    sim: SimTransport
    keys: dict[str, KeySet]
    channel: Initiator | None = None
    entered: int = field(default=0)
    """How often somebody did; the levels take turns."""

    @classmethod
    def of(cls, sim: SimTransport, servers: Iterable[str]) -> Doors:
        """Keys for each of the servers, which the card still has to be given."""
        keys = {who: key_set(FIRST_VERSION + at, at + 1) for at, who in enumerate(servers)}
        return cls(sim, {**keys, ISSUER: ISSUER_KEYS})

    def enter(self, who: str) -> None:
        """Select the applet and open the door of this one, ``""`` = of nobody."""
        assert self.send(SELECT)[1] == Sw.OK
        if who == HOLDER:
            assert self.send(apdu(Ins.VERIFY, pin()))[1] == Sw.OK
        elif who:
            self.entered += 1
            keys, level = self.keys[who], LEVELS[self.entered % 2]
            self.channel = Initiator.open(
                self.sim.transmit, keys.enc, keys.mac, keys.dek, level, HOST_CHALLENGE, keys.kvn
            )

    def send(self, command: bytes) -> tuple[bytes, int]:
        """A short command by the door that is open; SELECT shuts it."""
        if command == SELECT:
            self.channel = None
        if self.channel is None:
            raw = self.sim.transmit(command)
            return raw[:-2], int.from_bytes(raw[-2:])
        cla, ins, p1, p2 = command[:4]
        data = command[5 : 5 + command[4]] if len(command) > 5 else b""
        return self.channel.send(cla, ins, p1, p2, data)
