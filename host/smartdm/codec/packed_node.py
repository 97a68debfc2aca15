"""One node of a packed tree as it is read, without its children: the fields of ``docs/store.md`` ("Packed streams").

::

    [id 2] [VerNo 2] kind 1  meta 1  [L name]  [definition 3]  [L Type]  [L Title]  [L ACL]  [TStamp 4]  tail
    tail:  interior node: number of children 1      leaf: L value, or FF, number of pieces 1
           where nodes have ids: then the ids of the children or pieces, 2 bytes each
    a number F0 + n: n of them with consecutive ids, of which only the first follows

A Raw is a node as it stands there; ``packed`` makes a Node of it, ``packed_definition`` a definition.  Writing is in
``packed_write``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartdm import wire
from smartdm.codec.packed_fields import (
    FORMATS,
    UnknownId,
    read_acl,
    read_count,
    read_name,
    read_number,
    read_property,
    read_value,
)
from smartdm.errors import CodecError
from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format

# As plain integers: arithmetic on enum members costs more than all else in a node.
_TITLE, _ACL, _TSTAMP, _DEFINED, _OWN_TYPE, _OWN_NAME, _INTERIOR = (
    int(bit)
    for bit in (
        wire.Kind.TITLE,
        wire.Kind.ACL,
        wire.Kind.TSTAMP,
        wire.Kind.DEFINED,
        wire.Kind.OWN_TYPE,
        wire.Kind.OWN_NAME,
        wire.Kind.INTERIOR,
    )
)
_FORMAT_MASK = 0x0F
_WITHHELD, _NODE, _BIN = int(wire.Format.WITHHELD), int(wire.Format.NODE), int(wire.Format.BIN)
_META_DEFINITION, _META_INLINE = int(wire.META_DEFINITION), int(wire.META_INLINE)
_ID_HIGH = int(wire.DEFINITION_ID_HIGH)
_TYPES = wire.TYPES
_ID = 2
_RULES = 4
_IDS = 1 << 8 * _ID


@dataclass(slots=True)
class Raw:
    """A node as a stream has it, its children not attached.  ``offset``: where it begins.

    ``name`` and ``type`` None: those of the definition; ``type`` a number: that one of the further Types.
    ``count``: how many children or pieces it has; ``ids``: theirs, if the stream tells; ``cut``: they were left out.
    """

    offset: int
    number: int
    verno: int
    kind: int = 0
    meta: int = 0
    name: str | None = None
    rules: bytes = b""
    """Access, maximum, types and proof of a definition; empty for others."""
    type: str | int | None = None
    title: str = ""
    acl: Acl = EMPTY
    tstamp: int | None = None
    value: bytes | None = None
    """None for an interior node, and for a value in pieces."""
    count: int = 0
    ids: tuple[int, ...] = ()
    definition: Definition | None = None
    cut: bool = False

    @property
    def is_defined(self) -> bool:
        """Whether it has its Format from a definition on the card."""
        return self.kind >= _DEFINED

    @property
    def is_withheld(self) -> bool:
        """Whether the reader may not see more than the name."""
        return self.kind == _WITHHELD

    @property
    def is_interior(self) -> bool:
        """Whether it has children and no value."""
        return bool(self.kind & _INTERIOR) if self.kind >= _DEFINED else self.kind & _FORMAT_MASK == _NODE

    @property
    def is_piece(self) -> bool:
        """Whether it can be a piece of a value."""
        return self.kind & ~_TSTAMP == _BIN and not (self.meta or self.name or self.value is None)

    @property
    def definition_id(self) -> int | None:
        """The id of its definition, None if it has none."""
        return (self.kind & _ID_HIGH) << 8 | self.meta if self.kind >= _DEFINED else None


@dataclass(frozen=True, slots=True)
class Form:
    """How the nodes of a stream are written.

    ``servers`` and ``definitions``: what the node ids in an answer mean; None for files, which need neither.
    """

    counted: bool = True
    with_ids: bool = False
    servers: Mapping[int, str] | None = None
    definitions: Mapping[int, Definition] | None = None
    lenient: bool = False
    """Whether ids that are not known are shown as such."""


def read_node(data: bytes, offset: int, form: Form) -> tuple[Raw, int]:
    """(node, offset behind its tail); CodecError with the byte offset of what is wrong.

    UnknownId if it names a server or a definition that ``form`` has not.
    """
    raw = Raw(offset, 0, 0)
    if form.with_ids:
        raw.number, offset = read_number(data, offset, 2, "id")
    if form.counted:
        raw.verno, offset = read_number(data, offset, 2, "VerNo")
    raw.kind, offset = read_number(data, offset, 1, "kind")
    raw.meta, offset = read_number(data, offset, 1, "meta")
    if raw.is_withheld and form.servers is not None:
        return raw, _withheld(data, offset, raw)
    head = _defined if raw.kind >= _DEFINED else _plain
    return raw, _optional(data, head(data, offset, raw, form), raw, form)


def _withheld(data: bytes, offset: int, raw: Raw) -> int:
    if raw.meta:
        raise CodecError(f"meta {raw.meta:02X} of a node that is withheld", offset - 1)
    raw.name, offset = read_name(data, offset)
    return offset


def _defined(data: bytes, offset: int, raw: Raw, form: Form) -> int:
    """Up to the Type of a DEFINED node."""
    if form.definitions is None:
        raise CodecError(f"kind {raw.kind:02X} is not supported: only cards know definitions", offset - 2)
    number = (raw.kind & _ID_HIGH) << 8 | raw.meta
    raw.definition = form.definitions.get(number)
    if raw.definition is None and form.lenient:
        raw.definition = Definition(f"definition-{number}", Format.NODE if raw.is_interior else Format.BIN)
    elif raw.definition is None:
        raise UnknownId(number, "definition", offset - 2)
    if raw.definition.is_leaf is raw.is_interior:
        raise CodecError(f"kind {raw.kind:02X} does not suit definition {number}", offset - 2)
    if raw.kind & _OWN_NAME:
        raw.name, offset = read_name(data, offset)
    if raw.kind & _OWN_TYPE:
        length, offset = read_number(data, offset, 1, "Type")
        raw.type, offset = read_number(data, offset, 1, "Type")
        if length != 1 or not (form.lenient or 1 <= raw.type < len(raw.definition.types)):
            raise CodecError(f"definition {number} has no further Type {raw.type}", offset - 1)
    return offset


def _plain(data: bytes, offset: int, raw: Raw, form: Form) -> int:
    """Up to the Type of a node that stands for itself, or of a definition."""
    kind, meta = raw.kind, raw.meta
    if kind & _FORMAT_MASK not in FORMATS:
        raise CodecError(f"kind {kind:02X} is not supported", offset - 2)
    is_definition = bool(meta & _META_DEFINITION) and form.servers is not None
    index = meta & ~_META_DEFINITION if is_definition else meta
    if index >= len(_TYPES) and index != _META_INLINE:
        raise CodecError(f"meta {meta:02X} names no Type that is known here", offset - 1)
    raw.name, offset = read_name(data, offset)
    if is_definition:
        if offset + _RULES > len(data):
            raise CodecError("the stream ends inside a definition", len(data))
        raw.rules, offset = data[offset : offset + _RULES], offset + _RULES
    if index == _META_INLINE:
        raw.type, offset = read_property(data, offset, "Type")
    else:
        raw.type = _TYPES[index]
    return offset


def _optional(data: bytes, offset: int, raw: Raw, form: Form) -> int:
    """From the Title to the tail."""
    kind = raw.kind
    if kind & _TITLE:
        raw.title, offset = read_property(data, offset, "Title")
    if kind & _ACL:
        raw.acl, offset = read_acl(data, offset, form.servers, lenient=form.lenient)
    if kind & _TSTAMP:
        raw.tstamp, offset = read_number(data, offset, 4, "TStamp")
    if not raw.is_interior:
        raw.value, offset = read_value(data, offset)
        if raw.value is not None:
            return offset
    raw.count, is_run, offset = read_count(data, offset)
    if form.with_ids:
        raw.ids, offset = _ids(data, offset, raw.count, is_run=is_run)
    return offset


def _ids(data: bytes, offset: int, count: int, *, is_run: bool) -> tuple[tuple[int, ...], int]:
    """The ids of the children or pieces, 2 bytes each; of a run the first one alone is told."""
    end = offset + (_ID if is_run else _ID * count)
    if end > len(data):
        raise CodecError("the stream ends inside the ids of children", len(data))
    ids = tuple(int.from_bytes(data[at : at + _ID], "big") for at in range(offset, end, _ID))
    if not is_run:
        return ids, end
    if ids[0] + count > _IDS:
        raise CodecError(f"{count} consecutive ids from {ids[0]} on go beyond 16 bits", offset)
    return tuple(range(ids[0], ids[0] + count)), end


def format_of(raw: Raw) -> Format:
    """The Format of a node that was read: its own or that of its definition; NULL if a withheld one has none."""
    if raw.definition is not None:
        return raw.definition.format
    return Format.NULL if raw.is_withheld else FORMATS[raw.kind & _FORMAT_MASK]


def type_of(raw: Raw) -> str:
    """The Type of a node that was read."""
    if isinstance(raw.type, str):
        return raw.type
    types, place = raw.definition.types if raw.definition else (), raw.type or 0
    if types and place < len(types):
        return types[place]
    return f"type-{place}" if place else ""


def title_of(raw: Raw) -> str:
    """The Title of a node that was read: its own or that of its definition."""
    return raw.title or (raw.definition.title if raw.definition else "")
