"""One simulator process for each worker; each test has a fresh card in it.

With SMARTDM_TEST_TRANSPORT=pcsc the card is in a slot of a real pcscd, and ``device`` reaches it there.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.session import Session
from smartdm.transport.base import Transport
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.sim import SimTransport
from tests.card.device import THROUGH_PCSC, Device
from tests.card.jcardsim import simulator_folder
from tests.interop.pcscd import FIRST, Pcscd, insert, running


@pytest.fixture(scope="session")
def pcscd() -> Iterator[Pcscd | None]:
    """The card reader's service, where it is wanted."""
    if not THROUGH_PCSC:
        yield None
        return
    with running() as service:
        yield service


@pytest.fixture(scope="session")
def simulator(pcscd: Pcscd | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimTransport]:
    """The process; not the card of any test."""
    java = pcscd.java() if pcscd else "java"
    with SimTransport(simulator_folder(tmp_path_factory.mktemp("simulator")), java=java) as process:
        yield process


@pytest.fixture(scope="session")
def reader(pcscd: Pcscd | None, simulator: SimTransport) -> Iterator[Transport | None]:
    """The reader with the card in it, for all tests: a fresh card takes the old one's place without being pulled."""
    if pcscd is None:
        yield None
        return
    simulator.new_card()
    insert(simulator)
    with PcscTransport(FIRST) as transport:
        yield transport


@pytest.fixture
def device(simulator: SimTransport, reader: Transport | None) -> Device:
    """A fresh card of the default profile, not yet opened."""
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    simulator.new_card()
    return Device(simulator, reader)


@pytest.fixture
def session(device: Device) -> Session:
    """A session on a fresh card, opened as the issuer."""
    return device.open()
