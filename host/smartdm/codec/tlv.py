"""BER-TLV as cards use it (ISO/IEC 7816-4 5.2.2), read strictly.

Tags of one byte, or of two when the low five bits of the first are all ones.  Lengths 00..7F, 81 xx, 82 xxxx,
always the shortest form.  Truncated or trailing bytes are errors; nothing is skipped or padded.
"""

from __future__ import annotations

from smartdm.errors import CodecError

MAX_LENGTH = 0xFFFF
_LONG_TAG = 0x1F


def encode_length(length: int) -> bytes:
    """The shortest length field; ValueError above 65,535."""
    if length < 0x80:
        return bytes([length])
    if length < 0x100:
        return bytes([0x81, length])
    if length <= MAX_LENGTH:
        return bytes([0x82, length >> 8, length & 0xFF])
    raise ValueError(f"a value of {length} bytes is longer than {MAX_LENGTH}")


def decode_length(data: bytes, offset: int) -> tuple[int, int]:
    """(length, offset behind the length field)."""
    first = _byte(data, offset, "length")
    if first < 0x80:
        return first, offset + 1
    if first == 0x81:
        length, end = _byte(data, offset + 1, "length"), offset + 2
    elif first == 0x82:
        length, end = _byte(data, offset + 1, "length") << 8 | _byte(data, offset + 2, "length"), offset + 3
    else:
        raise CodecError(f"length byte {first:02X} is not supported; use 00 to 7F, 81 or 82", offset)
    if length < (0x80 if first == 0x81 else 0x100):
        raise CodecError(f"length {length} is not in its shortest form", offset)
    return length, end


def encode(tag: int, value: bytes) -> bytes:
    """One data object; ValueError for a tag that one or two bytes cannot carry."""
    field = tag.to_bytes(1 if tag < 0x100 else 2, "big")
    try:
        _, end = _read_tag(field, 0)
    except CodecError as error:
        raise ValueError(str(error)) from error
    if end != len(field):
        raise ValueError(f"{tag:X} is not a tag of one or two bytes")
    return field + encode_length(len(value)) + value


def decode_from(data: bytes, offset: int = 0) -> tuple[int, bytes, int]:
    """(tag, value, offset behind it) of the data object at ``offset``."""
    tag, at = _read_tag(data, offset)
    length, start = decode_length(data, at)
    end = start + length
    if end > len(data):
        raise CodecError(f"tag {tag:02X} says {length} bytes but {len(data) - start} are left", at)
    return tag, bytes(data[start:end]), end


def decode_all(data: bytes) -> list[tuple[int, bytes]]:
    """All data objects in ``data``, which they fill exactly."""
    objects, offset = [], 0
    while offset < len(data):
        tag, value, offset = decode_from(data, offset)
        objects.append((tag, value))
    return objects


def _read_tag(data: bytes, offset: int) -> tuple[int, int]:
    """(tag, offset behind it)."""
    first = _byte(data, offset, "tag")
    if first == 0:
        raise CodecError("00 is not a tag", offset)
    if first & _LONG_TAG != _LONG_TAG:
        return first, offset + 1
    second = _byte(data, offset + 1, "tag")
    if not _LONG_TAG <= second < 0x80:
        raise CodecError(f"{first:02X}{second:02X} is not a tag of two bytes", offset)
    return first << 8 | second, offset + 2


def _byte(data: bytes, offset: int, what: str) -> int:
    if offset >= len(data):
        raise CodecError(f"the data end where a {what} byte is expected", len(data))
    return data[offset]
