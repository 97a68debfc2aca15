"""What cards answer: nodes whose ids need a registry to be understood, withheld nodes, values in pieces, the feed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import packed
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ZERO_OR_MORE, Access, Definition
from smartdm.mo.feed import Item
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from tests.unit.strategies import mutations

ADDR = Definition("Addr", Format.CHR, Access.GET, ("text/plain", "a/b"), "Address")
ANY = Definition("", Format.NODE, children=(Definition("P", Format.INT),), occurrence=ZERO_OR_MORE)
OBJECT = Definition("", Format.NODE, Access.GET, ("urn:x",), "The X", children=(ADDR, ANY))
KNOWN = packed.Known(
    {4: "*", 5: "#issuer", 9: "srv"}, {number: inner for number, inner, _ in packed.numbered(OBJECT, 0x1FC)}
)


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


def answer(text: str, levels: int | None = None) -> Node:
    return packed.decode(octets("02 000000" + text), levels, KNOWN).node


def test_an_acl_names_servers_by_number_and_has_holes():
    assert answer("0000 45 00 00 06 0089 0000 0128 00").acl == Acl.parse("Add=*&Get=*+srv")
    assert answer("0000 45 00 00 04 0000 0080 00").acl == Acl()


def test_a_server_that_stands_twice_in_an_acl_has_what_both_entries_give():
    assert answer("0000 45 00 00 04 0128 0130 00").acl == Acl.parse("Get=srv&Replace=srv")


@pytest.mark.parametrize(
    ("text", "number", "what"),
    [
        ("0000 45 00 00 02 0148 00", 10, "server"),
        ("0000 82 0D 00", 13, "definition"),
        ("0000 83 0D 00", 269, "definition"),
    ],
)
def test_an_id_that_nobody_knows_is_named(text: str, number: int, what: str):
    with pytest.raises(packed.UnknownId) as caught:
        answer(text)
    assert (caught.value.number, caught.value.what) == (number, what)


def test_a_defined_node_has_the_rest_from_its_definition():
    node = answer("0000 87 FC 02 4D79 01  0001 89 FD 01 01 01 31")
    assert node == Node("My", Format.NODE, type="urn:x", title="The X", children=(
        Node("Addr", Format.CHR, b"1", "a/b", "Address", verno=1),
    ))  # fmt: skip
    assert (node.definition, node.children[0].definition) == (0x1FC, 0x1FD)


def test_a_defined_node_can_have_a_title_of_its_own():
    assert answer("0000 A1 FD 01 54 00") == Node("Addr", Format.CHR, b"", "text/plain", "T")


def test_a_withheld_node_shows_its_name_and_the_format_that_its_definition_tells():
    node = answer("0000 87 FC 02 4D79 02  0005 0E 00 04 41646472  0000 0E 00 01 71")
    assert node.children == (
        Node("Addr", Format.CHR, verno=5, withheld=True),
        Node("q", Format.NODE, withheld=True),
    )
    plain = answer("0000 05 00 00 01  0000 0E 00 01 41")
    assert plain.children == (Node("A", Format.NULL, withheld=True),)
    assert plain.readable() == Node("", Format.NODE)


def test_pieces_are_one_value_at_any_depth():
    text = "0000 05 00 00 01  0000 03 00 01 41 FF 02  0000 01 00 00 01 61  0000 11 00 00 00000001 01 62"
    assert answer(text).children == (Node("A", Format.CHR, b"ab"),)
    assert answer(text, levels=1).children == (Node("A", Format.CHR, b"ab"),)
    assert answer("0000 01 00 01 41 FF 00") == Node("A", Format.BIN)


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("0000 0E 01 01 41", 7, "meta 01"),
        ("0000 0E 00 01 2F", 8, "'/'"),
        ("0000 81 FC 00", 6, "does not suit"),
        ("0000 83 FD 00", 6, "does not suit"),
        ("0000 89 FD 02 01 00", 9, "no further Type 1"),
        ("0000 89 FD 01 02 00", 9, "no further Type 2"),
        ("0000 89 FD 01 00 00", 9, "no further Type 0"),
        ("0000 89 FD 01", 9, "Type"),
        ("0000 45 00 00 03 008900 00", 10, "2-byte entries"),
        ("0000 45 00 00 00 00", 9, "left out"),
        ("0000 05 00 00 01 0000 03 00 01 41 FF 01 0000 0E 00 00", 18, "only pieces"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_with_its_place(text: str, offset: int, words: str):
    with pytest.raises(CodecError, match=words) as caught:
        answer(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize("text", ["83 FC 00", "0E 00 01 41", "45 00 00 02 0089 00"])
def test_a_file_needs_no_registry_and_takes_none_of_its_ids(text: str):
    with pytest.raises(CodecError):
        packed.decode(octets("00 000000" + text))


# The feed.

FEED = octets(
    "06 000007"
    "0000 0003 45 00 00 02 0089 02 0007 0008"
    "0007 0000 87 FC 02 4D79 01 0009"
    "0009 0000 81 FD 01 31"
    "0008 0000 11 00 01 4C 00000001 FF 02 000A 000B"
    "000B 0000 01 00 00 01 62"
    "000C 0001 0E 00 01 57"
)


def test_the_feed_tells_items_by_their_ids():
    feed = packed.decode_feed(FEED, KNOWN)
    assert feed.generation == 7
    assert list(feed.items) == [0, 7, 9, 8, 11, 12]
    assert feed.items[0] == Item(0, "", Format.NODE, acl=Acl.parse("Add=*&Get=*"), verno=3, below=(7, 8))
    assert feed.items[7] == Item(7, "My", Format.NODE, None, "urn:x", "The X", below=(9,), definition=0x1FC)
    assert feed.items[9].value == b"1"
    assert (feed.items[8].value, feed.items[8].below, feed.items[8].is_large) == (None, (10, 11), True)
    assert feed.items[12] == Item(12, "W", Format.NULL, verno=1, withheld=True)


def test_a_run_tells_the_first_of_consecutive_ids_alone():
    run = FEED.replace(octets("0089 02 0007 0008"), octets("0089 F2 0007")).replace(
        octets("FF 02 000A 000B"), octets("FF F2 000A")
    )
    assert len(run) == len(FEED) - 4
    assert packed.decode_feed(run, KNOWN) == packed.decode_feed(FEED, KNOWN)
    one = FEED.replace(octets("4D79 01 0009"), octets("4D79 F1 0009"))
    assert packed.decode_feed(one, KNOWN) == packed.decode_feed(FEED, KNOWN)
    long = packed.decode_feed(octets("06 000007 0000 0000 05 00 00 FF FFF1"), KNOWN)
    assert long.items[0].below == tuple(range(0xFFF1, 0x10000))


def test_an_empty_feed_means_that_nothing_is_newer():
    assert packed.decode_feed(octets("06 000007"), KNOWN).items == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("02 000007", "not those of an answer with ids"),
        ("07 000007", "not those"),
        ("06 000007 0000 0000 05 00 00 02 0007", "ids of children"),
        ("06 000007 0000 0000 05 00 00 F3", "ids of children"),
        ("06 000007 0000 0000 05 00 00 F2 00", "ids of children"),
        ("06 000007 0000 0000 05 00 00 F2 FFFF", "beyond 16 bits"),
        ("06 000007 0000 0000 05 00 00 00  0000 0000 05 00 00 00", "twice"),
        ("06 000007 00", "id"),
    ],
)
def test_a_feed_that_makes_no_sense_is_refused(text: str, words: str):
    with pytest.raises(CodecError, match=words):
        packed.decode_feed(octets(text), KNOWN)


@pytest.mark.fuzz
@given(mutations(FEED) | st.binary(max_size=60))
def test_threat_18_hostile_feeds_are_read_or_refused_and_nothing_else(data: bytes):
    try:
        packed.decode_feed(data, KNOWN)
        packed.decode(data, None, KNOWN)
    except CodecError:
        return


# DEFINED nodes on their way to the card.


def test_nodes_are_added_in_the_form_that_is_chosen_for_them():
    tree = Node("My", Format.NODE, type="urn:x", title="Mine", children=(
        Node("Addr", Format.CHR, b"1", "a/b", "Address", Acl.parse("Get=*")),
        Node("q", Format.NODE, children=(Node("P", Format.INT, b"2"),)),
    ))  # fmt: skip
    numbers = {id(inner): number for number, inner in KNOWN.definitions.items()}

    def choose(above: packed.Defined | None, uri: Uri, node: Node) -> packed.Defined:
        inner = OBJECT if above is None else above.definition.child(node.name)
        assert inner is not None
        assert uri.name == node.name
        return packed.Defined(numbers[id(inner)], inner, own_name=inner.is_placeholder)

    sent = [(header.hex(), value) for header, value in packed.elements(tree, choose=choose)]
    assert sent == [
        ("a7fc024d79044d696e6502", b""),
        ("c9fd01010308012a01", b"1"),
        ("87fe017101", b""),
        ("81ff01", b"2"),
    ]
