"""The fields of packed nodes, both ways: texts, Types, ACLs, value lengths.  Part of ``packed``.

Reading is strict: lengths have their shortest form, and an empty property is left out, never written empty.
Each reader takes the bytes and an offset and returns what it read with the offset behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from smartdm import wire
from smartdm.errors import AclError, CodecError
from smartdm.mo.acl import ALL_VERBS, Acl, Verb, node_name, server_id_of
from smartdm.mo.tree import Format
from smartdm.mo.uri import check_name

MAX_CHILDREN: int = wire.Limit.CHILDREN
PIECE: int = wire.Limit.VALUE
"""Bytes of a value that one record holds; longer ones are cut into pieces of this size."""
MAX_VALUE: int = PIECE * wire.Limit.CHILDREN
_TEXT_MAX: int = wire.Limit.TEXT
_NAME_MAX: int = wire.Limit.NAME
_ACL_MAX = 0xFF
_NUMBER = {
    Format(member.doc): int(member) for member in wire.Format if member not in {wire.Format.KEEP, wire.Format.WITHHELD}
}
FORMATS: Mapping[int, Format] = {number: name for name, number in _NUMBER.items()}
"""Format nibble of a kind byte -> Format."""
_META = {text: index for index, text in enumerate(wire.TYPES)}
_ENTRY = 2
_SHIFT: int = wire.ACL_ID_SHIFT
_MASK = (1 << _SHIFT) - 1
_RUN: int = wire.ID_RUN


# Writing.


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
    """``L`` and an ACL as commands and files have it: ``mask 1, L, id`` for each identifier, as a card names it.

    CodecError above 255 bytes, and for an identifier that is too long for the name of a card's node.
    """
    entries: list[bytes] = []
    for server_id, verbs in acl.entries:
        text = encode_text(node_name(server_id), "server id")
        if text[0] > _NAME_MAX:
            raise CodecError(f"the server id {server_id!r} has {text[0]} bytes, but {_NAME_MAX} is the most")
        entries += (bytes([verbs.value]), text)
    raw = b"".join(entries)
    if len(raw) > _ACL_MAX:
        raise CodecError(f"the ACL has {len(raw)} bytes in packed form, but {_ACL_MAX} is the most")
    return bytes([len(raw)]) + raw


def encode_value_length(value: bytes) -> bytes:
    """What stands before a value, or in its place if it lies in pieces; CodecError above 53,760 bytes."""
    if len(value) <= PIECE:
        return bytes([len(value)])
    if len(value) > MAX_VALUE:
        raise CodecError(f"the value has {len(value)} bytes, but {MAX_VALUE} is the most that a node holds")
    return bytes([wire.PIECES, -(-len(value) // PIECE)])


def pieces(value: bytes) -> list[bytes]:
    """The value cut into the pieces in which cards hold it; ``[]`` if one record holds it."""
    if len(value) <= PIECE:
        return []
    return [value[at : at + PIECE] for at in range(0, len(value), PIECE)]


def format_number(node_format: Format) -> int:
    """The number of a Format in the low nibble of a kind byte."""
    return _NUMBER[node_format]


def encode_number(value: int, size: int, what: str) -> bytes:
    """An unsigned number in ``size`` bytes; CodecError, calling it ``what``, if it has no room there."""
    try:
        return value.to_bytes(size, "big")
    except OverflowError as error:
        raise CodecError(f"the {what} {value} is not within 0 to {(1 << 8 * size) - 1}") from error


# Reading.


def read_number(data: bytes, offset: int, size: int, what: str) -> tuple[int, int]:
    """An unsigned number of ``size`` bytes."""
    end = offset + size
    if end > len(data):
        raise CodecError(f"the stream ends inside a node, where its {what} is expected", len(data))
    return int.from_bytes(data[offset:end], "big"), end


def read_text(data: bytes, offset: int, what: str) -> tuple[str, int]:
    """``L`` and as many bytes of UTF-8."""
    end = _end_of(data, offset, what, _TEXT_MAX)
    try:
        return str(data[offset + 1 : end], "utf-8"), end
    except UnicodeDecodeError as error:
        raise CodecError(f"the {what} is not valid UTF-8", offset + 1 + error.start) from error


def read_property(data: bytes, offset: int, what: str) -> tuple[str, int]:
    """A text that is there, so it must not be empty."""
    text, end = read_text(data, offset, what)
    if not text:
        raise CodecError(f"an empty {what} must be left out", offset)
    return text, end


def read_name(data: bytes, offset: int) -> tuple[str, int]:
    """A name; whether an empty one is right is for the reader of the tree to say."""
    name, end = read_text(data, offset, "name")
    if name:
        try:
            check_name(name)
        except CodecError as error:
            raise CodecError(str(error), offset) from error
    return name, end


def read_count(data: bytes, offset: int) -> tuple[int, bool, int]:
    """(number of children or pieces, whether their ids are consecutive and only the first is told, offset behind)."""
    count, end = read_number(data, offset, 1, "number of children")
    if count <= MAX_CHILDREN:
        return count, False, end
    return count - _RUN, True, end


def read_value(data: bytes, offset: int) -> tuple[bytes | None, int]:
    """A value, or None if it lies in pieces, whose number follows."""
    length, start = read_number(data, offset, 1, "value length")
    if length == wire.PIECES:
        return None, start
    if length > PIECE:
        raise CodecError(f"a value of {length} bytes, but {PIECE} is the most", offset)
    if start + length > len(data):
        raise CodecError(f"a value of {length} bytes, but {len(data) - start} are left", offset)
    return bytes(data[start : start + length]), start + length


def read_acl(data: bytes, offset: int, servers: Mapping[int, str] | None, *, lenient: bool = False) -> tuple[Acl, int]:
    """An ACL.  ``servers``: number -> ServerID for the ACLs of answers; None for those of commands and files.

    ``lenient``: a number that is not known is shown as such.
    """
    end = _end_of(data, offset, "ACL", _ACL_MAX)
    if end == offset + 1:
        raise CodecError("an empty ACL must be left out", offset)
    if servers is None:
        return decode_acl(data, offset + 1, end), end
    return numbered_acl(data[offset + 1 : end], offset + 1, servers, lenient=lenient), end


def decode_acl(data: bytes, offset: int, end: int) -> Acl:
    """The ACL of a command or file that fills ``data[offset:end]``; each identifier at most once."""
    entries: dict[str, Verb] = {}
    while offset < end:
        start, mask = offset, data[offset]
        if not mask or mask & ~ALL_VERBS.value:
            raise CodecError(f"{mask:02X} is no mask of ACL commands", start)
        name, offset = read_text(data, start + 1, "server id")
        server_id = server_id_of(name)
        if offset > end:
            raise CodecError("an ACL entry is longer than its ACL", start)
        if node_name(server_id) != name:
            raise CodecError(f"{name!r} is no identifier as cards name them", start)
        if server_id in entries:
            raise CodecError(f"server id {server_id!r} occurs twice in one ACL", start)
        entries[server_id] = Verb(mask)
    return _acl(entries, offset)


def numbered_acl(raw: bytes, offset: int, servers: Mapping[int, str], *, lenient: bool = False) -> Acl:
    """The ACL of an answer: entries of 2 bytes, ``number of the server << 5 | mask``; without a mask it is a hole.

    Cards take a server twice in one ACL; it has what both entries give.  ``offset``: where the ACL stands, for errors.
    UnknownId for a number that ``servers`` has not.
    """
    if len(raw) % _ENTRY:
        raise CodecError(f"an ACL of {len(raw)} bytes is no list of {_ENTRY}-byte entries", offset)
    entries: dict[str, Verb] = {}
    for at in range(0, len(raw), _ENTRY):
        entry = raw[at] << 8 | raw[at + 1]
        if not entry & _MASK:
            continue
        server_id = servers.get(entry >> _SHIFT)
        if server_id is None and lenient:
            server_id = f"server-{entry >> _SHIFT}"
        elif server_id is None:
            raise UnknownId(entry >> _SHIFT, "server", offset + at)
        entries[server_id] = entries.get(server_id, Verb(0)) | Verb(entry & _MASK)
    return _acl(entries, offset)


class UnknownId(CodecError):
    """An answer names a server or a definition that is not known here.

    ``number``: its node id; ``what``: "server" or "definition".
    """

    def __init__(self, number: int, what: str, offset: int) -> None:
        self.number, self.what = number, what
        super().__init__(f"{what} {number} is not known", offset)


def _acl(entries: dict[str, Verb], offset: int) -> Acl:
    try:
        return Acl(tuple(entries.items()))
    except AclError as error:
        raise CodecError(str(error), offset) from error


def _end_of(data: bytes, offset: int, what: str, most: int) -> int:
    """The offset behind ``L`` and its bytes, of which there may be ``most``."""
    length, start = read_number(data, offset, 1, what)
    if length > most:
        raise CodecError(f"the length {length:02X} of the {what} is above {most}", offset)
    if start + length > len(data):
        raise CodecError(f"the {what} has {length} bytes, but {len(data) - start} are left", offset)
    return start + length
