"""The change feed of a card that is older than the two bytes of generation in its records can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Node as Fixed
from tests.card.judge import Judge
from tests.card.test_store_transactions import BOTH, aged, damage, on_file, opened
from tests.oracle.acl import ISSUER
from tests.oracle.commands import Replace
from tests.oracle.feed import follow

EPOCH = 1 << 16
CHANGED = ("Dev", "Man")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card"


def after(judge: Judge, path: Path, generations: int) -> int:
    """Let so many generations go by without a change to the nodes that are there; returns the present one."""
    judge.sim.new_card()
    damage(path, aged(path.read_bytes(), 0, generations))
    present = opened(judge, path).told.generation
    judge.model.generation = present
    judge.ask_as(ISSUER)
    return present


@BOTH
@pytest.mark.parametrize("generations", [5000, EPOCH // 2, EPOCH - 5000, EPOCH + 5000, 255 * EPOCH - 5000])
def test_only_what_is_newer_is_told_however_old_the_rest_is(
    simulator: SimTransport, path: Path, profile: str, generations: int
):
    judge = on_file(simulator, path, profile)
    present = after(judge, path, generations)
    assert judge.items(since=present) == judge.items(since=present - 2000) == []
    judge.done(Replace(CHANGED, b"new"))
    assert [item.name for item in judge.items(since=present - 2000)] == [CHANGED[-1]]


@BOTH
@pytest.mark.parametrize("behind", range(8))
def test_a_node_that_is_told_again_after_an_epoch_is_what_it_was(
    simulator: SimTransport, path: Path, profile: str, behind: int
):
    judge = on_file(simulator, path, profile)
    base = judge.snapshot()
    present = after(judge, path, EPOCH - behind)
    told = judge.items(since=present - 1)
    assert told or behind
    assert follow(base, told, Fixed.ROOT) == base == judge.snapshot()
    judge.done(Replace(CHANGED, b"new"))
    new = follow(base, judge.items(since=present), Fixed.ROOT)
    assert new == judge.snapshot() != base


def test_across_an_epoch_everything_is_told(simulator: SimTransport, path: Path):
    judge = on_file(simulator, path, "default")
    whole = judge.items()
    present = after(judge, path, EPOCH)
    assert judge.items(since=present - EPOCH) == judge.items(since=EPOCH - 1) == whole
