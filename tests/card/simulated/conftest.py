"""The probe applet, built once for each file of tests, and a fresh card of it for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import Probe, build, transport


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
