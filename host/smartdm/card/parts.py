"""Elements of a batch cut into the parts of a chained command.

Pure: values in, bytes out.  The form is that of ``docs/store.md``, "Batches on the wire".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartdm.card.apdu import MAX_DATA
from smartdm.errors import CodecError
from smartdm.wire import Command, Option

_LAST_NUMBER = 0xFF
"""Parts are numbered 0, 1 … FF, then 1 again."""

Element = tuple[bytes, bytes]
"""Header that must not be divided, value that may be."""
Tag = tuple[int, int]
"""(host id, transaction), 32 bits each, not both 0."""


def options(time: int | None, expect: int | None, tag: Tag | None) -> bytes:
    """The first element of a batch; ``expect``: the generation that the card must have."""
    flags = Option.ATOMIC
    fields = b""
    if expect is not None:
        flags |= Option.IF_GENERATION
        fields += expect.to_bytes(3)
    if time is not None:
        flags |= Option.TIME
        fields += time.to_bytes(4)
    if tag is not None:
        flags |= Option.TAG
        fields += b"".join(number.to_bytes(4) for number in tag)
    return bytes((Command.OPTIONS, flags)) + fields


def cut(elements: Iterable[Element], room: int = MAX_DATA) -> Iterator[bytes]:
    """The data fields of the APDUs, each of at most ``room`` bytes; CodecError for a header that fits none."""
    number, part = 0, bytearray((0,))
    for header, value in elements:
        if len(header) >= room:
            raise CodecError(f"the properties of a node take {len(header)} bytes; at most {room - 1} fit one APDU")
        if len(part) + len(header) > room:
            yield bytes(part)
            number = number % _LAST_NUMBER + 1
            part = bytearray((number,))
        part += header
        rest = value
        while rest:
            left = room - len(part)
            if left == 0:
                yield bytes(part)
                number = number % _LAST_NUMBER + 1
                part = bytearray((number,))
                left = room - 1
            part += rest[:left]
            rest = rest[left:]
    yield bytes(part)
