"""Hostile commands without end, from a seed: random, valid, damaged, and chains of parts that fit or do not.

A step is a command APDU, or None for a power cycle.  Names come from a short list, so that commands meet the nodes of
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from smartdm.wire import APPLET_AID, Cla, Command, Format, Ins, Kind, Limit, Option
from tests.card.attack import OPTIONS, READ_ALL, add, apdu, delete, get, node, options, rename, replace, text
from tests.card.device import SELECT

Step = bytes | None

NAMES = [b"A", b"B", b"C", b"a", b"dd", "é".encode(), b"n" * 20, b"m" * Limit.NAME]
BAD_NAMES = [b"", b".", b"a.", b"/", b"\x00", b"\xc3", b"\xff", b"\xed\xa0\x80", b"x" * 65, b"y" * 127]
EDGES = [0x00, 0x01, 0x0F, 0x40, 0x41, 0x7F, 0x80, 0x81, 0xC0, 0xC1, 0xDF, 0xE0, 0xE1, 0xF0, 0xF1, 0xFE, 0xFF]
IDS = [b"*", b"srv", b"s", "ü".encode(), b"i" * 100]


class Hostile:
    """The source of steps; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.low = 0
        """Low byte of the card's generation, for READ NEXT."""
        self.nodes: list[bytes] = []
        """URIs that were there when the card was looked at; whoever sends the steps sees to it."""
        self.parents: list[bytes] = []
        """Those of them that are interior nodes."""
        self.leaves: list[bytes] = []
        self.refused = False
        """Whether the last step was."""
        self.full = False
        """Whether the card has no room: time to delete."""
        self._kinds: list[tuple[Callable[[], Iterator[Step]], int]] = [
            (self._valid, 30),
            (self._damaged, 30),
            (self._chain, 15),
            (self._noise, 10),
            (self._answer, 8),
            (self._frame, 5),
            (self._reset, 2),
        ]

    def steps(self) -> Iterator[Step]:
        """Without end."""
        sources, weights = zip(*self._kinds, strict=True)
        while True:
            yield from self.random.choices(sources, weights)[0]()

    # Kinds of steps.

    def _valid(self) -> Iterator[Step]:
        yield apdu(Ins.BATCH, b"\x00" + b"".join(self.batch())[:254])

    def _damaged(self) -> Iterator[Step]:
        data = bytearray(b"\x00" + b"".join(self.batch()))
        for _ in range(self.random.randint(1, 3)):
            self.damage(data)
        yield apdu(Ins.BATCH, bytes(data[:255]) or b"\x00", le=self.random.choice([b"", b"\x00", b"\x04"]))

    def _chain(self) -> Iterator[Step]:
        pieces = [part for _ in range(self.random.randint(1, 3)) for part in self.batch(first=False) if len(part) < 255]
        pieces[:0] = [OPTIONS]
        if self.random.random() < 0.2:
            stream, size = b"".join(pieces), self.random.choice([1, 3, 20, 100, 254])
            pieces = [stream[at : at + size] for at in range(0, len(stream), size)][:10]
        for number, piece in enumerate(pieces):
            if self.random.random() < 0.01:
                yield from self._any()
            if self.random.random() < 0.01:
                number += self.random.choice([-1, 1, 254])  # noqa: PLW2901
            last = piece is pieces[-1] and self.random.random() < 0.9
            cla = Cla.PLAIN if last else Cla.PLAIN | Cla.CHAIN
            yield apdu(Ins.BATCH, bytes((number & 0xFF,)) + piece, cla=cla)
            if self.refused and self.random.random() < 0.6:
                return

    def _noise(self) -> Iterator[Step]:
        size = self.random.choice([0, 1, 2, 5, 30, 255])
        head = (self.random.choice([0x80, 0x80, 0x90, 0x00, self._byte()]), self.random.choice([*Ins, self._byte()]))
        yield apdu(head[1], self.random.randbytes(size), self._edge(), self._edge(), cla=head[0])

    def _answer(self) -> Iterator[Step]:
        le = self.random.choice([b"\x00", b"\x00", b"", b"\x01", b"\x10", b"\xff"])
        yield READ_ALL if self.random.random() < 0.5 else apdu(Ins.READ, text(self.uri()), p1=self._edge(), le=le)
        low = self.low if self.random.random() < 0.9 else self._byte()
        for number in range(1, self.random.randint(1, 5)):
            yield apdu(Ins.READ_NEXT, p1=low, p2=number if self.random.random() < 0.95 else self._edge(), le=le)

    def _frame(self) -> Iterator[Step]:
        data = b"\x00" + OPTIONS + delete(self.uri())
        if self.random.random() < 0.2:
            head = bytes((self.random.choice([0x80, 0x00]), self._byte(), self._edge(), self._edge()))
            yield head + self.random.choice([b"", b"\x00", b"\x01", b"\x00" + (len(data)).to_bytes(2) + data])
        else:
            cla = self.random.choice([0x80, 0x90, 0x81, 0x84, self._byte()])
            yield apdu(self.random.choice([*Ins, self._byte()]), data[:255], self._edge(), self._edge(), cla=cla)

    def _reset(self) -> Iterator[Step]:
        aid = self.random.choice([APPLET_AID, APPLET_AID[:5], APPLET_AID + b"\x00", b"\xa0\x00\x00\x00\x03"])
        yield self.random.choice([None, SELECT, SELECT, bytes((0x00, 0xA4, 0x04, 0x00)) + text(aid) + b"\x00"])

    def _any(self) -> Iterator[Step]:
        yield from self.random.choice([self._noise, self._frame, self._reset, self._answer])()

    # What they are made of.

    def batch(self, *, first: bool = True) -> list[bytes]:
        """Elements of a batch that means something, with a fault now and then."""
        commands = [self._command() for _ in range(self.random.choice([1, 1, 1, 1, 2, 3, 5]))]
        if self.random.random() < 0.3:
            commands += [get(self.uri(), self._edge()) for _ in range(self.random.choice([1, 1, 2, 8, 9]))]
        return [self._options(), *commands] if first else commands

    def _options(self) -> bytes:
        draw = self.random.random()
        if draw < 0.8:
            return OPTIONS
        if draw < 0.9:
            return options(Option.ATOMIC | Option.TIME, self.random.randbytes(4))
        return options(self._edge(), self.random.randbytes(self.random.choice([0, 3, 4, 7])))

    def _command(self) -> bytes:
        deletes = 4 if self.full else 0.2
        tag = self.random.choices([Command.ADD, Command.REPLACE, Command.DELETE, Command.RENAME], [8, 5, deletes, 2])[0]
        if tag is Command.ADD:
            return add(self.uri(self.parents), *self._subtree())
        if tag is Command.REPLACE:
            kind = self.random.choice([Format.KEEP, Format.KEEP, self.random.choice(list(Format)), self._edge()])
            return replace(self.uri(self.leaves), self._value(), kind, *self._meta())
        return delete(self.uri()) if tag is Command.DELETE else rename(self.uri(), self.name())

    def _subtree(self) -> Iterator[bytes]:
        """Nodes in level order; rarely not as many as their parents announce."""
        left = 1
        total = self.random.choice([1, 1, 2, 4, 8])
        while left > 0 and self.random.random() < 0.99:
            left, total = left - 1, total - 1
            count = self.random.choice([0, 1, 2, 3]) if self.random.random() < 0.4 and total > left else None
            meta, texts = self._meta()
            kind = int(Format.NODE if count is not None else self.random.choice(list(Format)[:11]))
            if self.random.random() < 0.1:
                kind, texts = kind | Kind.TITLE, texts + text(self.random.choice([b"T", b"t" * 127, b"\xc3"]))
            if self.random.random() < 0.1:
                kind, texts = kind | Kind.ACL, texts + text(self._acl())
            value = b"" if kind & 0x0F == Format.NULL else self._value()
            yield node(self.name(), text(value) if count is None else bytes((count,)), kind, meta, texts)
            left += count or 0

    def _meta(self) -> tuple[int, bytes]:
        draw = self.random.random()
        if draw < 0.8:
            return self.random.choice([0, 0, 1, 17]), b""
        return (0x80, text(self.random.choice([b"t/x", b"u" * 100]))) if draw < 0.95 else (self._edge(), b"")

    def _acl(self) -> bytes:
        ids = self.random.sample(IDS, self.random.choice([1, 1, 2]))
        return b"".join(bytes((self.random.randint(1, 31),)) + text(server) for server in ids)[:127]

    def _value(self) -> bytes:
        return self.random.randbytes(self.random.choice([0, 1, 5, 17, 40, 127, 128, 224]))

    def uri(self, among: list[bytes] | None = None) -> bytes:
        """One that was there, as a rule; ``among``: from this list."""
        if self.random.random() < 0.7:
            return self.random.choice((self.nodes if among is None else among) or [b"A"])
        depth = self.random.choices([0, 1, 2, 3, 6, 12, 17], [20, 30, 20, 15, 3, 2, 1])[0]
        uri = b"/".join(self.name() for _ in range(depth))
        return (uri + self.random.choice([b"/", b"/..", b"//A", b"\x00"]) if self.random.random() < 0.02 else uri)[:250]

    def name(self) -> bytes:
        draw = self.random.random()
        if draw < 0.3:
            return b"%02d" % self.random.randrange(100)
        return self.random.choice(NAMES if draw < 0.98 else BAD_NAMES)

    def damage(self, data: bytearray) -> None:
        """One fault: a bit, a byte, an edge value, a hole, a repetition, a splice, an end."""
        at = self.random.randrange(len(data)) if data else 0
        other = self.random.randrange(at, len(data) + 1) if data else 0
        way = self.random.randrange(8)
        if way == 0 and data:
            data[at] ^= 1 << self.random.randrange(8)
        elif way == 1 and data:
            data[at] = self._byte()
        elif way == 2 and data:
            data[at] = self._edge()
        elif way == 3:
            del data[at:other]
        elif way == 4:
            data[at:at] = data[at:other]
        elif way == 5:
            data[at:other] = b"".join(self.batch(first=False))
        elif way == 6:
            data[at:at] = self.random.randbytes(self.random.choice([1, 2, 10]))
        else:
            del data[at + 1 :]

    def _byte(self) -> int:
        return self.random.randrange(256)

    def _edge(self) -> int:
        return self.random.choice(EDGES)
