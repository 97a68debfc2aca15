"""One node of a packed tree, without its children: the fields of ``docs/store.md`` ("Packed streams").

::

    [VerNo 2] kind 1  meta 1  L name  [L Type]  [L Title]  [L ACL]  [TStamp 4]  tail
    tail:  interior node: number of children 1        leaf: L value

Reading is strict: lengths have their shortest form, and an empty property is left out, never written empty.
Part of ``packed``, which is the module to import.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartdm import wire
from smartdm.errors import AclError, CodecError
from smartdm.mo.acl import ALL_VERBS, EMPTY, Acl, Verb
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri, check_name

MAX_CHILDREN: int = wire.Limit.CHILDREN
_TEXT_MAX: int = wire.Limit.TEXT
_VALUE_MAX: int = wire.Limit.VALUE
_FORMAT_MASK = 0x0F
_NUMBER = {Format(member.doc): int(member) for member in wire.Format if member is not wire.Format.KEEP}
_FORMAT = {number: name for name, number in _NUMBER.items()}
_META = {text: index for index, text in enumerate(wire.TYPES)}
# As plain integers: arithmetic on enum members costs more than all else in a node.
_TITLE, _ACL, _TSTAMP, _DEFINED = (
    int(bit) for bit in (wire.Kind.TITLE, wire.Kind.ACL, wire.Kind.TSTAMP, wire.Kind.DEFINED)
)


# Writing.


def node_header(node: Node, uri: Uri, counted: bool, stamped: bool) -> bytes:
    """Everything of a node but the bytes of its value; CodecError naming ``uri`` if it does not fit."""
    try:
        kind, verno = _NUMBER[node.format], _number(node.verno, 2, "VerNo") if counted else b""
        name = encode_text(node.name, "name")
        meta = encode_type(node.type)
        optional = b""
        if node.title:
            kind |= _TITLE
            optional += encode_text(node.title, "Title")
        if node.acl:
            kind |= _ACL
            optional += encode_acl(node.acl)
        if stamped and node.tstamp is not None:
            kind |= _TSTAMP
            optional += _number(node.tstamp, 4, "TStamp")
        return b"".join((verno, bytes([kind, meta[0]]), name, meta[1:], optional, _tail(node)))
    except CodecError as error:
        raise CodecError(f"node {uri}: {error}") from error


def encode_text(text: str, what: str) -> bytes:
    """``L`` and the text in UTF-8; CodecError, calling it ``what``, above 127 bytes."""
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CodecError(f"the {what} is not valid Unicode text") from error
    if len(raw) > _TEXT_MAX:
        raise CodecError(f"the {what} has {len(raw)} bytes, but {_TEXT_MAX} is the most")
    return bytes([len(raw)]) + raw


def encode_type(text: str) -> bytes:
    """``meta [L Type]``: an index if ``wire.TYPES`` has the text, else the text itself; CodecError above 127 bytes."""
    index = _META.get(text)
    return bytes([index]) if index is not None else bytes([wire.META_INLINE]) + encode_text(text, "Type")


def encode_acl(acl: Acl) -> bytes:
    """``L`` and a packed ACL: ``mask 1, L, id`` for each identifier; CodecError above 127 bytes."""
    raw = b"".join(bytes([verbs.value]) + encode_text(server_id, "server id") for server_id, verbs in acl.entries)
    if len(raw) > _TEXT_MAX:
        raise CodecError(f"the ACL has {len(raw)} bytes in packed form, but {_TEXT_MAX} is the most")
    return bytes([len(raw)]) + raw


def encode_value_length(value: bytes) -> bytes:
    """The length byte before a value; CodecError above 224 bytes."""
    if len(value) > _VALUE_MAX:
        raise CodecError(f"the value has {len(value)} bytes, but {_VALUE_MAX} is the most that a node holds")
    return bytes([len(value)])


def format_number(node_format: Format) -> int:
    """The number of a Format in the low nibble of a kind byte."""
    return _NUMBER[node_format]


def _number(value: int, size: int, what: str) -> bytes:
    try:
        return value.to_bytes(size, "big")
    except OverflowError as error:
        raise CodecError(f"the {what} {value} is not within 0 to {(1 << 8 * size) - 1}") from error


def _tail(node: Node) -> bytes:
    return encode_value_length(node.value) if node.is_leaf else bytes([len(node.children)])


# Reading.


@dataclass(slots=True)
class Draft:
    """A node as read, its children not attached yet.

    ``count``: how many it has; ``offset``: where it begins; ``cut``: whether a depth limit left them out.
    """

    node: Node
    count: int
    offset: int
    cut: bool = False


def read_node(data: bytes, offset: int, counted: bool) -> tuple[Draft, int]:
    """(node, offset behind its tail); CodecError with the byte offset of what is wrong."""
    start = offset
    verno = 0
    if counted:
        verno, offset = _read_number(data, offset, 2, "VerNo")
    kind, offset = _read_number(data, offset, 1, "kind")
    meta, offset = _read_number(data, offset, 1, "meta")
    node_format = _FORMAT.get(kind & _FORMAT_MASK)
    if node_format is None or kind & _DEFINED:
        raise CodecError(f"kind {kind:02X} is not supported", offset - 2)
    if meta >= len(wire.TYPES) and meta != wire.META_INLINE:
        raise CodecError(f"meta {meta:02X} names no Type that is known here", offset - 1)
    name, offset = _read_name(data, offset)
    mime, title, acl, tstamp = "", "", EMPTY, None
    if meta == wire.META_INLINE:
        mime, offset = _read_property(data, offset, "Type")
    else:
        mime = wire.TYPES[meta]
    if kind & _TITLE:
        title, offset = _read_property(data, offset, "Title")
    if kind & _ACL:
        acl, offset = _read_acl(data, offset)
    if kind & _TSTAMP:
        tstamp, offset = _read_number(data, offset, 4, "TStamp")
    if node_format is Format.NODE:
        count, offset = _read_count(data, offset)
        return Draft(Node(name, node_format, b"", mime, title, acl, tstamp, verno), count, start), offset
    value, offset = _read_value(data, offset)
    return Draft(Node(name, node_format, value, mime, title, acl, tstamp, verno), 0, start), offset


def decode_acl(data: bytes, offset: int, end: int) -> Acl:
    """The packed ACL that fills ``data[offset:end]``; each identifier at most once."""
    entries: dict[str, Verb] = {}
    while offset < end:
        start, mask = offset, data[offset]
        if not mask or mask & ~ALL_VERBS.value:
            raise CodecError(f"{mask:02X} is no mask of ACL commands", start)
        server_id, offset = _read_text(data, start + 1, "server id")
        if offset > end:
            raise CodecError("an ACL entry is longer than its ACL", start)
        if server_id in entries:
            raise CodecError(f"server id {server_id!r} occurs twice in one ACL", start)
        entries[server_id] = Verb(mask)
    try:
        return Acl(tuple(entries.items()))
    except AclError as error:
        raise CodecError(str(error), offset) from error


def _read_number(data: bytes, offset: int, size: int, what: str) -> tuple[int, int]:
    end = offset + size
    if end > len(data):
        raise CodecError(f"the stream ends inside a node, where its {what} is expected", len(data))
    return int.from_bytes(data[offset:end], "big"), end


def _read_text(data: bytes, offset: int, what: str) -> tuple[str, int]:
    """(text, offset behind it) of ``L`` and its bytes."""
    end = _end_of_text(data, offset, what)
    try:
        return str(data[offset + 1 : end], "utf-8"), end
    except UnicodeDecodeError as error:
        raise CodecError(f"the {what} is not valid UTF-8", offset + 1 + error.start) from error


def _end_of_text(data: bytes, offset: int, what: str) -> int:
    length, start = _read_number(data, offset, 1, f"{what}'s length")
    if length > _TEXT_MAX:
        raise CodecError(f"{length:02X} is no length of a {what}; {_TEXT_MAX:02X} is the most", offset)
    if start + length > len(data):
        raise CodecError(f"the {what} has {length} bytes, but {len(data) - start} are left", offset)
    return start + length


def _read_name(data: bytes, offset: int) -> tuple[str, int]:
    """The name; whether an empty one is right is for the reader of the tree to say."""
    name, end = _read_text(data, offset, "name")
    if name:
        try:
            check_name(name)
        except CodecError as error:
            raise CodecError(str(error), offset) from error
    return name, end


def _read_property(data: bytes, offset: int, what: str) -> tuple[str, int]:
    text, end = _read_text(data, offset, what)
    if not text:
        raise CodecError(f"an empty {what} must be left out", offset)
    return text, end


def _read_acl(data: bytes, offset: int) -> tuple[Acl, int]:
    end = _end_of_text(data, offset, "ACL")
    if end == offset + 1:
        raise CodecError("an empty ACL must be left out", offset)
    return decode_acl(data, offset + 1, end), end


def _read_count(data: bytes, offset: int) -> tuple[int, int]:
    count, end = _read_number(data, offset, 1, "number of children")
    if count > MAX_CHILDREN:
        raise CodecError(f"{count} children, but {MAX_CHILDREN} is the most", offset)
    return count, end


def _read_value(data: bytes, offset: int) -> tuple[bytes, int]:
    length, start = _read_number(data, offset, 1, "value length")
    if length > _VALUE_MAX:
        raise CodecError(f"a value of {length} bytes, but {_VALUE_MAX} is the most", offset)
    if start + length > len(data):
        raise CodecError(f"a value of {length} bytes, but {len(data) - start} are left", offset)
    return bytes(data[start : start + length]), start + length
