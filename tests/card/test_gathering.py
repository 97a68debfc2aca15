"""Gathering free memory for a batch: what was refused before has no say in it."""

from __future__ import annotations

from random import Random

import pytest

from smartdm.errors import CardFull
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from tests.card.device import Device


def taken(session: Session, number: int, size: int) -> bool:
    """Whether a leaf of that many bytes finds room."""
    try:
        session.apply(Batch().add(Uri(("A",)), Node(f"n{number:04}", Format.BIN, bytes(size))))
    except CardFull:
        return False
    return True


def scattered(device: Device, seed: int) -> tuple[Session, Random]:
    """A card that is nearly full, its free memory in pieces."""
    session, random, number = device.new(), Random(seed), 0
    session.apply(Batch().add(ROOT, Node("A", Format.NODE)))
    for _ in range(3):
        while taken(session, number, random.randint(20, 90)):
            number += 1
        names = [child.name for child in session.read(Uri(("A",)), 1).children]
        for name in random.sample(names, 12):
            session.apply(Batch().delete(Uri(("A", name))))
    return session, random


# Cards on which the large leaf is refused at once, so that nothing is moved for it.
@pytest.mark.parametrize("seed", [1, 4, 5, 6, 7])
def test_batches_that_were_refused_leave_the_later_ones_their_room(device: Device, seed: int):
    outcomes = []
    for refusals in (0, 6):
        session, random = scattered(device, seed)
        for number in range(60):
            taken(session, 5000 + number, random.randint(0, 60))
        for name in random.sample([child.name for child in session.read(Uri(("A",)), 1).children], 3):
            session.apply(Batch().delete(Uri(("A", name))))
        for more in range(refusals):
            assert not taken(session, 6000 + more, 220)
        outcomes.append([taken(session, 7000 + more, 110 - 5 * more) for more in range(20)])
    assert outcomes[0] == outcomes[1]
    assert any(outcomes[0]), "there was room for some of them"
