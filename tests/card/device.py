"""A card in a test: the real applet in the simulated card, with a session opened as the issuer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.card.keys import KeySet
from smartdm.card.scp03 import Level
from smartdm.card.secrecy import personalization
from smartdm.card.secure import SecureLayer
from smartdm.session import Session
from smartdm.transport.base import Transport
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import APPLET_AID, Install, Principal
from tests.interop.pcscd import FIRST, Pcscd, insert, pull

SELECT = bytes((0x00, 0xA4, 0x04, 0x00, len(APPLET_AID))) + APPLET_AID + b"\x00"

VARIABLE = "SMARTDM_TEST_TRANSPORT"
THROUGH_PCSC = os.environ.get(VARIABLE, "") == "pcsc"
"""Whether the simulated card of the tests is a ``CardInReader``."""


def parameters(
    *, arena: int | None = None, nodes: int | None = None, small: bool = False, reserve: int | None = None
) -> bytes:
    """Install parameters (``wire.Install`` TLVs); None = the applet's default."""
    tlvs = ((Install.ARENA, arena, 1), (Install.NODES, nodes, 2), (Install.RESERVE, reserve, 2))
    out = b"".join(bytes((tag, size)) + value.to_bytes(size) for tag, value, size in tlvs if value is not None)
    return out + (bytes((Install.PROFILE, 1, 0)) if small else b"")


SMALL = parameters(small=True)

ISSUER = KeySet(0x31, *(bytes((first,)) * 16 for first in (0xE1, 0xA2, 0xD3)))
"""The issuer's keys on every card of the tests."""
KDD = bytes(range(0xA0, 0xAA))
PIN, PUK = b"1234", b"12345678"
"""The holder's."""


def secured(link: Transport, keys: KeySet, level: Level = Level.FULL) -> Channel:
    """A secure channel, opened by the first command that is not SELECT."""
    return Channel(link, layer=lambda send: SecureLayer(send, keys, level))


def fresh_card(sim: SimTransport, params: bytes = b"") -> None:
    """A fresh card, personalized; not yet opened."""
    sim.new_card(params)
    personalize(sim)


def personalize(link: Transport) -> None:
    """What every card goes through first."""
    size = len(ISSUER.enc)
    fresh = Card(secured(link, KeySet.test(0, size)))
    fresh.select()
    fresh.personalize(personalization(ISSUER, KDD, PIN, PUK))


class CardInReader(SimTransport):
    """A simulated card in a slot of pcscd: commands and resets come through the reader, all else by the pipe."""

    reader: PcscTransport

    def transmit(self, apdu: bytes) -> bytes:
        """One command, through the reader."""
        return self.reader.transmit(apdu)

    def reset(self) -> None:
        """Power off and on, by the reader."""
        self.reader.reset()

    def arm_cut(self, count: int, mode: CutMode = CutMode.BEFORE, seed: int = 0) -> None:
        """Skips the test: a card whose power is cut leaves the slot for a second."""
        if count:
            pytest.skip("power cuts are tried by the simulator's pipe")
        super().arm_cut(count, mode, seed)


@contextmanager
def in_reader(service: Pcscd, folder: Path) -> Iterator[CardInReader]:
    """The simulator in ``folder``, its card in the first slot; a fresh card takes the old one's place there."""
    with CardInReader(folder, java=service.java()) as card:
        card.new_card()
        insert(card)
        with PcscTransport(FIRST) as card.reader:
            yield card
        pull(card)


def past_the_reader(_sim: SimTransport, apdu: bytes) -> bytes:
    """Stands for the pipe's ``transmit`` where all commands have to go through a reader."""
    pytest.fail(f"went past the reader: {apdu.hex()}")


@dataclass(slots=True)
class Device:
    """A fresh card.  ``open`` gives a session; ``apdu`` sends raw bytes.

    ``tap``: what commands pass on their way to the card; None = nothing.
    """

    sim: SimTransport
    tap: Transport | None = None

    @property
    def link(self) -> Transport:
        """The way that commands take."""
        return self.tap or self.sim

    def new(self, params: bytes = b"") -> Session:
        """Make a fresh card, personalize and open it."""
        fresh_card(self.sim, params)
        return self.open()

    def secure(self, keys: KeySet = ISSUER, level: Level = Level.FULL) -> Session:
        """Select the applet; commands go through a secure channel with those keys, as their owner's."""
        return Session(Card(secured(self.link, keys, level)))

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
