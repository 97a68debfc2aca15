"""How a batch is cut into parts: the rules are those of docs/store.md, "Batches on the wire"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.batch import Batch
from smartdm.card.parts import Tag
from smartdm.card.place import UPLOADS, server_place
from smartdm.codec import packed
from smartdm.errors import CodecError, UriError
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Access, Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.wire import Command, Limit, Option
from tests.unit.strategies import acls, names, nodes, server_ids, texts

short_uris = (
    st.lists(names, max_size=3)
    .map(lambda segments: Uri(tuple(segments)))
    .filter(lambda uri: len(uri.wire()) <= Limit.URI)
)
values = st.sampled_from([0, 1, 100, 127, 128, 223, 224]).map(lambda size: b"v" * size) | st.binary(max_size=40)
commands = st.one_of(
    st.tuples(st.just("add"), short_uris, nodes),
    st.tuples(st.just("replace"), short_uris, values),
    st.tuples(st.just("delete"), short_uris.filter(lambda uri: not uri.is_root)),
    st.tuples(st.just("erase")),
    st.tuples(st.just("rename"), short_uris, names),
    st.tuples(st.just("acl"), short_uris, acls),
    st.tuples(st.just("title"), short_uris, texts),
    st.tuples(st.just("copy"), short_uris, short_uris),
    st.tuples(st.just("server"), server_ids),
    st.tuples(st.just("piece"), st.just(UPLOADS / "x"), values),
)
gets = st.tuples(st.just("get"), short_uris, st.none() | st.integers(0, 254))
expected = st.none() | st.integers(0, 0xFFFFFF)
times = st.none() | st.integers(0, 0xFFFFFFFF)
numbers = st.integers(0, 0xFFFFFFFF)
tags = st.none() | st.tuples(numbers, numbers)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Of everything; commands whose properties do not fit one part are left out."""
    batch = Batch(draw(times))
    for method, *arguments in draw(st.lists(commands, max_size=6)) + draw(st.lists(gets, max_size=3)):
        getattr(batch, method)(*arguments)
        if any(len(header) > 254 for header, _ in batch.entries[-1].elements):
            batch.entries.pop()
    return batch


@given(batch=batches(), expect=expected, tag=tags)
def test_the_parts_are_the_stream_with_a_number_before_each(batch: Batch, expect: int | None, tag: Tag | None):
    parts = batch.parts(expect, tag)
    stream = b"".join(part[1:] for part in parts)
    body = b"".join(header + value for header, value in batch.elements)
    assert stream.endswith(body)
    assert stream[: len(stream) - len(body)] == options(batch.time, expect, tag)
    assert [part[0] for part in parts] == [
        number if number < 256 else (number - 1) % 255 + 1 for number in range(len(parts))
    ]
    assert all(2 <= len(part) <= 255 for part in parts)


@given(batch=batches())
def test_each_command_of_the_card_has_the_name_of_its_entry(batch: Batch):
    heads = {int(command) for command in Command}
    assert len(batch.names) == len(batch.places) == sum(entry.commands for entry in batch.entries)
    for entry in batch.entries:
        known = [header[0] for header, _ in entry.elements if header[0] in heads]
        assert len(known) >= entry.commands
    assert [batch.entries[place].name for place in batch.places] == batch.names


@given(batch=batches(), expect=expected, room=st.sampled_from([239, 247]))
def test_a_channel_with_less_room_takes_the_same_stream_in_smaller_parts(batch: Batch, expect: int | None, room: int):
    if any(len(header) >= room for header, _ in batch.elements):
        with pytest.raises(CodecError, match=f"at most {room - 1} fit"):
            batch.parts(expect, None, room)
        return
    parts = batch.parts(expect, None, room)
    assert b"".join(part[1:] for part in parts) == b"".join(part[1:] for part in batch.parts(expect))
    assert [part[0] for part in parts] == list(range(len(parts)))
    assert all(2 <= len(part) <= room for part in parts)


@given(batch=batches(), expect=expected)
def test_no_header_is_divided(batch: Batch, expect: int | None):
    ends, at = [], 0
    for part in batch.parts(expect)[:-1]:
        at += len(part) - 1
        ends.append(at)
    at = len(options(batch.time, expect))
    for header, value in batch.elements:
        assert not any(at < end < at + len(header) for end in ends)
        at += len(header) + len(value)


@given(batch=batches())
def test_no_part_could_have_taken_the_next_header(batch: Batch):
    parts = batch.parts()
    starts = {len(options(batch.time, None)): 0}
    at = len(options(batch.time, None))
    for header, value in batch.elements:
        starts[at] = len(header)
        at += len(header) + len(value)
    at = 0
    for part in parts[:-1]:
        at += len(part) - 1
        assert len(part) == 255 or len(part) + starts[at] > 255


