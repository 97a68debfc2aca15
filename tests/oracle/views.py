"""What somebody sees of a card: from the model, and from an answer; both in the same form, so they can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from smartdm.wire import DEFINITION_REQUIRED
from smartdm.wire import Node as Fixed
from tests.oracle.acl import NONE, Acl
from tests.oracle.nodes import Node, Path, own_name
from tests.oracle.reading import Item
from tests.oracle.rights import readable, server_id
from tests.oracle.tree import Card


@dataclass(frozen=True)
class View:
    """A node.  Defined: no ``format`` and ``type``.  ``rule``, of a definition: access, maximum, types, proof."""

    name: str
    verno: int
    withheld: bool = False
    format: int | None = None
    definition: Path = ()
    further: int = 0
    rule: tuple[int, int, int, int] | None = None
    type: str = ""
    title: str = ""
    acl: Acl = NONE
    tstamp: int | None = None
    value: bytes = b""
    pieces: bool = False
    count: int = 0
    children: tuple[View, ...] = ()

    def names(self, above: Path = ()) -> Iterator[tuple[Path, View]]:
        """Each node with its path."""
        yield above, self
        for child in self.children:
            yield from child.names((*above, child.name))


def view(node: Node) -> View:
    """A node by itself, as it is shown to one who may read it."""
    rule = None
    if node.rule:
        types = len(node.rule.types) | (DEFINITION_REQUIRED if node.rule.required else 0)
        rule = (node.rule.access, node.rule.maximum, types, node.rule.proof)
    return View(
        node.name,
        node.verno,
        format=None if node.definition else node.format,
        definition=node.definition,
        further=node.further,
        rule=rule,
        type="" if node.definition else node.type,
        title=node.title,
        acl=node.acl,
        tstamp=node.tstamp,
        value=b"" if node.pieces else node.value,
        pieces=node.pieces,
        count=len(node.children),
    )


def shown(card: Card, path: Path, who: str, levels: int = 0xFF) -> View:
    """A subtree to ``who``, whose right to read its top was checked."""
    return _shown(card, card.chain(path), who, levels)


def _shown(card: Card, chain: list[Node], who: str, levels: int) -> View:
    node = chain[-1]
    below = levels if levels == 0xFF else levels - 1
    if not readable(card, chain, who):
        return View(node.name, node.verno, withheld=True)
    if node.pieces:
        # They belong to the value, so they follow at any level.
        return replace(view(node), children=tuple(view(piece) for piece in node.children))
    if not levels:
        return view(node)
    return replace(view(node), children=tuple(_shown(card, [*chain, child], who, below) for child in node.children))


def newer(card: Card, path: Path, who: str, since: int, levels: int = 0xFF) -> Iterator[tuple[Node, View]]:
    """The feed: pre-order, what ``who`` sees of the nodes whose record is newer than a generation."""
    yield from _newer(card, card.chain(path), who, since, levels)


def _newer(card: Card, chain: list[Node], who: str, since: int, levels: int) -> Iterator[tuple[Node, View]]:
    node = chain[-1]
    withheld = not readable(card, chain, who)
    if node.born > since:
        yield node, View(node.name, node.verno, withheld=True) if withheld else view(node)
    if withheld:
        return
    if node.pieces:
        yield from ((piece, view(piece)) for piece in node.children if piece.born > since)
        return
    below = levels if levels == 0xFF else levels - 1
    for child in node.children if levels else []:
        yield from _newer(card, [*chain, child], who, since, below)


@dataclass
class Numbers:
    """What node ids mean: learned from the registry of the card."""

    servers: dict[int, str] = field(default_factory=dict)
    definitions: dict[int, Path] = field(default_factory=dict)

    @property
    def ids(self) -> dict[Path, int]:
        """The ids of the definitions by their paths."""
        return {path: number for number, path in self.definitions.items()}

    def principal(self, who: str) -> int:
        """The id of a server."""
        return next(number for number, name in self.servers.items() if name == who)

    @classmethod
    def of(cls, items: list[Item]) -> Numbers:
        """From the nodes of the registry, all of them, with ids."""
        by_id = {item.id: item for item in items}
        numbers = cls()
        for number in by_id[Fixed.SERVERS].ids or ():
            numbers.servers[number] = server_id(by_id[number].name or "")
        for number in by_id[Fixed.REGISTRY].ids or ():
            if by_id[number].rule:
                numbers._define(by_id, number, ())
        return numbers

    def _define(self, by_id: dict[int | None, Item], number: int, above: Path) -> None:
        path = (*above, by_id[number].name or "")
        self.definitions[number] = path
        for child in by_id[number].ids or ():
            self._define(by_id, child, path)

    def view(self, item: Item) -> View:
        """The node of an answer by itself; KeyError for an id that means nothing."""
        if item.withheld:
            return View(item.name or "", item.verno, withheld=True)
        definition = () if item.definition is None else self.definitions[item.definition]
        if definition and own_name(Node("", definition=definition)) != (item.name is not None):
            raise ValueError(f"a node of definition {definition} with the name {item.name!r}")
        return View(
            definition[-1] if item.name is None else item.name,
            item.verno,
            format=None if definition else item.format,
            definition=definition,
            further=item.further,
            rule=item.rule,
            type=item.type,
            title=item.title,
            acl=Acl.of_entries((mask, self.servers[number]) for mask, number in item.acl),
            tstamp=item.tstamp,
            value=item.value,
            pieces=item.pieces,
            count=item.count,
        )

    def tree(self, item: Item) -> View:
        """The tree of an answer."""
        return replace(self.view(item), children=tuple(self.tree(child) for child in item.children))
