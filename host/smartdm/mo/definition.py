"""What a type of management object allows: the nodes of a DDF (OMA DM TND 1.2, device description framework).

    Definition      one node of a description with those below it; the top of an object is its root
      .name         ""  any name (the <X> of the specifications); "."  the root of a device's tree; else the name
      .child(name)  the definition of a child of that name: the named one, else the placeholder
      .find(path)   the same over several names; an open interior node defines itself for all that is below it
      .walk()       (path, definition), a node before those below it; .levels(): level by level, as cards store them
      .mo_id        the identifier of a management object, "" for inner nodes and leaves
      .is_open      an interior node without definitions below it: it may hold anything
    definition_of(root, segments)   Definition.find for names given one by one
    Registry        several definitions: by_id(mo_id), objects(tree), at(tree, uri)
    Access, Occurrence, Scope, CaseSense, Proof   the values of the properties

Paths are Uris in which ``*`` stands for any name: ``./*/AppAddr/*/Port``.  All values are frozen and hashable;
ValueError is a caller's bug.  ``codec.ddf`` reads and writes them, ``codec.catalog`` has those of the standard
objects, ``mo.validate`` holds trees to them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag, StrEnum

from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri

ANY_NAME = ""
"""The name of a placeholder."""
TREE_ROOT = "."
"""The name of the definition of a whole device's root."""
MAX_OCCURRENCE = 65_536
"""The largest N of ZeroOrN and OneOrN."""


class Access(IntFlag):
    """The DM commands that a node takes (AccessType); the values are those of a packed definition."""

    ADD = 0x01
    DELETE = 0x02
    EXEC = 0x04
    GET = 0x08
    REPLACE = 0x10
    COPY = 0x20

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of the commands, sorted, as the elements of AccessType spell them."""
        return tuple(sorted(str(member.name).capitalize() for member in Access if member in self))


class Proof(IntFlag):
    """What a card must have seen of who is asking (docs/principals.md); the values are those of a packed definition."""

    LIVE = 0x01
    BOUND = 0x02
    HOLDER = 0x04
    LOGGED = 0x08

    @property
    def words(self) -> str:
        """The names, in this order, with spaces between them."""
        return " ".join(str(member.name) for member in Proof if member in self)


NO_PROOF = Proof(0)


class Scope(StrEnum):
    """Whether the nodes can come and go."""

    DYNAMIC = "Dynamic"
    PERMANENT = "Permanent"


class CaseSense(StrEnum):
    """Whether the case of names counts.  Cards and this package compare names exactly; the word is carried along."""

    CS = "CS"
    CIS = "CIS"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """How many nodes of a definition there may be under one parent; ``maximum`` None: any number."""

    minimum: int = 1
    maximum: int | None = 1

    def __post_init__(self) -> None:
        if self.minimum not in {0, 1}:
            raise ValueError(f"an Occurrence begins at 0 or 1, not at {self.minimum}")
        if self.maximum is not None and not 1 <= self.maximum <= MAX_OCCURRENCE:
            raise ValueError(f"an Occurrence goes up to 1 to {MAX_OCCURRENCE}, not to {self.maximum}")

    def allows(self, count: int) -> bool:
        """Whether ``count`` nodes are neither too few nor too many."""
        return self.minimum <= count and (self.maximum is None or count <= self.maximum)

    @property
    def element(self) -> str:
        """The name of the DDF's element for it, like ``ZeroOrMore``."""
        if self.maximum == 1:
            return "One" if self.minimum else "ZeroOrOne"
        return ("One" if self.minimum else "Zero") + ("OrMore" if self.maximum is None else "OrN")

    def __str__(self) -> str:
        return f"{self.element} {self.maximum}" if self.element.endswith("N") else self.element


ONE = Occurrence()
ZERO_OR_ONE = Occurrence(0, 1)
ZERO_OR_MORE = Occurrence(0, None)
ONE_OR_MORE = Occurrence(1, None)


