"""What the card holds, as far as whoever asks may read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from smartdm.errors import CommandNotAllowed, Conflict, NotAllowed, NotFound
from smartdm.mo.feed import Snapshot
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.wire import Sw


@dataclass(frozen=True, slots=True)
class Present:
    """``tree``: from the root on.  ``ids``: of its nodes, as far as they are known.

    Nodes that cannot be read are withheld; below such a node there may be more than what was asked for.
    """

    generation: int
    tree: Node
    ids: Mapping[Uri, int]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Present:
        """From a snapshot of the root."""
        return cls(snapshot.generation, snapshot.tree(), {uri: item.number for uri, item in snapshot.walk()})


def read_present(session: Session, uris: Iterable[Uri]) -> Present:
    """The whole tree, and what there is at ``uris`` where a node above cannot be read.

    Conflict if somebody changed the card while it was read.
    """
    found = _read(session, ROOT) or Present(session.generation, Node("", Format.NODE, withheld=True), {})
    tree, ids, generation = found.tree, dict(found.ids), found.generation
    wanted = {Uri(uri.segments[:depth]) for uri in uris for depth in range(1, uri.depth + 1)}
    for uri in sorted(wanted, key=lambda uri: (uri.depth, uri)):
        above = tree.find(uri.parent)
        if above is None or not above.withheld or above.child(uri.name):
            continue
        inner = _read(session, uri)
        if session.generation != generation:
            raise Conflict(Sw.CONFLICT, "Read the card")
        if inner is not None:
            tree = _put(tree, uri, inner.tree)
            ids |= {uri.join(below): number for below, number in inner.ids.items()}
    return Present(generation, tree, ids)


def _read(session: Session, uri: Uri) -> Present | None:
    """The subtree at ``uri``: a withheld node if it may not be read, None if it is not there."""
    try:
        return Present.of(session.snapshot(uri))
    except NotFound:
        return None
    except (NotAllowed, CommandNotAllowed):
        return Present(
            session.generation, Node(uri.name, Format.NODE if uri.is_root else Format.NULL, withheld=True), {}
        )


def _put(tree: Node, uri: Uri, node: Node) -> Node:
    """The tree with ``node`` at ``uri``; what is above it is interior, as now is known."""
    if uri.is_root:
        return node
    child = tree.child(uri.segments[0])
    if child is None:
        return replace(tree, format=Format.NODE, children=(*tree.children, node))
    new = _put(child, Uri(uri.segments[1:]), node)
    return replace(tree, children=tuple(new if each is child else each for each in tree.children))
