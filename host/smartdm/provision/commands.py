"""Changes as the commands of one batch.

What comes below one node comes in one Add: the card then writes that node, and its page of the id table, only once.
Values that are too long for that are uploaded beforehand, and the batch only takes them: a new leaf is added empty.
The nodes above such a leaf, if they are new too, are added without their ACLs and get them at the end: an ACL that is
there at once could forbid its own author to fill the leaf.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from smartdm.codec import packed
from smartdm.mo.acl import EMPTY
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.provision.changes import Action, Change
from smartdm.session import Batch, Place

INLINE: Final = 8 * packed.PIECE
"""Bytes of a value that a new leaf brings along in its pieces; a longer one is worth being uploaded on its own."""


Uploads = Mapping[Uri, tuple[Place, Batch | None]]
"""Leaf -> where its value is, and what must be done for that in the batch itself."""


@dataclass(frozen=True, slots=True)
class Commands:
    """A batch, and for each of its entries the changes that it is about; none if it makes servers known."""

    batch: Batch
    about: tuple[tuple[Change, ...], ...]


def large_values(changes: Iterable[Change]) -> Iterator[tuple[Uri, bytes]]:
    """The values that must be uploaded before the batch, with their leaves."""
    for change in changes:
        if change.new is None:
            continue
        if change.action is Action.REPLACE and len(change.new.value) > packed.PIECE:
            yield change.uri, change.new.value
        elif change.action is Action.ADD:
            yield from ((uri, node.value) for uri, node in change.new.walk(change.uri) if len(node.value) > INLINE)


def commands(changes: Iterable[Change], servers: Iterable[str], uploads: Uploads, time: int | None) -> Commands:
    """The batch of ordered changes.

    ``servers``: to be made known; ``uploads``: the large values.
    """
    batch, about = Batch(time), list[tuple[Change, ...]]()
    names = tuple(servers)
    if names:
        batch.server(*names)
        about.append(())
    for group in _together(completed(changes, uploads)):
        first = group[0]
        place, pieces = uploads.get(first.uri, (None, None)) if first.action is Action.REPLACE else (None, None)
        batch.entries += pieces.entries if pieces else []
        _append(batch, group, place)
        about += [group] * (len(batch.entries) - len(about))
    return Commands(batch, tuple(about))


def _together(changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
    """The changes in their order, those that are one command together: neighbours that come below the same node."""

    def command(numbered: tuple[int, Change]) -> Uri | int:
        number, change = numbered
        return change.uri.parent if change.action is Action.ADD else number

    for _, group in groupby(enumerate(changes), command):
        yield tuple(change for _, change in group)


def completed(changes: Iterable[Change], uploads: Container[Uri]) -> list[Change]:
    """The changes with those that uploads ask for besides: each Add of a large leaf ends with values and ACLs."""
    done: list[Change] = []
    for change in changes:
        if change.action is not Action.ADD or change.new is None:
            done.append(change)
            continue
        leaves = [uri for uri, _ in change.new.walk(change.uri) if uri in uploads]
        done.append(replace(change, new=_emptied(change.new, change.uri, leaves)))
        for uri, node in change.new.walk(change.uri):
            if uri in leaves:
                done.append(Change(Action.REPLACE, uri, replace(node, value=b"", acl=EMPTY), node, change.reason))
            if node.acl and any(uri == leaf or uri.is_ancestor_of(leaf) for leaf in leaves):
                done.append(Change(Action.ACL, uri, replace(node, acl=EMPTY), node, change.reason))
    return sorted(done, key=lambda item: (item.action, -item.uri.depth if item.action is Action.ACL else 0))


def _emptied(node: Node, uri: Uri, leaves: list[Uri]) -> Node:
    """The subtree without the values of these leaves, and without the ACLs of what leads to them."""
    if not any(uri == leaf or uri.is_ancestor_of(leaf) for leaf in leaves):
        return node
    value = b"" if uri in leaves else node.value
    children = tuple(_emptied(child, uri / child.name, leaves) for child in node.children)
    return replace(node, value=value, acl=EMPTY, children=children)


def _append(batch: Batch, group: tuple[Change, ...], upload: Place | None) -> None:
    change = group[0]
    new = change.new
    if new is None:
        batch.delete(change.uri)
    elif change.action is Action.ADD:
        batch.add(change.uri.parent, *(replace(each.new, name=each.uri.name) for each in group if each.new))
    elif change.action is Action.TITLE:
        batch.title(change.uri, new.title)
    elif change.action is Action.ACL:
        batch.acl(change.uri, new.acl)
    else:
        kind = (new.format, new.type) if change.changes_kind else None
        if upload is not None:
            batch.copy(upload, change.uri, kind=kind)
        else:
            batch.replace(change.uri, new.value, *(kind or (None, None)))
