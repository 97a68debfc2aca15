"""Answers of cards: what their ids mean, and the change feed, whose nodes have ids.  Part of ``packed``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smartdm import wire
from smartdm.codec.limits import MAX_SIZE
from smartdm.codec.packed_node import Form, Raw, format_of, read_node, title_of, type_of
from smartdm.errors import CodecError
from smartdm.mo.definition import Definition
from smartdm.mo.feed import Feed, Item

HEADER_SIZE = 4
WITH_IDS: int = wire.Stream.IDS
"""Flag of an answer whose nodes have ids."""
COUNTED: int = wire.Stream.COUNTED
LEVEL_ORDER: int = wire.Stream.LEVEL_ORDER
_OTHER_FLAGS = 0xFF ^ (COUNTED | LEVEL_ORDER)


@dataclass(frozen=True, slots=True)
class Known:
    """What the node ids in a card's answers mean: number -> ServerID, number -> definition.

    ``lenient``: ids that are not known are shown as numbers; for those who only look.
    """

    servers: Mapping[int, str] = field(default_factory=dict)
    definitions: Mapping[int, Definition] = field(default_factory=dict)
    lenient: bool = False

    def form(self, flags: int) -> Form:
        """How the nodes of an answer with these flags are written."""
        return Form(bool(flags & COUNTED), bool(flags & WITH_IDS), self.servers, self.definitions, self.lenient)


def decode_header(data: bytes, other: int = 0) -> tuple[int, int]:
    """(Stream flags, generation) from the 4 bytes before the nodes; ``other``: flags that are right here besides."""
    if len(data) < HEADER_SIZE:
        raise CodecError("a packed stream begins with 4 bytes: flags and generation", len(data))
    if data[0] & _OTHER_FLAGS & ~other:
        raise CodecError(f"flags {data[0]:02X} are not those of a packed stream", 0)
    return data[0], int.from_bytes(data[1:HEADER_SIZE], "big")


def first(data: bytes, known: Known) -> Raw:
    """The first node of an answer without ids, of which the rest may be missing."""
    flags, _ = decode_header(data)
    return read_node(data, HEADER_SIZE, known.form(flags))[0]


def raws(data: bytes, known: Known) -> tuple[int, list[Raw]]:
    """(generation, nodes one after the other) of an answer with ids, from which older nodes may be missing."""
    check_size(data)
    flags, generation = decode_header(data, WITH_IDS)
    if flags & (WITH_IDS | LEVEL_ORDER) != WITH_IDS:
        raise CodecError(f"flags {flags:02X} are not those of an answer with ids", 0)
    form, offset, found = known.form(flags), HEADER_SIZE, []
    while offset < len(data):
        raw, offset = read_node(data, offset, form)
        found.append(raw)
    return generation, found


def decode_feed(data: bytes, known: Known) -> Feed:
    """The change feed: each node of an answer with ids, by its id."""
    generation, found = raws(data, known)
    items = {raw.number: _item(raw) for raw in found}
    if len(items) < len(found):
        raise CodecError("a node id occurs twice in the feed", HEADER_SIZE)
    return Feed(generation, items)


def _item(raw: Raw) -> Item:
    named = raw.definition.name if raw.definition else ""
    return Item(
        number=raw.number,
        name=named if raw.name is None else raw.name,
        format=format_of(raw),
        value=None if raw.is_withheld else raw.value,
        type="" if raw.is_withheld else type_of(raw),
        title=title_of(raw),
        acl=raw.acl,
        tstamp=raw.tstamp,
        verno=raw.verno,
        below=raw.ids,
        withheld=raw.is_withheld,
        definition=raw.definition_id,
    )


def check_size(data: bytes) -> None:
    """CodecError for more bytes than a stream may have."""
    if len(data) > MAX_SIZE:
        raise CodecError(f"a packed stream of {len(data)} bytes; {MAX_SIZE} is the most")
