"""Power cuts: each command that changes the card, cut at every persistent write, in every way.

After each cut the card holds the old state or the new one, whole; nothing is lost from its free memory; and
what comes next works, also when that is cut, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Sw
from tests.card.asking import assert_sw
from tests.card.judge import Judge, State
from tests.card.store import PROFILES
from tests.card.tear_cards import touch
from tests.card.tear_commands import COMMANDS, Command
from tests.depth import pick
from tests.oracle.acl import ISSUER
from tests.oracle.commands import Add
from tests.oracle.commands import Command as Dm
from tests.oracle.nodes import leaf
from tests.oracle.tree import Card
from tests.oracle.writing import NO_OPTIONS, Options

pytestmark = pytest.mark.search

Record = Callable[[str, object], None]
Way = tuple[CutMode, int]

WAYS: list[Way] = [(CutMode.BEFORE, 0), (CutMode.AFTER, 0)]
WAYS += [(CutMode.HALF, seed) for seed in range(pick(2, 4, 16))]
WAYS += [(CutMode.GARBAGE, seed) for seed in range(pick(3, 12, 100))]
SECOND_WAYS: list[Way] = [(CutMode.HALF, 1), (CutMode.GARBAGE, 1)]


@dataclass
class Bench:
    """A card kept at the moment before a command, with the state on either side of it."""

    judge: Judge
    command: Command
    kept: int
    model: Card
    old: State
    new: State
    points: int
    cuts: int = 0

    def before(self) -> None:
        """Back to the moment before the command."""
        start(self.judge, self.command, self.kept)

    def run(self) -> None:
        """The command, which works."""
        assert_sw(self.judge.run(self.command.batch, self.command.options).sw, Sw.OK)

    def torn(self, batch: list[Dm], at: int, way: Way, options: Options = NO_OPTIONS) -> State:
        """Run a batch that is cut at a point; returns what is there after power came back."""
        self.cuts += 1
        self.judge.sim.arm_cut(at, *way)
        with pytest.raises(PowerLostError):
            self.judge.run(batch, options)
        self.judge.sim.reset()
        return self.judge.state()


def start(judge: Judge, command: Command, kept: int) -> None:
    """The moment before the command."""
    judge.sim.restore(kept)
    judge.select()
    for _ in range(command.warm_up):
        assert_sw(judge.run([touch()]).sw, Sw.OK)
    judge.ask_as(command.who)
    judge.gathered = 0


def prepare(simulator: SimTransport, command: Command, profile: str) -> Bench:
    """Make the card, count the points of the command, and see that it does what the judge says."""
    judge = Judge.new(simulator, PROFILES[profile] + command.parameters)
    command.prepare(judge)
    kept = simulator.snapshot()
    for _ in range(command.warm_up):
        judge.model = judge.model.after([touch()], ISSUER)
    start(judge, command, kept)
    old = judge.state()
    start(judge, command, kept)
    simulator.counters()
    bench = Bench(judge, command, kept, judge.model, old, old, 0)
    bench.run()
    bench.points = simulator.counters().since_read.points
    assert command.gathers in {None, judge.gathered > 0}
    bench.new = judge.state()
    judge.model = judge.model.after(command.batch, command.who, command.options.time)
    judge.learn()
    judge.look(ISSUER)
    judge.audit()
    assert bench.new.told.generation == old.told.generation + 1
    return bench


def check_next_commands(bench: Bench, state: State, already: int = 0) -> None:
    """What comes next works and leaves nothing behind; ``already``: how many of its batches were done before."""
    following = bench.command.afterwards()
    for each in following[already:]:
        assert_sw(bench.judge.run([each]).sw, Sw.OK)
    after = bench.judge.select()
    assert after.generation == state.told.generation + len(following)
    if not bench.command.full:
        assert (after.free, after.nodes) == (state.told.free, state.told.nodes)


def check_second_cut(bench: Bench, at: int, way: Way) -> None:
    """The next command is cut as well, at each of its points."""
    following = [bench.command.afterwards()[0]]
    for second in range(1, 100):
        bench.before()
        state = bench.torn(bench.command.batch, at, way, bench.command.options)
        bench.judge.sim.arm_cut(second, *SECOND_WAYS[second % 2])
        try:
            assert_sw(bench.judge.run(following).sw, Sw.OK)
        except PowerLostError:
            bench.cuts += 1
        else:
            bench.judge.sim.arm_cut(0)
            break
        bench.judge.sim.reset()
        again = bench.judge.state()
        assert again == state or again.told.generation == state.told.generation + 1
        check_next_commands(bench, state, already=again.told.generation - state.told.generation)
    assert second > 2


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_cut_at_any_write_leaves_the_old_state_or_the_new(
    simulator: SimTransport, command: Command, profile: str, record_property: Record
):
    simulator.commit_limit(384)
    bench = prepare(simulator, command, profile)
    assert bench.points >= 3
    for at in range(1, bench.points + 1):
        for way in WAYS:
            bench.before()
            state = bench.torn(command.batch, at, way, command.options)
            # The superblock is the last thing a batch writes; what gathering moves is no change of state.
            done = at == bench.points and way[0] is not CutMode.BEFORE
            done = done and (way[0] is CutMode.AFTER or state == bench.new)
            assert state == (bench.new if done else bench.old), f"cut at {at} of {bench.points}, {way}"
            check_next_commands(bench, state)
        for way in SECOND_WAYS:
            check_second_cut(bench, at, way)
    bench.before()
    simulator.arm_cut(bench.points + 1)
    bench.run()
    simulator.arm_cut(0)
    assert bench.judge.state() == bench.new
    record_property("figure: tear: power cuts", bench.cuts)
    record_property("figure: tear: persistent writes at which power was cut", bench.points)


def test_nothing_is_written_by_select_and_read(simulator: SimTransport):
    judge = Judge.new(simulator)
    judge.done(Add((), leaf("A", b"1")))
    simulator.counters()
    simulator.reset()
    judge.state()
    judge.look()
    assert simulator.counters().since_read.points == 0
