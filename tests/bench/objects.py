"""The definitions of the corpus: which node has which, and how they get onto a card and into a session."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache

from smartdm.card.batch import Batch
from smartdm.codec import catalog, packed
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.session import Session


@cache
def _by_digest() -> dict[str, Definition]:
    return {packed.digest(definition): definition for definition in map(catalog.load, catalog.names())}


def find(digest: str) -> Definition | None:
    """For sessions: a definition of the catalog need not be read from the card."""
    return _by_digest().get(digest)


def wanted(tree: Node) -> dict[str, Definition]:
    """The definitions of the objects in a tree, by their identifiers."""
    found = {definition.mo_id: definition for _, _, definition in catalog.registry().objects(tree)}
    return dict(sorted(found.items()))


def load_definitions(session: Session, tree: Node) -> None:
    """Put the definitions of the objects in a tree on a card."""
    for definition in wanted(tree).values():
        session.apply(Batch().define(definition))


def definitions(tree: Node) -> Iterator[tuple[Uri, Definition]]:
    """The definition of each node that has one of its own: below an open node there are none."""
    for top, node, root in catalog.registry().objects(tree):
        yield top, root
        yield from _below(top, node, root)


def _below(uri: Uri, node: Node, definition: Definition) -> Iterator[tuple[Uri, Definition]]:
    if definition.is_open:
        return
    for child in node.children:
        found = definition.child(child.name, leaf=child.is_leaf)
        assert found is not None, f"{uri / child.name} is in no definition"
        yield uri / child.name, found
        yield from _below(uri / child.name, child, found)


def forms(tree: Node, but: Container[str] = ()) -> dict[Uri, packed.Defined]:
    """How each node with a definition names it on a card; the ids are made up, their length is always the same.

    ``but``: the objects with these identifiers stand for themselves.
    """
    return {
        uri: packed.Defined(0, definition, definition.is_placeholder or definition is root)
        for top, node, root in catalog.registry().objects(tree)
        if root.mo_id not in but
        for uri, definition in [(top, root), *_below(top, node, root)]
    }
