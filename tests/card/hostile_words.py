"""The words of hostile commands: URIs of what is there, names, values, nodes, definitions, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from smartdm.wire import PIECES, Format, Kind, Limit
from tests.card.attack import (
    acl,
    add,
    defined,
    definition,
    delete,
    node,
    rename,
    replace,
    server,
    source,
    sourced,
    text,
    title,
)

NAMES = [b"A", b"B", b"C", b"a", b"dd", "é".encode(), b"n" * 20, b"m" * Limit.NAME]
BAD_NAMES = [b"", b".", b"a.", b"/", b"?", b"\x00", b"\xc3", b"\xff", b"\xed\xa0\x80", b"x" * 65, b"y" * 127]
EDGES = [0x00, 0x01, 0x0F, 0x40, 0x41, 0x7F, 0x80, 0x81, 0xC0, 0xC1, 0xDF, 0xE0, 0xE1, 0xF0, 0xF1, 0xFE, 0xFF]
SERVERS = [b"srv", b"s", "ü".encode(), b"i" * 60, b"a%2Fb"]
OWN_SERVERS = [b"*", b"#issuer", b"#holder"]
FIXED = [b"?", b"?/Srv", b"?/Up", b"?/Srv/*", b"?/Srv/srv", b"?/Up/u", b"?/d", b"?/d/A", b"?/e", b"?x", b"?/"]
FULL_LIST = b"\x1f\x01*"


class Words:
    """Made from a source of chance and from what is on the card."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.nodes: list[bytes] = []
        """URIs that were there when the card was looked at."""
        self.parents: list[bytes] = []
        """Those of them that are interior nodes."""
        self.leaves: list[bytes] = []
        self.definitions: list[int] = []
        """Ids of definitions."""
        self.full = False
        """Whether the card has no room: time to delete."""

    def byte(self) -> int:
        return self.random.randrange(256)

    def edge(self) -> int:
        return self.random.choice(EDGES)

    def command(self) -> bytes:
        """One command; with its SOURCE if it takes one."""
        ways: list[tuple[Callable[[], bytes], float]] = [
            (lambda: self._add(self.uri(self.parents)), 13),
            (lambda: replace(self.uri(self.leaves), self.value(), self.format(), *self.meta()), 5),
            (lambda: delete(self.uri()), 5 if self.full else 0.4),
            (lambda: rename(self.uri(), self.name()), 2),
            (lambda: acl(self.uri(), self.entries() if self.random.random() < 0.7 else b""), 2),
            (lambda: title(self.uri(), self.random.choice([b"", b"T", b"t" * 127, b"t" * 128, b"\xff"])), 2),
            (self._copy, 2),
            (self._registry, 4),
        ]
        return self.random.choices([way for way, _ in ways], [weight for _, weight in ways])[0]()

    def _add(self, parent: bytes) -> bytes:
        """An ADD of one or several subtrees; rarely not as many as it announces."""
        roots = self.random.choice([1, 1, 1, 1, 1, 2, 3])
        return add(parent, *self.subtree(roots), roots=roots if self.random.random() < 0.97 else self.edge())

    def _copy(self) -> bytes:
        target = [
            replace(self.uri(self.leaves), b"", self.format(), *self.meta()),
            add(self.uri(self.parents), node(self.name(), b"\x00", self.format())),
        ]
        taken = self.random.choice([b"?/Up/u", b"?/Up/v", self.uri(self.leaves)])
        return source(taken) + sourced(self.random.choice(target))

    def _registry(self) -> bytes:
        up = self.random.choice([b"?/Up/u", b"?/Up/v"])
        return self.random.choice(
            [
                server(self.random.choice(SERVERS)),
                add(b"?", *self.definition_tree()),
                add(b"?/Up", node(self.random.choice([b"u", b"v"]), bytes((PIECES, 0)), Format.BIN)),
                add(up, node(b"", text(self.value()), Format.BIN)),
                add(up, *(node(b"", text(self.value()), Format.BIN) for _ in range(2)), roots=2),
                delete(self.random.choice(FIXED)),
                self._add(self.random.choice(FIXED)),
            ]
        )

    def definition_tree(self) -> Iterator[bytes]:
        """Two levels of definitions."""
        count = self.random.choice([0, 1, 2, 3])
        yield definition(self.random.choice([b"d", b"e", b"d", b""]), bytes((count,)), Format.NODE, self.rule())
        for name in self.random.sample([b"A", b"B", b""], count):
            further = self.random.choice([b"", b"a/b", b"a/b\nc/d"])
            tail = text(further) if self.random.random() < 0.8 else b"\x00"
            yield definition(
                name, tail, self.random.choice([Format.CHR, Format.NODE]), self.rule(), self.random.choice([0, 1])
            )

    def rule(self) -> bytes:
        access = self.random.choice([0x3F, 0x3F, 0x7F, self.byte()])
        maximum = self.random.choice([0, 0, 1, 2, 255])
        types = self.random.choice([0, 0, 1, 2, 0x40, self.edge()])
        return bytes((access, maximum, types, self.random.choice([0, 0, 0, self.byte()])))

    def subtree(self, roots: int) -> Iterator[bytes]:
        """Nodes in level order; rarely not as many as their parents announce."""
        left = roots
        total = roots - 1 + self.random.choice([1, 1, 2, 4, 8])
        while left > 0 and self.random.random() < 0.99:
            left, total = left - 1, total - 1
            count = self.random.choice([0, 1, 2, 3]) if self.random.random() < 0.4 and total > left else None
            yield self.node(count)
            left += count or 0

    def node(self, count: int | None) -> bytes:
        """A node of an ADD; ``count``: of its children, None for a leaf."""
        flags, texts = 0, b""
        if self.random.random() < 0.1:
            flags, texts = flags | Kind.TITLE, texts + text(self.random.choice([b"T", b"t" * 127, b"\xc3"]))
        if self.random.random() < 0.15:
            flags, texts = flags | Kind.ACL, texts + text(self.entries())
        if self.random.random() < 0.25:
            return self._defined(count, flags, texts)
        if count is None and self.random.random() < 0.05:
            count = self.random.choice([0, 1, 2])
            return node(self.name(), bytes((PIECES, count)), Format.BIN | flags, 0, texts)
        meta, own = self.meta()
        kind = int(Format.NODE if count is not None else self.random.choice(list(Format)[:11]))
        value = b"" if kind == Format.NULL else self.value()
        return node(self.name(), text(value) if count is None else bytes((count,)), kind | flags, meta, own + texts)

    def _defined(self, count: int | None, flags: int, texts: bytes) -> bytes:
        number = self.random.choice([*(self.definitions or [7]) * 8, self.random.randrange(512), 0])
        fields = b""
        if count is not None:
            flags |= Kind.INTERIOR
        if self.random.random() < 0.6:
            flags, fields = flags | Kind.OWN_NAME, text(self.name())
        if self.random.random() < 0.2:
            flags, fields = flags | Kind.OWN_TYPE, fields + self.random.choice([b"\x01\x01", b"\x01\x02", text(b"a/b")])
        return defined(number, text(self.value()) if count is None else bytes((count,)), flags, fields + texts)

    def format(self) -> int:
        return self.random.choice([Format.KEEP, Format.KEEP, Format.CHR, self.random.choice(list(Format)), self.edge()])

    def meta(self) -> tuple[int, bytes]:
        draw = self.random.random()
        if draw < 0.8:
            return self.random.choice([0, 0, 1, 17]), b""
        return (0x80, text(self.random.choice([b"t/x", b"u" * 100]))) if draw < 0.95 else (self.edge(), b"")

    def entries(self) -> bytes:
        """An ACL; as a rule it leaves the card open."""
        if self.random.random() < 0.5:
            return FULL_LIST
        ids = self.random.sample([*SERVERS, *OWN_SERVERS], self.random.choice([1, 1, 2, 3]))
        return b"".join(bytes((self.random.randint(1, 31),)) + text(who) for who in ids)[:127]

    def value(self) -> bytes:
        return self.random.randbytes(self.random.choice([0, 1, 5, 17, 40, 127, 128, 224]))

    def uri(self, among: list[bytes] | None = None) -> bytes:
        """One that was there, as a rule; ``among``: from this list."""
        draw = self.random.random()
        if draw < 0.7:
            return self.random.choice((self.nodes if among is None else among) or [b"A"])
        if draw < 0.76:
            return self.random.choice(FIXED)
        depth = self.random.choices([0, 1, 2, 3, 6, 12, 17], [20, 30, 20, 15, 3, 2, 1])[0]
        uri = b"/".join(self.name() for _ in range(depth))
        return (uri + self.random.choice([b"/", b"/..", b"//A", b"\x00"]) if self.random.random() < 0.02 else uri)[:250]

    def name(self) -> bytes:
        draw = self.random.random()
        if draw < 0.3:
            return b"%02d" % self.random.randrange(100)
        return self.random.choice(NAMES if draw < 0.98 else BAD_NAMES)
