"""Trees held to their definitions, and definitions to what a card can hold.

    faults(node, definition, uri)   what breaks the definition in an object, in pre-order; () of it if nothing does
    tree_faults(tree, registry)     the same for each object in a tree that the registry knows
    definition_faults(definition)   what is wrong with a definition itself

A leaf of Format chr without a Type says nothing about itself (so devices write most TNDS): it takes Format and Type
from its definition, and its value is judged as the text of that Format.  Below an open node nothing is judged, and
neither is the name of an object's top node: an object is known by its identifier.  A withheld node counts as being
there, and that is all that is known of it.  AccessType is the card's to judge: it is about commands, not about trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smartdm.errors import UriError
from smartdm.mo.definition import Access, Definition, Registry, Scope
from smartdm.mo.text import shown
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri, check_name
from smartdm.mo.values import text_fault, value_fault

MAX_NAME = 64
MAX_TEXT = 127
"""Bytes of a Title or Type on a card."""
MAX_CHILDREN = 240
MAX_DEPTH = 16
MAX_DEFINITIONS = 503
"""Definitions that a card can hold: their ids are below 512, and 9 nodes are its own."""
MAX_TYPES = 64
"""Types of one definition on a card: the first, and as many further ones as six bits count."""
MAX_COUNT = 255
"""The largest N of an Occurrence on a card."""

NOT_DEFINED = OCCURRENCE = 405
ALREADY_EXISTS = 418
TOO_LONG = 414
WRONG_FORMAT = 415


@dataclass(frozen=True, slots=True)
class Fault:
    """``sentence``: what is wrong at ``uri``.  ``dm_status``: what a server would be answered, 0 if nothing."""

    uri: Uri
    sentence: str
    dm_status: int = 0

    def __str__(self) -> str:
        return f"{self.uri}: {self.sentence}" + (f" ({self.dm_status})" if self.dm_status else "")


def tree_faults(tree: Node, registry: Registry, base: Uri = ROOT) -> list[Fault]:
    """The faults of all objects in ``tree``; ``base``: its URI."""
    return [fault for uri, node, definition in registry.objects(tree, base) for fault in faults(node, definition, uri)]


def faults(node: Node, definition: Definition, uri: Uri | None = None) -> list[Fault]:
    """The faults of one object, in pre-order; ``uri``: that of ``node``, its name if not given.

    ValueError if the tree was cut by a depth limit: what lies below is unknown.
    """
    found: list[Fault] = []
    start = uri if uri is not None else Uri((node.name,)) if node.name else ROOT
    stack = [(start, node, definition)]
    while stack:
        place, inner, rule = stack.pop()
        if inner.child_count is not None:
            raise ValueError(f"the children of {place} were not read: read all levels first")
        if inner.withheld:
            continue
        own = _type_fault(inner, rule, is_top=inner is node) or _value_fault(inner, rule)
        if own:
            found.append(Fault(place, own, WRONG_FORMAT))
        if inner.is_leaf is not rule.is_leaf and (inner.value or not _says_nothing(inner)):
            continue
        known: list[tuple[Uri, Node, Definition]] = []
        found += _child_faults(place, inner, rule, known)
        stack.extend(reversed(known))
    return found


def _says_nothing(node: Node) -> bool:
    """Whether a leaf tells neither its Format nor its Type: chr is also what a missing Format is read as."""
    return node.format is Format.CHR and not node.type


def _type_fault(node: Node, definition: Definition, *, is_top: bool) -> str | None:
    """What is wrong with Format and Type."""
    if _says_nothing(node) and (definition.is_leaf or not node.value):
        return None
    if node.format is not definition.format:
        return f"Format is {node.format}; it must be {definition.format}"
    wrong = node.type and definition.types and node.type not in definition.types
    if node.is_leaf:
        return f"Type is {shown(node.type)}; it must be {' or '.join(definition.types)}" if wrong else None
    if is_top or not node.type or node.type == definition.mo_id:
        return None
    return f"no object {shown(node.type)} can begin here; the Type must be {definition.mo_id or 'empty'}"


def _value_fault(node: Node, definition: Definition) -> str | None:
    if not definition.is_leaf or not node.is_leaf:
        return None
    if not _says_nothing(node) or definition.format is Format.CHR:
        return value_fault(definition.format, node.value)
    try:
        return text_fault(definition.format, node.value.decode("utf-8"))
    except UnicodeDecodeError:
        return f"the value is not text; set Format {definition.format}"


def _child_faults(uri: Uri, node: Node, rule: Definition, known: list[tuple[Uri, Node, Definition]]) -> Iterator[Fault]:
    """The faults in which children there are; those with a definition are put into ``known``."""
    if rule.is_open:
        return
    counts = dict.fromkeys(map(id, rule.children), 0)
    names: set[str] = set()
    for child in node.children:
        try:
            check_name(child.name)
        except UriError as error:
            yield Fault(uri, f"a child has a bad name: {error}", error.dm_status)
            continue
        place = uri / child.name
        if child.name in names:
            yield Fault(place, "a sibling has the same name", ALREADY_EXISTS)
        names.add(child.name)
        if len(child.name.encode("utf-8")) > MAX_NAME:
            yield Fault(place, f"the name has more than {MAX_NAME} bytes", TOO_LONG)
        unknown = child.withheld or _says_nothing(child)
        inner = rule.child(child.name, leaf=None if unknown else child.is_leaf)
        if inner is None:
            expected = ", ".join(definition.segment for definition in rule.children)
            yield Fault(place, f"the definition has no such node; it has {expected}", NOT_DEFINED)
            continue
        counts[id(inner)] += 1
        known.append((place, child, inner))
    for definition in rule.children:
        yield from _count_faults(uri, definition, counts[id(definition)])


def _count_faults(uri: Uri, definition: Definition, count: int) -> Iterator[Fault]:
    occurrence = definition.occurrence
    if count < occurrence.minimum:
        if definition.is_placeholder:
            yield Fault(uri, f"at least one node is needed below it ({occurrence})", OCCURRENCE)
        else:
            yield Fault(uri / definition.name, f"the node is missing ({occurrence})", OCCURRENCE)
    elif not occurrence.allows(count) and definition.is_placeholder:
        yield Fault(uri, f"{count} nodes below it; at most {occurrence.maximum} are allowed", OCCURRENCE)


def definition_faults(definition: Definition) -> list[Fault]:
    """What is wrong with a definition: what contradicts itself, and what a card cannot hold."""
    found: list[Fault] = []
    for path, inner in definition.walk(ROOT):
        if path.depth == MAX_DEPTH:
            found.append(Fault(path, f"more than {MAX_DEPTH} levels; a card cannot hold it"))
        found += [
            Fault(path, sentence) for sentence in (*_own_faults(inner), *_size_faults(inner), *_family_faults(inner))
        ]
    total = definition.count()
    if total > MAX_DEFINITIONS:
        found.append(Fault(ROOT, f"{total} nodes; a card holds at most {MAX_DEFINITIONS}"))
    return found


def _own_faults(definition: Definition) -> Iterator[str]:
    if not definition.access:
        yield "AccessType is empty: no command could ever reach the node"
    if definition.scope is Scope.PERMANENT and Access.DELETE in definition.access:
        yield "Scope is Permanent, but AccessType has Delete"
    if definition.name and definition.occurrence.maximum != 1:
        yield f"Occurrence is {definition.occurrence}, but a node with a name is there once at most"
    fault = text_fault(definition.format, definition.default) if definition.default is not None else None
    if fault:
        yield f"DefaultValue: {fault}"


def _size_faults(definition: Definition) -> Iterator[str]:
    """What a card has no room for."""
    texts = [("name", definition.name, MAX_NAME), ("DFTitle", definition.title, MAX_TEXT)]
    for what, text, most in (*texts, *(("DFType", text, MAX_TEXT) for text in definition.types)):
        length = len(text.encode("utf-8"))
        if length > most:
            yield f"the {what} has {length} bytes; a card takes {most}"
    if len(definition.children) > MAX_CHILDREN:
        yield f"{len(definition.children)} nodes directly below it; a card takes {MAX_CHILDREN}"
    if len(definition.types) > MAX_TYPES:
        yield f"{len(definition.types)} types; a card takes {MAX_TYPES}"
    maximum = definition.occurrence.maximum
    if maximum is not None and maximum > MAX_COUNT:
        yield f"Occurrence is {definition.occurrence}; a card counts to {MAX_COUNT}, so write OrMore instead of OrN"


def _family_faults(definition: Definition) -> Iterator[str]:
    """Children that cannot be told apart: two of one name, two placeholders for leaves, or two for interior nodes."""
    seen: set[tuple[str, bool | None]] = set()
    for child in definition.children:
        key = (child.name, child.is_leaf if child.is_placeholder else None)
        if key in seen and child.is_placeholder:
            kind = "leaves" if child.is_leaf else "interior nodes"
            yield f"two placeholders for {kind} below it; which of them describes a node could not be told"
        elif key in seen:
            yield f"two nodes {shown(child.name)} below it"
        seen.add(key)
