"""Branches of the applet that no other test reaches, each by what can be seen of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.card.place import server_place
from smartdm.errors import CardError
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format as HostFormat
from smartdm.session import Batch
from smartdm.wire import META_INLINE, Access, Command, Format, Ins, Kind, Principal, Sw
from tests.card.attack import (
    OPTIONS,
    Attacker,
    add,
    apdu,
    attacker,
    defined,
    definition,
    delete,
    get,
    node,
    rename,
    replace,
    text,
)
from tests.card.device import SELECT, Device, parameters, personalize
from tests.card.store import branch, fill, leaf, pattern, uri
from tests.card.test_store_transactions import damage
from tests.oracle.reading import Reader

FOLDERS = ("B", "C", "D")
OWNED = 8
"""Nodes whose records grow by a granule each when they get a TStamp."""


def test_a_card_that_uses_its_reserve_tells_no_free_memory(device: Device):
    session = device.new(parameters(arena=8))
    only_s = Acl.parse("Get=S")
    session.apply(Batch().add(uri(""), branch("A", *(leaf(f"n{at:03}", acl=only_s) for at in range(OWNED)))))
    session.apply(Batch().add(uri(""), branch("B")).add(uri(""), branch("C")).add(uri(""), branch("D")))
    for folder in FOLDERS:
        fill(session, uri(folder), 20, 8, 0)
    assert 0 < device.open().info.free < OWNED * 8
    # Each ACL gets a hole, each node the time of the batch: all of it out of the reserve, which Delete may use.
    device.open().apply(Batch(time=1).delete(server_place("S")))
    session = device.open()
    assert session.info.free == 0
    session.apply(Batch().delete(uri("B")))
    assert device.open().info.free > 0


def test_a_batch_that_meets_a_damaged_id_table_is_told_so_and_not_that_it_is_wrong(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    device.sim.open_image(path)
    personalize(device.sim)
    before = path.read_bytes()
    device.open().apply(Batch().add(uri(""), leaf("x", b"value")))
    device.sim.new_card()  # lets go of the file
    image = path.read_bytes()
    told = set()
    for place in (at for at in range(len(image)) if image[at] != before[at]):
        damage(path, image, place)
        device.sim.open_image(path)
        if device.apdu(SELECT)[1] == Sw.OK:
            device.sim.principal(Principal.ISSUER)
            told.add(device.apdu(apdu(Ins.BATCH, b"\x00" + OPTIONS + get(b"x")))[1])
    device.sim.new_card()
    assert Sw.STORE_DAMAGED in told


SEGMENT = 16 * 1024
STEP = 16
"""Bytes of a segment, and of a granule in an arena of 24 KiB."""


def test_a_batch_that_fills_more_than_a_segment_goes_on_in_the_next(device: Device):
    session = device.new(parameters(arena=24))
    large = [leaf(f"W{at:03}", pattern(at, 224)) for at in range(66)]  # 15 granules each
    small = [leaf(f"S{at:03}", pattern(at, 3)) for at in range(80)]  # one granule each
    tree = branch("A", *large, *small)
    session.apply(Batch().add(uri(""), tree))
    assert device.open().info.free < device.open().info.arena - SEGMENT + 40 * STEP
    assert [(node.name, node.value) for node in device.open().read(uri("A")).children] == [
        (node.name, node.value) for node in tree.children
    ]


DEFINITION = (
    definition(b"mo", b"\x03", Format.NODE)
    + definition(b"Name", b"\x07a/b\nc/d", Format.CHR, b"\x3f\x00\x02\x00")
    + definition(b"Only", text(b""), Format.CHR)
    + definition(
        b"", text(b""), Format.CHR, bytes((Access.GET | Access.ADD | Access.REPLACE | Access.PERMANENT, 0, 0, 0))
    )
)
MO, NAME, ONLY, ANY = range(64, 68)
"""Node ids of the definitions on a card with TARGET."""


@pytest.fixture
def object_on_card(device: Device) -> Attacker:
    """./M follows the definition; its children are Name and x, which the placeholder defines."""
    hostile = attacker(device)
    hostile.done(add(b"?", DEFINITION))
    ids = {item.name: item.id for item in Reader(hostile.read(text(b"?") + bytes(3), p2=1)).flat() if item.rule}
    assert [ids[name] for name in ("mo", "Name", "Only", "")] == [MO, NAME, ONLY, ANY]
    top = defined(MO, b"\x02", Kind.INTERIOR | Kind.OWN_NAME, text(b"M"))
    hostile.done(add(b"", top, defined(NAME, text(b"n")), defined(ANY, text(b"v"), Kind.OWN_NAME, text(b"x"))))
    return hostile


def test_a_named_node_of_a_definition_does_not_bring_a_name(object_on_card: Attacker):
    object_on_card.refused(Sw.NOT_DEFINED, add(b"M", defined(ONLY, text(b""), Kind.OWN_NAME, text(b"Only"))))
    object_on_card.refused(Sw.NOT_DEFINED, add(b"M", defined(ONLY, text(b""), Kind.OWN_NAME, text(b"y"))))


def test_the_root_of_an_object_brings_its_name(object_on_card: Attacker):
    object_on_card.refused(Sw.NOT_DEFINED, add(b"", defined(MO, b"\x00", Kind.INTERIOR)))


def test_a_node_of_the_placeholder_does_not_take_the_name_of_another_definition(object_on_card: Attacker):
    object_on_card.refused(Sw.NOT_DEFINED, add(b"M", defined(ANY, text(b""), Kind.OWN_NAME, text(b"Only"))))


@pytest.mark.parametrize("number", [b"\x00", b"\x03", b"\x01\x01"])
def test_a_further_type_is_named_by_its_number(object_on_card: Attacker, number: bytes):
    fields = text(number)
    object_on_card.done(delete(b"M/Name"))
    object_on_card.refused(Sw.BAD_TYPE, add(b"M", defined(NAME, text(b""), Kind.OWN_TYPE, fields)))
    object_on_card.done(add(b"M", defined(NAME, text(b""), Kind.OWN_TYPE, text(b"\x02"))))
    object_on_card.refused(Sw.BAD_TYPE, replace(b"M/Name", b"v", Format.CHR, META_INLINE, fields))


def test_a_type_from_the_list_is_not_that_of_a_defined_node(object_on_card: Attacker):
    object_on_card.refused(Sw.BAD_TYPE, replace(b"M/Name", b"v", Format.CHR, 1))
    object_on_card.done(replace(b"M/Name", b"v", Format.CHR, 0))


def test_a_permanent_node_of_a_placeholder_keeps_its_name(object_on_card: Attacker):
    object_on_card.refused(Sw.PERMANENT, rename(b"M/x", b"y"))


def test_a_piece_is_not_in_pieces_itself(object_on_card: Attacker):
    piece = node(b"", b"\xff\x00", Format.BIN)
    object_on_card.refused(Sw.BAD_FORMAT, add(b"", node(b"p", b"\xff\x01", Format.BIN), piece))


def test_a_part_that_holds_nothing_is_too_short(object_on_card: Attacker):
    assert object_on_card.part(b"", last=False) == (b"", Sw.WRONG_LENGTH)
    assert object_on_card.part(OPTIONS, last=False) == (b"", Sw.OK)
    assert object_on_card.part(b"", 1) == (b"", Sw.WRONG_LENGTH)
    object_on_card.works()


@pytest.mark.parametrize("tag", [tag for tag in range(256) if tag not in set(Command)])
def test_a_command_that_does_not_exist_is_refused(object_on_card: Attacker, tag: int):
    assert object_on_card.run(bytes((tag, 0))) == Sw.BAD_ELEMENT


@pytest.mark.parametrize("tag", [0x00, 0x7F, 0x80, Command.ADD - 2, max(Command) + 1, 0xFF])
def test_an_unknown_command_for_a_node_that_is_there_is_refused(device: Device, tag: int):
    attacker(device).refused(Sw.BAD_ELEMENT, bytes((tag,)) + text(b"A"))


def flat(name: str, size: int) -> Definition:
    """A definition of so many nodes."""
    leaves = tuple(Definition(f"{name}{at}", HostFormat.CHR) for at in range(size - 1))
    return Definition(name, HostFormat.NODE, children=leaves)


def test_ids_of_definitions_end_where_a_node_can_no_longer_name_them(device: Device):
    session = device.new(parameters(arena=64, nodes=1024))
    for name in "abc":
        session.apply(Batch().define(flat(name, 100)))
    with pytest.raises(CardError) as caught:
        session.apply(Batch().define(flat("d", 100)))
    assert caught.value.sw == Sw.NO_NODE_LEFT
    session.apply(Batch().define(flat("d", 84)))
