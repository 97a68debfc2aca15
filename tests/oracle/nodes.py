"""The nodes of the model: plain, changeable, one class for the tree, for definitions and for the pieces of a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from smartdm.wire import TYPES, Access, Format
from tests.oracle.acl import NONE, Acl

Path = tuple[str, ...]
"""Names from the root down; a path whose first name begins with ``?`` lies in the registry."""

REGISTRY, SERVERS, UPLOADS, KEYS, ID = "?", "Srv", "Up", "Key", "Id"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a definition says beyond Format, Type and Title.

    ``access``: wire.Access; ``maximum``: nodes of a placeholder under one parent, 0 = any number; ``types``: the
    further ones of a leaf; ``proof``: what a Get wants (high half) and what changes want (low half), wire.Proof.
    """

    access: int
    maximum: int = 0
    required: bool = False
    types: tuple[str, ...] = ()
    proof: int = 0


@dataclass(eq=False)
class Node:
    """A node.

    ``definition``: path below the registry of the definition that it follows, () if none; ``further``: which of its
    further Types it has, 0 = its first; ``rule``: set if it is itself a definition.  ``pieces``: its children are the
    pieces of its value.  ``born``: generation of its record; ``id``: the card's, None until the card told it.
    ``holes``: entries of its ACL that were emptied in place.
    """

    name: str
    format: int = Format.NODE
    value: bytes = b""
    type: str = ""
    title: str = ""
    acl: Acl = NONE
    children: list[Node] = field(default_factory=list)
    definition: Path = ()
    further: int = 0
    rule: Rule | None = None
    pieces: bool = False
    tstamp: int | None = None
    verno: int = 0
    born: int = 0
    id: int | None = None
    holes: int = 0

    @property
    def is_leaf(self) -> bool:
        return self.format != Format.NODE

    def child(self, name: str) -> Node | None:
        """The child of that name; the pieces of a value are no children."""
        return None if self.pieces else next((node for node in self.children if node.name == name), None)

    def walk(self, levels: int = 0xFF) -> Iterator[Node]:
        """This node and those below it, pre-order; pieces are nodes too."""
        yield self
        if levels:
            for child in self.children:
                yield from child.walk(levels - 1 if levels < 0xFF else levels)

    def paths(self, above: Path = ()) -> Iterator[tuple[Path, Node]]:
        """The path of each node, pieces left out; ``above``: that of this one."""
        yield above, self
        for child in [] if self.pieces else self.children:
            yield from child.paths((*above, child.name))

    def clone(self) -> Node:
        """A copy with all below it."""
        return replace(self, children=[child.clone() for child in self.children])

    def whole(self) -> bytes:
        """The value, put together if it lies in pieces."""
        return b"".join(piece.value for piece in self.children) if self.pieces else self.value

    def changed(self, generation: int, time: int | None) -> None:
        """Count a change in a batch that makes this generation."""
        self.verno = (self.verno + 1) % 0x10000
        self.tstamp = time
        self.born = generation


def leaf(name: str, value: bytes = b"", **more: object) -> Node:
    """A leaf that holds text, unless ``more`` says otherwise."""
    return replace(Node(name, Format.CHR, value), **more)  # type: ignore[arg-type]


def branch(name: str, *children: Node, **more: object) -> Node:
    """An interior node."""
    return replace(Node(name, children=list(children)), **more)  # type: ignore[arg-type]


def large(name: str, *pieces: bytes, **more: object) -> Node:
    """A leaf whose value lies in pieces."""
    node = Node(name, Format.BIN, pieces=True, children=[Node("", Format.BIN, piece) for piece in pieces])
    return replace(node, **more)  # type: ignore[arg-type]


FULL = Access.ADD | Access.DELETE | Access.EXEC | Access.GET | Access.REPLACE | Access.COPY


def defined(
    name: str,
    definition: Path,
    *children: Node,
    value: bytes = b"",
    format: int | None = None,  # noqa: A002
    **more: object,
) -> Node:
    """A node that follows a definition; a leaf unless it has children or ``format`` says otherwise."""
    chosen = (Format.NODE if children else Format.CHR) if format is None else format
    return replace(Node(name, chosen, value, children=list(children), definition=definition), **more)  # type: ignore[arg-type]


def rule_leaf(
    name: str,
    access: int = FULL,
    *,
    maximum: int = 0,
    required: bool = False,
    types: tuple[str, ...] = (),
    proof: int = 0,
    **more: object,
) -> Node:
    """A definition of a leaf; ``types``: its further ones."""
    node = Node(name, Format.CHR, "\n".join(types).encode(), rule=Rule(access, maximum, required, types, proof))
    return replace(node, **more)  # type: ignore[arg-type]


def rule_branch(
    name: str,
    *children: Node,
    access: int = FULL,
    maximum: int = 0,
    required: bool = False,
    proof: int = 0,
    **more: object,
) -> Node:
    """A definition of an interior node; without children it is open."""
    node = Node(name, children=list(children), rule=Rule(access, maximum, required, proof=proof))
    return replace(node, **more)  # type: ignore[arg-type]


def record_size(node: Node, *, runs: bool = True) -> int:
    """Bytes of the record (``docs/store.md``, "Records"); ``runs``: whether ids are told as a run where they can be."""
    size = 2 + 2 + 1 + 1
    size += 0 if node.definition and not own_name(node) else 1 + len(node.name.encode())
    size += 4 if node.rule else 0
    if node.definition:
        size += 2 if node.further else 0
    else:
        size += 0 if node.type in TYPES else 1 + len(node.type.encode())
    size += 1 + len(node.title.encode()) if node.title else 0
    entries = len(node.acl.entries()) + node.holes
    size += 1 + 2 * entries if entries else 0
    size += 0 if node.tstamp is None else 4
    if node.is_leaf and not node.pieces:
        return size + 1 + len(node.value)
    ids = [child.id for child in node.children]
    return size + (2 if node.pieces else 1) + 2 * (1 if runs and is_run(ids) else len(ids))


def record_sizes(nodes: Iterable[Node], told: Mapping[int | None, int], *, runs: bool) -> Iterator[int]:
    """The same of many nodes; ``told``: by ids, of those where the card told it."""
    return (told.get(node.id) or record_size(node, runs=runs) for node in nodes)


RUN = range(1, 16)
"""So many children with consecutive ids can be told by the first id alone."""


def is_run(ids: Sequence[int | None]) -> bool:
    """Whether ids of children or pieces can be written as a run; not if one of them is unknown."""
    first = ids[0] if ids else None
    return len(ids) in RUN and first is not None and list(ids) == list(range(first, first + len(ids)))


def own_name(node: Node) -> bool:
    """Whether a defined node has its name from itself: the root of an MO, and one of a placeholder."""
    return len(node.definition) == 1 or node.definition[-1] == ""
