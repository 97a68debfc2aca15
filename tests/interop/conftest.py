"""One pcscd for each worker, with a simulated card to put into its slots."""

from collections.abc import Iterator

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal
from tests.card.device import fresh_card
from tests.card.jcardsim import simulator_folder
from tests.interop.pcscd import Pcscd, insert, pull, running


@pytest.fixture(scope="session")
def pcscd() -> Iterator[Pcscd]:
    with running() as service:
        yield service


@pytest.fixture(scope="session")
def simulator(pcscd: Pcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimTransport]:
    """The process, near the slots; not the card of any test."""
    folder = simulator_folder(tmp_path_factory.mktemp("simulator"))
    with SimTransport(folder, java=pcscd.java()) as running:
        yield running


@pytest.fixture
def card(simulator: SimTransport) -> Iterator[SimTransport]:
    """A fresh card, T=1, in the first slot; the issuer after each SELECT.  ``since_read`` counts from here."""
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    fresh_card(simulator)
    insert(simulator, principal=Principal.ISSUER)
    simulator.counters()
    yield simulator
    pull(simulator)
