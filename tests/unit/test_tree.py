from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.errors import CodecError
from smartdm.mo import tstamp
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Change, Format, Node, diff
from smartdm.mo.uri import ROOT, Uri
from tests.unit.strategies import trees

LEAF = Node("Addr", Format.CHR, b"192.0.2.1", "text/plain")
PORT = Node("PortNbr", Format.INT, b"443")
TREE = Node("DMAcc", Format.NODE, children=(LEAF, Node("Port", Format.NODE, children=(PORT,))))


def at(path: str) -> Uri:
    return Uri.parse(path)


def test_a_node_is_found_by_its_relative_uri():
    assert TREE.find(ROOT) is TREE
    assert TREE.find(at("./Port/PortNbr")) is PORT
    assert TREE.find(at("./Port/Nothing/Below")) is None
    assert TREE.find(at("./addr")) is None


def test_a_walk_goes_parents_first_in_the_order_of_children():
    assert [str(uri) for uri, _ in TREE.walk()] == [".", "./Addr", "./Port", "./Port/PortNbr"]
    assert [str(uri) for uri, _ in TREE.walk(at("./X"))] == ["./X", "./X/Addr", "./X/Port", "./X/Port/PortNbr"]


@given(trees)
def test_a_walk_finds_each_node_where_it_says(tree: Node):
    steps = list(tree.walk())
    assert len(steps) == tree.count()
    assert all(tree.find(uri) == node for uri, node in steps)


def test_only_leaves_have_a_size():
    assert (LEAF.is_leaf, LEAF.size) == (True, 9)
    assert (TREE.is_leaf, TREE.size) == (False, 0)


def test_a_node_is_either_interior_or_a_leaf():
    with pytest.raises(ValueError, match="value"):
        Node("A", Format.NODE, b"x")
    with pytest.raises(ValueError, match="children"):
        Node("A", Format.CHR, children=(LEAF,))
    with pytest.raises(ValueError, match="children"):
        Node("A", Format.CHR, child_count=0)


@given(trees)
def test_a_tree_does_not_differ_from_itself(tree: Node):
    assert diff(tree, tree, ignore=frozenset()) == []


@given(trees, trees)
def test_trees_differ_unless_they_are_equal_but_for_the_order(old: Node, new: Node):
    def sort(node: Node) -> Node:
        return replace(node, children=tuple(sorted(map(sort, node.children), key=lambda child: child.name)))

    assert (diff(old, new, ignore=frozenset()) == []) == (sort(old) == sort(new))


@given(trees, trees)
def test_a_difference_reversed_is_the_difference_the_other_way(old: Node, new: Node):
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    there = {(c.uri, opposite[c.kind], c.prop, repr(c.new), repr(c.old)) for c in diff(old, new)}
    assert there == {(c.uri, c.kind, c.prop, repr(c.old), repr(c.new)) for c in diff(new, old)}


def test_the_order_of_children_is_no_difference():
    assert diff(TREE, replace(TREE, children=TREE.children[::-1])) == []


def test_each_changed_property_is_one_change_in_uri_order():
    new_leaf = replace(LEAF, value=b"192.0.2.2", acl=Acl.parse("Get=*"))
    added = Node("Ext", Format.NODE)
    new = replace(TREE, title="Server", children=(replace(TREE.children[1], children=()), added, new_leaf))
    assert diff(TREE, new, base=at("./X")) == [
        Change(at("./X"), "changed", "title", "", "Server"),
        Change(at("./X/Addr"), "changed", "acl", Acl(), Acl.parse("Get=*")),
        Change(at("./X/Addr"), "changed", "value", b"192.0.2.1", b"192.0.2.2"),
        Change(at("./X/Ext"), "added", None, None, added),
        Change(at("./X/Port/PortNbr"), "removed", None, PORT, None),
    ]


def test_what_a_card_counts_by_itself_is_ignored_unless_asked_for():
    new = replace(LEAF, tstamp=5, verno=7)
    assert diff(LEAF, new) == []
    assert [(c.prop, c.old, c.new) for c in diff(LEAF, new, ignore=frozenset())] == [
        ("tstamp", None, 5),
        ("verno", 0, 7),
    ]


def test_a_leaf_that_becomes_interior_changes_format_and_value():
    new = Node("Addr", Format.NODE, children=(PORT,))
    assert [(c.kind, c.prop) for c in diff(LEAF, new)] == [
        ("changed", "format"),
        ("changed", "type"),
        ("changed", "value"),
        ("added", None),
    ]


def test_a_tree_cut_by_a_depth_limit_is_not_compared():
    with pytest.raises(ValueError, match=r"\./Port"):
        diff(TREE, replace(TREE, children=(LEAF, Node("Port", Format.NODE, child_count=1))))


def test_a_very_deep_tree_is_walked_without_recursion():
    node = LEAF
    for number in range(3000):
        node = Node(f"n{number}", Format.NODE, children=(node,))
    assert node.count() == 3001


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20000101T000000Z", 0),
        ("20000301T000000Z", 60 * 86_400),
        ("20010711T163817Z", 557 * 86_400 + 16 * 3600 + 38 * 60 + 17),
        ("21360207T062815Z", 0xFFFFFFFF),
    ],
)
def test_a_time_stamp_counts_seconds_since_2000(text: str, seconds: int):
    assert tstamp.decode(text) == seconds
    assert tstamp.encode(seconds) == text


@given(st.integers(0, 0xFFFFFFFF))
def test_the_text_of_a_time_stamp_means_that_time(seconds: int):
    assert tstamp.decode(tstamp.encode(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "20010711T163817", "2001-07-11T16:38:17Z", "19991231T235959Z", "21360207T062816Z", "20010230T000000Z",
     "20010711T240000Z", "20010711T163860Z", "\uff12\uff10010711T163817Z", "20010711T163817Z "],
)  # fmt: skip
def test_a_text_that_is_no_time_of_a_card_is_refused(text: str):
    with pytest.raises(CodecError):
        tstamp.decode(text)


@pytest.mark.parametrize("seconds", [-1, 1 << 32])
def test_a_time_that_four_bytes_cannot_hold_is_a_callers_bug(seconds: int):
    with pytest.raises(ValueError, match="TStamp"):
        tstamp.encode(seconds)
