"""The probe applets, built once for each file of tests, and a fresh card of them for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import Probe, build, transport
from tests.card.applets.twins import SISTER, Twins
from tests.card.simulated.slot import ON, Insert, Vpcd


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def card(folder: Path) -> Iterator[SimTransport]:
    with transport(folder) as running:
        yield running


@pytest.fixture
def probe(card: SimTransport) -> Probe:
    card.commit_limit(384)
    card.seed_random(b"")
    return Probe(card).fresh()


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[SimTransport]:
    """A card with two multiselectable applets."""
    with transport(folder, "probe.Twin", others=[("probe.Sister", SISTER)]) as running:
        yield running


@pytest.fixture
def twins(pair: SimTransport) -> Twins:
    pair.new_card()
    return Twins(pair)


@pytest.fixture
def vpcd(card: SimTransport) -> Iterator[Vpcd]:
    slot = Vpcd()
    yield slot
    card.pull()
    slot.close()


@pytest.fixture
def insert(vpcd: Vpcd, probe: Probe) -> Insert:
    """Puts the fresh probe card into the slot."""

    def put(*, t0: bool = False, principal: int = 0, proof: int | None = None) -> Vpcd:
        probe.card.insert("127.0.0.1", vpcd.port, t0=t0, principal=principal, proof=proof)
        vpcd.accept()
        vpcd.tell(ON)
        return vpcd

    return put
