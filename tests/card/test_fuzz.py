"""Figure `fuzz`: hostile APDUs; none is answered by 6F00, none hangs, none harms what the card keeps.

A failure prints the seed, the number of the step and the last commands; the steps of a seed are always the same.
At the depth "long" each run has new seeds.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import count
from random import SystemRandom

import pytest

from smartdm.errors import describe
from smartdm.transport.sim import SimTransport
from smartdm.wire import Cla, Principal, Sw
from tests.card.attack import Attacker
from tests.card.channels import OWN
from tests.card.device import SELECT, SMALL, Device, parameters
from tests.card.hostile import Hostile, Step
from tests.card.invariants import Inspection
from tests.card.jcardsim import simulator_folder
from tests.card.seen import Told
from tests.depth import DEPTH, pick

COUNT = pick(10_000, 100_000, 1_000_000)
CHECK_EVERY = 100
STAY = 100
"""Checks after which a card is given up for a fresh one."""
KNOWN = frozenset(int(sw) for sw in Sw) | OWN | frozenset(range(Sw.WRONG_PIN, Sw.WRONG_PIN + 11))
LONGEST = 5.0
"""Seconds for one answer, on a busy machine; a hang is cut off by the transport."""

PROFILES = {
    "default": b"",
    "small": SMALL,
    "full at once": parameters(arena=8),
    "three segments": parameters(arena=40, nodes=1024),
}


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """A simulator of its own: a card that was made to hang or crash is nobody else's."""
    with SimTransport(simulator_folder(tmp_path_factory.mktemp("simulator"))) as simulator:
        yield Device(simulator)


class Run:
    """Sends steps and judges each answer."""

    def __init__(self, device: Device, seed: int) -> None:
        self.device, self.hostile, self.seed = device, Hostile(seed), seed
        self.inspection = Inspection(Attacker(device))
        self.recent: deque[str] = deque(maxlen=8)
        self.answers: Counter[int] = Counter()
        self.slowest = 0.0
        self.fresh: Told | None = None

    def new(self, params: bytes) -> None:
        """A fresh card."""
        self.device.new(params)
        self.fresh = self.inspection.select()

    def send(self, step: Step) -> None:
        if isinstance(step, int):
            self.recent.append(f"principal {step}")
            self.device.sim.principal(step)
            return
        if step is None:
            self.device.sim.reset()
            step = SELECT
        self.recent.append(step.hex())
        started = time.monotonic()
        data, sw = self.device.apdu(step)
        self.slowest = max(self.slowest, time.monotonic() - started)
        if sw not in KNOWN:
            raise AssertionError(f"{sw:04X} {self.device.sim.last_failure()}\n{self.story()}")
        assert sw != Sw.STORE_DAMAGED, self.story()
        if step[1] == 0xA4:
            self.device.sim.principal(Principal.ISSUER)
        if sw == Sw.BATCH_FAILED and not step[0] & Cla.SECURE:
            assert len(data) == 4, self.story()
            sw = int.from_bytes(data[2:])
            assert sw in KNOWN, self.story()
        elif len(data) > 3 and sw in {Sw.OK, Sw.MORE}:
            self.hostile.low = data[3]
        self.answers[sw] += 1
        self.hostile.answer = data
        self.hostile.refused = sw not in {Sw.OK, Sw.MORE}
        words = self.hostile.words
        words.full = words.full or sw in {Sw.CARD_FULL, Sw.NO_NODE_LEFT}

    def check(self) -> int:
        """Judges what is on the card, and aims at it from now on.  Returns the number of nodes."""
        assert self.fresh is not None
        try:
            found = self.inspection.look()
            self.inspection.goes_on(found)
            self.inspection.can_be_emptied(self.fresh)
        except Exception as error:
            raise AssertionError(f"{error}\n{self.story()}") from error
        words = self.hostile.words
        words.full = words.full and found.told.nodes > 17
        words.nodes, words.parents, words.leaves = found.nodes, [b"", *found.parents], found.leaves
        words.definitions = found.definitions
        return found.told.nodes

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
    for number in count():
        if number % (CHECK_EVERY * STAY) == 0:
            run.new(PROFILES[profile])
        run.send(next(steps))
        if number % CHECK_EVERY == CHECK_EVERY - 1:
            sizes.append(run.check())
            if run.answers.total() >= COUNT // len(PROFILES):
                break
    assert run.slowest < LONGEST, f"{run.slowest:.1f} s for one answer"
    print({describe(sw): times for sw, times in run.answers.most_common()}, max(sizes))  # noqa: T201
    record_property("figure: fuzz: hostile APDUs", run.answers.total())
    # The commands got somewhere: trees grew, and most causes of a refusal were met.
    assert max(sizes) > 20
    assert run.answers[Sw.OK] > run.answers.total() // 20
    assert len(run.answers) > 24


def test_the_steps_of_a_seed_are_always_the_same():
    first, second = (Hostile(7).steps() for _ in range(2))
    assert [next(first) for _ in range(500)] == [next(second) for _ in range(500)]
