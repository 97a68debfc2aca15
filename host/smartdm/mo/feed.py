"""What a card tells about its nodes by id, and what changed between two looks at it.

    Item       the state of one node; its children or pieces are named by their ids
    Feed       the items that are newer than a generation, all of them if that was 0; perhaps older ones too
    Snapshot   every item of a subtree: a feed from generation 0, or an older snapshot brought up to date
    infer()    snapshot + feed -> next snapshot and the list of changes

A card keeps no list of what was deleted.  A node that is no longer named by any node of the snapshot is gone; one
that has the same id and another name was renamed.  Nodes never move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from smartdm.errors import CodecError
from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri

ATTRIBUTES = ("format", "type", "title", "acl", "value", "withheld", "tstamp", "verno")
"""What a change of a node can touch besides its name; in the order in which a change lists them."""

_WRAP = 1 << 16
_STAMPS = {"tstamp", "verno"}
"""Of an interior node these change also when a child comes or goes, and of every node when it is renamed."""


@dataclass(frozen=True, slots=True)
class Item:
    """A node by itself.  ``below``: ids of the children of an interior node, or of a leaf's pieces.

    ``value``: None for an interior node, one that is withheld, and a leaf whose value lies in pieces.
    The other fields are those of ``mo.tree.Node``.
    """

    number: int
    name: str
    format: Format
    value: bytes | None = None
    type: str = ""
    title: str = ""
    acl: Acl = EMPTY
    tstamp: int | None = None
    verno: int = 0
    below: tuple[int, ...] = ()
    withheld: bool = False
    definition: int | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether it has a value instead of children."""
        return self.format is not Format.NODE

    @property
    def is_large(self) -> bool:
        """Whether its value lies in pieces."""
        return self.is_leaf and self.value is None and not self.withheld


@dataclass(frozen=True, slots=True)
class Feed:
    """The items that a card told, by id.  ``generation``: the card's when it answered.

    Once in 65,536 generations a card tells of a node that did not change.
    """

    generation: int
    items: Mapping[int, Item]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All items of a subtree.  ``top``: the id of its first node."""

    generation: int
    top: int
    items: Mapping[int, Item]

    @classmethod
    def of(cls, feed: Feed, top: int = 0) -> Snapshot:
        """From a feed since generation 0; CodecError if nodes are missing in it."""
        return cls(feed.generation, top, _reached(feed.items, top))

    def walk(self, base: Uri = ROOT) -> Iterator[tuple[Uri, Item]]:
        """Each node with its URI in pre-order, without the pieces of values; ``base``: the URI of the first."""
        stack = [(base, self.items[self.top])]
        while stack:
            uri, item = stack.pop()
            yield uri, item
            if not item.is_leaf:
                below = (self.items[number] for number in reversed(item.below))
                stack.extend((uri / child.name, child) for child in below)

    def value(self, item: Item) -> bytes:
        """The value of a leaf, put together from its pieces if need be."""
        if item.is_large:
            return b"".join(self.items[number].value or b"" for number in item.below)
        return item.value or b""

    def tree(self) -> Node:
        """The subtree as a Node."""
        ready: dict[int, Node] = {}
        for _, item in reversed(list(self.walk())):
            children = () if item.is_leaf else tuple(ready.pop(number) for number in item.below)
            ready[item.number] = self._node(item, children)
        return ready[self.top]

    def _node(self, item: Item, children: tuple[Node, ...]) -> Node:
        return Node(
            item.name,
            item.format,
            self.value(item),
            item.type,
            item.title,
            item.acl,
            item.tstamp,
            item.verno,
            children,
            None,
            item.withheld,
            item.definition,
        )


Kind = Literal["added", "deleted", "renamed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a node.  ``uri``: where it is now, for a deleted one where it was.

    ``attributes``: of a changed node, those of ATTRIBUTES that differ.  ``old_uri``: of a renamed one.  Of a subtree
    that was added or deleted only the top is told.
    """

    kind: Kind
    number: int
    uri: Uri
    attributes: tuple[str, ...] = ()
    old_uri: Uri | None = None


