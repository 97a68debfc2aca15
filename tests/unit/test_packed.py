from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm import wire
from smartdm.codec import limits, packed
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl, Verb
from smartdm.mo.tree import Format, Node
from tests.unit.strategies import mutations, trees

ADDR = Node("Addr", Format.CHR, b"127.0.0.1", "text/plain")
DM1 = Node("DM1", Format.NODE, children=(ADDR,))
FULL = Node(
    "A", Format.BIN, b"\x00\xff", "a/b", "T", Acl((("*", Verb.ADD | Verb.GET), ("srv", Verb.REPLACE))), 0x10, 0x0102
)
FULL_OCTETS = "0102 71 80 01 41 03 612F62 01 54 08 09 01 2A 10 03 737276 00000010 02 00FF"


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


def levelled(node: Node) -> bytes:
    """A stream in level order, put together from what ADD would send."""
    return packed.encode_header(counted=False, level_order=True) + b"".join(
        header + value for header, value in packed.elements(node)
    )


def uncounted(node: Node) -> Node:
    """The tree without what only a card sets."""
    return replace(node, verno=0, tstamp=None, children=tuple(map(uncounted, node.children)))


def cut(node: Node, levels: int) -> Node:
    """The tree as an answer with so many levels shows it."""
    if levels == 0 and node.children:
        return replace(node, children=(), child_count=len(node.children))
    return replace(node, children=tuple(cut(child, levels - 1) for child in node.children))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Node("", Format.NODE, acl=Acl.parse("Add=*&Get=*")), "0000 45 00 00 03 09 01 2A 00"),
        (ADDR, "0000 03 01 04 41646472 09 3132372E302E302E31"),
        (DM1, "0000 05 00 03 444D31 01  0000 03 01 04 41646472 09 3132372E302E302E31"),
        (FULL, FULL_OCTETS),
        (Node("x", Format.NULL, tstamp=0), "0000 16 00 01 78 00000000 00"),
        (Node("é", Format.FLOAT, b"", title="ü", verno=0xFFFF), "FFFF 2A 00 02 C3A9 02 C3BC 00"),
        (Node("v", Format.B64, b"z" * 0x7F), "0000 00 00 01 76 7F" + "7A" * 0x7F),
        (Node("v", Format.XML, b"z" * 0x80, "text/xml"), "0000 07 0A 01 76 80" + "7A" * 0x80),
        (Node("v", Format.BIN, b"z" * 0xE0), "0000 01 00 01 76 E0" + "7A" * 0xE0),
    ],
)
def test_a_node_has_the_octets_that_the_format_says(node: Node, text: str):
    stream = octets("02 000000" + text)
    assert packed.encode(node) == stream
    assert packed.decode(stream) == packed.Packed(0, node)


def test_a_stream_tells_its_generation_and_whether_it_counts():
    assert packed.encode(ADDR, generation=0x010203).startswith(octets("02 010203 0000 03"))
    assert packed.encode(ADDR, counted=False).startswith(octets("00 000000 03"))
    assert packed.decode(packed.encode(ADDR, counted=False, generation=0xFFFFFF)).generation == 0xFFFFFF
    with pytest.raises(ValueError, match="24 bits"):
        packed.encode(ADDR, generation=1 << 24)


@pytest.mark.parametrize("count", [1, 2, 15])
def test_a_run_of_children_is_read_as_their_number_and_written_plain(count: int):
    leaves = tuple(Node(f"n{number:X}", Format.CHR) for number in range(count))
    tree = Node("r", Format.NODE, children=leaves)
    plain = packed.encode(tree)
    at = plain.index(b"\x01r") + 2
    assert plain[at] == count
    run = plain[:at] + bytes([0xF0 + count]) + plain[at + 1 :]
    assert packed.decode(run).node == tree
    levels = levelled(tree).replace(octets(f"0172{count:02X}"), octets(f"0172F{count:X}"))
    assert packed.decode(levels).node == tree
    assert packed.encode(packed.decode(run).node) == plain


def test_a_run_of_pieces_is_read_as_their_number():
    text = "0000 03 00 01 41 FF F2  0000 01 00 00 01 61  0000 01 00 00 01 62"
    assert packed.decode(octets("02 000000" + text)).node == Node("A", Format.CHR, b"ab")


def test_elements_come_level_by_level_with_their_values_apart():
    leaf = Node("l", Format.CHR, b"v", tstamp=1, verno=1)
    tree = Node("t", Format.NODE, verno=9, children=(
        Node("a", Format.NODE, children=(leaf, replace(leaf, name="m"))), replace(leaf, name="b"),
    ))  # fmt: skip
    assert [(header.hex(), value) for header, value in packed.elements(tree)] == [
        ("0500017402", b""),
        ("0500016102", b""),
        ("0300016201", b"v"),
        ("0300016c01", b"v"),
        ("0300016d01", b"v"),
    ]


