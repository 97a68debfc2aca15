"""What a card cannot take, whatever its memory: too deep, too long, too wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from smartdm.codec import packed
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.mo.validate import Fault
from smartdm.provision.changes import Action, Change

_TOO_LONG, _TOO_LARGE, _TOO_WIDE = 414, 413, 420


class Info(Protocol):
    """The part of what SELECT tells that is needed to plan; sizes in bytes."""

    @property
    def free(self) -> int:
        """Above the reserve."""

    @property
    def arena(self) -> int:
        """Of the whole store."""

    @property
    def reserve(self) -> int:
        """Kept for Delete."""

    @property
    def nodes(self) -> int:
        """In use."""

    @property
    def node_limit(self) -> int:
        """The most nodes."""

    @property
    def max_depth(self) -> int:
        """Segments of a URI."""

    @property
    def max_seg_len(self) -> int:
        """Of a name."""

    @property
    def max_tot_len(self) -> int:
        """Of a URI."""

    @property
    def max_children(self) -> int:
        """Of one node."""


def limit_faults(info: Info, changes: Iterable[Change], target: Node) -> Iterator[Fault]:
    """What of the nodes that come, and of the values that change, no batch could bring to this card."""
    parents: dict[Uri, None] = {}
    for change in changes:
        if change.new is None:
            continue
        if change.action is Action.ADD:
            parents[change.uri.parent] = None
            for uri, node in change.new.walk(change.uri):
                yield from _node(info, uri, node)
        elif change.action is Action.REPLACE:
            yield from _node(info, change.uri, change.new)
    for uri in parents:
        parent = target.find(uri)
        if parent is not None:
            yield from _judge(uri, (len(parent.children), info.max_children, "children", _TOO_WIDE))


def _node(info: Info, uri: Uri, node: Node) -> Iterator[Fault]:
    yield from _judge(
        uri,
        (uri.depth, info.max_depth, "names in its URI", _TOO_LONG),
        (len(uri.name.encode()), info.max_seg_len, "bytes in its name", _TOO_LONG),
        (len(uri.wire()), info.max_tot_len, "bytes in its URI", _TOO_LONG),
        (node.size, packed.MAX_VALUE, "bytes in its value", _TOO_LARGE),
        (len(node.children), info.max_children, "children", _TOO_WIDE),
    )


def _judge(uri: Uri, *figures: tuple[int, int, str, int]) -> Iterator[Fault]:
    for found, most, what, dm_status in figures:
        if found > most:
            yield Fault(uri, f"{found} {what}, but the card takes at most {most}", dm_status)