def infer(base: Snapshot, feed: Feed, uri: Uri = ROOT) -> tuple[Snapshot, list[Change]]:
    """The snapshot that the feed brings ``base`` to, and what changed, sorted by URI.

    ``feed``: of the same subtree, since the generation of ``base`` or an earlier one; ``uri``: where the subtree is.
    CodecError if the two do not fit together: a node is named that neither of them has.
    """
    now = Snapshot(feed.generation, base.top, _reached({**base.items, **feed.items}, base.top))
    before, after = dict(_placed(base, uri)), dict(_placed(now, uri))
    same: set[int] = set()
    for number, place in after.items():  # parents first
        if number in before and (place.parent is None or place.parent in same) and _is_same(before[number], place):
            same.add(number)
    changes = [Change("deleted", number, place.uri) for number, place in before.items() if _came(number, place, same)]
    for number, place in after.items():
        if number in same:
            changes += _changes(before[number], place, base, now)
        elif _came(number, place, same):
            changes.append(Change("added", number, place.uri))
    changes.sort(key=lambda change: change.uri)  # stable: deleted before added, renamed before changed
    return now, changes


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is.  ``parent``: the id of the node above, None at the top."""

    uri: Uri
    parent: int | None
    item: Item


def _reached(items: Mapping[int, Item], top: int) -> dict[int, Item]:
    """Of the items those that the top one leads to; CodecError if one is missing or named twice."""
    found: dict[int, Item] = {}
    stack = [top]
    while stack:
        number = stack.pop()
        item = items.get(number)
        if item is None or number in found:
            raise CodecError(f"node {number} is {'missing in the feed' if item is None else 'named by two nodes'}")
        found[number] = item
        stack.extend(item.below)
    return found


def _placed(snapshot: Snapshot, uri: Uri) -> Iterator[tuple[int, _Place]]:
    """(id, place) of each node in pre-order, without the pieces of values."""
    stack: list[tuple[int, Uri, int | None]] = [(snapshot.top, uri, None)]
    while stack:
        number, place, parent = stack.pop()
        item = snapshot.items[number]
        yield number, _Place(place, parent, item)
        if not item.is_leaf:
            stack.extend((child, place / snapshot.items[child].name, number) for child in reversed(item.below))


def _is_same(old: _Place, new: _Place) -> bool:
    """Whether an id still means the node that it meant: a free one may have been given to another node since."""
    before, after = old.item, new.item
    if old.parent != new.parent or before == after:
        return old.parent == new.parent
    # Each change of a node raises its VerNo; that of a new node begins at 0.
    newer = (after.verno - before.verno) % _WRAP
    if newer == 0:
        return before.name == after.name
    if newer >= _WRAP // 2 or before.withheld or after.withheld:
        return newer < _WRAP // 2
    return before.is_leaf is after.is_leaf and before.definition == after.definition


def _came(number: int, place: _Place, same: set[int]) -> bool:
    """Whether a node came (or went), and not only along with the one above it."""
    return number not in same and (place.parent is None or place.parent in same)


def _changes(old: _Place, new: _Place, base: Snapshot, now: Snapshot) -> Iterator[Change]:
    before, after = old.item, new.item
    if before == after and before.below == after.below and not before.is_large:
        return
    if before.name != after.name:
        yield Change("renamed", after.number, new.uri, old_uri=old.uri)
    one, other = replace(before, value=base.value(before)), replace(after, value=now.value(after))
    differing = tuple(name for name in ATTRIBUTES if getattr(one, name) != getattr(other, name))
    if set(differing) - _STAMPS or (differing and after.is_leaf and before.name == after.name):
        yield Change("changed", after.number, new.uri, differing)
