"""Random updates of a card that is nearly full: none is refused, and each costs few persistent writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.store import PROFILES, Watch, branch, leaf, look, pattern, taken, uri
from tests.depth import pick

pytestmark = pytest.mark.search

Record = Callable[[str, object], None]

LONGEST = 48
UPDATES = 1000
SEEDS = range(pick(3, 10, 100))


@dataclass
class Filled:
    """Leaves of random lengths; ``sizes`` are those of their values, ``total`` is kept at most as it was."""

    session: Session
    watch: Watch
    sizes: dict[Uri, int]
    total: int

    def update(self, random: Random, number: int) -> bool:
        """Replace the value of a random leaf by one of random length, such that the card gets no fuller."""
        place = random.choice(list(self.sizes))
        room = self.total - sum(self.sizes.values()) + self.sizes[place]
        size = random.randint(0, min(LONGEST, room))
        done = taken(self.session, Batch().replace(place, pattern(number, size)))
        if done:
            self.sizes[place] = size
        return done


def filled(device: Device, profile: str, part: float, random: Random) -> Filled:
    """A card of which this part is in use, not counting the reserve."""
    device.new(PROFILES[profile])
    watch = Watch(device.sim)
    session = watch.open()
    usable, sizes = session.info.free, dict[Uri, int]()
    for at in range(10):
        session.apply(Batch().add(ROOT, branch(f"Branch{at:02}")))
    while usable - session.info.free < part * usable:
        place = uri(f"Branch{len(sizes) % 10:02}/Leaf{len(sizes):04}")
        sizes[place] = random.randint(0, LONGEST)
        session.apply(Batch().add(place.parent, leaf(place.name, pattern(1, sizes[place]))))
        session = watch.open()
    watch.answers.clear()
    device.sim.counters()
    return Filled(session, watch, sizes, sum(sizes.values()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("part", [0.85, 0.95])
@pytest.mark.parametrize("profile", PROFILES)
def test_updates_of_a_nearly_full_card_are_not_refused(
    device: Device, profile: str, part: float, seed: int, record_property: Record
):
    random = Random(seed)
    card = filled(device, profile, part, random)
    refused = [number for number in range(UPDATES) if not card.update(random, number)]
    assert refused == []
    writes = device.sim.counters().since_read.writes / UPDATES
    gathered = card.watch.answers[Sw.SEND_AGAIN]
    if part < 0.9:
        assert writes <= 3.1
    record_property(f"figure: store: updates at {part:.0%}, {profile}", UPDATES)
    record_property(f"figure: store: batches sent again at {part:.0%}, {profile}", gathered)
    found = {place: node.size for place, node in look(device).tree.walk() if node.is_leaf}
    assert found == card.sizes
