"""Raw elements, right or wrong, and an attacker who sends them: the host's own encoder would refuse most of it."""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.errors import describe
from smartdm.wire import META_DEFINITION, SOURCE_VALUE, Cla, Command, Format, Ins, Kind, Option, Sw
from tests.card.device import Device

CHAINED = Cla.PLAIN | Cla.CHAIN
GENERATION_SIZE = 3
"""Bytes of a generation on the wire."""


def text(raw: bytes, length: int | None = None) -> bytes:
    """``L`` and bytes; ``length``: what L says, None = the truth."""
    return bytes((len(raw) if length is None else length,)) + raw


def options(flags: int = Option.ATOMIC, fields: bytes = b"") -> bytes:
    return bytes((Command.OPTIONS, flags)) + fields


OPTIONS = options()


def node(name: bytes, tail: bytes, kind: int, meta: int = 0, texts: bytes = b"") -> bytes:
    """One node of an ADD; ``texts``: what stands between the name and the tail."""
    return bytes((kind, meta)) + text(name) + texts + tail


def leaf(name: bytes, value: bytes = b"", kind: int = Format.CHR, meta: int = 0, texts: bytes = b"") -> bytes:
    return node(name, text(value), kind, meta, texts)


def interior(name: bytes, count: int = 0) -> bytes:
    return node(name, bytes((count,)), Format.NODE)


def acl_leaf(name: bytes, acl: bytes) -> bytes:
    return leaf(name, kind=Format.CHR | Kind.ACL, texts=text(acl))


def add(parent: bytes, *nodes: bytes, roots: int = 1) -> bytes:
    """``nodes``: level by level; the first ``roots`` of them come below the parent."""
    return bytes((Command.ADD,)) + text(parent) + bytes((roots,)) + b"".join(nodes)


def replace(uri: bytes, value: bytes = b"v", kind: int = Format.KEEP, meta: int = 0, texts: bytes = b"") -> bytes:
    return bytes((Command.REPLACE,)) + text(uri) + bytes((kind, meta)) + texts + text(value)


def delete(uri: bytes) -> bytes:
    return bytes((Command.DELETE,)) + text(uri)


def rename(uri: bytes, name: bytes) -> bytes:
    return bytes((Command.RENAME,)) + text(uri) + text(name)


def acl(uri: bytes, entries: bytes) -> bytes:
    return bytes((Command.ACL,)) + text(uri) + text(entries)


def title(uri: bytes, new: bytes) -> bytes:
    return bytes((Command.TITLE,)) + text(uri) + text(new)


def source(uri: bytes) -> bytes:
    return bytes((Command.SOURCE,)) + text(uri)


def sourced(command: bytes) -> bytes:
    """A REPLACE or an ADD of one leaf with an empty value: it takes the SOURCE before it instead."""
    return command[:-1] + bytes((SOURCE_VALUE,))


def server(name: bytes) -> bytes:
    """Make a ServerID known."""
    return add(b"?/Srv", leaf(name))


def definition(name: bytes, tail: bytes, kind: int, rule: bytes = b"\x3f\x00\x00\x00", meta: int = 0) -> bytes:
    """One node of a definition; ``rule``: access, maximum, types, proof."""
    return node(name, tail, kind, meta | META_DEFINITION, rule)


