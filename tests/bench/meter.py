"""A transport that counts what passes and what the card did for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.mo.uri import ROOT
from smartdm.session import Session
from smartdm.transport.sim import SimTransport, WriteKind
from smartdm.wire import Principal
from tests.bench import objects
from tests.card.device import ISSUER, fresh_card, secured


@dataclass(slots=True)
class Tally:
    """Sums over APDUs.  ``wire``: bytes of the commands and the answers, status words included.

    ``largest``: bytes of the largest atomic write or transaction; ``allocations``: the most of any one APDU.
    """

    apdus: int = 0
    wire: int = 0
    writes: int = 0
    largest: int = 0
    allocations: int = 0

    def __sub__(self, before: Tally) -> Tally:
        """What was added since ``before``; the two maxima stay what they are."""
        return Tally(
            self.apdus - before.apdus,
            self.wire - before.wire,
            self.writes - before.writes,
            self.largest,
            self.allocations,
        )


@dataclass(slots=True)
class Metered:
    """The simulated card with a tally.  ``commits``: slot of each superblock written, in order, for each card.

    It asks the simulator for its counters after each APDU: for counting, not for timing.
    """

    sim: SimTransport
    tally: Tally = field(default_factory=Tally)
    commits: list[list[int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As the simulated card calls itself."""
        return self.sim.name

    def new(self, parameters: bytes = b"") -> Session:
        """A fresh card, opened as the issuer by who knows the catalog.  Its SELECT is in the tally."""
        self.sim.seed_random(b"")
        fresh_card(self.sim, parameters)
        self.commits.append([])
        session = Session(Card(Channel(self)), objects.find)
        self.sim.principal(Principal.ISSUER)
        return session

    def secure(self) -> Session:
        """The issuer's session at level 33 on the card that is there; its SELECT and its opening are in the tally."""
        session = Session(Card(secured(self, ISSUER)), objects.find)
        session.read(ROOT, 0)
        return session

    def transmit(self, apdu: bytes) -> bytes:
        """One APDU, counted."""
        answer = self.sim.transmit(apdu)
        last = self.sim.counters().last_apdu
        tally = self.tally
        tally.apdus += 1
        tally.wire += len(apdu) + len(answer)
        tally.writes += last.writes
        tally.largest = max(tally.largest, last.largest)
        tally.allocations = max(tally.allocations, last.allocations)
        if last.writes:
            self._note_commits()
        return answer

    def _note_commits(self) -> None:
        # The superblock is the only thing that the applet writes by an atomic copy.
        for write in self.sim.last_writes():
            if write.kind is WriteKind.ARRAY_COPY:
                self.commits[-1].append(write.offset)

    def so_far(self) -> Tally:
        """A copy of the tally, to subtract later."""
        return self.tally - Tally()

    def reset(self) -> None:
        """Power off and on."""
        self.sim.reset()

    def close(self) -> None:
        """Ends the simulator."""
        self.sim.close()

    def slot_share(self, slots: int) -> tuple[float, int]:
        """Largest share of one superblock slot in the commits of a card with so many slots, and all their commits.

        Whole rounds only: a card that was used for 9 commits has written one of its 8 slots twice.
        """
        worst, counted = 0.0, 0
        for offsets in self.commits:
            whole = len(offsets) // slots * slots
            if len(set(offsets)) == slots:
                worst = max(worst, max(Counter(offsets[:whole]).values()) / whole)
                counted += whole
        return worst, counted