@given(trees)
def test_a_tree_survives_pre_order(tree: Node):
    assert packed.decode(packed.encode(tree)).node == tree


@given(trees)
def test_a_tree_survives_level_order(tree: Node):
    assert packed.decode(levelled(tree)).node == uncounted(tree)


@given(trees)
def test_a_stream_is_written_as_it_was_read(tree: Node):
    stream = packed.encode(tree, generation=7)
    read = packed.decode(stream)
    assert packed.encode(read.node, generation=read.generation) == stream


def prune(node: Node, levels: int, counted: bool) -> bytes:
    """The octets of an answer cut after so many levels, made from whole single nodes."""
    own = packed.encode(replace(node, children=()), counted)[packed.HEADER_SIZE :]
    if not node.is_leaf:
        own = own[:-1] + bytes([len(node.children)])
    return own + b"".join(prune(child, levels - 1, counted) for child in (node.children if levels else ()))


@given(trees, st.integers(0, 4))
def test_an_answer_cut_by_levels_shows_how_many_children_there_are(tree: Node, levels: int):
    stream = packed.encode_header() + prune(tree, levels, counted=True)
    assert packed.decode(stream, levels).node == cut(tree, levels)


def test_level_order_can_be_cut_too():
    stream = packed.encode_header(counted=False, level_order=True) + octets(
        "05 00 01 74 02  05 00 01 61 07  03 00 01 62 00"
    )
    expected = Node("t", Format.NODE, children=(Node("a", Format.NODE, child_count=7), Node("b", Format.CHR)))
    assert packed.decode(stream, levels=1).node == expected