@dataclass(frozen=True, slots=True)
class Definition:
    """The description of a node and of all that may be below it.

    ``types``: the MIME types that a leaf may have, the first being the usual one, () = any; of an interior node its
    management object's identifier, () if none.  ``default``: the DefaultValue of a leaf as the DDF spells it (base64
    for b64 and bin), None if there is none.  Children stand in the order of the DDF.
    """

    name: str
    format: Format
    access: Access = Access.GET
    types: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    default: str | None = None
    occurrence: Occurrence = ONE
    scope: Scope = Scope.DYNAMIC
    case_sense: CaseSense = CaseSense.CS
    children: tuple[Definition, ...] = ()
    change_proof: Proof = NO_PROOF
    """Wanted for Add, Delete, Exec and Replace, whatever the ACL allows."""
    get_proof: Proof = NO_PROOF
    """Wanted for Get."""

    def __post_init__(self) -> None:
        if self.is_leaf and self.children:
            raise ValueError(f"the definition of leaf {self.name!r} cannot have children")
        if not self.is_leaf and (len(self.types) > 1 or self.default is not None):
            raise ValueError(f"the definition of interior node {self.name!r} has one identifier at most and no default")
        if "" in self.types or len(set(self.types)) < len(self.types):
            raise ValueError(f"the types of {self.name!r} are not empty, and each stands there once")

    @property
    def is_leaf(self) -> bool:
        """Whether the nodes have values instead of children."""
        return self.format is not Format.NODE

    @property
    def is_placeholder(self) -> bool:
        """Whether the nodes may have any name."""
        return self.name == ANY_NAME

    @property
    def is_open(self) -> bool:
        """Whether anything may stand below: an interior node whose children nobody defined."""
        return not self.is_leaf and not self.children

    @property
    def mo_id(self) -> str:
        """The identifier of the management object that begins here; empty if none does."""
        return self.types[0] if self.types and not self.is_leaf else ""

    @property
    def segment(self) -> str:
        """How the node is named in a path: its name, or ``*``."""
        return self.name or "*"

    def child(self, name: str, *, leaf: bool | None = None) -> Definition | None:
        """The definition of a child of that name, or None; a named one wins over the placeholder.

        ``leaf``: which placeholder to take if there are two, one for leaves and one for interior nodes.
        """
        for child in self.children:
            if child.name == name and name != ANY_NAME:
                return child
        open_to_all = [child for child in self.children if child.is_placeholder]
        fitting = [child for child in open_to_all if leaf is None or child.is_leaf is leaf]
        return next(iter(fitting or open_to_all), None)

    def find(self, path: Uri) -> Definition | None:
        """The definition of the node at ``path``, read relative to this one (``.`` = this one), or None.

        Below an open node everything is defined by the open node: what is found then is that node itself.
        """
        return definition_of(self, path.segments)

    def walk(self, base: Uri | None = None) -> Iterator[tuple[Uri, Definition]]:
        """Each definition with its path in pre-order, this one first; ``base``: the path of this one."""
        stack = [(self._path() if base is None else base, self)]
        while stack:
            path, definition = stack.pop()
            yield path, definition
            stack.extend((path / child.segment, child) for child in reversed(definition.children))

    def levels(self, base: Uri | None = None) -> Iterator[tuple[Uri, Definition]]:
        """As walk(), but level by level: this one, then its children, then theirs.  Cards store definitions so."""
        queue = deque([(self._path() if base is None else base, self)])
        while queue:
            path, definition = queue.popleft()
            yield path, definition
            queue.extend((path / child.segment, child) for child in definition.children)

    def count(self) -> int:
        """How many definitions there are, this one included."""
        return sum(1 for _ in self.walk())

    def _path(self) -> Uri:
        return ROOT if self.name == TREE_ROOT else Uri((self.segment,))


def definition_of(root: Definition, segments: Iterable[str]) -> Definition | None:
    """The definition of the node that the names lead to from the root of an object; None if there can be none."""
    found: Definition | None = root
    for name in segments:
        if found is None or found.is_open:
            break
        found = found.child(name)
    return found


class Registry:
    """Definitions of several management objects, known by their identifiers.

    ``aliases``: further identifier -> the one in the definition.  An object may begin anywhere in a definition.
    """

    def __init__(self, definitions: Iterable[Definition], aliases: Mapping[str, str] | None = None) -> None:
        self._by_id: dict[str, Definition] = {}
        for top in definitions:
            for _, definition in top.walk():
                if definition.mo_id:
                    self._by_id.setdefault(definition.mo_id, definition)
        self._aliases = dict(aliases or {})

    def by_id(self, mo_id: str) -> Definition | None:
        """The definition of the objects with that identifier, or None."""
        return self._by_id.get(self._aliases.get(mo_id, mo_id))

    def of(self, node: Node) -> Definition | None:
        """The definition of the object that begins at ``node``, or None if none that is known does."""
        return None if node.is_leaf or not node.type else self.by_id(node.type)

    def objects(self, tree: Node, base: Uri = ROOT) -> Iterator[tuple[Uri, Node, Definition]]:
        """The known objects in a tree, in pre-order: (URI, top node, definition).  ``base``: the URI of ``tree``.

        An object inside another one comes too if it lies where the outer one is open.
        """
        stack: list[tuple[Uri, Node, Definition | None]] = [(base, tree, None)]
        while stack:
            uri, node, outer = stack.pop()
            inside = outer is not None and not outer.is_open
            found = None if inside else self.of(node)
            if found is not None:
                yield uri, node, found
            around = found or outer
            stack.extend((uri / child.name, child, _below(around, child)) for child in reversed(node.children))

    def at(self, tree: Node, uri: Uri) -> Definition | None:
        """The definition of the node at ``uri``, relative to ``tree``, or None; the objects on the way tell."""
        node: Node | None = tree
        found = self.of(tree)
        for name in uri.segments:
            node = node.child(name) if node else None
            if node is None:
                return None
            below = _below(found, node)
            inside = below is not None and not below.is_open
            found = below if inside else self.of(node) or below
        return found


def _below(outer: Definition | None, node: Node) -> Definition | None:
    """The definition of ``node`` by that of its parent; the parent's own if that is open."""
    if outer is None or outer.is_open:
        return outer
    return outer.child(node.name, leaf=node.is_leaf)
