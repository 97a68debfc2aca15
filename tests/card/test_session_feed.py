"""The change feed of the real card, modes of running, generations and tags."""

from __future__ import annotations

from random import Random

import pytest

from smartdm.card.place import UPLOADS
from smartdm.errors import CardError, Conflict, NotFound
from smartdm.mo.acl import Acl
from smartdm.mo.feed import Snapshot
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Mode, Session
from smartdm.wire import Limit
from tests.card.device import Device
from tests.card.store import Watch, branch, leaf, pattern, uri
from tests.depth import pick

TREE = branch("A", leaf("v", b"1"), branch("B", leaf("w", b"2"), leaf("x", b"3")))


@pytest.fixture
def filled(session: Session) -> Session:
    """A card with a small tree."""
    session.apply(Batch(time=1).add(ROOT, TREE))
    return session


def test_a_snapshot_is_the_tree(filled: Session):
    snapshot = filled.snapshot()
    assert snapshot.tree() == filled.read()
    assert snapshot.generation == filled.generation
    below = filled.snapshot(uri("A/B"))
    assert below.tree() == filled.read(uri("A/B"))


def test_the_feed_is_as_long_as_the_change(filled: Session):
    generation = filled.generation
    assert filled.changes(generation).items == {}
    filled.apply(Batch().replace(uri("A/B/w"), b"9"))
    feed = filled.changes(generation)
    assert [(item.name, item.value) for item in feed.items.values()] == [("w", b"9")]
    assert len(filled.changes(0).items) == 6


def test_each_change_is_inferred(filled: Session):
    base = filled.snapshot()
    filled.apply(
        Batch(time=2)
        .replace(uri("A/v"), b"9")
        .rename(uri("A/B/w"), "W")
        .delete(uri("A/B/x"))
        .add(uri("A"), branch("N", leaf("n")))
        .title(uri("A/B"), "T")
    )
    now, changes = filled.follow(base)
    assert now.tree() == filled.read()
    assert [(change.kind, str(change.uri)) for change in changes] == [
        ("changed", "./A/B"), ("renamed", "./A/B/W"), ("deleted", "./A/B/x"), ("added", "./A/N"), ("changed", "./A/v"),
    ]  # fmt: skip
    assert "title" in changes[0].attributes
    assert changes[1].old_uri == uri("A/B/w")
    assert filled.follow(now) == (now, [])


def test_a_renamed_node_that_gives_its_name_away_is_followed(filled: Session):
    base = filled.snapshot()
    filled.apply(Batch().rename(uri("A/v"), "old").add(uri("A"), leaf("v", b"new")))
    _, changes = filled.follow(base)
    assert {(change.kind, str(change.uri)) for change in changes} == {("renamed", "./A/old"), ("added", "./A/v")}


def test_a_new_acl_above_makes_the_whole_subtree_be_read_again(filled: Session):
    base = filled.snapshot()
    filled.apply(Batch().acl(uri("A"), Acl.parse("Get=somebody&Replace=#issuer")))
    now, changes = filled.follow(base)
    assert now.tree().children[0].withheld
    assert ("changed", uri("A")) in {(change.kind, change.uri) for change in changes}
    filled.apply(Batch().acl(uri("A"), Acl()))
    later, _ = filled.follow(now)
    assert later.tree() == filled.read()


@pytest.mark.parametrize("between", [False, True])
def test_an_uploaded_value_is_followed(filled: Session, between: bool):
    base = filled.snapshot()
    if between:
        # Pieces that were uploaded before the snapshot are older than it.
        value = pattern(1, 224 * 9)
        filled.put_value(uri("A/v"), value)
        base = Snapshot.of(filled.changes(0))
    filled.put_value(uri("A/v"), pattern(2, 4_000))
    now, changes = filled.follow(base)
    assert now.tree() == filled.read()
    assert [change.uri for change in changes] == [uri("A/v")]
    assert "value" in changes[0].attributes


def test_pieces_that_are_older_than_the_base_are_read_again(filled: Session):
    place = UPLOADS / "u"
    filled.apply(Batch().upload("u").piece(place, b"a" * 224).piece(place, b"b"))
    base = filled.snapshot()
    filled.apply(Batch().copy(place, uri("A/v")))
    now, changes = filled.follow(base)
    assert now.tree() == filled.read()
    assert [(change.kind, change.uri) for change in changes] == [("changed", uri("A/v"))]


@pytest.mark.search
@pytest.mark.parametrize("seed", range(pick(3, 20, 300)))
def test_random_changes_are_inferred_as_they_happened(session: Session, seed: int):
    random = Random(seed)
    base = session.snapshot()
    for _ in range(8):
        for _ in range(random.randrange(1, 4)):
            random_change(session, random)
        base, changes = session.follow(base)
        assert base.tree() == session.read()
        uris = {change.uri for change in changes if change.kind != "deleted"}
        assert uris <= {where for where, _ in base.tree().walk()}


