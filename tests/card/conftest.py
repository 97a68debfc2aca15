"""One simulator process for each worker; each test has a fresh card in it.

With SMARTDM_TEST_TRANSPORT=pcsc the card is in a slot of a real pcscd, and a command that takes another way fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from tests.card.attack import Attacker, attacker
from tests.card.device import THROUGH_PCSC, Device, fresh_card, in_reader, past_the_reader
from tests.card.jcardsim import simulator_folder
from tests.interop.pcscd import running


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimTransport]:
    """The process; not the card of any test."""
    folder = simulator_folder(tmp_path_factory.mktemp("simulator"))
    if THROUGH_PCSC:
        with running() as service, in_reader(service, folder) as card:
            yield card
    else:
        with SimTransport(folder) as process:
            yield process


@pytest.fixture(scope="session", autouse=True)
def no_way_past_the_reader() -> Iterator[None]:
    """Where a reader is wanted, no simulator takes a command by its pipe."""
    with pytest.MonkeyPatch.context() as patch:
        if THROUGH_PCSC:
            patch.setattr(SimTransport, "transmit", past_the_reader)
        yield


@pytest.fixture
def device(simulator: SimTransport) -> Device:
    """A fresh card of the default profile, not yet opened."""
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    fresh_card(simulator)
    return Device(simulator)


@pytest.fixture
def session(device: Device) -> Session:
    """A session on a fresh card, opened as the issuer."""
    return device.open()


@pytest.fixture
def card(device: Device) -> Attacker:
    """A fresh card with TARGET on it, for raw commands as the issuer."""
    return attacker(device)


@pytest.fixture
def let_go(device: Device) -> Iterator[None]:
    """Lets go of the image file that the test opened."""
    yield
    device.sim.new_card()
