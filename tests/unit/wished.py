"""Small trees that have much in common, and a plain model that takes changes one by one."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.changes import Action, Change

_ACLS = [Acl.parse(text) for text in ("", "", "Get=*", "Get=*&Replace=s", "Add=s&Delete=s")]
_TITLES = ["", "T", "U"]
_VALUES = [
    (Format.CHR, [b"", b"a", b"b", b"x" * 225, b"y" * 2000]),
    (Format.INT, [b"1", b"2"]),
    (Format.BIN, [b"", b"\x00", b"\x00" * 3000]),
]


def tree(seed: int, size: int) -> Node:
    """A root with at most ``size`` nodes below it; names are few, so that two trees meet in many places."""
    chance = Random(seed)
    found = Node("", Format.NODE, acl=chance.choice(_ACLS))
    for _ in range(size):
        interior = [uri for uri, node in found.walk() if not node.is_leaf]
        parent, name = chance.choice(interior), chance.choice("ABCD")
        if not (found.find(parent) or found).child(name):
            found = put(found, parent / name, _node(chance, name))
    return found


def _node(chance: Random, name: str) -> Node:
    node_format, values = chance.choice([*_VALUES, (Format.NODE, [b""]), (Format.NODE, [b""])])
    types = ["", "", "urn:x"] if node_format is Format.NODE else ["", "text/plain", "image/png"]
    return Node(
        name, node_format, chance.choice(values), chance.choice(types), chance.choice(_TITLES), chance.choice(_ACLS)
    )


roots = st.builds(tree, st.integers(0, 1 << 32), st.integers(0, 12))


def plain(node: Node) -> Node:
    """The tree with its children in order of their names, and only with what a profile can want."""
    children = tuple(sorted((plain(child) for child in node.children), key=lambda child: child.name))
    return replace(node, children=children, tstamp=None, verno=0)


def put(top: Node, uri: Uri, node: Node | None) -> Node:
    """The tree with ``node`` at ``uri``, or without what is there."""
    if uri.is_root:
        assert node is not None
        return node
    name, rest = uri.segments[0], Uri(uri.segments[1:])
    below = top.child(name)
    if rest.is_root:
        kept = tuple(child for child in top.children if child.name != name)
        return replace(top, children=(*kept, *([replace(node, name=name)] if node else [])))
    assert below is not None, f"nothing at {uri}"
    return replace(top, children=tuple(put(child, rest, node) if child is below else child for child in top.children))


def after(top: Node, changes: Iterable[Change]) -> Node:
    """What a card has after the changes; AssertionError for one that no card could do."""
    for change in changes:
        top = _after(top, change)
    return top


def _after(top: Node, change: Change) -> Node:
    uri, there = change.uri, top.find(change.uri)
    if change.action is Action.ADD:
        parent = top.find(uri.parent)
        assert there is None, f"{uri} is there already"
        assert parent is not None, f"{uri} has no parent"
        assert not parent.is_leaf, f"{uri} would lie below a leaf"
        return put(top, uri, change.new)
    assert there is not None, f"{change.action.name} of {uri}, which is not there"
    if change.new is None:
        assert uri != ROOT, "the root goes"
        return put(top, uri, None)
    new = change.new
    match change.action:
        case Action.REPLACE:
            assert there.is_leaf, f"{uri} is no leaf"
            assert new.is_leaf, f"{uri} would become interior"
            return put(top, uri, replace(there, format=new.format, type=new.type, value=new.value))
        case Action.TITLE:
            return put(top, uri, replace(there, title=new.title))
        case _:
            assert new.acl or not uri.is_root or new.acl == EMPTY
            return put(top, uri, replace(there, acl=new.acl))
