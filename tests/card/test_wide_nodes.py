"""Threat 15, one way to exhaust a card: many children for one node, whose record grows with each of them.

What is refused as "no room" must be so: these cards are far from full.
"""

from __future__ import annotations

import pytest

from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from tests.card.device import SMALL, Device

PROFILES = [pytest.param(b"", 200, id="default"), pytest.param(SMALL, 120, id="small")]


def widen(session: Session, count: int, at_once: int, value: bytes) -> int:
    """Add children to one node, so many in each batch; returns how many it has then."""
    session.apply(Batch().add(ROOT, Node("W", Format.NODE)))
    for start in range(0, count, at_once):
        batch = Batch()
        for number in range(start, min(start + at_once, count)):
            batch.add(Uri(("W",)), Node(f"{number:03d}", Format.BIN, value))
        session.apply(batch)
    return len(session.read(Uri(("W",))).children)


@pytest.mark.parametrize(("params", "count"), PROFILES)
@pytest.mark.parametrize("size", [0, 20])
def test_children_added_one_by_one_find_room(device: Device, params: bytes, count: int, size: int):
    assert widen(device.new(params), count, 1, b"v" * size) == count


@pytest.mark.parametrize(("params", "count"), PROFILES)
@pytest.mark.parametrize("at_once", [5, 30, 100])
def test_children_added_by_one_batch_find_room(device: Device, params: bytes, count: int, at_once: int):
    assert widen(device.new(params), count, at_once, b"") == count


def test_a_batch_of_adds_to_one_node_fits_an_empty_card(device: Device):
    session = device.new()
    assert widen(session, 150, 150, b"v" * 20) == 150
    assert session.refresh().free > session.info.arena // 2
