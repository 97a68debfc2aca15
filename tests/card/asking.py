"""Somebody asks a card: commands of the oracle as APDUs, and what the card answers to them.

Nothing of the host's codec is used: commands are written and answers read by ``tests/oracle``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from smartdm.errors import describe
from smartdm.transport.sim import SimTransport
from smartdm.wire import Cla, Ins, Principal, Proof, Sw
from tests.card.entering import ROOM, Doors
from tests.card.seen import SELECT, Told, apdu, told
from tests.oracle import writing
from tests.oracle.acl import ISSUER
from tests.oracle.commands import Command
from tests.oracle.fresh import fresh
from tests.oracle.nodes import Path
from tests.oracle.reading import Item, Reader
from tests.oracle.tree import CHANNEL, Card
from tests.oracle.views import Numbers
from tests.oracle.writing import NO_OPTIONS, Options

LENT = Proof.BOUND
"""What the card has seen of who asks by no door: that much is lent with the word for who is asking."""
GATHERINGS = 8
"""How often a batch is sent again at most."""


@dataclass(frozen=True)
class Answer:
    """Of a batch or a READ.  ``sw``: the one that tells the cause; ``at``: number of the refused command."""

    sw: int
    data: bytes = b""
    at: int | None = None


@dataclass
class Asker:
    """``model``: what the card must hold.  ``who`` is asking, until told otherwise."""

    sim: SimTransport
    model: Card = field(default_factory=fresh)
    numbers: Numbers = field(default_factory=Numbers)
    who: str = ISSUER
    tight: bool = False
    """Whether there may be too little room; the judge does not count bytes beforehand."""
    gathered: int = 0
    """How often a batch was sent again."""
    doors: Doors | None = None
    """By which those who ask come in; None: the simulator lends them the applet's word for who is asking."""

    def send(self, command: bytes) -> tuple[bytes, int]:
        if self.doors:
            return self.doors.send(command)
        raw = self.sim.transmit(command)
        return raw[:-2], int.from_bytes(raw[-2:])

    def select(self, who: str = ISSUER) -> Told:
        """Select; what it tells."""
        data, sw = self.send(SELECT)
        assert sw == Sw.OK
        self.model.proof = CHANNEL if self.doors else LENT
        self.ask_as(who)
        return told(data)

    def ask_as(self, who: str) -> None:
        """From now on this one is asking."""
        self.who = who
        if self.doors:
            self.doors.enter(who)
            return
        fixed = {ISSUER: Principal.ISSUER, "": Principal.NOBODY}
        self.sim.principal(fixed[who] if who in fixed else self.numbers.principal(who), self.model.proof)

    def run(self, commands: Sequence[Command], options: Options = NO_OPTIONS) -> Answer:
        """A batch, sent again while the card gathers its memory."""
        parts = writing.batch(commands, self.numbers.ids, options, ROOM if self.doors else writing.PART)
        for _ in range(GATHERINGS):
            answer = self._parts(parts)
            if answer.sw != Sw.SEND_AGAIN:
                return answer
            self.gathered += 1
        assert self.tight, "the card gathers without end"
        return Answer(Sw.CARD_FULL)

    def _parts(self, parts: list[bytes]) -> Answer:
        data, sw = b"", 0
        for number, part in enumerate(parts):
            cla = Cla.PLAIN if number == len(parts) - 1 else Cla.PLAIN | Cla.CHAIN
            data, sw = self.send(apdu(Ins.BATCH, part, cla=cla))
            if sw == Sw.BATCH_FAILED:
                assert len(data) == 4
                return Answer(int.from_bytes(data[2:]), b"", int.from_bytes(data[:2]))
            if sw != Sw.OK:
                break
        return self._rest(data, sw)

    def _rest(self, data: bytes, sw: int, le: int = 0) -> Answer:
        number = 0
        while sw == Sw.MORE:
            number += 1
            p1, p2 = ((data[3] << 8) + number & 0xFFFF).to_bytes(2)
            more, sw = self.send(apdu(Ins.READ_NEXT, p1=p1, p2=p2, le=bytes((le,))))
            data += more
        return Answer(sw, data)

    def read(self, path: Path = (), levels: int = 0xFF, *, since: int | None = None, le: int = 0) -> Answer:
        """READ; ``since``: with ids, what is newer than that generation."""
        data = writing.uri(path) + (b"" if since is None else since.to_bytes(3))
        command = apdu(Ins.READ, data, p1=levels, p2=int(since is not None), le=bytes((le,)))
        return self._rest(*self.send(command), le)

    def items(self, path: Path = (), since: int = 0, levels: int = 0xFF) -> list[Item]:
        """The feed."""
        answer = self.read(path, levels, since=since)
        assert_sw(answer.sw, Sw.OK)
        return Reader(answer.data).flat()

    def power_cycle(self) -> None:
        """Power off and on."""
        self.sim.reset()
        self.select(self.who)


def assert_sw(sw: int, expected: int) -> None:
    """Says both in words when they differ."""
    assert sw == expected, f"{describe(sw)} instead of {describe(expected)}"
