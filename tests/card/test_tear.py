"""Power cuts: each command that changes the tree, cut at every persistent write, in every way.

After each cut the card holds the old state or the new one, whole; nothing is lost from its free memory; and
what comes next works, also when that is cut, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from smartdm.errors import PowerLostError
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Session
from smartdm.transport.sim import CutMode
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.store import PROFILES, Seen, Watch, leaf, look, uri
from tests.card.tear_commands import COMMANDS, Command
from tests.depth import pick

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

    device: Device
    command: Command
    kept: int
    old: Seen
    new: Seen
    points: int
    cuts: int = 0

    def before(self) -> Session:
        """Back to the moment before the command."""
        return start(self.device, self.command, self.kept, Watch(self.device.sim))

    def torn(self, session: Session, batch: Batch, at: int, way: Way) -> Seen:
        """Run a batch that is cut at a point; returns what is there after power came back."""
        self.cuts += 1
        self.device.sim.arm_cut(at, *way)
        with pytest.raises(PowerLostError):
            session.apply(batch)
        self.device.sim.reset()
        return look(self.device)


def start(device: Device, command: Command, kept: int, watch: Watch) -> Session:
    """The moment before the command."""
    device.sim.restore(kept)
    session = watch.open()
    for batch in command.warm_up:
        session.apply(batch())
    watch.answers.clear()
    return session


def prepare(device: Device, command: Command, profile: str) -> Bench:
    """Make the card, count the points of the command, and see what it changes."""
    device.new(PROFILES[profile] + command.parameters)
    command.prepare(device)
    kept, watch = device.sim.snapshot(), Watch(device.sim)
    start(device, command, kept, watch)
    old = look(device)
    session = start(device, command, kept, watch)
    device.sim.counters()
    session.apply(command.batch())
    points = device.sim.counters().since_read.points
    assert command.gathers in (None, watch.answers[Sw.SEND_AGAIN] > 0)
    new = look(device)
    assert new.tree != old.tree
    assert new.generation == old.generation + 1
    return Bench(device, command, kept, old, new, points)


def check_next_commands(bench: Bench, state: Seen, already: int = 0) -> None:
    """What comes next works and leaves nothing behind; ``already``: how many of its batches were done before."""
    session = bench.device.open()
    following = bench.command.afterwards()
    for batch in following[already:]:
        session.apply(batch)
    after = look(bench.device)
    assert after.generation == state.generation + len(following)
    if not bench.command.full:
        assert (after.free, after.nodes) == (state.free, state.nodes)


def check_second_cut(bench: Bench, at: int, way: Way) -> None:
    """The next command is cut as well, at each of its points."""
    following = bench.command.afterwards()[0]
    for second in range(1, 100):
        state = bench.torn(bench.before(), bench.command.batch(), at, way)
        session = bench.device.open()
        bench.device.sim.arm_cut(second, *SECOND_WAYS[second % 2])
        try:
            session.apply(following)
        except PowerLostError:
            bench.cuts += 1
        else:
            bench.device.sim.arm_cut(0)
            break
        bench.device.sim.reset()
        again = look(bench.device)
        assert again == state or again.generation == state.generation + 1
        check_next_commands(bench, state, already=again.generation - state.generation)
    assert second > 2


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_cut_at_any_write_leaves_the_old_state_or_the_new(
    device: Device, command: Command, profile: str, record_property: Record
):
    bench = prepare(device, command, profile)
    assert bench.points >= 3
    for at in range(1, bench.points + 1):
        for way in WAYS:
            state = bench.torn(bench.before(), command.batch(), at, way)
            # The superblock is the last thing a batch writes; what gathering moves is no change of state.
            done = at == bench.points and way[0] is not CutMode.BEFORE
            done = done and (way[0] is CutMode.AFTER or state == bench.new)
            assert state == (bench.new if done else bench.old), f"cut at {at} of {bench.points}, {way}"
            check_next_commands(bench, state)
        for way in SECOND_WAYS:
            check_second_cut(bench, at, way)
    session = bench.before()
    device.sim.arm_cut(bench.points + 1)
    session.apply(command.batch())
    device.sim.arm_cut(0)
    assert look(device) == bench.new
    record_property("figure: tear: power cuts", bench.cuts)
    record_property("figure: tear: persistent writes at which power was cut", bench.points)


def test_nothing_is_written_by_select_and_read(session: Session, device: Device):
    session.apply(Batch().add(ROOT, leaf("A", b"1")))
    device.sim.counters()
    device.power_cycle().read(uri("A"))
    assert device.sim.counters().since_read.points == 0
