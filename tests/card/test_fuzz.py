"""Figure `fuzz`: hostile APDUs; none is answered by 6F00, none hangs, none harms what the card keeps.

A failure prints the seed, the number of the step and the last commands; the steps of a seed are always the same.
At the depth "long" each run has new seeds.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from random import SystemRandom

import pytest

from smartdm.codec import packed, packed_node
from smartdm.errors import CodecError, describe
from smartdm.mo.tree import Node
from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal, Sw
from tests.card.attack import Attacker, add, delete, leaf
from tests.card.device import SELECT, SMALL, Device, parameters
from tests.card.hostile import Hostile, Step
from tests.depth import DEPTH, pick

COUNT = pick(10_000, 100_000, 1_000_000)
CHECK_EVERY = 100
STAY = 100
"""Checks after which a card is given up for a fresh one."""
KNOWN = frozenset(int(sw) for sw in Sw)
LONGEST = 5.0
"""Seconds for one answer, on a busy machine; a hang is cut off by the transport."""

PROFILES = {
    "default": b"",
    "small": SMALL,
    "full at once": parameters(arena=8),
    "three segments": parameters(arena=40, nodes=1024),
}


@pytest.fixture
def alone() -> Iterator[Device]:
    """A simulator of its own: a card that was made to hang or crash is nobody else's."""
    with SimTransport() as simulator:
        yield Device(simulator)


def granule_of(profile: str) -> int:
    """Bytes (``docs/store.md``, "Arena, granules, segments")."""
    return {"small": 16, "three segments": 32}.get(profile, 8)


def check(device: Device, granule: int) -> Node | None:
    """The invariants: all is readable, counted, and accounted for; the next command works.

    Returns the tree, None if it has to be given up.
    """
    session = device.open()
    first, again = session.info, session.refresh()
    device.sim.principal(Principal.ISSUER)
    assert first == again
    card = Attacker(device)
    stream = card.tree()
    try:
        tree = packed.decode(stream).node
    except CodecError as error:
        # The card does not look into the ids of an ACL yet.
        if "ACL identifier" not in str(error) and "occurs twice" not in str(error):
            raise
        return None
    assert tree.count() == first.nodes
    used, at = first.reserve, packed.HEADER_SIZE
    used = -(-used // granule) * granule
    while at < len(stream):
        draft, end = packed_node.read_node(stream, at, counted=True)
        used += -(-(3 + end - at + 2 * draft.count) // granule) * granule
        at = end
    assert first.free == max(0, first.arena - used), "free memory is not what the records leave"
    room = card.run(add(b"", leaf(b"~check", b"v")))
    if room == Sw.OK:
        card.done(delete(b"~check"))
        assert device.open().info.nodes == first.nodes
        assert device.sim.counters().total.allocations == 0
    else:
        assert room in {Sw.CARD_FULL, Sw.NO_NODE_LEFT, Sw.SEND_AGAIN}, describe(room)
        assert tree.children, "an empty card is full"
        card.done(delete(tree.children[0].name.encode()))
    return tree


class Run:
    """Sends steps and judges each answer."""

    def __init__(self, device: Device, seed: int) -> None:
        self.device, self.hostile, self.seed = device, Hostile(seed), seed
        self.recent: deque[str] = deque(maxlen=8)
        self.answers: Counter[int] = Counter()
        self.slowest = 0.0

    def send(self, step: Step) -> None:
        if step is None:
            self.device.sim.reset()
            step = SELECT
        self.recent.append(step.hex())
        started = time.monotonic()
        data, sw = self.device.apdu(step)
        self.slowest = max(self.slowest, time.monotonic() - started)
        if sw not in KNOWN:
            raise AssertionError(f"{sw:04X} {self.device.sim.last_failure()}\n{self.story()}")
        if step[1] == 0xA4:
            self.device.sim.principal(Principal.ISSUER)
        if sw == Sw.BATCH_FAILED:
            assert len(data) == 4, self.story()
            sw = int.from_bytes(data[2:])
            assert sw in KNOWN, self.story()
        elif len(data) > 3 and sw in {Sw.OK, Sw.MORE}:
            self.hostile.low = data[3]
        self.answers[sw] += 1
        self.hostile.refused = sw not in {Sw.OK, Sw.MORE}
        self.hostile.full = self.hostile.full or sw in {Sw.CARD_FULL, Sw.NO_NODE_LEFT}

    def check(self, granule: int) -> int:
        """Judges what is on the card, and aims at it from now on.  Returns the number of nodes."""
        try:
            tree = check(self.device, granule)
        except Exception as error:
            raise AssertionError(f"{error}\n{self.story()}") from error
        if tree is None:
            return 0
        self.hostile.full = self.hostile.full and tree.count() > 10
        walk = [(uri.wire(), node) for uri, node in tree.walk()]
        self.hostile.nodes = [uri for uri, _ in walk if uri]
        self.hostile.leaves = [uri for uri, node in walk if node.is_leaf]
        self.hostile.parents = [uri for uri, node in walk if not node.is_leaf]
        return len(walk)

    def story(self) -> str:
        sent = "\n".join(self.recent)
        return f"seed {self.seed}, step {self.answers.total() + 1}; the last commands:\n{sent}"


@pytest.mark.fuzz
@pytest.mark.parametrize("profile", PROFILES)
def test_hostile_commands_harm_nothing(alone: Device, profile: str, record_property: Callable[[str, object], None]):
    seed = SystemRandom().randrange(1 << 32) if DEPTH == "long" else sorted(PROFILES).index(profile)
    run = Run(alone, seed)
    print(f"seed {seed}, {COUNT // len(PROFILES)} commands")  # noqa: T201
    steps = run.hostile.steps()
    sizes: list[int] = []
    for number in range(COUNT // len(PROFILES)):
        if number % (CHECK_EVERY * STAY) == 0 or sizes[-1:] == [0]:
            alone.new(PROFILES[profile])
            sizes.append(1)
        run.send(next(steps))
        if number % CHECK_EVERY == CHECK_EVERY - 1:
            sizes.append(run.check(granule_of(profile)))
    assert run.slowest < LONGEST, f"{run.slowest:.1f} s for one answer"
    print({describe(sw): count for sw, count in run.answers.most_common()}, max(sizes))  # noqa: T201
    record_property("figure: fuzz: hostile APDUs", run.answers.total())
    # The commands got somewhere: trees grew, and most causes of a refusal were met.
    assert max(sizes) > 8
    assert run.answers[Sw.OK] > run.answers.total() // 20
    assert len(run.answers) > 20


def test_the_steps_of_a_seed_are_always_the_same():
    first, second = (Hostile(7).steps() for _ in range(2))
    assert [next(first) for _ in range(500)] == [next(second) for _ in range(500)]
