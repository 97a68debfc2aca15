"""Large values: in one batch, uploaded, interrupted at every checkpoint; copies of leaves."""

from __future__ import annotations

import pytest

from smartdm.card.upload import CHECKPOINT, upload_place
from smartdm.errors import BadRequest, CardError, CardFull, CodecError, Conflict, NotFound, PowerLostError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Mode, Session
from smartdm.transport.sim import CutMode
from smartdm.wire import Limit
from tests.card.device import Device, parameters
from tests.card.store import branch, leaf, pattern, uri

BIG = pattern(3, 5_000)
PIECES = -(-len(BIG) // Limit.VALUE)


@pytest.fixture
def filled(session: Session) -> Session:
    """A card with the leaf ./A/v."""
    session.apply(Batch().add(ROOT, branch("A", leaf("v", b"old", "text/plain"))))
    return session


@pytest.mark.parametrize("size", [0, 224, 225, 448, 449, 224 * CHECKPOINT, 224 * CHECKPOINT + 1, 5_000])
def test_a_value_of_any_size_is_what_was_put(filled: Session, size: int):
    filled.put_value(uri("A/v"), pattern(1, size))
    node = filled.read(uri("A/v"))
    assert (node.value, node.format, node.type) == (pattern(1, size), Format.CHR, "text/plain")
    filled.put_value(uri("A/v"), pattern(2, size), (Format.BIN, "a/b"))
    node = filled.read(uri("A/v"))
    assert (node.value, node.format, node.type) == (pattern(2, size), Format.BIN, "a/b")
    assert filled.uploads() == []


@pytest.mark.parametrize("size", [225, 5_000])
def test_a_large_value_can_be_added_in_one_batch(session: Session, size: int):
    tree = branch("A", Node("v", Format.BIN, pattern(1, size)), leaf("w", pattern(2, size)), branch("x", leaf("y")))
    session.apply(Batch().add(ROOT, tree))
    assert session.read(uri("A")) == tree
    assert session.read(uri("A"), 1).children[:2] == tree.children[:2]


def test_the_largest_value_has_240_pieces(device: Device):
    session = device.new(parameters(arena=64, nodes=1024))
    session.apply(Batch().add(ROOT, leaf("v")))
    largest = pattern(5, 20_000)
    session.put_value(uri("v"), largest)
    assert session.read(uri("v")).value == largest
    free, nodes = session.refresh().free, session.info.nodes
    device.open().apply(Batch().replace(uri("v"), b"small"))
    assert device.open().info.nodes == nodes - (-(-20_000 // Limit.VALUE))
    assert device.open().info.free > free + 20_000


def test_progress_is_told_in_bytes(filled: Session):
    told: list[tuple[int, int]] = []
    filled.put_value(uri("A/v"), BIG, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, len(BIG))
    assert told[-1] == (len(BIG), len(BIG))
    assert len(told) == 1 + -(-PIECES // CHECKPOINT)
    assert sorted(told) == told


@pytest.mark.parametrize("apdu", [1, 3, CHECKPOINT + 2, 2 * CHECKPOINT, PIECES - 1])
def test_an_interrupted_upload_goes_on_where_it_stopped(filled: Session, device: Device, apdu: int):
    sent = 0
    inner = device.sim.transmit

    class Broken:
        """A link that fails after some commands."""

        name = "broken"

        def transmit(self, raw: bytes) -> bytes:
            nonlocal sent
            sent += 1
            if sent > apdu:
                raise PowerLostError("the link is gone")
            return inner(raw)

    filled._card.channel.transport = Broken()  # type: ignore[assignment] # all that is used of it
    with pytest.raises(PowerLostError):
        filled.put_value(uri("A/v"), BIG)
    session = device.power_cycle()
    assert session.read(uri("A/v")).value == b"old"
    done = session.uploaded(uri("A/v"), BIG)
    told: list[int] = []
    session.put_value(uri("A/v"), BIG, progress=lambda now, _total: told.append(now))
    assert session.read(uri("A/v")).value == BIG
    assert told[0] == (done or 0) * Limit.VALUE
    assert (done or 0) % CHECKPOINT == 0
    assert session.uploads() == []


def test_power_may_fail_at_every_write_of_an_upload(device: Device):
    value = pattern(9, 224 * CHECKPOINT + 300)
    write = 0
    while True:
        write += 1
        session = device.new()
        session.apply(Batch().add(ROOT, leaf("v", b"old")))
        device.sim.arm_cut(write, CutMode.HALF, write)
        try:
            session.put_value(uri("v"), value)
        except PowerLostError:
            pass
        else:
            device.sim.arm_cut(0)
            break
        session = device.power_cycle()
        assert session.read(uri("v")).value in {b"old", value}
        session.put_value(uri("v"), value)
        assert session.read(uri("v")).value == value
    assert write > CHECKPOINT


def test_stale_uploads_are_listed_and_can_be_removed(filled: Session, device: Device):
    place = upload_place(uri("A/v"), BIG)
    filled.apply(Batch().upload(place.segments[-1]).piece(place, b"x" * 224).piece(place, b"y" * 10))
    (found,) = device.open().uploads()
    assert (found.name, found.pieces, found.size) == (place.segments[-1], 2, 234)
    session = device.open()
    free = session.info.free
    session.apply(Batch().delete(place))
    assert session.uploads() == []
    assert session.refresh().free > free + 234


def test_what_the_card_refuses_leaves_no_upload_behind(filled: Session):
    with pytest.raises(NotFound, match=r"to \./A/nix"):
        filled.put_value(uri("A/nix"), BIG)
    with pytest.raises(CardFull):
        filled.put_value(uri("A/v"), pattern(1, 20_000))
    assert filled.uploads() == []
    with pytest.raises(CodecError, match="53760 is the most"):
        filled.put_value(uri("A/v"), bytes(53_761))


def test_a_value_can_be_uploaded_for_a_batch_that_takes_it_later(filled: Session):
    place = filled.upload(uri("A/v"), BIG, expect=filled.generation)
    assert filled.upload_steps(uri("A/v"), BIG) == (place, [])
    assert filled.read(uri("A/v")).value == b"old"
    with pytest.raises(Conflict):
        filled.upload(uri("A/v"), BIG + b"x", expect=filled.generation + 1)
    filled.apply(Batch().rename(uri("A"), "B").copy(place, uri("B/v")), expect=filled.generation)
    assert filled.read(uri("B/v")).value == BIG


# Copies.


def test_a_copy_keeps_what_the_target_is(filled: Session):
    filled.apply(Batch().add(uri("A"), Node("w", Format.INT, b"7")))
    filled.copy(uri("A/w"), uri("A/v"))
    assert filled.read(uri("A/v")) == Node("v", Format.CHR, b"7", "text/plain", verno=1)


def test_a_copy_to_a_new_place_takes_format_and_type_along(filled: Session):
    filled.copy(uri("A/v"), uri("new"))
    assert filled.read(uri("new")) == Node("new", Format.CHR, b"old", "text/plain")
    with pytest.raises(NotFound, match=r"\./A/nix"):
        filled.copy(uri("A/nix"), uri("A/v"))


@pytest.mark.parametrize("target", ["b", "new"])
def test_a_large_value_can_be_copied(filled: Session, target: str):
    filled.apply(Batch().add(ROOT, Node("big", Format.BIN, BIG), Node("b", Format.BIN)))
    filled.copy(uri("big"), uri(target))
    assert filled.read(uri(target)).value == BIG
    assert filled.read(uri("big")).value == BIG


def test_a_copy_must_suit_the_format_of_the_target(filled: Session):
    filled.apply(Batch().add(uri("A"), Node("i", Format.INT, b"7"), Node("b", Format.BIN, b"\xff")))
    filled.apply(Batch().add(uri("A"), leaf("c", b"\x01"), leaf("n", b"8"), leaf("e")))
    for source, target, note in (
        ("A/v", "A/i", "./A/i: the value 'old' is not a whole number"),
        ("A/b", "A/v", "./A/v: the value is not UTF-8 text"),
        ("A/c", "A/v", "./A/v: the value holds characters that XML cannot carry"),
    ):
        with pytest.raises(BadRequest, match=rf"Copy \./{source} to \./{target}: .*6AD6") as caught:
            filled.copy(uri(source), uri(target))
        assert caught.value.__notes__[0].startswith(note)
    for source, target in (("A/n", "A/i"), ("A/v", "A/b"), ("A/e", "A/i")):
        filled.copy(uri(source), uri(target))
        assert filled.read(uri(target)).value == filled.read(uri(source)).value


@pytest.mark.parametrize(("source", "target"), [("A", "B"), ("A/v", "A"), ("A", "A/v")])
def test_a_copy_is_from_leaf_to_leaf_or_403(filled: Session, source: str, target: str):
    with pytest.raises(CardError, match="6ADA NOT_LEAF, DM 403") as caught:
        filled.copy(uri(source), uri(target))
    assert caught.value.dm_status == 403
    assert filled.run(Batch().copy(uri(source), uri(target)), Mode.PLAIN).statuses == (403,)
    assert filled.run(Batch().replace(uri("A"), b"x"), Mode.PLAIN).statuses == (405,)


def test_a_batch_can_copy_to_a_new_leaf(filled: Session):
    filled.apply(Batch(time=5).copy(uri("A/v"), uri("A/w"), Node("w", Format.BIN, title="T")))
    assert filled.read(uri("A/w")) == Node("w", Format.BIN, b"old", title="T", tstamp=5)
