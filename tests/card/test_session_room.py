"""Plain commands and Sequences on a full card: each command finds the room that it finds when it is sent alone."""

from __future__ import annotations

from random import Random

import pytest

from smartdm.card.place import server_place
from smartdm.errors import CardError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import diff
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Mode, Session
from smartdm.wire import Sw
from tests.card.device import Device, parameters
from tests.card.store import branch, fill, leaf, pattern, uri
from tests.depth import pick

SMALL_CARD = parameters(small=True, arena=8)
FEW_NODES = parameters(nodes=40)
EACH = (Mode.PLAIN, Mode.SEQUENCE)
SIZE = 220


@pytest.fixture
def full(device: Device) -> Session:
    """A small card with as many leaves ./F0, ./F1, … as it has room for."""
    session = device.new(SMALL_CARD)
    assert len(fill(session, ROOT, SIZE, 60)) > 20
    return session


def turn(gone: int, new: int) -> Batch:
    """So many leaves go, then so many come."""
    batch = Batch()
    for number in range(gone):
        batch.delete(uri(f"F{number}"))
    for number in range(new):
        batch.add(ROOT, leaf(f"M{number}", pattern(number, SIZE)))
    return batch


@pytest.mark.parametrize("mode", EACH)
def test_what_the_commands_before_gave_up_is_room_for_those_behind(full: Session, mode: Mode):
    batch = turn(10, 8)
    outcome = full.run(batch, Mode.ATOMIC)
    assert outcome.statuses[-1] in {Sw.CARD_FULL.dm_status, 215}
    generation = full.generation
    assert full.run(batch, mode, expect=generation).ok
    names = {child.name for child in full.read().children}
    assert names >= {f"M{number}" for number in range(8)}
    assert not names & {f"F{number}" for number in range(10)}
    assert full.generation < generation + 5  # a few commits, not one for each


@pytest.mark.parametrize("mode", EACH)
def test_what_finds_no_room_then_either_is_refused_and_the_rest_is_done(full: Session, mode: Mode):
    last = leaf("L", pattern(9, SIZE))
    batch = turn(1, 2).delete(uri("F1")).add(ROOT, leaf("K", pattern(3, SIZE))).add(ROOT, last).get(ROOT, 0)
    outcome = full.run(batch, mode)
    assert outcome.statuses == (200, 200, 420, 200, 200, 420, 200)
    assert [(number, error.index, error.command) for number, error in outcome.errors.items()] == [
        (2, 2, "Add ./M1"), (5, 5, "Add ./L"),
    ]  # fmt: skip


def test_a_tag_comes_with_the_last_commit(full: Session, device: Device):
    outcome = full.run(turn(2, 1), Mode.PLAIN, tag=(7, 1))
    assert outcome.ok
    assert device.open().was_applied((7, 1))


@pytest.mark.parametrize("mode", EACH)
def test_node_ids_that_are_given_up_come_back(device: Device, mode: Mode):
    session = device.new(FEW_NODES)
    fill(session, ROOT, 1)
    batch = Batch().delete(uri("F0")).add(ROOT, leaf("a")).add(ROOT, leaf("b")).delete(uri("F1"))
    outcome = session.run(batch.add(ROOT, leaf("c")), mode)
    assert outcome.statuses == (200, 200, 420, 200, 200)


def named(server_id: str) -> Acl:
    return Acl.parse(f"Get=*&Replace=#issuer+{server_id}")


@pytest.mark.parametrize("mode", EACH)
def test_servers_that_others_name_take_no_room_from_the_first(session: Session, mode: Mode):
    session.apply(Batch().add(ROOT, branch("A"), branch("B")))
    session.apply(Batch().server(*(f"s{number}" for number in range(236))))  # one more is possible
    batch = Batch().acl(uri("A"), named("a")).acl(uri("B"), named("b")).acl(uri("B"), named("a"))
    outcome = session.run(batch, mode)
    assert outcome.statuses == (200, Sw.TOO_WIDE.dm_status, 200)
    batch = Batch().delete(server_place("s1")).acl(uri("B"), named("b"))
    assert session.run(batch, mode).ok


def one_by_one(session: Session, batch: Batch) -> tuple[int, ...]:
    """The statuses of the commands, each in a batch of its own."""
    statuses = list[int]()
    for entry in batch.entries:
        try:
            session.apply(Batch(entries=[entry]))
        except CardError as error:
            statuses.append(error.dm_status)
        else:
            statuses.append(200)
    return tuple(statuses)


def random_batch(random: Random) -> Batch:
    """Leaves of one size that come and go, and what is refused for other reasons."""
    batch = Batch()
    for _ in range(random.randrange(4, 24)):
        name = random.choice([f"F{random.randrange(40)}", f"N{random.randrange(4)}"])
        value = pattern(random.randrange(99), SIZE)
        new = random.choice([leaf(name, value), branch(name, leaf("l", value))])
        random.choice([
            lambda: batch.delete(uri(name)),  # noqa: B023
            lambda: batch.add(ROOT, new),  # noqa: B023
            lambda: batch.add(uri(name), leaf("m", value)),  # noqa: B023
            lambda: batch.replace(uri(name), value),  # noqa: B023
            lambda: batch.rename(uri(name), "N9"),  # noqa: B023
        ])()  # fmt: skip
    return batch


@pytest.mark.search
@pytest.mark.parametrize("card", [SMALL_CARD, FEW_NODES], ids=["memory", "nodes"])
@pytest.mark.parametrize("seed", range(pick(6, 40, 400)))
def test_the_statuses_are_those_of_one_by_one_execution(device: Device, card: bytes, seed: int):
    batch = random_batch(Random(seed))
    session = device.new(card)
    fill(session, ROOT, SIZE)
    statuses = one_by_one(session, batch)
    tree = session.read()
    session = device.new(card)
    fill(session, ROOT, SIZE)
    found = session.run(batch, Mode.PLAIN).statuses or (200,) * len(statuses)
    differs = [both for both in zip(statuses, found, strict=True) if both[0] != both[1]]
    if differs and card == SMALL_CARD:  # records that are written together lie otherwise, so the holes differ
        assert Sw.CARD_FULL.dm_status in differs[0]
        return
    assert differs == []
    assert diff(tree, session.read()) == []
