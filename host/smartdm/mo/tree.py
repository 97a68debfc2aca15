"""Trees of nodes as plain values, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import is_
from typing import Final, Literal

from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.uri import ROOT, Uri


class Format(StrEnum):
    """The Format property (OMA DM TND 1.2); NODE means interior, all others are leaves."""

    B64 = "b64"
    BIN = "bin"
    BOOL = "bool"
    CHR = "chr"
    INT = "int"
    NODE = "node"
    NULL = "null"
    XML = "xml"
    DATE = "date"
    TIME = "time"
    FLOAT = "float"


BINARY: Final = frozenset({Format.B64, Format.BIN})
"""Formats of octets; the values of all other leaves are text."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its subtree.

    ``name`` is empty for the root only.  ``value``: the bytes of a leaf; text is UTF-8, binary formats hold the
    octets themselves.  ``type``: MIME type of a leaf, MO identifier of an interior node, empty if it has none.
    ``tstamp``: seconds since 2000-01-01 UTC, None if unknown.  ``verno``: 0..65535.
    ``child_count`` is set only when a depth limit cut the children off: how many there are.
    ``withheld``: the reader has no right to Get it, so only the name is known, and the Format if a definition tells
    it (NULL if none does).  ``definition``: the id of its definition on the card that it was read from, None if it
    has none or comes from elsewhere; two nodes are equal whether or not they have one.
    """

    name: str
    format: Format
    value: bytes = b""
    type: str = ""
    title: str = ""
    acl: Acl = EMPTY
    tstamp: int | None = None
    verno: int = 0
    children: tuple[Node, ...] = ()
    child_count: int | None = None
    withheld: bool = False
    definition: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.format is Format.NODE:
            if self.value:
                raise ValueError(f"interior node {self.name!r} cannot have a value")
        elif self.children or self.child_count is not None:
            raise ValueError(f"leaf {self.name!r} cannot have children")

    @property
    def is_leaf(self) -> bool:
        """Whether the node has a value instead of children."""
        return self.format is not Format.NODE

    @property
    def size(self) -> int:
        """The Size property: octets of the value; 0 for an interior node, which has none."""
        return len(self.value)

    def child(self, name: str) -> Node | None:
        """The child of that name, or None."""
        return next((node for node in self.children if node.name == name), None)

    def find(self, uri: Uri) -> Node | None:
        """The node at ``uri``, read relative to this one (``.`` = this one), or None."""
        node: Node | None = self
        for name in uri.segments:
            if node is None:
                break
            node = node.child(name)
        return node

    def readable(self) -> Node:
        """The tree without the nodes below this one that are withheld; the same object if there are none."""
        kept = tuple(child.readable() for child in self.children if not child.withheld)
        same = len(kept) == len(self.children) and all(map(is_, kept, self.children))
        return self if same else replace(self, children=kept)

    def walk(self, base: Uri = ROOT) -> Iterator[tuple[Uri, Node]]:
        """Each node with its URI in pre-order, this one first; ``base``: the URI of this one."""
        stack = [(base, self)]
        while stack:
            uri, node = stack.pop()
            yield uri, node
            stack.extend((uri / child.name, child) for child in reversed(node.children))

    def count(self) -> int:
        """How many nodes there are, this one included."""
        total, stack = 0, [self]
        while stack:
            total += 1
            stack.extend(stack.pop().children)
        return total


Kind = Literal["added", "removed", "changed"]
Property = str | bytes | int | Acl | None

PROPERTIES = ("name", "format", "type", "title", "acl", "value", "size", "tstamp", "verno")
"""What diff compares, in the order in which it reports."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.  Added and removed: ``prop`` is None, ``new`` or ``old`` is the whole subtree.

    Changed: ``prop`` is one of PROPERTIES, ``old`` and ``new`` are its values.
    """

    uri: Uri
    kind: Kind
    prop: str | None
    old: Node | Property
    new: Node | Property


def diff(
    old: Node, new: Node, ignore: frozenset[str] = frozenset({"size", "tstamp", "verno"}), base: Uri = ROOT
) -> list[Change]:
    """What turns ``old`` into ``new``, sorted by URI; ``[]`` if they are equal.  The order of children does not count.

    ``ignore``: properties not to compare; ``base``: the URI of both nodes.  A renamed child is one removed and one
    added.  ValueError if a tree was cut by a depth limit: what lies below is unknown.
    """
    compared = [prop for prop in PROPERTIES if prop not in ignore]
    changes: list[Change] = []
    pairs = [(base, old, new)]
    while pairs:
        uri, before, after = pairs.pop()
        if before.child_count is not None or after.child_count is not None:
            raise ValueError(f"the children of {uri} were not read: read all levels before comparing")
        for prop in compared:
            one, other = getattr(before, prop), getattr(after, prop)
            if one != other:
                changes.append(Change(uri, "changed", prop, one, other))
        gone = {child.name: child for child in before.children}
        for child in after.children:
            earlier = gone.pop(child.name, None)
            if earlier is None:
                changes.append(Change(uri / child.name, "added", None, None, child))
            else:
                pairs.append((uri / child.name, earlier, child))
        changes.extend(Change(uri / name, "removed", None, child, None) for name, child in gone.items())
    changes.sort(key=lambda change: change.uri)  # stable: properties stay in the order of PROPERTIES
    return changes