@given(st.lists(trees, min_size=1, max_size=3))
def test_several_trees_in_one_stream_are_read_one_by_one(forest: list[Node]):
    stream = b"".join(packed.encode(tree)[packed.HEADER_SIZE :] for tree in forest)
    offset = 0
    for tree in forest:
        node, offset = packed.decode_nodes(stream, offset)
        assert node == tree
    assert offset == len(stream)


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("", 0, "4 bytes"),
        ("02 0000", 3, "4 bytes"),
        ("04 000000 0000 03 00 01 41 00", 0, "flags"),
        ("02 000000", 4, "VerNo"),
        ("02 000000 00", 5, "VerNo"),
        ("02 000000 0000", 6, "kind"),
        ("02 000000 0000 03", 7, "meta"),
        ("02 000000 0000 0B 00 01 41 00", 6, "kind 0B"),
        ("02 000000 0000 0E 00 01 41", 6, "kind 0E"),
        ("02 000000 0000 0F 00 01 41 00", 6, "kind 0F"),
        ("02 000000 0000 83 00 01 41 00", 6, "kind 83"),
        ("02 000000 0000 03 12 01 41 00", 7, "meta 12"),
        ("02 000000 0000 03 81 01 41 01 61 00", 7, "meta 81"),
        ("02 000000 0000 03 80 01 41 00 00", 10, "empty Type"),
        ("02 000000 0000 03 00", 8, "name"),
        ("02 000000 0000 03 00 80 41 00", 8, "80"),
        ("02 000000 0000 03 00 FF 41 00", 8, "FF"),
        ("02 000000 0000 03 00 05 41 00", 8, "name"),
        ("02 000000 0000 03 00 02 C328 00", 9, "UTF-8"),
        ("02 000000 0000 03 00 03 EDA080 00", 9, "UTF-8"),
        ("02 000000 0000 03 00 01 2E 00", 8, "'.'"),
        ("02 000000 0000 03 00 03 412F42 00", 8, "'/'"),
        ("02 000000 0000 03 00 01 00 00", 8, "control"),
        ("02 000000 0000 23 00 01 41 00 00", 10, "empty Title"),
        ("02 000000 0000 23 00 01 41 02 54", 10, "Title"),
        ("02 000000 0000 43 00 01 41 00 00", 10, "empty ACL"),
        ("02 000000 0000 43 00 01 41 03 00 01 2A 00", 11, "mask"),
        ("02 000000 0000 43 00 01 41 03 20 01 2A 00", 11, "mask"),
        ("02 000000 0000 43 00 01 41 02 01 01 2A 00", 11, "longer"),
        ("02 000000 0000 43 00 01 41 03 01 7F 2A 00", 12, "server id"),
        ("02 000000 0000 43 00 01 41 03 01 80 2A 00", 12, "80"),
        ("02 000000 0000 43 00 01 41 06 01 01 2A 08 01 2A 00", 14, "twice"),
        ("02 000000 0000 43 00 01 41 03 01 01 26 00", 11, "identifier"),
        ("02 000000 0000 43 00 01 41 02 01 00 00", 13, "identifier"),
        ("02 000000 0000 43 00 01 41 05 01 03 612F62 00", 11, "identifier"),
        ("02 000000 0000 43 00 01 41 06 01 04 61253262 00", 11, "identifier"),
        ("02 000000 0000 13 00 01 41 000000", 13, "TStamp"),
        ("02 000000 0000 03 00 01 41", 10, "length"),
        ("02 000000 0000 03 00 01 41 02 61", 10, "value"),
        ("02 000000 0000 03 00 01 41 E1 61", 10, "224 is the most"),
        ("02 000000 0000 03 00 01 41 FE 61", 10, "224 is the most"),
        ("02 000000 0000 03 00 01 41 FF", 11, "number of children"),
        ("02 000000 0000 03 00 01 41 FF F2", 12, "VerNo"),
        ("02 000000 0000 03 00 01 41 FF 01", 12, "VerNo"),
        ("02 000000 0000 03 00 01 41 FF 01 0000 01 00 01 42 01 61", 12, "only pieces"),
        ("02 000000 0000 03 00 01 41 FF 01 0000 03 00 00 01 61", 12, "only pieces"),
        ("02 000000 0000 03 00 01 41 FF 01 0000 01 02 00 01 61", 12, "only pieces"),
        ("02 000000 0000 03 00 01 41 FF 01 0000 01 00 00 FF 00", 12, "only pieces"),
        ("01 000000 03 00 01 41 FF 01 05 00 01 42 00", 10, "only pieces"),
        ("02 000000 0000 03 00 01 41 82FFFF 61", 10, "a value of 130 bytes"),
        ("02 000000 0000 03 00 01 41 00 00", 11, "1 bytes follow"),
        ("02 000000 0000 05 00 01 41", 10, "number of children"),
        ("02 000000 0000 05 00 01 41 F1", 11, "VerNo"),
        ("02 000000 0000 05 00 01 41 F2 0000 03 00 01 61 00", 18, "VerNo"),
        ("02 000000 0000 05 00 01 41 01", 11, "VerNo"),
        ("02 000000 0000 05 00 01 41 01 0000 03 00 00 00", 4, "empty"),
        ("02 000000 0000 05 00 01 41 02 0000 03 00 01 61 00 0000 03 00 01 61 00", 4, "same name"),
        ("01 000000 05 00 01 41 02 03 00 01 61 00 03 00 01 61 00", 4, "same name"),
        ("01 000000 05 00 01 41 02 03 00 01 61 00", 14, "kind"),
    ],
)
def test_threat_18_malformed_octets_are_refused_with_their_place(text: str, offset: int, words: str):
    with pytest.raises(CodecError, match=words) as caught:
        packed.decode(octets(text))
    assert caught.value.offset == offset


@given(trees.flatmap(lambda tree: st.sampled_from([packed.encode(tree), levelled(tree)])), st.data())
def test_threat_18_a_stream_cut_anywhere_is_refused(stream: bytes, data: st.DataObject):
    with pytest.raises(CodecError):
        packed.decode(stream[: data.draw(st.integers(0, len(stream) - 1))])


@pytest.mark.fuzz
@given(trees.flatmap(lambda tree: mutations(packed.encode(tree)) | mutations(levelled(tree))) | st.binary(max_size=60))
def test_threat_18_hostile_octets_are_read_or_refused_and_nothing_else(data: bytes):
    try:
        node = packed.decode(data).node
    except CodecError:
        return
    assert packed.decode(packed.encode(node)).node == node


def chain(depth: int) -> Node:
    node = Node("leaf", Format.CHR)
    for _ in range(depth):
        node = Node("d", Format.NODE, children=(node,))
    return node


def test_sixty_four_levels_are_enough():
    deepest = chain(packed.MAX_DEPTH)
    assert packed.decode(packed.encode(deepest)).node == deepest
    assert packed.decode(levelled(deepest)).node == deepest
    with pytest.raises(CodecError, match="64 levels"):
        packed.encode(chain(packed.MAX_DEPTH + 1))
    with pytest.raises(CodecError, match="64 levels"):
        list(packed.elements(chain(5000)))


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_stream_that_goes_deeper_and_deeper_is_refused(flags: str):
    with pytest.raises(CodecError, match="64 levels"):
        packed.decode(octets(flags + "000000") + octets("0500016401") * 200_000)


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_stream_that_promises_more_and_more_children_is_refused(flags: str):
    with pytest.raises(CodecError):
        packed.decode(octets(flags + "000000") + octets("05000164F0") * 200_000)


