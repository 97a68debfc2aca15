"""A card in a test: the real applet in the simulated card, with a session opened as the issuer."""

from __future__ import annotations

import os
from dataclasses import dataclass

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.session import Session
from smartdm.transport.base import Transport
from smartdm.transport.sim import SimTransport
from smartdm.wire import APPLET_AID, Install, Principal

SELECT = bytes((0x00, 0xA4, 0x04, 0x00, len(APPLET_AID))) + APPLET_AID + b"\x00"

VARIABLE = "SMARTDM_TEST_TRANSPORT"
THROUGH_PCSC = os.environ.get(VARIABLE, "") == "pcsc"
"""Commands go through pcscd, vpcd and pyscard to the same card; everything else still takes the simulator's pipe."""


def parameters(
    *, arena: int | None = None, nodes: int | None = None, small: bool = False, reserve: int | None = None
) -> bytes:
    """Install parameters (``wire.Install`` TLVs); None = the applet's default."""
    tlvs = ((Install.ARENA, arena, 1), (Install.NODES, nodes, 2), (Install.RESERVE, reserve, 2))
    out = b"".join(bytes((tag, size)) + value.to_bytes(size) for tag, value, size in tlvs if value is not None)
    return out + (bytes((Install.PROFILE, 1, 0)) if small else b"")


SMALL = parameters(small=True)


@dataclass(slots=True)
class Device:
    """A fresh card.  ``open`` gives a session; ``apdu`` sends raw bytes.

    ``reader``: where the card is, for its commands; None = they go straight to the simulator.
    """

    sim: SimTransport
    reader: Transport | None = None

    @property
    def link(self) -> Transport:
        """The way that commands take."""
        return self.reader or self.sim

    def new(self, params: bytes = b"") -> Session:
        """Make a fresh card and open it."""
        self.sim.new_card(params)
        return self.open()

    def open(self, principal: Principal = Principal.ISSUER) -> Session:
        """Select the applet and set who is asking."""
        session = Session(Card(Channel(self.link)))
        self.sim.principal(principal)
        return session

    def power_cycle(self) -> Session:
        """Power off and on, then open again."""
        self.link.reset()
        return self.open()

    def apdu(self, text: str | bytes) -> tuple[bytes, int]:
        """Send one APDU (hex or bytes); returns data and status word."""
        raw = self.link.transmit(bytes.fromhex(text) if isinstance(text, str) else text)
        return raw[:-2], int.from_bytes(raw[-2:])
