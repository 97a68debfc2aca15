"""A batch in words: reads the elements of a BATCH command part by part.

Pure: bytes in, lines out.  The rules are those of ``docs/store.md``, "Batches on the wire" and "Packed
streams"; a line is given for each element, and for each node of an ADD, once it is complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from smartdm.cli.output import display, printable
from smartdm.mo.acl import server_id_of
from smartdm.wire import (
    DEFINITION_ID_HIGH,
    META_DEFINITION,
    META_INLINE,
    META_TYPE,
    PIECES,
    SOURCE_VALUE,
    TYPES,
    Access,
    Command,
    Format,
    Kind,
    Option,
    Verb,
)

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

    def value(self) -> tuple[str, int]:
        """(what to show of a value, how many pieces of it follow)."""
        length = self.number()
        if length == SOURCE_VALUE:
            return "the value of the source", 0
        if length == PIECES:
            count = self.number()
            return f"a value in {count} pieces", count
        return display(self.take(length)), 0


class BatchReader:
    """Explains one batch; ``feed`` it with the parts in order, without their part numbers.

    ``names``: what nodes are called that leave that to their definitions, by the ids of these.
    """

    def __init__(self, names: Mapping[int, str] | None = None) -> None:
        self._names = names or {}
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
        parent, count = cursor.uri(), cursor.number()
        if count:
            self._parents.append((parent, count))
        return f"below {parent}{'' if count == 1 else f', {count} subtrees'}"

    def get(self, cursor: _Cursor) -> str:
        """A GET, remembered for the answer."""
        uri, levels = cursor.blob(), cursor.number()
        self.gets.append((uri, None if levels == 0xFF else levels))
        return f"{uri_text(uri)}, {levels_text(levels)}"

    def _node(self, cursor: _Cursor) -> str:
        kind, meta = cursor.number(), cursor.number()
        name, words = _head(cursor, kind, meta, self._names)
        extras = words + _extras(cursor, kind)
        parent, left = self._parents[0]
        uri = f"{parent}/{name}" if name else f"{parent} (a piece)"
        if _is_interior(kind):
            below = cursor.number()
            what = f"{below} {'child' if below == 1 else 'children'}"
        else:
            what, below = cursor.value()
        self._parents[0] = (parent, left - 1)
        if below:
            self._parents.append((uri, below))
        while self._parents and not self._parents[0][1]:
            self._parents.popleft()
        shown = "defined" if kind & Kind.DEFINED else format_text(kind)
        return f"  + {uri}  {shown}  {what}{''.join(f'  {word}' for word in extras)}"


def _options(_reader: BatchReader, cursor: _Cursor) -> str:
    flags = cursor.number()
    words = ["atomic"] if flags & Option.ATOMIC else []
    if flags & Option.IF_GENERATION:
        words.append(f"only at generation {cursor.number(3)}")
    if flags & Option.TIME:
        words.append(f"time {time_text(cursor.number(4))}")
    if flags & Option.TAG:
        words.append(f"tag of host {cursor.number(4):08X}: {cursor.number(4):08X}")
    return ", ".join(words) or "none"


def _replace(_reader: BatchReader, cursor: _Cursor) -> str:
    uri = cursor.uri()
    kind, meta = cursor.number(), cursor.number()
    words = _type(cursor, meta)
    what, _ = cursor.value()
    return f"{uri}  {format_text(kind)}  {what}{''.join(f'  {word}' for word in words)}"


def _delete(_reader: BatchReader, cursor: _Cursor) -> str:
    return cursor.uri()


def _rename(_reader: BatchReader, cursor: _Cursor) -> str:
    return f"{cursor.uri()} to {cursor.text()}"


def _acl(_reader: BatchReader, cursor: _Cursor) -> str:
    uri, acl = cursor.uri(), cursor.blob()
    return f"of {uri}: {acl_text(acl) or 'none of its own'}"


def _title(_reader: BatchReader, cursor: _Cursor) -> str:
    uri, title = cursor.uri(), cursor.text()
    return f'of {uri}: "{title}"' if title else f"of {uri}: none of its own"


def _source(_reader: BatchReader, cursor: _Cursor) -> str:
    return f"{cursor.uri()}, for the next command"


_ELEMENTS: dict[int, tuple[str, Callable[[BatchReader, _Cursor], str]]] = {
    Command.OPTIONS: ("OPTIONS", _options),
    Command.ADD: ("ADD", BatchReader.add),
    Command.REPLACE: ("REPLACE", _replace),
    Command.DELETE: ("DELETE", _delete),
    Command.RENAME: ("RENAME", _rename),
    Command.GET: ("GET", BatchReader.get),
    Command.ACL: ("ACL", _acl),
    Command.TITLE: ("TITLE", _title),
    Command.SOURCE: ("SOURCE", _source),
}


def _is_interior(kind: int) -> bool:
    return bool(kind & Kind.INTERIOR) if kind & Kind.DEFINED else kind & 0x0F == Format.NODE


def _head(cursor: _Cursor, kind: int, meta: int, names: Mapping[int, str]) -> tuple[str, list[str]]:
    """(name, what else stands before the Title): definition or Type, rules of a definition."""
    if kind & Kind.DEFINED:
        number = (kind & DEFINITION_ID_HIGH) << 8 | meta
        name = cursor.text() if kind & Kind.OWN_NAME else names.get(number, f"<definition {number}>")
        words = [f"definition {number}"] if kind & Kind.OWN_NAME else []
        return name, words + ([_further(cursor.blob())] if kind & Kind.OWN_TYPE else [])
    name = cursor.text()
    if not meta & META_DEFINITION:
        return name, _type(cursor, meta)
    access, maximum, types = cursor.number(), cursor.number(), cursor.number()
    words = [str(member.name).lower() for member in Access if access & member]
    rules = f"definition: {' '.join(words)}, at most {maximum or 'any number'}, types {types:02X}"
    return name or "*", [*_type(cursor, meta & ~META_DEFINITION), rules]


def _type(cursor: _Cursor, meta: int) -> list[str]:
    if meta & META_INLINE:
        text = cursor.blob()
        # In the Replace of a defined leaf it is the number of a further Type; no Type is a control character.
        return [_further(text) if len(text) == 1 and text < b" " else f"type {text_of(text)}"]
    number = meta & META_TYPE
    if not number:
        return []
    return [f"type {TYPES[number]}" if number < len(TYPES) else f"type number {number}"]


def _further(text: bytes) -> str:
    return f"type: number {text.hex()} of the definition's further ones"


def _extras(cursor: _Cursor, kind: int) -> list[str]:
    """Title, ACL and TStamp as far as they are there, in the order of the wire."""
    words = []
    if kind & Kind.TITLE:
        words.append(f'title "{cursor.text()}"')
    if kind & Kind.ACL:
        words.append(f"acl {acl_text(cursor.blob())}")
    if kind & Kind.TSTAMP:
        words.append(f"time {time_text(cursor.number(4))}")
    return words


def acl_text(packed: bytes) -> str:
    """A packed ACL in the grammar of the ACL property; hexadecimal when it is damaged."""
    cursor = _Cursor(packed)
    ids: dict[Verb, list[str]] = {verb: [] for verb in Verb}
    try:
        while cursor.offset < len(packed):
            mask, name = cursor.number(), server_id_of(cursor.text())
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
    """A URI of the wire (empty: the root) as people write it; those of the registry begin with ``?``."""
    if wire.startswith(b"?"):
        return text_of(wire)
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
