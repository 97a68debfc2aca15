"""Batches: DM commands as elements, and elements cut into the parts of a chained command.

Pure: values in, bytes out.  The form is that of ``docs/store.md``, "Batches on the wire".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from smartdm.card.apdu import MAX_DATA
from smartdm.codec import packed
from smartdm.errors import CodecError, UriError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri, check_name
from smartdm.wire import Command, Limit, Option
from smartdm.wire import Format as WireFormat

ALL_LEVELS = 0xFF
_LAST_NUMBER = 0xFF
"""Parts are numbered 0, 1 … FF, then 1 again."""

Element = tuple[bytes, bytes]
"""Header that must not be divided, value that may be."""


@dataclass(slots=True)
class Batch:
    """An atomic batch in the making.  ``time``: seconds since 2000-01-01 UTC, the TStamp of what changes.

    Each method appends one command and returns the batch.  CodecError or UriError at once if a command cannot
    be put on the wire; what the card thinks of it is known only when the batch is applied.
    """

    time: int | None = None
    elements: list[Element] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    gets: list[int | None] = field(default_factory=list)

    def add(self, parent: Uri, node: Node) -> Batch:
        """Add a node with its subtree below an interior node."""
        header, nodes = bytes((Command.ADD,)) + encode_uri(parent), list(packed.elements(node))
        self._command(f"Add {parent / node.name}", header)
        self.elements += nodes
        return self

    def replace(self, uri: Uri, value: bytes, format: Format | None = None, type: str | None = None) -> Batch:  # noqa: A002
        """Replace a leaf's value; Format and Type stay unless a Format is given (then Type too, or none)."""
        if type is not None and format is None:
            raise ValueError("a Type comes with a Format")
        if len(value) > Limit.VALUE:
            raise CodecError(f"the value of {uri} has {len(value)} bytes; at most {int(Limit.VALUE)} fit a node")
        kind = bytes((WireFormat.KEEP, 0))
        if format is not None:
            kind = bytes((packed.format_number(format),)) + packed.encode_type(type or "")
        header = bytes((Command.REPLACE,)) + encode_uri(uri) + kind + packed.encode_value_length(value)
        return self._command(f"Replace {uri}", header, value)

    def erase(self) -> Batch:
        """Delete everything but the root, which keeps its own properties; works on the fullest card."""
        return self._command("Delete everything", bytes((Command.DELETE,)) + encode_uri(ROOT))

    def delete(self, uri: Uri) -> Batch:
        """Delete a node with its subtree; UriError for the root, which is permanent (see ``erase``)."""
        if uri.is_root:
            raise UriError("the root cannot be deleted", dm_status=405)
        return self._command(f"Delete {uri}", bytes((Command.DELETE,)) + encode_uri(uri))

    def rename(self, uri: Uri, name: str) -> Batch:
        """Give a node another name; its place stays."""
        check_name(name)
        raw = name.encode()
        if len(raw) > Limit.NAME:
            raise UriError(f"the name {name!r} has {len(raw)} bytes; at most {int(Limit.NAME)} are allowed", None, 414)
        header = bytes((Command.RENAME,)) + encode_uri(uri) + bytes((len(raw),)) + raw
        return self._command(f"Rename {uri}", header)

    def get(self, uri: Uri, levels: int | None = None) -> Batch:
        """Get a subtree, ``levels`` deep below the node (None = all), as it is after the batch; GETs come last."""
        depth = ALL_LEVELS if levels is None else levels
        self._command(f"Get {uri}", bytes((Command.GET,)) + encode_uri(uri) + bytes((depth,)))
        self.gets.append(levels)
        return self

    @property
    def changes(self) -> bool:
        """Whether the batch does anything but Get."""
        return len(self.names) > len(self.gets)

    def parts(self, expect: int | None = None) -> list[bytes]:
        """The data fields of the APDUs; ``expect``: the generation that the card must have."""
        return list(_cut([(_options(self.time, expect), b""), *self.elements]))

    def _command(self, name: str, header: bytes, value: bytes = b"") -> Batch:
        self.names.append(name)
        self.elements.append((header, value))
        return self


def encode_uri(uri: Uri) -> bytes:
    """``L`` and the URI as the wire has it; UriError (414) above 192 bytes."""
    raw = uri.wire()
    if len(raw) > Limit.URI:
        raise UriError(f"the URI {uri} has {len(raw)} bytes; at most {int(Limit.URI)} are allowed", None, 414)
    return bytes((len(raw),)) + raw


def _options(time: int | None, expect: int | None) -> bytes:
    flags = Option.ATOMIC
    fields = b""
    if expect is not None:
        flags |= Option.IF_GENERATION
        fields += expect.to_bytes(3)
    if time is not None:
        flags |= Option.TIME
        fields += time.to_bytes(4)
    return bytes((Command.OPTIONS, flags)) + fields


def _cut(elements: Iterable[Element]) -> Iterator[bytes]:
    number, part = 0, bytearray((0,))
    for header, value in elements:
        if len(header) >= MAX_DATA:
            raise CodecError(f"the properties of a node take {len(header)} bytes; at most {MAX_DATA - 1} fit one APDU")
        if len(part) + len(header) > MAX_DATA:
            yield bytes(part)
            number = number % _LAST_NUMBER + 1
            part = bytearray((number,))
        part += header
        rest = value
        while rest:
            room = MAX_DATA - len(part)
            if room == 0:
                yield bytes(part)
                number = number % _LAST_NUMBER + 1
                part = bytearray((number,))
                room = MAX_DATA - 1
            part += rest[:room]
            rest = rest[room:]
    yield bytes(part)
