"""Batches in the form of the wire, written from ``docs/store.md`` ("Packed streams", "Batches on the wire")."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smartdm.wire import (
    DEFINITION_REQUIRED,
    META_DEFINITION,
    META_INLINE,
    PIECES,
    SOURCE_VALUE,
    TYPES,
    Format,
    Kind,
    Option,
)
from smartdm.wire import Command as Tag
from tests.oracle.acl import Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import Node, Path, own_name
from tests.oracle.rights import server_name

Ids = Mapping[Path, int]
"""Node ids of definitions by their paths below the registry."""
Element = tuple[bytes, bytes]
"""What must not be cut, and a value that may be."""
PART = 255
"""Bytes of a part with its number."""


def text(value: str | bytes) -> bytes:
    """``L`` and bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return bytes((len(raw),)) + raw


def uri(path: Path) -> bytes:
    """``L``, URI."""
    return text("/".join(path))


def entries(acl: Acl) -> bytes:
    """An ACL as commands have it: mask, L, ServerID, this one written like the name of its leaf."""
    return b"".join(bytes((mask,)) + text(server_name(who)) for mask, who in acl.entries())


def _type(node_type: str) -> tuple[int, bytes]:
    """The meta byte and what follows for it."""
    return (TYPES.index(node_type), b"") if node_type in TYPES else (META_INLINE, text(node_type))


def node(each: Node, ids: Ids, *, sourced: bool = False) -> Element:
    """One node of an ADD."""
    kind = (Kind.TITLE if each.title else 0) | (Kind.ACL if each.acl else 0)
    fields = (text(each.title) if each.title else b"") + (text(entries(each.acl)) if each.acl else b"")
    if each.definition:
        number = ids[each.definition]
        named, further = own_name(each), each.further
        kind |= Kind.DEFINED | (0 if each.is_leaf else Kind.INTERIOR) | number >> 8
        kind |= (Kind.OWN_NAME if named else 0) | (Kind.OWN_TYPE if further else 0)
        head = bytes((kind, number & 0xFF)) + (text(each.name) if named else b"")
        fields = (bytes((1, further)) if further else b"") + fields
    else:
        meta, inline = _type(each.type)
        rule = b""
        if each.rule:
            meta |= META_DEFINITION
            types = len(each.rule.types) | (DEFINITION_REQUIRED if each.rule.required else 0)
            rule = bytes((each.rule.access, each.rule.maximum, types, each.rule.proof))
        head = bytes((kind | each.format, meta)) + text(each.name) + rule
        fields = inline + fields
    return head + fields + _tail(each, sourced), b"" if sourced or each.pieces or not each.is_leaf else each.value


def _tail(each: Node, sourced: bool) -> bytes:
    if sourced:
        return bytes((SOURCE_VALUE,))
    if each.pieces:
        return bytes((PIECES, len(each.children)))
    return bytes((len(each.value) if each.is_leaf else len(each.children),))


def _levels(tops: Iterable[Node]) -> Iterator[Node]:
    """Level by level: all tops, then the children of all of them; the children of earlier parents come first."""
    waiting = deque(tops)
    while waiting:
        each = waiting.popleft()
        yield each
        waiting.extend(each.children)


def command(each: Command, ids: Ids) -> list[Element]:  # noqa: PLR0911
    """The elements of a command."""
    match each:
        case Add():
            nodes = [node(item, ids, sourced=each.sourced and item is each.node) for item in _levels(each.nodes)]
            return [(bytes((Tag.ADD,)) + uri(each.path) + bytes((len(each.nodes),)), b""), *nodes]
        case Replace():
            value = b"" if each.value is None else each.value
            length = SOURCE_VALUE if each.value is None else len(value)
            return [(bytes((Tag.REPLACE,)) + uri(each.path) + _new_type(each) + bytes((length,)), value)]
        case Rename():
            return [(bytes((Tag.RENAME,)) + uri(each.path) + text(each.name), b"")]
        case SetAcl():
            return [(bytes((Tag.ACL,)) + uri(each.path) + text(entries(each.acl)), b"")]
        case SetTitle():
            return [(bytes((Tag.TITLE,)) + uri(each.path) + text(each.title), b"")]
        case Get():
            return [(bytes((Tag.GET,)) + uri(each.path) + bytes((each.levels,)), b"")]
        case Delete():
            return [(bytes((Tag.DELETE,)) + uri(each.path), b"")]
        case Source():
            return [(bytes((Tag.SOURCE,)) + uri(each.path), b"")]


def _new_type(each: Replace) -> bytes:
    if each.format is None:
        return bytes((Format.KEEP, 0))
    if each.further:
        return bytes((each.format, META_INLINE, 1, each.further))
    meta, inline = _type(each.type)
    return bytes((each.format, meta)) + inline


@dataclass(frozen=True)
class Options:
    """The first element.  ``tag``: host id and transaction tag, 4 bytes each."""

    time: int | None = None
    generation: int | None = None
    tag: bytes | None = None

    def encode(self) -> bytes:
        flags, fields = int(Option.ATOMIC), b""
        if self.generation is not None:
            flags, fields = flags | Option.IF_GENERATION, fields + self.generation.to_bytes(3)
        if self.time is not None:
            flags, fields = flags | Option.TIME, fields + self.time.to_bytes(4)
        if self.tag is not None:
            flags, fields = flags | Option.TAG, fields + self.tag
        return bytes((Tag.OPTIONS, flags)) + fields


NO_OPTIONS = Options()


def batch(commands: Sequence[Command], ids: Ids, options: Options = NO_OPTIONS, size: int = PART) -> list[bytes]:
    """The data fields of the parts, of at most ``size`` bytes."""
    elements = [(options.encode(), b"")]
    for each in commands:
        elements += command(each, ids)
    return list(cut(elements, size))


def cut(elements: Iterable[Element], size: int = PART) -> Iterator[bytes]:
    """Elements to parts of at most ``size`` bytes; only values are divided."""
    number, part = 0, bytearray((0,))

    def close() -> bytes:
        nonlocal number, part
        done, number = bytes(part), number % 0xFF + 1
        part = bytearray((number,))
        return done

    for head, value in elements:
        if len(part) + len(head) > size:
            yield close()
        part += head
        rest = value
        while rest:
            if len(part) == size:
                yield close()
            room = size - len(part)
            part, rest = part + rest[:room], rest[room:]
    yield bytes(part)
