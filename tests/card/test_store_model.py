"""Random batches of random askers on a card and on the judge's model: after each of them both hold the same.

Trees, statuses, generations, ids, feeds, free space; across resets, power cuts and new installs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Format
from smartdm.wire import Node as Fixed
from tests.card.device import THROUGH_PCSC
from tests.card.judge import FULL, Judge
from tests.oracle.acl import ISSUER
from tests.oracle.choices import DEFINITIONS, SERVER_IDS, Choices
from tests.oracle.commands import Add, Command, Delete, Replace, Source
from tests.oracle.doubts import Refused
from tests.oracle.feed import Snapshot, compare, follow
from tests.oracle.nodes import REGISTRY, leaf
from tests.oracle.tree import Card
from tests.oracle.writing import Options

CARDS = {
    "default": bytes.fromhex("800140"),
    "small": bytes.fromhex("820100 800128"),
    "tight": bytes.fromhex("800108 8102002C"),
}
"""Install parameters: room enough in both profiles; 8 KiB and 44 nodes."""


@dataclass
class Trial:
    """A card, its judge, and what a host that follows the card knows."""

    sim: SimTransport
    card: str
    choices: Choices
    judge: Judge = field(init=False)
    base: Snapshot = field(init=False)
    since: int = 0
    taken: bool = False
    """Whether a value was taken from an upload since: its pieces are older than the tree's view of them."""

    def install(self) -> None:
        """A fresh card with servers and definitions."""
        self.judge = Judge.new(self.sim, CARDS[self.card])
        self.judge.tight = self.card == "tight"
        self.judge.servers(*SERVER_IDS)
        if self.choices.definitions:
            self.judge.done(*(Add((REGISTRY,), definition) for definition in DEFINITIONS), who=ISSUER)
        self.remember()

    def remember(self) -> None:
        """What the host knows from now on."""
        self.judge.ask_as(ISSUER)
        if self.judge.read((), 0).data:
            self.base, self.since, self.taken = self.judge.snapshot(), self.judge.model.generation, False

    def batch(self, who: str) -> tuple[list[Command], Card]:
        """A batch whose commands know what the ones before them do; and the card after it as far as it is done."""
        commands: list[Command] = []
        card = self.judge.model
        for _ in range(self.choices.pick((1, 1, 1, 2, 4))):
            new = self.choices.command(card)
            if not self.known(new):
                continue
            commands += new
            try:
                card = card.after(new, who)
            except Refused:
                continue
        if self.choices.chance(25):
            commands += [self.choices.get(card) for _ in range(self.choices.pick((1, 2)))]
        return commands, card

    def known(self, commands: list[Command]) -> bool:
        """Whether the ids of all definitions are known: not of one that this very batch would load."""
        nodes = (
            node for command in commands if isinstance(command, Add) for top in command.nodes for node in top.walk()
        )
        return all(node.definition in self.judge.numbers.ids for node in nodes if node.definition)

    def step(self) -> None:
        """A batch, and what happens to the power."""
        if self.choices.chance(1):
            self.install()
        choices, judge = self.choices, self.judge
        if choices.chance(10):
            judge.power_cycle()
        who = choices.who()
        commands, _ = self.batch(who)
        note(f"{who}: {commands}")
        self.taken |= any(isinstance(command, Source) for command in commands)
        options = Options(
            time=choices.pick((None, choices.random.randrange(1 << 32))),
            generation=choices.pick((None, judge.model.generation)),
        )
        if choices.chance(20) and not THROUGH_PCSC:
            self.cut(commands, who, options)
        else:
            judge.do(*commands, who=who, options=options)
        self.compare()

    def cut(self, commands: list[Command], who: str, options: Options) -> None:
        """The power is cut at some write of a batch: afterwards all of it is done, or nothing."""
        choices, judge = self.choices, self.judge
        judge.ask_as(who)
        try:
            new: Card | None = judge.model.after(commands, who, options.time)
        except Refused:
            new = None
        way = choices.pick(list(CutMode))
        judge.sim.arm_cut(choices.random.randint(1, 12), way, choices.random.randrange(100))
        try:
            answer = judge.run(commands, options)
        except PowerLostError:
            judge.sim.reset()
            told = judge.select()
            if told.generation != judge.model.generation:
                assert new is not None
                judge.model = new
        else:
            if new is not None and not (judge.tight and answer.sw in FULL):
                judge.agree(commands, answer, None, new)
                judge.model = new
        judge.sim.arm_cut(0)
        judge.learn()

    def compare(self) -> None:
        """Everything, as the issuer or as somebody; the feed since any generation; what the host makes of it."""
        judge, choices = self.judge, self.choices
        judge.audit()
        judge.look(ISSUER)
        judge.look(choices.who())
        judge.follow(choices.random.randrange(judge.model.generation + 1), levels=choices.pick((0, 1, 0xFF, 0xFF)))
        judge.ask_as(ISSUER)
        judge.follow(choices.random.randrange(judge.model.generation + 1), (REGISTRY,))
        self.host_follows()

    def host_follows(self) -> None:
        """The host's snapshot, brought up to date by the feed, is the card's."""
        judge = self.judge
        if not judge.read((), 0).data:
            return
        new = judge.snapshot()
        found = follow(self.base, judge.items((), self.since), Fixed.ROOT)
        if any(item.withheld for item in (*self.base.values(), *new.values())) or (self.taken and found is None):
            # What was hidden comes to light without having changed, and must be read by itself.
            self.remember()
            return
        assert found == new
        difference = compare(self.base, new)
        note(
            f"came {sorted(difference.added)}, went {sorted(difference.deleted)}, new name {sorted(difference.renamed)}"
        )
        if self.choices.chance(50):
            self.remember()


@pytest.mark.parametrize("card", CARDS)
@given(
    random=st.randoms(use_true_random=False),
    steps=st.integers(2, 20),
    kind=st.fixed_dictionaries({"definitions": st.booleans(), "hidden": st.booleans()}),
)
def test_the_card_keeps_to_the_rules_of_the_tree(
    simulator: SimTransport, card: str, random: Random, steps: int, kind: dict[str, bool]
):
    simulator.commit_limit(384)
    trial = Trial(simulator, card, Choices(random, **kind))
    trial.install()
    for _ in range(steps):
        trial.step()


def test_verno_wraps_to_zero(simulator: SimTransport):
    judge = Judge.new(simulator)
    judge.done(Add((), leaf("A", b"", format=Format.BIN)))
    for times in (4095, *[4096] * 15):
        judge.done(*[Replace(("A",), b"")] * times)
    judge.look()
    assert judge.model.find(("A",)).verno == 0xFFFF
    judge.done(Replace(("A",), b"last"))
    judge.look()
    assert judge.model.find(("A",)).verno == 0
    judge.done(Delete(("A",)))
    judge.audit()