def random_change(session: Session, random: Random) -> None:
    """One batch; what the card refuses is no change."""
    places = [where for where, _ in session.read().walk()]
    where, name = random.choice(places), random.choice("abcde")
    small, large = leaf(name, pattern(random.randrange(99), 5)), leaf(name, bytes(300))
    made = random.choice([small, branch(name, leaf("l")), large])
    batch = random.choice([
        Batch().add(where, made),
        Batch().add(where, made),
        Batch().add(where, made),
        Batch().replace(where, random.randbytes(3)),
        Batch().rename(where, name),
        Batch().title(where, name),
        Batch().erase() if where.is_root else Batch().delete(where),
    ])  # fmt: skip
    try:
        session.apply(batch)
    except CardError as error:
        assert error.dm_status in {404, 405, 418}  # noqa: PT017 - the rest would be a fault


# Running.


def test_plain_commands_are_done_but_for_the_refused_ones(filled: Session):
    batch = (
        Batch()
        .delete(uri("nix"))
        .replace(uri("A/v"), b"9")
        .add(ROOT, branch("A"))
        .get(uri("A/v"))
        .replace(uri("A/v"), b"10")
        .get(uri("nix"))
        .get(uri("A/v"))
    )
    for mode in (Mode.PLAIN, Mode.SEQUENCE):
        outcome = filled.run(batch, mode)
        assert outcome.statuses == (404, 200, 418, 200, 200, 404, 200)
        assert {number: node.value for number, node in outcome.nodes.items()} == {3: b"9", 6: b"10"}
        assert not outcome.ok
        assert [(number, error.index) for number, error in outcome.errors.items()] == [(0, 0), (2, 2), (5, 5)]


def test_when_all_is_done_there_are_no_statuses(filled: Session):
    for mode in Mode:
        outcome = filled.run(Batch().replace(uri("A/v"), b"9").get(uri("A/v"), 0), mode)
        assert (outcome.statuses, outcome.errors, outcome.ok) == ((), {}, True)
        assert outcome.nodes[1].value == b"9"


def test_an_atomic_is_rolled_back(filled: Session):
    before = filled.read()
    batch = Batch().replace(uri("A/v"), b"9").delete(uri("nix")).delete(uri("A"))
    outcome = filled.run(batch, Mode.ATOMIC)
    assert outcome.statuses == (216, 404, 215)
    assert isinstance(outcome.errors[1], NotFound)
    assert filled.read() == before


def test_more_gets_than_a_batch_may_hold_are_run_in_several(filled: Session):
    batch = Batch()
    for _ in range(2 * Limit.GETS + 1):
        batch.get(uri("A/v"), 0)
    outcome = filled.run(batch, Mode.PLAIN)
    assert outcome.ok
    assert [outcome.nodes[number].name for number in range(2 * Limit.GETS + 1)] == ["v"] * (2 * Limit.GETS + 1)


def test_a_wrong_generation_stops_everything(filled: Session):
    for mode in Mode:
        with pytest.raises(Conflict):
            filled.run(Batch().replace(uri("A/v"), b"9"), mode, expect=filled.generation + 1)
    assert filled.read(uri("A/v")).value == b"1"
    assert filled.run(Batch().replace(uri("A/v"), b"9"), Mode.PLAIN, expect=filled.generation).ok


# Generations and tags.


def test_being_in_sync_takes_one_select(filled: Session, device: Device):
    watch = Watch(device.sim)
    session = watch.open()
    watch.answers.clear()
    assert session.in_sync(filled.generation)
    assert not session.in_sync(filled.generation - 1)
    assert watch.answers.total() == 2


def test_the_generation_is_known_without_asking(filled: Session, device: Device):
    filled.apply(Batch().get(ROOT, 0))
    filled.apply(Batch().replace(uri("A/v"), b"9"))
    filled.put_value(uri("A/v"), pattern(1, 4_000))
    filled.apply(Batch().acl(uri("A"), Acl.parse("Get=*+new&Replace=#issuer+new")))
    assert device.open().generation == filled.generation


def test_who_lost_the_answer_finds_the_tag(filled: Session, device: Device):
    filled.apply(Batch().replace(uri("A/v"), b"9"), tag=(7, 1))
    assert device.open().was_applied((7, 1))
    assert not device.open().was_applied((7, 2))
    with pytest.raises(NotFound):
        filled.apply(Batch().delete(uri("nix")), tag=(7, 2))
    assert not device.open().was_applied((7, 2))
    for number in range(4):
        filled = device.open()
        filled.apply(Batch().replace(uri("A/v"), b"9"), tag=(8 + number % 3, number))
    assert device.open().tags == ((8, 3), (10, 2), (9, 1))


def test_a_tag_stays_with_the_last_commit_of_a_sequence(filled: Session, device: Device):
    batch = Batch().replace(uri("A/v"), b"9").get(uri("A/v")).delete(uri("nix")).delete(uri("A/B")).get(ROOT, 0)
    assert filled.run(batch, Mode.SEQUENCE, tag=(7, 3)).statuses == (200, 200, 404, 200, 200)
    assert device.open().was_applied((7, 3))


def test_others_may_change_the_registry_meanwhile(filled: Session, device: Device):
    assert filled.registry.missing_servers(["s"]) == ["s"]
    assert filled.registry.missing_servers(["s"]) == ["s"]
    other = device.open()
    other.apply(Batch().acl(uri("A"), Acl.parse("Get=*+s&Replace=#issuer+s")))
    assert filled.read(uri("A"), 0).acl == Acl.parse("Get=*&Replace=#issuer+s")
    assert filled.registry.missing_servers(["s"]) == []
