"""What every tree must keep to before it is written, and after it was read."""

from __future__ import annotations

from collections.abc import Iterator

from smartdm.errors import CodecError, UriError
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri, check_name

MAX_DEPTH = 64
"""Levels of a tree below its top node: a limit of the codecs; cards allow fewer."""
MAX_NODES = 65_536
MAX_SIZE = 1 << 20
"""Bytes of one document or stream: sixteen times the largest card."""


def checked_walk(node: Node) -> Iterator[tuple[Uri, Node]]:
    """The tree in pre-order, each URI beginning with the top node's name.

    CodecError, naming the node, for children that have one name, a bad name or were not read, and beyond the limits.
    """
    base = Uri((node.name,)) if node.name else ROOT
    for number, (uri, item) in enumerate(node.walk(base)):
        if uri.depth - base.depth > MAX_DEPTH:
            raise CodecError(f"node {uri} is more than {MAX_DEPTH} levels below the top of the tree")
        if number >= MAX_NODES:
            raise CodecError(f"the tree has more than {MAX_NODES} nodes")
        if item.withheld:
            raise CodecError(f"node {uri} was withheld by the card, so nobody knows what it holds; leave it out")
        if item.child_count is not None:
            raise CodecError(f"the children of node {uri} were not read: read all levels first")
        fault = names_fault(item)
        if fault:
            raise CodecError(f"node {uri} {fault}")
        yield uri, item


def names_fault(node: Node) -> str | None:
    """What is wrong with the names of the children, as the end of a sentence; None if nothing is."""
    for child in node.children:
        try:
            check_name(child.name)
        except UriError as error:
            return f"has a child with a bad name: {error}"
    if len({child.name for child in node.children}) < len(node.children):
        return "has two children of the same name"
    return None
