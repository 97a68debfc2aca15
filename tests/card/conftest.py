"""One simulator process for each worker; each test has a fresh card in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from tests.card.device import Device


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimTransport]:
    """The process; not the card of any test."""
    with SimTransport() as running:
        yield running


@pytest.fixture
def device(simulator: SimTransport) -> Device:
    """A fresh card of the default profile, not yet opened."""
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    simulator.new_card()
    return Device(simulator)


@pytest.fixture
def session(device: Device) -> Session:
    """A session on a fresh card, opened as the issuer."""
    return device.open()
