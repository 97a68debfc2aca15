"""The judge's writer and reader, against bytes written by hand from the contract."""

from __future__ import annotations

import pytest

from smartdm.wire import Format, Stream
from tests.oracle import writing
from tests.oracle.acl import Acl
from tests.oracle.commands import Add, Command, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import Node, branch, defined, large, leaf, rule_leaf
from tests.oracle.reading import Item, Reader, one_tree
from tests.oracle.views import Numbers
from tests.oracle.writing import Options


def flat(*elements: tuple[bytes, bytes]) -> str:
    return b"".join(head + value for head, value in elements).hex()


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (leaf("x", b"12"), "0300 0178 02 3132"),
        (branch("d", leaf("x")), "0500 0164 01 0300 0178 00"),
        (leaf("x", type="text/plain", title="T"), "2301 0178 0154 00"),
        (leaf("x", type="a/b", acl=Acl.parse("Get=S")), "4380 0178 03612f62 03080153 00"),
        (large("x", b"1", b""), "0100 0178 ff02 0100 0001 31 0100 0000"),
        (rule_leaf("x", 0x19, maximum=2, required=True, types=("a", "b"), proof=0x43), "0340 0178 19024243 03 610a62"),
        (defined("x", ("d",), defined("y", ("d", "y"), value=b"1")), "8700 0178 01 8101 01 31"),
        (defined("z", ("d", ""), format=Format.CHR, further=2), "8d02 017a 0102 00"),
    ],
)
def test_nodes_of_an_add(node: Node, expected: str):
    ids = {("d",): 0x100, ("d", "y"): 0x101, ("d", ""): 0x102}
    start = writing.command(Add((), node), ids)
    assert flat(*start[1:]) == bytes.fromhex(expected).hex()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Replace(("A", "x"), b"v"), "c2 03412f78 0f00 01 76"),
        (Replace(("x",), None), "c2 0178 0f00 fe"),
        (Replace(("x",), b"", Format.BIN, "text/plain"), "c2 0178 0101 00"),
        (Replace(("x",), b"", Format.CHR, further=1), "c2 0178 0380 0101 00"),
        (Rename(("x",), "y"), "c4 0178 0179"),
        (Get(()), "c5 00 ff"),
        (SetAcl(("x",), Acl.parse("Get=S&Add=S")), "c6 0178 03 09 0153"),
        (SetTitle(("x",), ""), "c7 0178 00"),
        (Source(("?", "Up", "u")), "c8 063f2f55702f75"),
    ],
)
def test_commands(command: Command, expected: str):
    assert flat(*writing.command(command, {})) == bytes.fromhex(expected).hex()


def test_subtrees_that_come_together_are_written_level_by_level():
    first, second = branch("a", leaf("x")), branch("b", branch("y", leaf("z")))
    written = flat(*writing.command(Add(("A",), first, more=(second, leaf("c"))), {}))
    nodes = "0500 0161 01 0500 0162 01 0300 0163 00 0300 0178 00 0500 0179 01 0300 017a 00"
    assert written == bytes.fromhex("c1 0141 03" + nodes).hex()
    assert flat(*writing.command(Add((), leaf("c"), sourced=True), {})) == bytes.fromhex("c1 00 01 0300 0163 fe").hex()


def test_only_values_are_divided():
    parts = writing.batch([Replace(("x",), bytes(200)), Replace(("x",), bytes(200))], {}, Options(time=1, tag=bytes(8)))
    assert [part[0] for part in parts] == [0, 1]
    assert len(parts[0]) == 255
    assert parts[0][1:3].hex() == "c00d"


def test_numbers_of_parts_leave_out_zero():
    parts = writing.batch([Replace(("x",), bytes(224))] * 300, {})
    assert [part[0] for part in parts][254:258] == [0xFE, 0xFF, 1, 2]


STREAM = bytes.fromhex(
    "06 000009"
    "0000 0003 45 00 00 04 0089 00bf f2 0007"  # the root: its ACL, a run of two children
    "0007 0000 00 0e 00 01 73".replace(" 00 0e", " 0e")  # withheld
    + "0008 0001 93 40 01 64 19024243 00000001 03 610a62"
)


def test_a_stream_with_ids():
    reader = Reader(STREAM.replace(bytes.fromhex("93400164"), bytes.fromhex("13400164")))
    root, hidden, rule = reader.flat()
    assert (reader.generation, reader.ids) == (9, True)
    assert (root.id, root.verno, root.acl, root.ids) == (0, 3, ((9, 4), (0x1F, 5)), (7, 8))
    assert (hidden.withheld, hidden.name) == (True, "s")
    assert (rule.rule, rule.tstamp, rule.value, rule.name) == ((0x19, 2, 0x42, 0x43), 1, b"a\nb", "d")
    assert root.size == 2 + 2 + 2 + 1 + 1 + 4 + 1 + 2


def test_levels_cut_a_tree():
    data = bytes.fromhex("02 000001 0000 0500 0161 01 0000 0500 0162 05")
    tree = one_tree(data, 1)
    assert (tree.count, tree.children[0].name, tree.children[0].count, tree.children[0].children) == (1, "b", 5, ())


@pytest.mark.parametrize(
    "data",
    [
        "",
        "00000001",
        "02000001000003",
        "0200000100000e800161",
        "02000001000043000161 0100 00",
        "02000001 0000 0100 0161 fff1",
    ],
)
def test_a_broken_stream_is_refused(data: str):
    with pytest.raises((ValueError, IndexError)):
        one_tree(bytes.fromhex(data))


def test_numbers_are_learned_from_the_registry():
    def item(number: int, name: str, *ids: int, rule: bool = False) -> Item:
        return Item(number, 0, name=name, ids=ids, count=len(ids), rule=(1, 1, 0, 0) if rule else None)

    registry = [item(1, "", 2, 3, 7, 8, 10), item(2, "Srv", 4, 9), item(3, "Up"), item(4, "*"), item(9, "a%2Fb")]
    registry += [item(7, "Key", rule=True), item(8, "Id")]
    numbers = Numbers.of([*registry, item(10, "d", 11, rule=True), item(11, "x", rule=True)])
    assert numbers.servers == {4: "*", 9: "a/b"}
    assert numbers.definitions == {7: ("Key",), 10: ("d",), 11: ("d", "x")}


def test_flags_are_those_of_the_contract():
    assert Stream.COUNTED | Stream.IDS == 6
