"""A batch in words: reads the elements of a BATCH command part by part.

Pure: bytes in, lines out.  The rules are those of ``docs/store.md``, "Batches on the wire" and "Packed
streams"; a line is given for each element, and for each node of an ADD, once it is complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from smartdm.cli.output import display, printable
from smartdm.wire import META_INLINE, TYPES, Command, Format, Kind, Option, Verb

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FORMATS = {int(member): member.doc for member in Format} | {int(Format.KEEP): "same format"}


class _More(Exception):
    """The element goes on behind the bytes known so far."""


class _Cursor:
    """Reads fields from bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, length: int) -> bytes:
        if self.offset + length > len(self.data):
            raise _More
        self.offset += length
        return self.data[self.offset - length : self.offset]

    def number(self, length: int = 1) -> int:
        return int.from_bytes(self.take(length), "big")

    def blob(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return text_of(self.blob())

    def uri(self) -> str:
        return uri_text(self.blob())

    def value(self) -> bytes:
        return self.take(self.number())


class BatchReader:
    """Explains one batch; ``feed`` it with the parts in order, without their part numbers."""

    def __init__(self) -> None:
        self.gets: list[tuple[bytes, int | None]] = []
        """URI on the wire and levels (None: all) of each Get, for the explanation of the answer."""
        self._rest = b""
        self._lost = False
        self._parents: deque[tuple[str, int]] = deque()
        """While an ADD runs: URIs whose children are yet to come, with the number of these children."""

    @property
    def complete(self) -> bool:
        """Whether the bytes so far end where an element ends."""
        return not (self._rest or self._parents or self._lost)

    def feed(self, part: bytes) -> list[str]:
        """The lines for everything that this part completes."""
        if self._lost:
            return ["(not explained: an earlier element is unknown)"]
        cursor = _Cursor(self._rest + part)
        lines: list[str] = []
        done = 0
        try:
            while cursor.offset < len(cursor.data) and not self._lost:
                lines.append(self._node(cursor) if self._parents else self._element(cursor))
                done = cursor.offset
        except _More:
            pass
        self._rest = cursor.data[done:]
        return lines

    def _element(self, cursor: _Cursor) -> str:
        tag = cursor.number()
        if tag not in _ELEMENTS:
            self._lost = True
            return f"unknown element {tag:02X}; the rest of the batch is not explained"
        name, explain = _ELEMENTS[tag]
        return f"{name:<7} {explain(self, cursor)}"

    def add(self, cursor: _Cursor) -> str:
        """The head of an ADD; its nodes follow."""
        parent = cursor.uri()
        self._parents.append((parent, 1))
        return f"below {parent}"

    def get(self, cursor: _Cursor) -> str:
        """A GET, remembered for the answer."""
        uri, levels = cursor.blob(), cursor.number()
        self.gets.append((uri, None if levels == 0xFF else levels))
        return f"{uri_text(uri)}, {levels_text(levels)}"

    def _node(self, cursor: _Cursor) -> str:
        kind, meta = cursor.number(), cursor.number()
        name = cursor.text()
        extras = _extras(cursor, kind, meta)
        parent, left = self._parents[0]
        uri = f"{parent}/{name}"
        if kind & 0x0F == Format.NODE:
            children = cursor.number()
            what = f"{children} {'child' if children == 1 else 'children'}"
        else:
            children, what = 0, display(cursor.value())
        self._parents[0] = (parent, left - 1)
        if children:
            self._parents.append((uri, children))
        while self._parents and not self._parents[0][1]:
            self._parents.popleft()
        return f"  + {uri}  {format_text(kind)}  {what}{extras}"


def _options(_reader: BatchReader, cursor: _Cursor) -> str:
    flags = cursor.number()
    words = ["atomic"] if flags & Option.ATOMIC else []
    if flags & Option.IF_GENERATION:
        words.append(f"only at generation {cursor.number(3)}")
    if flags & Option.TIME:
        words.append(f"time {time_text(cursor.number(4))}")
    return ", ".join(words) or "none"


def _replace(_reader: BatchReader, cursor: _Cursor) -> str:
    uri = cursor.uri()
    kind, meta = cursor.number(), cursor.number()
    extras = _extras(cursor, kind, meta)
    return f"{uri}  {format_text(kind)}  {display(cursor.value())}{extras}"


def _delete(_reader: BatchReader, cursor: _Cursor) -> str:
    return cursor.uri()


def _rename(_reader: BatchReader, cursor: _Cursor) -> str:
    return f"{cursor.uri()} to {cursor.text()}"


_ELEMENTS: dict[int, tuple[str, Callable[[BatchReader, _Cursor], str]]] = {
    Command.OPTIONS: ("OPTIONS", _options),
    Command.ADD: ("ADD", BatchReader.add),
    Command.REPLACE: ("REPLACE", _replace),
    Command.DELETE: ("DELETE", _delete),
    Command.RENAME: ("RENAME", _rename),
    Command.GET: ("GET", BatchReader.get),
}


def _extras(cursor: _Cursor, kind: int, meta: int) -> str:
    """Type, Title, ACL and TStamp as far as they are there, in the order of the wire."""
    words = []
    if meta & META_INLINE:
        words.append(f"type {cursor.text()}")
    elif meta:
        words.append(f"type {TYPES[meta]}" if meta < len(TYPES) else f"type number {meta}")
    if kind & Kind.TITLE:
        words.append(f'title "{cursor.text()}"')
    if kind & Kind.ACL:
        words.append(f"acl {acl_text(cursor.take(cursor.number()))}")
    if kind & Kind.TSTAMP:
        words.append(f"time {time_text(cursor.number(4))}")
    return "".join(f"  {word}" for word in words)


def acl_text(packed: bytes) -> str:
    """A packed ACL in the grammar of the ACL property; hexadecimal when it is damaged."""
    cursor = _Cursor(packed)
    ids: dict[Verb, list[str]] = {verb: [] for verb in Verb}
    try:
        while cursor.offset < len(packed):
            mask, name = cursor.number(), cursor.text()
            for verb, names in ids.items():
                if mask & verb:
                    names.append(name)
    except _More:
        return packed.hex()
    return "&".join(f"{verb.doc}={'+'.join(names)}" for verb, names in ids.items() if names)


def text_of(data: bytes) -> str:
    """UTF-8 from the wire as harmless text."""
    return printable(data.decode("utf-8", "backslashreplace"))


def uri_text(wire: bytes) -> str:
    """A URI of the wire (empty: the root) as people write it."""
    return f"./{text_of(wire)}" if wire else "."


def levels_text(levels: int) -> str:
    """The levels byte of READ and GET in words."""
    if levels == 0xFF:
        return "all levels"
    return "the node alone" if levels == 0 else f"{levels} level{'s' if levels > 1 else ''} below"


def format_text(kind: int) -> str:
    """The low nibble of a kind byte in words."""
    return _FORMATS.get(kind & 0x0F, f"format {kind & 0x0F}?")


def time_text(seconds: int) -> str:
    """Seconds since 2000-01-01 UTC in ISO 8601."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
