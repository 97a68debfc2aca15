"""Answers of the card, read by ``docs/store.md`` ("Packed streams").  ValueError or IndexError: they break the form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smartdm.wire import (
    ACL_ID_SHIFT,
    DEFINITION_ID_HIGH,
    ID_RUN,
    META_DEFINITION,
    META_INLINE,
    META_TYPE,
    PIECES,
    TYPES,
    Format,
    Kind,
    Limit,
    Stream,
)

HEADER = 4
"""Bytes of flags and generation."""


@dataclass(frozen=True)
class Item:
    """A node as a stream shows it; ids of servers and definitions are still numbers.

    ``count``: children or pieces, also those that are not shown; ``ids``: theirs, when the stream has ids.
    ``size``: bytes of its record.  A defined node has no Format and Type here, and perhaps no name.
    """

    id: int | None
    verno: int
    withheld: bool = False
    name: str | None = None
    format: int = Format.NODE
    meta: int = 0
    leaf: bool = False
    definition: int | None = None
    further: int = 0
    rule: tuple[int, int, int, int] | None = None
    type: str = ""
    title: str = ""
    acl: tuple[tuple[int, int], ...] = ()
    """(mask, node id of the server)"""
    tstamp: int | None = None
    value: bytes = b""
    pieces: bool = False
    count: int = 0
    run: bool = False
    """Whether the ids of its children are consecutive, as the count said."""
    ids: tuple[int, ...] | None = None
    size: int = 0
    children: tuple[Item, ...] = ()


class Reader:
    """Reads nodes of a stream one by one."""

    def __init__(self, data: bytes) -> None:
        if len(data) < HEADER or data[0] & ~Stream.IDS != Stream.COUNTED:
            raise ValueError(f"no answer: {data[:HEADER].hex()}")
        self.data, self.at = data, HEADER
        self.ids = bool(data[0] & Stream.IDS)
        self.generation = int.from_bytes(data[1:HEADER])

    @property
    def done(self) -> bool:
        return self.at == len(self.data)

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the stream ends inside a node")
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def text(self) -> str:
        return self.take(self.number(1)).decode()

    def item(self) -> Item:
        """The next node, without its children."""
        start = self.at
        number = self.number(2) if self.ids else None
        verno, kind, meta = self.number(2), self.number(1), self.number(1)
        item = Item(number, verno, meta=meta)
        if not kind & Kind.DEFINED and kind & 0x0F == Format.WITHHELD:
            if (kind, meta) != (Format.WITHHELD, 0):
                raise ValueError("a withheld node says more than its name")
            return replace(item, withheld=True, name=self.text())
        item = self._defined(item, kind, meta) if kind & Kind.DEFINED else self._free(item, kind, meta)
        item = self._properties(item, kind)
        item = self._tail(item)
        # In the record: the generation instead of the id, as long, and the ids also when they are not shown.
        hidden = 0 if self.ids else 2 + 2 * (1 if item.run else item.count)
        return replace(item, size=self.at - start + hidden)

    def _defined(self, item: Item, kind: int, meta: int) -> Item:
        name = self.text() if kind & Kind.OWN_NAME else None
        further = 0
        if kind & Kind.OWN_TYPE:
            length, further = self.number(1), self.number(1)
            if length != 1 or not further:
                raise ValueError("a Type of its own has the form 01 n")
        definition = (kind & DEFINITION_ID_HIGH) << 8 | meta
        return replace(item, name=name, further=further, definition=definition, leaf=not kind & Kind.INTERIOR)

    def _free(self, item: Item, kind: int, meta: int) -> Item:
        number = kind & 0x0F
        name = self.text()
        rule = None
        if meta & META_DEFINITION:
            rule = (self.number(1), self.number(1), self.number(1), self.number(1))
        inline = bool(meta & META_INLINE)
        if inline and meta & META_TYPE:
            raise ValueError("a Type in text and in the list")
        own = self.text() if inline else TYPES[meta & META_TYPE]
        if inline and not own:
            raise ValueError("an empty Type is left out")
        return replace(item, name=name, format=number, leaf=number != Format.NODE, rule=rule, type=own)

    def _properties(self, item: Item, kind: int) -> Item:
        title = self.text() if kind & Kind.TITLE else ""
        acl: tuple[tuple[int, int], ...] = ()
        if kind & Kind.ACL:
            length = self.number(1)
            if length % 2 or not length:
                raise ValueError("an ACL of half an entry, or an empty one")
            words = [self.number(2) for _ in range(length // 2)]
            acl = tuple((word & ((1 << ACL_ID_SHIFT) - 1), word >> ACL_ID_SHIFT) for word in words if word)
        tstamp = self.number(4) if kind & Kind.TSTAMP else None
        if kind & Kind.TITLE and not title:
            raise ValueError("an empty Title is left out")
        return replace(item, title=title, acl=acl, tstamp=tstamp)

    def _tail(self, item: Item) -> Item:
        first = self.number(1)
        if item.leaf and first != PIECES:
            return replace(item, value=self.take(first))
        count = self.number(1) if item.leaf else first
        run = count > Limit.CHILDREN
        if run:
            count -= ID_RUN
        return replace(
            item, pieces=item.leaf, count=count, run=run, ids=self._ids(count, run=run) if self.ids else None
        )

    def _ids(self, count: int, *, run: bool) -> tuple[int, ...]:
        if run:
            first = self.number(2)
            return tuple(range(first, first + count))
        return tuple(self.number(2) for _ in range(count))

    def tree(self, levels: int = 0xFF) -> Item:
        """A node with all below it that the stream shows when so many levels were asked for."""
        item = self.item()
        if item.withheld or not (levels or item.pieces):
            return item
        below = levels if levels == 0xFF else max(0, levels - 1)
        return replace(item, children=tuple(self.tree(below) for _ in range(item.count)))

    def flat(self) -> list[Item]:
        """All nodes in the order of the stream."""
        items = []
        while not self.done:
            items.append(self.item())
        return items


def one_tree(data: bytes, levels: int = 0xFF) -> Item:
    """The tree of an answer that has just one."""
    reader = Reader(data)
    item = reader.tree(levels)
    if not reader.done:
        raise ValueError("bytes left over")
    return item
