"""What a card holds, and what a batch makes of it: the rules of TND 1.2 and of ``docs/store.md`` in plain Python.

A batch is all or nothing.  ``Refused`` tells the first command that is refused and the status words that say why: all
of them, where several are true and the contract leaves open which comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from smartdm.wire import Access, Proof, Sw
from tests.oracle import acl as acls
from tests.oracle import checks, ids
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.doubts import Doubts, Refused
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, Node, Path
from tests.oracle.rights import check_path, is_registry, lost, right, server_id

__all__ = ["CHANNEL", "Card", "Refused"]

CHANNEL = Proof.LIVE | Proof.BOUND
"""What the card has seen of one who has opened a secure channel."""


@dataclass
class Card:
    """The tree below the root and the registry.  ``max_depth``: segments of the longest URI.

    ``node_limit``: how many nodes there can be; ids are below it.  ``proof``: what it has seen of who is asking.
    """

    max_depth: int
    node_limit: int
    root: Node
    registry: Node
    generation: int = 1
    proof: Proof = CHANNEL

    def after(self, commands: Sequence[Command], who: str, time: int | None = None) -> Card:
        """The card after a batch of ``who``, which uses up the holder's PIN.  Refused if one of its commands is."""
        new = replace(self, root=self.root.clone(), registry=self.registry.clone())
        if any(not isinstance(command, Get | Source) for command in commands):
            new.generation = self.generation % 0xFFFFFF + 1
        run = _Run(new, who, time)
        for at, command in enumerate(commands, 1):
            try:
                run.command(command)
            except Refused as refused:
                refused.at = at
                raise
        new.proof &= ~Proof.HOLDER
        return new

    def chain(self, path: Path) -> list[Node]:
        """The nodes from the top down to that of the path; Refused (404) if there is none."""
        registry = is_registry(path)
        nodes = [self.registry if registry else self.root]
        for name in path[1:] if registry else path:
            child = nodes[-1].child(name)
            if child is None:
                raise Refused(Sw.NOT_FOUND)
            nodes.append(child)
        return nodes

    def find(self, path: Path) -> Node:
        """The node of the path."""
        return self.chain(path)[-1]

    def rule(self, definition: Path) -> Node | None:
        """The definition of that path below the registry."""
        try:
            node = self.find((REGISTRY, *definition))
        except Refused:
            return None
        return node if node.rule else None

    def servers(self) -> set[str]:
        """The names of the leaves below ``?/Srv``."""
        return {node.name for node in self.find((REGISTRY, SERVERS)).children}

    def all(self) -> Iterator[Node]:
        """Every node, the card's own included."""
        return (node for top in (self.root, self.registry) for node in top.walk())

    def nodes(self) -> int:
        """How many there are."""
        return sum(1 for _ in self.all())


