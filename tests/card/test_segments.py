"""Records beside the border of a segment, in arenas that have more than one."""

from __future__ import annotations

import pytest

from smartdm.session import Batch
from tests.card.device import Device, parameters
from tests.card.store import branch, leaf, leaves, pattern, uri

PER_RECORD = 15
"""Granules (16 bytes each in an arena of 32 KiB) of a leaf with a name of 4 bytes and a value of 224."""
ACROSS = 69
"""So many leaves further on, a leaf lies in the next segment, right behind the place where one lies in the first."""


@pytest.mark.parametrize("before", range(PER_RECORD))
def test_leaves_that_fill_holes_at_like_places_of_two_segments_keep_their_values(device: Device, before: int):
    # Nothing tells where the first leaf lies.  With one of these numbers of nodes before it, the holes are such that
    # the second begins in its segment where the first ends in its own.
    session = device.new(parameters(arena=32))
    session.apply(Batch().add(uri(""), branch("F", *(leaf(f"f{at:03}") for at in range(before)))))
    session.apply(Batch().add(uri(""), branch("A", *leaves(110, 224)), branch("B")))
    session.apply(Batch().delete(uri("A/L010")).delete(uri(f"A/L{10 + ACROSS:03}")))
    # The third hole is that of the old version of A, before all leaves.
    new = [leaf(f"N{at:03}", pattern(200 + at, 224)) for at in range(3)]
    device.open().apply(Batch().add(uri("B"), *new))  # a SELECT makes the holes known
    seen = {node.name: node.value for name in "AB" for node in device.open().read(uri(name)).children}
    left = {node.name: node.value for node in leaves(110, 224) if node.name not in {"L010", f"L{10 + ACROSS:03}"}}
    assert seen == left | {node.name: node.value for node in new}