def options(time: int | None, expect: int | None, tag: Tag | None = None) -> bytes:
    flags = int(Option.ATOMIC)
    flags |= (expect is not None) * Option.IF_GENERATION | (time is not None) * Option.TIME
    flags |= (tag is not None) * Option.TAG
    fields = b"" if expect is None else expect.to_bytes(3)
    fields += b"" if time is None else time.to_bytes(4)
    fields += b"" if tag is None else tag[0].to_bytes(4) + tag[1].to_bytes(4)
    return bytes((Command.OPTIONS, flags)) + fields


def test_an_empty_batch_is_its_options():
    assert Batch().parts() == [bytes.fromhex("00C001")]
    assert Batch(time=1).parts(2) == [bytes.fromhex("00C007 000002 00000001")]
    assert Batch(time=1).parts(2, (3, 4)) == [bytes.fromhex("00C00F 000002 00000001 00000003 00000004")]


def test_part_numbers_go_from_ff_to_01():
    batch = Batch()
    for _ in range(600):
        batch.replace(Uri(("A",)), b"v" * 224)
    numbers = [part[0] for part in batch.parts()]
    assert len(numbers) > 520
    assert numbers[:256] == list(range(256))
    assert numbers[256:511] == list(range(1, 256))
    assert numbers[511] == 1


def test_a_value_that_fills_a_part_needs_no_empty_one_behind_it():
    for size in range(200, 225):
        parts = Batch().replace(Uri(("A",)), b"v" * size).delete(Uri(("A",))).parts()
        assert all(len(part) > 1 for part in parts)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_header_of_254_bytes_is_the_longest(extra: int):
    node = Node("n" * 64, Format.CHR, type="t" * 127, title="T" * (57 + extra))
    batch = Batch().add(Uri(), node)
    size = len(batch.elements[-1][0])
    assert size == 254 + extra
    if extra:
        with pytest.raises(CodecError, match="255 bytes; at most 254"):
            batch.parts()
    else:
        assert max(len(part) for part in batch.parts()) == 255


def test_what_cannot_go_on_the_wire_is_refused_at_once():
    with pytest.raises(CodecError, match="225 bytes; at most 224"):
        Batch().replace(Uri(("A",)), b"v" * (Limit.VALUE + 1))
    with pytest.raises(UriError, match="65 bytes"):
        Batch().rename(Uri(("A",)), "n" * 65)
    with pytest.raises(UriError, match="193 bytes"):
        Batch().delete(Uri(("a" * 64, "b" * 64, "c" * 63)))
    with pytest.raises(ValueError, match="comes with a Format"):
        Batch().replace(Uri(("A",)), b"", type="text/plain")
    with pytest.raises(CodecError, match="53761"):
        Batch().add(Uri(), Node("n", Format.BIN, b"v" * 53_761))
    with pytest.raises(CodecError, match="65 bytes; at most 64"):
        Batch().server("s" * 65)
    with pytest.raises(CodecError, match="66 bytes; at most 64"):
        Batch().server("s" * 63 + "/")
    with pytest.raises(CodecError, match=r"server id .* 65 bytes"):
        Batch().acl(ROOT, Acl.parse(f"Get={'s' * 65}"))
    with pytest.raises(CodecError, match="Title has 128 bytes"):
        Batch().title(ROOT, "t" * 128)
    with pytest.raises(ValueError, match="no value of its own"):
        Batch().copy(ROOT, Uri(("A",)), Node("A", Format.CHR, b"v"))


def test_a_command_that_is_refused_leaves_no_trace_in_the_batch():
    batch = Batch().delete(Uri(("A",)))
    before = batch.parts()
    for attempt in (
        lambda: batch.replace(Uri(("A",)), b"v" * 225),
        lambda: batch.rename(Uri(("A",)), "n" * 65),
        lambda: batch.add(Uri(), Node("n", Format.BIN, b"v" * 53_761)),
        lambda: batch.acl(ROOT, Acl.parse(f"Get={'s' * 65}")),
        lambda: batch.get(Uri(("a" * 64, "b" * 64, "c" * 63))),
        lambda: batch.rename(Uri(("A",)), "a/b"),
    ):
        with pytest.raises(CodecError):
            attempt()
    assert (batch.parts(), len(batch.names), len(batch.gets)) == (before, 1, 0)


A, B = Uri(("A",)), Uri(("B",))
LARGE = Node("A", Format.BIN, b"x" * 225)
B_LEAF, C_LEAF = Node("B", Format.CHR), Node("C", Format.CHR, b"v")


