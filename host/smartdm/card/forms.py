"""Commands in the form that the definitions on the card want.

An Add of plain nodes is turned into one of DEFINED nodes where a definition says what they are: below a node that has
one, and for the top of a management object whose identifier a definition on the card has.  A Replace that changes
Format and Type names the Type by its place in the definition.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

from smartdm.card.batch import Batch, Entry, added
from smartdm.card.place import encode_place
from smartdm.card.registry import Registry, check_suits, further_type, refused
from smartdm.codec import packed
from smartdm.errors import CardError, retold
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.wire import META_INLINE, Command, Sw

DefinitionAt = Callable[[Uri], int | None]
"""URI -> id of the definition of the node that is there now; None if it has none or is not there."""


def holds_objects(batch: Batch) -> bool:
    """Whether something is added that looks like a management object: definitions may concern it."""
    tops = [node for entry in batch.entries if entry.added for node in entry.added[1]]
    return any(inner.type and not inner.is_leaf for node in tops for _, inner in node.walk())


def says_nothing(node: Node) -> bool:
    """Whether a leaf tells neither its Format nor its Type: chr is also what a missing Format is read as."""
    return node.format is Format.CHR and not node.type


def _taken_over(node: Node, definition: Definition, uri: Uri) -> Node:
    """A node that says nothing, with the Format of its definition; its value is that Format's text."""
    if not definition.is_leaf:
        return node if node.value else replace(node, format=Format.NODE)
    if definition.format not in {Format.B64, Format.BIN}:
        return replace(node, format=definition.format)
    try:
        return replace(node, format=definition.format, value=base64.b64decode(node.value, validate=True))
    except ValueError as error:
        raise refused(Sw.BAD_FORMAT, uri, f"as {definition.format} its value must be base64, or say Format") from error


class Former:
    """Brings the commands of one batch into form, in their order."""

    def __init__(self, registry: Registry, definition_at: DefinitionAt) -> None:
        self._registry = registry
        self._definition_at = definition_at
        self._made: list[tuple[Uri, packed.Defined | None, Node]] = []
        """What the batch adds: (URI, definition of the parent, subtree)."""

    def formed(self, batch: Batch) -> Batch:
        """The batch; CardError, as the card would refuse it, for what the definitions do not allow."""
        return Batch(batch.time, [self._entry(number, entry) for number, entry in enumerate(batch.entries)])

    def _entry(self, number: int, entry: Entry) -> Entry:
        try:
            if entry.added:
                return self._add(*entry.added)
            if entry.replaced:
                return self._replace(entry, *entry.replaced)
        except CardError as error:
            raise retold(error, entry.name, number) from error
        return entry

    def _add(self, parent: Uri, nodes: Sequence[Node]) -> Entry:
        above = self._above(parent)
        definition = above.definition if above else None
        nodes = [self._suited(node, definition, parent / node.name) for node in nodes]
        self._made += [(parent / node.name, above, node) for node in nodes]

        def choose(over: packed.Defined | None, uri: Uri, inner: Node) -> packed.Defined | None:
            return self._registry.choose(over, parent.join(uri), inner)

        return added(parent, *nodes, above=above, choose=choose)

    def _suited(self, node: Node, above: Definition | None, uri: Uri) -> Node:
        """The subtree with the Formats that its definitions say where the nodes themselves say nothing."""
        if above is None or above.is_open:
            root = self._registry.by_mo_id(node.type) if not node.is_leaf and node.type else None
            definition = root.definition if root else None
        else:
            definition = above.child(node.name, leaf=None if says_nothing(node) else node.is_leaf)
        if definition is not None and says_nothing(node):
            node = _taken_over(node, definition, uri)
        children = tuple(self._suited(child, definition, uri / child.name) for child in node.children)
        return replace(node, children=children) if children else node

    def _above(self, parent: Uri) -> packed.Defined | None:
        """The definition of the node at ``parent``, which may have been added by this batch."""
        for top, above, node in reversed(self._made):
            if top == parent or top.is_ancestor_of(parent):
                return self._below(top, above, node, parent)
        return self._registry.defined(self._definition_at(parent))

    def _below(self, top: Uri, above: packed.Defined | None, node: Node, parent: Uri) -> packed.Defined | None:
        found, place = self._registry.choose(above, top, node), top
        inner: Node | None = node
        for name in parent.segments[top.depth :]:
            inner = inner.child(name) if inner else None
            if inner is None:
                return None
            place = place / name
            found = self._registry.choose(found, place, inner)
        return found

    def _replace(self, entry: Entry, uri: Uri, value: bytes, node_format: Format, node_type: str) -> Entry:
        defined = self._registry.defined(self._definition_at(uri))
        if defined is None:
            return entry
        check_suits(uri, node_format, node_type, defined.definition)
        further = further_type(node_type, defined.definition)
        kind = bytes((packed.format_number(node_format),)) + (bytes((META_INLINE, 1, further)) if further else b"\x00")
        header = bytes((Command.REPLACE,)) + encode_place(uri) + kind + packed.encode_value_length(value)
        return Entry(entry.name, ((header, value),))
