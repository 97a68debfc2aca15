"""Memory: what a batch takes on a card, computed before it is sent (``docs/store.md``, "Records").

New records go to free memory while the old ones stay until the commit, so what counts is every record that the batch
writes.  A node that is written twice counts once: the first one is given up at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smartdm.codec import packed
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.provision.changes import Action, Change
from smartdm.provision.limits import Info
from smartdm.session import Batch
from smartdm.wire import Command, Format, Limit

_GENERATION: Final = 2
_HEAD: Final = _GENERATION + 2
"""Generation and VerNo."""
_TSTAMP: Final = 4
_ID: Final = 2
_FORMAT: Final = 0x0F
_ACL_ENTRY: Final = 2
_RUN: Final = range(1, 16)
"""So many consecutive ids are written as one."""
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes and nodes: what is needed, and what the card has."""

    needed: int
    free: int
    nodes: int
    nodes_free: int

    @property
    def fault(self) -> str | None:
        """Why the changes cannot fit; None if they can."""
        if self.nodes > self.nodes_free:
            return f"{self.nodes} more nodes are needed, {self.nodes_free} are left on the card"
        if self.needed > self.free:
            return f"{self.needed} bytes of memory are needed, {self.free} are free on the card"
        return None


def granule(info: Info) -> int:
    """Bytes of a granule on this card (``docs/store.md``, "Arena, granules, segments")."""
    if info.arena > 32 * _KIB:
        return 32
    return 16 if info.max_depth <= Limit.DEPTH_SMALL or info.arena > 16 * _KIB else 8


def room(info: Info, batches: Iterable[Batch], changes: Iterable[Change], touched: Iterable[int]) -> Room:
    """What the batches take.

    ``batches``: as they go out; ``changes``: what the last one does; ``touched``: sizes of the new records of nodes
    that are there already.
    """
    listed = list(changes)
    sizes = [size for batch in batches for size in _batch(batch)]
    count = len(sizes)
    sizes += touched
    step = granule(info)
    gone = sum(change.nodes for change in listed if change.action in {Action.REMOVE, Action.REMOVE_LATE})
    only_gone = count == 0 and all(change.new is None for change in listed)
    free = info.free + (info.reserve if only_gone else 0)
    return Room(sum(-(-size // step) * step for size in sizes), free, count, info.node_limit - info.nodes + gone)


def _batch(batch: Batch) -> Iterator[int]:
    """The sizes of the records that a batch adds: subtrees, definitions, servers, uploads."""
    stamp = 0 if batch.time is None else _TSTAMP
    for entry in batch.entries:
        if entry.elements[0][0][0] != Command.ADD:
            continue
        nodes = list(_levels(entry.added[1])) if entry.added else []
        for number, (header, value) in enumerate(entry.elements[1:]):
            size = _HEAD + len(header) + len(value) + stamp
            if nodes:
                yield size + _new_ids(_below(nodes[number])) - _acl_surplus(nodes[number].acl)
            else:  # a definition, or a leaf
                yield size + (_new_ids(header[-1]) if header[0] & _FORMAT == Format.NODE else 0)


def _below(node: Node) -> int:
    """Number of children or pieces."""
    return len(packed.pieces(node.value)) if node.is_leaf else len(node.children)


def _new_ids(count: int) -> int:
    """Bytes of the ids of so many new children or pieces: consecutive ones, unless the card has gaps."""
    return _ID if count in _RUN else _ID * count


def _levels(tops: Sequence[Node]) -> Iterator[Node]:
    """The nodes of an Add as they go out, pieces of values included."""
    level = list(tops)
    while level:
        below: list[Node] = []
        for node in level:
            yield node
            below += [Node("", node.format, part) for part in packed.pieces(node.value)]
            below += node.children
        level = below


def _acl_surplus(acl: Acl) -> int:
    """Bytes by which an ACL is longer in a command than in a record."""
    if not acl:
        return 0
    return len(packed.encode_acl(acl)) - 1 - _ACL_ENTRY * len(acl.entries)


def record(node: Node, uri: Uri, defined: packed.Defined | None) -> int:
    """Bytes of the record of a node that is there already, children not counted but for their ids."""
    alone = packed.node_header(node, uri, counted=True, stamped=False, defined=defined)
    value = node.size if node.size <= Limit.VALUE else 0
    return _GENERATION + len(alone) + _TSTAMP + value + _ID * _below(node) - _acl_surplus(node.acl)


def touched(changes: Iterable[Change], target: Node, defined: Callable[[Node], packed.Defined | None]) -> Iterator[int]:
    """The sizes of the new records of nodes that stay: changed ones, and parents of what comes and goes."""
    uris: dict[Uri, None] = {}
    for change in changes:
        whole = change.action in {Action.ADD, Action.REMOVE, Action.REMOVE_LATE}
        uris[change.uri.parent if whole else change.uri] = None
    for uri in uris:
        node = target.find(uri)
        if node is not None and not node.withheld:
            yield record(node, uri, defined(node))