class _Run:
    """A batch at work on its copy of the card."""

    def __init__(self, card: Card, who: str, time: int | None) -> None:
        self.card, self.who, self.time = card, who, time
        self.named: Path | None = None
        """By the last command, a Source."""
        self.source: Path | None = None
        """By the command before this one."""

    def command(self, command: Command) -> None:
        self.source, self.named = self.named, None
        check_path(command.path)
        chain = self.card.chain(command.path)
        doubts = Doubts()
        match command:
            case Add():
                self.add(chain, command, doubts)
            case Replace():
                self.replace(chain, command, doubts)
            case Delete():
                self.delete(chain, command, doubts)
            case Rename():
                self.rename(chain, command, doubts)
            case SetAcl():
                self.set_acl(chain, command, doubts)
            case SetTitle():
                self.set_title(chain, command, doubts)
            case Source():
                self.take(chain, command, doubts)
            case Get():
                right(self.card, chain, Access.GET, self.who, doubts)
                doubts.settle()

    def touch(self, *nodes: Node) -> None:
        for node in nodes:
            node.changed(self.card.generation, self.time)

    def add(self, chain: list[Node], command: Add, doubts: Doubts) -> None:
        parent, tops = chain[-1], [node.clone() for node in command.nodes]
        checks.add(self.card, chain, command, self.who, doubts)
        source = self.sourced(doubts) if command.sourced else None
        if source:
            checks.take(source[-1], tops[0], checks.format_of(self.card, tops[0]), doubts)
        parents, gone = [node.acl for node in chain], lost(self.card, chain)
        for new in tops:
            self.settle_in(new)
            if command.path == (REGISTRY, UPLOADS):
                new.acl = acls.creators(self.who)
            elif not is_registry(command.path):
                # Below the root of what comes, inheritance is as its creator wants it.
                new.acl = acls.of_new_node(parents, new.acl, self.who, leaf=new.is_leaf, lost=gone)
        if not ids.give(self.card, command.path, tops):
            doubts.any_time(Sw.NO_NODE_LEFT)
        doubts.settle()
        parent.children += tops
        self.touch(parent)
        if source:
            self.move(source, tops[0])

    def settle_in(self, node: Node) -> None:
        """What the card sets of a new node and of those below it."""
        rule = self.card.rule(node.definition) if node.definition else None
        if rule:
            node.format = rule.format
        node.verno, node.tstamp, node.born, node.id, node.holes = 0, self.time, self.card.generation, None, 0
        for child in node.children:
            self.settle_in(child)

    def sourced(self, doubts: Doubts) -> list[Node] | None:
        """The chain of the Source before this command."""
        if self.source is None:
            doubts.form(Sw.NO_SOURCE)
            return None
        return self.card.chain(self.source)

    def move(self, source: list[Node], target: Node) -> None:
        """The source's value becomes the target's; an upload is gone with it."""
        target.pieces, target.value, target.children = False, source[-1].value, []
        if source[-1].pieces:
            target.pieces, target.children = True, source[-1].children
            source[-2].children.remove(source[-1])
            self.touch(source[-2])

    def replace(self, chain: list[Node], command: Replace, doubts: Doubts) -> None:
        node = chain[-1]
        checks.replace(self.card, chain, command, self.who, doubts)
        source = self.sourced(doubts) if command.value is None else None
        if source:
            checks.take(source[-1], node, node.format if command.format is None else command.format, doubts)
        doubts.settle()
        if command.format is not None and not node.definition:
            node.format, node.type = command.format, command.type
        if command.format is not None and node.definition:
            node.further = command.further
        node.pieces, node.children = False, []
        self.touch(node)
        if source:
            self.move(source, node)
        else:
            node.value = command.value or b""

    def delete(self, chain: list[Node], command: Delete, doubts: Doubts) -> None:
        checks.delete(self.card, chain, command.path, self.who, doubts)
        doubts.settle()
        node = chain[-1]
        if len(chain) == 1:
            node.children.clear()
            self.touch(node)
            return
        chain[-2].children.remove(node)
        self.touch(chain[-2])
        if command.path[:2] == (REGISTRY, SERVERS):
            self.strip(server_id(node.name))

    def strip(self, who: str) -> None:
        """A server is gone: so are its entries, in every ACL."""
        for node in list(self.card.all()):
            before = node.acl
            node.acl = before.without(who) if node is not self.card.root else acls.root_without(before, who)
            if node.acl != before:
                self.touch(node)
                node.holes += sum(1 for _, name in before.entries() if name == who)

    def rename(self, chain: list[Node], command: Rename, doubts: Doubts) -> None:
        checks.rename(self.card, chain, command, self.who, doubts)
        doubts.settle()
        chain[-1].name = command.name
        self.touch(chain[-1], chain[-2])

    def set_acl(self, chain: list[Node], command: SetAcl, doubts: Doubts) -> None:
        checks.set_acl(self.card, chain, command, self.who, doubts)
        doubts.settle()
        chain[-1].acl, chain[-1].holes = command.acl, 0
        self.touch(chain[-1])

    def set_title(self, chain: list[Node], command: SetTitle, doubts: Doubts) -> None:
        checks.set_title(self.card, chain, command, self.who, doubts)
        doubts.settle()
        chain[-1].title = command.title
        self.touch(chain[-1])

    def take(self, chain: list[Node], command: Source, doubts: Doubts) -> None:
        checks.source(self.card, chain, command.path, self.who, doubts)
        doubts.settle()
        self.named = command.path