def defined(number: int, tail: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    """A node that follows the definition with that id; ``fields``: what its flags announce."""
    return bytes((Kind.DEFINED | flags | number >> 8 & 1, number & 0xFF)) + fields + tail


def get(uri: bytes, levels: int = 0) -> bytes:
    return bytes((Command.GET,)) + text(uri) + bytes((levels,))


def apdu(ins: int, data: bytes = b"", p1: int = 0, p2: int = 0, *, cla: int = Cla.PLAIN, le: bytes = b"\x00") -> bytes:
    """A short command; ``le``: its Le field, empty for none."""
    return bytes((cla, ins, p1, p2)) + (text(data) if data else b"") + le


READ_ALL = apdu(Ins.READ, b"\x00", p1=0xFF)

# A tree with one of each kind: A/x is a leaf, A/B holds the leaf y, L is a leaf below the root.  srv is a server.
TARGET = (
    server(b"srv"),
    add(b"", interior(b"A", 2), leaf(b"x", b"1"), interior(b"B", 1), leaf(b"y", b"2")),
    add(b"", leaf(b"L", b"long" * 20)),
)


@dataclass(slots=True)
class Attacker:
    """Sends parts and commands to a card with TARGET on it, and looks at what they left behind."""

    device: Device

    def part(self, data: bytes, number: int = 0, *, last: bool = True) -> tuple[bytes, int]:
        """One part of a batch: answer data and status word."""
        return self.device.apdu(apdu(Ins.BATCH, bytes((number,)) + data, cla=Cla.PLAIN if last else CHAINED))

    def batch(self, *elements: bytes) -> tuple[bytes, int]:
        return self.part(OPTIONS + b"".join(elements))

    def parts(self, parts: list[bytes]) -> int:
        """All parts in order; the verdict on the first that is not 9000, or on the last."""
        for number, data in enumerate(parts):
            verdict = self.verdict(*self.part(data, number, last=number == len(parts) - 1))
            if verdict != Sw.OK:
                return verdict
        return Sw.OK

    @staticmethod
    def verdict(data: bytes, sw: int) -> int:
        """The status word that tells the cause: for 6300 the one in the data."""
        if sw != Sw.BATCH_FAILED:
            return sw
        assert len(data) == 4, f"6300 with {len(data)} bytes of data"
        return int.from_bytes(data[2:])

    def run(self, *elements: bytes) -> int:
        """The verdict on a batch of one part."""
        return self.verdict(*self.batch(*elements))

    def done(self, *elements: bytes) -> None:
        """A batch that is right; sent again while the card gathers its free memory for it."""
        verdicts = [self.run(*elements)]
        while verdicts[-1] == Sw.SEND_AGAIN and len(verdicts) < 4:
            verdicts.append(self.run(*elements))
        assert_sw(verdicts[-1], Sw.OK)

    def tree(self) -> bytes:
        """The stream of the whole tree: flags, generation, every property of every node."""
        data = self.read(b"\x00")
        assert data
        return data

    def read(self, data: bytes, p2: int = 0) -> bytes:
        """The stream that a READ of all levels with this data gives; empty when it is not allowed."""
        stream, sw = self.device.apdu(apdu(Ins.READ, data, 0xFF, p2))
        number = 0
        while sw == Sw.MORE:
            number += 1
            p1, low = ((stream[3] << 8) + number & 0xFFFF).to_bytes(2)
            more, sw = self.device.apdu(apdu(Ins.READ_NEXT, p1=p1, p2=low))
            stream += more
        if sw == Sw.NOT_ALLOWED and not stream:
            return b""
        assert_sw(sw, Sw.OK)
        return stream

    def works(self) -> None:
        """The session goes on as if nothing had happened: an Add, a Get of it, its Delete."""
        data, sw = self.batch(add(b"", leaf(b"~", b"ok")), get(b"~"))
        assert_sw(sw, Sw.OK)
        assert data.endswith(b"~\x02ok")
        self.done(delete(b"~"))

    def refused(self, expected: int, *elements: bytes) -> None:
        """A batch is refused with this status word, nothing of it happens, the session goes on."""
        before = self.tree()
        assert_sw(self.run(*elements), expected)
        assert self.tree() == before
        self.works()


def assert_sw(sw: int, expected: int) -> None:
    """Says both status words in words when they differ."""
    assert sw == expected, f"{describe(sw)} instead of {describe(expected)}"


def attacker(device: Device, params: bytes = b"") -> Attacker:
    """A fresh card with TARGET on it, opened."""
    device.new(params)
    hostile = Attacker(device)
    hostile.done(*TARGET)
    return hostile