@pytest.mark.parametrize(
    ("batch", "stream"),
    [
        (Batch().acl(A, Acl.parse("Get=*&Replace=s")), "C6 01 41  06 08 01 2A 10 01 73"),
        (Batch().acl(A, Acl.parse("Get=a/b.")), "C6 01 41  0A 08 08 61 25 32 46 62 25 32 45"),
        (Batch().acl(A, Acl()), "C6 01 41 00"),
        (Batch().title(A, "T"), "C7 01 41 01 54"),
        (Batch().title(ROOT, ""), "C7 00 00"),
        (Batch().copy(A, B), "C8 01 41  C2 01 42 0F 00 FE"),
        (Batch().copy(A, B, kind=(Format.INT, "a/b")), "C8 01 41  C2 01 42 04 80 03 612F62 FE"),
        (Batch().copy(A, B, Node("B", Format.CHR, type="text/plain")), "C8 01 41  C1 00 01  03 01 01 42 FE"),
        (Batch().server("a/b."), "C1 05 3F2F537276 01  03 00 08 6125324662253245 00"),
        (Batch().server("s", "t"), "C1 05 3F2F537276 02  03 00 01 73 00  03 00 01 74 00"),
        (Batch().delete(server_place("s")), "C3 07 3F2F5372762F73"),
        (Batch().upload("u"), "C1 04 3F2F5570 01  01 00 01 75 FF 00"),
        (Batch().piece(UPLOADS / "u", b"v"), "C1 06 3F2F55702F75 01  01 00 00 01 76"),
        (Batch().piece(UPLOADS / "u", b"v", b"w"), "C1 06 3F2F55702F75 02  01 00 00 01 76  01 00 00 01 77"),
        (Batch().add(A, B_LEAF, C_LEAF), "C1 01 41 02  03 00 01 42 00  03 00 01 43 01 76"),
        (Batch().add(ROOT, LARGE), "C1 00 01  01 00 01 41 FF 02  01 00 00 E0" + 224 * "78" + "01000001 78"),
    ],
)  # fmt: skip
def test_a_command_has_the_octets_that_the_contract_says(batch: Batch, stream: str):
    assert b"".join(header + value for header, value in batch.elements).hex() == bytes.fromhex(stream).hex()


def test_the_pieces_of_a_value_come_level_by_level_too():
    large = Node("a", Format.BIN, b"x" * 225)
    tree = Node("t", Format.NODE, children=(large, Node("b", Format.NODE, children=(Node("c", Format.CHR),))))
    headers = [header.hex() for header, _ in Batch().add(ROOT, tree).elements]
    assert headers[1:] == ["0500017402", "01000161ff02", "0500016201", "010000e0", "01000001", "0300016300"]


def test_several_subtrees_come_level_by_level_all_roots_first():
    inner = Node("i", Format.NODE, children=(Node("y", Format.CHR), LARGE))
    first, second = Node("a", Format.NODE, children=(Node("x", Format.CHR),)), Node("b", Format.NODE, children=(inner,))
    batch = Batch().add(ROOT, first, B_LEAF, second)
    headers = [header.hex() for header, _ in batch.elements]
    roots = ["0500016101", "0300014200", "0500016201"]
    assert headers == [
        "c10003",
        *roots,
        "0300017800",
        "0500016902",
        "0300017900",
        "01000141ff02",
        "010000e0",
        "01000001",
    ]
    assert batch.names == ["Add ./a, ./B, ./b"]


@pytest.mark.parametrize("count", [0, 241])
def test_an_add_brings_no_more_subtrees_than_a_node_has_children(count: int):
    with pytest.raises(CodecError, match=f"{count} subtrees for one Add below ./A; 1 to 240"):
        Batch().add(A, *(Node(f"n{number}", Format.CHR) for number in range(count)))


def test_a_definition_is_added_under_its_digest():
    definition = Definition("X", Format.NODE, Access.GET, ("urn:x",), children=(Definition("", Format.CHR),))
    (parent, _), (header, _), (child, _) = Batch().define(definition).elements
    assert parent.hex() == "c1013f01"
    assert header.startswith(bytes.fromhex("05 C0 10") + packed.digest(definition).encode())
    assert child.hex() == "0340" + "00" + "08014000" + "00"


def test_the_session_is_told_what_a_command_concerns():
    batch = Batch().add(A, Node("x", Format.NODE, acl=Acl.parse("Get=s"), children=(
        Node("y", Format.CHR, acl=Acl.parse("Get=t&Add=*")),
    )))  # fmt: skip
    assert batch.entries[0].servers == {"s", "t", "*"}
    assert Batch().acl(A, Acl.parse("Get=u")).entries[0].servers == {"u"}
    assert Batch().add(A, B_LEAF, Node("z", Format.CHR, acl=Acl.parse("Get=u"))).entries[0].servers == {"u"}
    assert Batch().server("s").entries[0].registers == "servers"
    assert Batch().server("s", "t").entries[0].makes == {"s", "t"}
    assert Batch().delete(server_place("s")).entries[0].registers == "servers"
    assert Batch().delete(UPLOADS / "u").entries[0].registers == ""
    assert batch.add(A, Node("z", Format.NODE), plain=True).entries[1].added is None
