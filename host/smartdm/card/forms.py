"""Commands in the form that the definitions on the card want.

An Add of plain nodes is turned into one of DEFINED nodes where a definition says what they are: below a node that has
one, and for the top of a management object whose identifier a definition on the card has.  A Replace that changes
Format and Type names the Type by its place in the definition.  A Copy is one of the two.

Which definition a node has, the commands before tell (``card.picture``); what they do not touch is asked of the card.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

from smartdm.card.batch import Batch, Entry, added, replaced, taken
from smartdm.card.picture import Added, Picture
from smartdm.card.registry import Registry, check_suits, further_type, refused
from smartdm.codec import packed
from smartdm.errors import CardError, card_error, retold
from smartdm.mo.definition import Definition, Scope
from smartdm.mo.text import not_xml
from smartdm.mo.tree import BINARY, Format, Node
from smartdm.mo.uri import Uri
from smartdm.mo.values import value_fault
from smartdm.wire import META_INLINE, Sw

DefinitionAt = Callable[[Uri], int | None]
"""URI -> id of the definition of the node that is there now; None if it has none, is not there, or is not known."""


def holds_objects(batch: Batch) -> bool:
    """Whether something is added that looks like a management object: definitions may concern it."""
    tops = [node for entry in batch.entries if entry.added for node in entry.added[1]]
    return any(inner.type and not inner.is_leaf for node in tops for _, inner in node.walk())


def says_nothing(node: Node) -> bool:
    """Whether a leaf tells neither its Format nor its Type: chr is also what a missing Format is read as."""
    return node.format is Format.CHR and not node.type


def check_value(what: str, uri: Uri, node_format: Format, value: bytes) -> None:
    """CardError, as for a Format that does not suit, for a value that a leaf of this Format should not be given.

    ``what``: the command.  An empty value always can be: the leaf has none yet.  Cards look at none.
    """
    if not value or node_format in {*BINARY, Format.NODE}:
        return
    fault = value_fault(node_format, value)
    if fault is None and not_xml(value.decode()):
        fault = f"the value holds characters that XML cannot carry, and so cannot be {node_format}"
    if fault:
        error = card_error(Sw.BAD_FORMAT, what)
        error.add_note(f"{uri}: {fault}")
        raise error


def _check_change(uri: Uri, node_format: Format, node_type: str, definition: Definition) -> None:
    """As ``check_suits``, for a node that is there: of a permanent one neither changes (405, OMA DM TND 1.2)."""
    try:
        check_suits(uri, node_format, node_type, definition)
    except CardError as error:
        if definition.scope is Scope.PERMANENT:
            raise retold(error, error.command, sw=Sw.PERMANENT) from error
        raise


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
        self._picture = Picture(lambda uri: registry.defined(definition_at(uri)))

    def formed(self, batch: Batch) -> Batch:
        """The batch; CardError, as the card would refuse it, for what the definitions do not allow."""
        return Batch(batch.time, [self._entry(number, entry) for number, entry in enumerate(batch.entries)])

    def _entry(self, number: int, entry: Entry) -> Entry:
        try:
            formed = self._formed(entry)
        except CardError as error:
            raise retold(error, entry.name, number) from error
        if formed.change is not None:
            self._picture.changes.append(formed.change)
        return formed

    def _formed(self, entry: Entry) -> Entry:
        formed = None
        if entry.added:
            formed = self._add(*entry.added, copied=entry.source is not None)
        elif entry.replaced:
            formed = self._replace(*entry.replaced)
        if formed is None:
            return entry
        return formed if entry.source is None else taken(entry.name, entry.source, formed)

    def _add(self, parent: Uri, nodes: Sequence[Node], *, copied: bool) -> Entry:
        above = self._picture.defined(parent)
        definition = above.definition if above else None
        nodes = [self._suited(node, definition, parent / node.name, copied=copied) for node in nodes]
        given: dict[tuple[str, ...], packed.Defined | None] = {}

        def choose(over: packed.Defined | None, uri: Uri, inner: Node) -> packed.Defined | None:
            place = parent.join(uri)
            given[place.segments] = chosen = self._registry.choose(over, place, inner)
            return chosen

        return replace(added(parent, *nodes, above=above, choose=choose), change=Added(parent, given))

    def _suited(self, node: Node, above: Definition | None, uri: Uri, *, copied: bool = False) -> Node:
        """The subtree with the Formats that its definitions say where the nodes themselves say nothing.

        ``copied``: it surely is a leaf, as its value is that of another one.
        """
        unsaid = says_nothing(node)
        if above is None or above.is_open:
            root = self._registry.by_mo_id(node.type) if not node.is_leaf and node.type else None
            definition = root.definition if root else None
        else:
            definition = above.child(node.name, leaf=None if unsaid and not copied else node.is_leaf)
        if definition is not None and unsaid and (definition.is_leaf or not copied):
            node = _taken_over(node, definition, uri)
        children = tuple(self._suited(child, definition, uri / child.name) for child in node.children)
        return replace(node, children=children) if children else node

    def _replace(self, uri: Uri, value: bytes, node_format: Format, node_type: str) -> Entry | None:
        """None if the leaf has no definition: the command stays as it is."""
        defined = self._picture.defined(uri)
        if defined is None:
            return None
        _check_change(uri, node_format, node_type, defined.definition)
        further = further_type(node_type, defined.definition)
        kind = bytes((packed.format_number(node_format),)) + (bytes((META_INLINE, 1, further)) if further else b"\x00")
        return replaced(uri, value, kind)
