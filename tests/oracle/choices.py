"""Random commands for a card, aimed at what is on it: most of them make sense, and some are wrong in one way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from smartdm.wire import Access, Format
from tests.oracle.acl import ANYBODY, COMMANDS, HOLDER, ISSUER, NONE, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import FULL, REGISTRY, SERVERS, UPLOADS, Node, Path, branch, large, leaf, rule_branch, rule_leaf
from tests.oracle.rights import server_name
from tests.oracle.tree import Card

_T = TypeVar("_T")

SERVER_IDS = ("A", "B", "C", "srv.example.org")
SPARE_IDS = ("D", "x/y?", "50%.")
"""ServerIDs that come and go."""
NAMES = (*"ABCDEFGH", "é", "a.b", "%41", "n" * 20)
TYPES = ("", "text/plain", "application/vnd.example")
FORMATS = (Format.CHR, Format.BIN, Format.INT, Format.BOOL, Format.XML)

ACCOUNT = rule_branch(
    "acc",
    rule_leaf("Id", Access.ADD | Access.GET | Access.REPLACE | Access.DELETE, required=True),
    rule_branch(
        "",
        rule_leaf("Addr", types=("text/x", "a/b"), type="text/plain"),
        rule_leaf("Secret", FULL & ~Access.GET, format=Format.BIN),
        rule_branch("", rule_leaf("Port", format=Format.INT)),
        maximum=2,
    ),
    rule_branch("Ext", access=Access.ADD | Access.GET),
    rule_leaf("Man", Access.ADD | Access.GET),
    rule_leaf("Key", FULL & ~Access.DELETE | Access.PERMANENT),
    type="urn:example:acc:1.0",
    title="Account",
)
SINGLE = rule_branch("one", rule_leaf("", maximum=3), access=FULL & ~Access.ADD)
SPARE = rule_branch("tmp", rule_leaf("X"), rule_leaf("", required=True))
DEFINITIONS = (ACCOUNT, SINGLE)


class Choices:
    """Commands from a source of chance; the same source gives the same ones."""

    def __init__(self, random: Random, *, definitions: bool = True, hidden: bool = True) -> None:
        """``definitions``: whether there are any; ``hidden``: whether ACLs may deny everything, also to the issuer."""
        self.random = random
        self.definitions = definitions
        self.hidden = hidden

    def one(self, *ways: tuple[int, Callable[[], Command]]) -> Command:
        """What one of the ways gives; ways have weights."""
        return self.random.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()

    def chance(self, percent: int) -> bool:
        # What is simplest for a test, 0, is that nothing special happens.
        return self.random.randrange(100) >= 100 - percent

    def pick(self, among: Sequence[_T]) -> _T:
        return among[self.random.randrange(len(among))]

    # Who, where, what.

    def who(self) -> str:
        return self.pick((*SERVER_IDS, HOLDER, *[ISSUER] * 7))

    def acl(self, *, strange: bool = False) -> Acl:
        """A list, empty now and then; ``strange``: it may name a server that is not there."""
        if self.chance(15):
            return NONE
        ids = (*SERVER_IDS, ISSUER, ANYBODY, *(SPARE_IDS if strange else ()))
        verbs = self.random.sample(sorted(COMMANDS), self.random.randint(1, 4))
        grants = [(verb, self.pick(ids)) for verb in verbs for _ in range(self.random.randint(1, 2))]
        open_to = [("Get", ANYBODY), *((verb, ISSUER) for verb in COMMANDS)]
        return Acl.of(grants if self.hidden else [*grants, *open_to])

    def value(self) -> bytes:
        return bytes((self.random.randrange(256),)) * self.pick((0, 1, 3, 10, 40, 120, 224))

    def name(self) -> str:
        return self.pick(NAMES) if self.chance(97) else self.pick(("", "x.", "a/b", "a?b", "y" * 65))

    def node(self, depth: int = 0) -> Node:
        """A free subtree."""
        more = {"acl": self.acl() if self.chance(25) else NONE, "title": self.pick(("", "", "Title é"))}
        more |= {"type": self.pick(TYPES)}
        if depth > 2 or self.chance(60):
            if self.chance(6):
                pieces = [self.value() for _ in range(self.random.randrange(3))]
                return large(self.name(), *pieces, **more)
            return leaf(self.name(), self.value(), **more, format=self.pick(FORMATS))
        below = {child.name: child for child in (self.node(depth + 1) for _ in range(self.random.randrange(4)))}
        return branch(self.name(), *below.values(), **more)

    def instance(self, card: Card, definition: Path, name: str) -> Node:
        """A node that follows a definition, as a rule in every way."""
        rule = card.rule(definition)
        if rule is None or not rule.rule:
            return self.node()
        node = Node(name, rule.format, definition=definition, title=self.pick(("", "", "Own")))
        if self.chance(10):
            node.acl = self.acl()
        if node.is_leaf:
            node.value = self.value()
            node.further = self.random.randrange(len(rule.rule.types) + 1) + self.chance(2)
            return node
        for child in rule.children:
            names = {child.name} if child.name else {self.name() for _ in range(self.random.randrange(3))}
            node.children += [
                self.instance(card, (*definition, child.name), each) for each in sorted(names) if self.chance(70)
            ]
        if self.chance(4):
            node.children.append(self.node())
        return node

    def path(self, card: Card, fits: Callable[[Node], bool] = lambda _: True) -> Path:
        """A node of the tree, as a rule one that fits."""
        paths = [path for path, node in card.root.paths() if fits(node) or self.chance(4)]
        path = self.pick(paths) if paths else ()
        return (*path, "none") if self.chance(2) else path

    def there(self, card: Card, path: Path) -> Node:
        """The node of a path, or the last one on the way."""
        node = card.root
        for name in path:
            node = node.child(name) or node
        return node

    # Commands.

    def command(self, card: Card) -> list[Command]:
        """One command, with its Source if it needs one."""
        if self.chance(12):
            return self.registry(card)
        if self.chance(6):
            return self.copy(card)
        return [
            self.one(
                (30, lambda: self.add(card)),
                (15, lambda: self.replace(card)),
                (9, lambda: Delete(self.path(card, lambda node: bool(node.name)))),
                (8, lambda: Rename(self.path(card, lambda node: bool(node.name)), self.name())),
                (12, lambda: SetAcl(self.path(card), self.acl(strange=self.chance(5)))),
                (6, lambda: SetTitle(self.path(card), self.pick(("", "T", "Title é")))),
            )
        ]

    def add(self, card: Card) -> Command:
        parent = self.path(card, lambda node: not node.is_leaf)
        definition = self.there(card, parent).definition
        rule = card.rule(definition) if definition else None
        if rule and rule.children and self.chance(93):
            return self.together(parent, lambda: self.child(card, definition, self.pick(rule.children)))
        if self.definitions and self.chance(25):
            roots = [node.name for node in card.registry.children if node.rule] or ["none"]
            return self.together(parent, lambda: self.instance(card, (self.pick(roots),), self.name()))
        return self.together(parent, self.node)

    def child(self, card: Card, definition: Path, rule: Node) -> Node:
        """A node that follows a definition below that of its parent."""
        return self.instance(card, (*definition, rule.name), rule.name or self.name())

    def together(self, parent: Path, make: Callable[[], Node]) -> Command:
        """An Add of one subtree, or of a few."""
        return Add(parent, make(), more=tuple(make() for _ in range(self.pick((0, 0, 0, 1, 2, 5)))))

    def replace(self, card: Card) -> Command:
        path = self.path(card, lambda node: node.is_leaf)
        if self.chance(60):
            return Replace(path, self.value())
        node = self.there(card, path)
        if node.definition:
            return Replace(path, self.value(), node.format, further=self.random.randrange(3))
        return Replace(path, self.value(), self.pick((*FORMATS, Format.NULL, Format.NODE)), self.pick(TYPES))

    def copy(self, card: Card) -> list[Command]:
        uploads = [(REGISTRY, UPLOADS, node.name) for node in card.find((REGISTRY, UPLOADS)).children]
        source = self.pick(uploads) if uploads and self.chance(60) else self.path(card, lambda node: node.is_leaf)
        if self.chance(50):
            target: Command = Replace(self.path(card, lambda node: node.is_leaf), None)
        else:
            more = (self.node(),) if self.chance(5) else ()
            new = leaf(self.name(), format=Format.BIN)
            target = Add(self.path(card, lambda node: not node.is_leaf), new, sourced=True, more=more)
        return [Source(source), target] if self.chance(96) else [target]

    def registry(self, card: Card) -> list[Command]:
        """Servers, definitions, uploads."""
        up = (REGISTRY, UPLOADS)
        uploads = [node.name for node in card.find(up).children] or ["u"]
        spare = server_name(self.pick(SPARE_IDS))
        return [
            self.one(
                (3, lambda: self.together((REGISTRY, SERVERS), lambda: leaf(server_name(self.pick(SPARE_IDS))))),
                (2, lambda: Delete((REGISTRY, SERVERS, spare))),
                (2, lambda: Add((REGISTRY,), SPARE)),
                (2, lambda: Delete((REGISTRY, self.pick(("tmp", "tmp", "acc"))))),
                (3, lambda: self.together(up, lambda: large(self.pick("uvw")))),
                (6, lambda: self.together((*up, self.pick(uploads)), lambda: Node("", Format.BIN, self.value()))),
                (1, lambda: Delete((*up, self.pick(uploads)))),
                (1, self.forbidden),
            )
        ]

    def forbidden(self) -> Command:
        """What nobody can do there."""
        path = self.pick(
            ((REGISTRY,), (REGISTRY, SERVERS), (REGISTRY, UPLOADS), (REGISTRY, "acc"), (REGISTRY, "acc", "Id"))
        )
        ways: list[Command] = [Rename(path, "R"), SetAcl(path, NONE), SetTitle(path, "T")]
        return self.pick([*ways, Delete((REGISTRY, SERVERS, "*"))])

    def get(self, card: Card) -> Command:
        return Get(self.path(card), self.pick((0, 1, 2, 0xFF)))