def test_a_stream_beyond_the_size_limit_is_refused():
    with pytest.raises(CodecError, match="is the most"):
        packed.decode(bytes(packed.MAX_SIZE + 1))
    leaves = tuple(Node(f"n{i}", Format.BIN, bytes(224)) for i in range(240))
    branches = tuple(Node(f"b{i}", Format.NODE, children=leaves) for i in range(20))
    with pytest.raises(CodecError, match=f"{packed.MAX_SIZE} is the most"):
        packed.encode(Node("r", Format.NODE, children=branches))


ROOM = "x" * 127
MANY = Acl(tuple((letter * 64, Verb.GET) for letter in "abcd"))


def parent(child: Node) -> Node:
    return Node("P", Format.NODE, children=(child,))


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (parent(Node("x" * 128, Format.CHR)), r"\./P/x+: the name has 128 bytes"),
        (parent(Node("é" * 64, Format.CHR)), "the name has 128 bytes"),
        (parent(Node("C", Format.CHR, type="t" * 128)), "./P/C: the Type has 128 bytes"),
        (parent(Node("C", Format.CHR, title="t" * 128)), "./P/C: the Title has 128 bytes"),
        (parent(Node("C", Format.CHR, acl=MANY)), "./P/C: the ACL .* 264 bytes"),
        (parent(Node("C", Format.CHR, acl=Acl((("s" * 65, Verb.GET),)))), "./P/C: the server id .* 65 bytes"),
        (parent(Node("C", Format.CHR, bytes(53_761))), "./P/C: .*53761"),
        (parent(Node("C", Format.NULL, withheld=True)), "./P/C was withheld"),
        (parent(Node("C", Format.CHR, verno=65_536)), "./P/C: the VerNo 65536"),
        (parent(Node("C", Format.CHR, verno=-1)), "./P/C: the VerNo -1"),
        (parent(Node("C", Format.CHR, tstamp=1 << 32)), "./P/C: the TStamp"),
        (parent(Node("C", Format.CHR, title="\ud800")), "./P/C: the Title is not valid Unicode"),
        (parent(Node("", Format.CHR)), "./P has a child with a bad name"),
        (parent(Node("a/b", Format.CHR)), "./P has a child with a bad name"),
        (parent(Node("C", Format.NODE, child_count=3)), "children of node ./P/C were not read"),
        (Node("P", Format.NODE, children=(ADDR, ADDR)), "./P has two children of the same name"),
        (Node("P", Format.NODE, children=tuple(Node(f"n{i}", Format.CHR) for i in range(241))), "./P has 241 children"),
    ],
)
def test_what_the_format_cannot_say_is_refused_by_name(node: Node, words: str):
    with pytest.raises(CodecError, match=words):
        packed.encode(node)


def test_what_just_fits_is_taken():
    acl = Acl((("s" * 64, Verb.GET), ("t" * 64, Verb.ADD)))
    many = tuple(Node(f"n{i}", Format.CHR) for i in range(wire.Limit.CHILDREN - 1))
    node = Node("P", Format.NODE, children=(Node(ROOM, Format.CHR, bytes(53_760), ROOM, ROOM, acl), *many))
    assert packed.decode(packed.encode(node)).node == node


def test_every_type_of_the_list_takes_one_byte_and_is_kept():
    for index, text in enumerate(wire.TYPES):
        node = Node("T", Format.CHR, type=text)
        stream = packed.encode(node)
        assert stream[7] == index
        assert packed.decode(stream).node.type == text


def test_every_format_has_its_number():
    for member in wire.Format:
        if member not in {wire.Format.KEEP, wire.Format.WITHHELD}:
            assert packed.format_number(Format(member.doc)) == member


@pytest.mark.parametrize("flags", ["00", "01"])
def test_the_number_of_nodes_is_limited(flags: str, monkeypatch: pytest.MonkeyPatch):
    four = octets(flags + "000000 05 00 01 41 03  03 00 01 61 00  03 00 01 62 00  03 00 01 63 00")
    node = packed.decode(four).node
    monkeypatch.setattr(packed, "MAX_NODES", 3)
    monkeypatch.setattr(limits, "MAX_NODES", 3)
    with pytest.raises(CodecError, match="more than 3 nodes") as caught:
        packed.decode(four)
    assert caught.value.offset == 19
    with pytest.raises(CodecError, match="more than 3 nodes"):
        packed.encode(node)
