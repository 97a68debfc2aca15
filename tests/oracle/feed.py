"""What a host makes of the change feed: a snapshot by ids goes from one generation to the next.

The feed has the full state of each node that is newer, with the ids of its children.  So a node that no node names any
more is deleted, and a node whose name differs was renamed; nothing else has to be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.oracle.reading import Item

Snapshot = Mapping[int, Item]
"""Nodes by id."""


@dataclass(frozen=True)
class Difference:
    """What was done between two snapshots, by ids."""

    added: frozenset[int]
    deleted: frozenset[int]
    renamed: frozenset[int]


def snapshot(items: Iterable[Item]) -> dict[int, Item]:
    """From a feed since generation 0."""
    nodes = {item.id: replace(item, children=()) for item in items if item.id is not None}
    return dict(nodes)


def follow(base: Snapshot, feed: Iterable[Item], top: int) -> dict[int, Item] | None:
    """The snapshot after the feed; None when a node is named that neither knows, so that all must be read again.

    ``top``: id of the node that was asked for.
    """
    known = {**base, **snapshot(feed)}
    found: dict[int, Item] = {}
    waiting = [top]
    while waiting:
        number = waiting.pop()
        if number not in known:
            return None
        found[number] = known[number]
        waiting.extend(known[number].ids or ())
    return found


def compare(old: Snapshot, new: Snapshot) -> Difference:
    """By ids: which nodes came, went, and have another name."""
    both = old.keys() & new.keys()
    renamed = frozenset(number for number in both if old[number].name != new[number].name)
    return Difference(frozenset(new.keys() - old.keys()), frozenset(old.keys() - new.keys()), renamed)
