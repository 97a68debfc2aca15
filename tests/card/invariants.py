"""What must be true of a card whatever was sent to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from smartdm.errors import describe
from smartdm.wire import Node as Fixed
from smartdm.wire import Principal, Sw
from tests.card.attack import Attacker, acl, add, delete, leaf, text, title
from tests.card.device import SELECT
from tests.card.seen import Told, told
from tests.oracle.reading import Item, Reader, one_tree

FULL = frozenset({Sw.CARD_FULL, Sw.NO_NODE_LEFT, Sw.SEND_AGAIN})


@dataclass
class Found:
    """What the issuer sees.  URIs as the wire has them; ``definitions``: ids."""

    told: Told
    nodes: list[bytes] = field(default_factory=list)
    parents: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    definitions: list[int] = field(default_factory=list)
    hidden: int = 0
    size: int = 0
    """Bytes of the records seen, in whole granules."""


class Inspection:
    """Of one card; asks as the issuer."""

    def __init__(self, card: Attacker) -> None:
        self.card = card

    def select(self) -> Told:
        data, sw = self.card.device.apdu(SELECT)
        assert sw == Sw.OK, describe(sw)
        self.card.device.sim.principal(Principal.ISSUER)
        return told(data)

    def items(self, uri: bytes) -> list[Item]:
        """All nodes of a tree with their ids; none if the issuer may not read its root."""
        data = self.card.read(text(uri) + bytes(3), p2=1)
        return Reader(data).flat() if data else []

    def look(self) -> Found:
        """Everything that can be read is sound, counted, and accounted for."""
        found = Found(self.select())
        assert self.select() == found.told
        names: dict[int, bytes] = {}
        for base in (b"?", b""):
            items = self.items(base)
            self.account(items, found, names, base)
            if items:
                plain = one_tree(self.card.read(text(base)))
                assert count(plain) == len(items)
        told = found.told
        taken = told.arena - told.round_up(told.reserve) - found.size
        everything = not found.hidden and self.card.read(text(b""))
        assert told.free == max(0, taken) if everything else told.free <= max(0, taken), "free memory is not exact"
        return found

    def account(self, items: list[Item], found: Found, names: dict[int, bytes], base: bytes) -> None:
        """Note what is there; each id occurs once, each child that is named exists."""
        by_id = {item.id: item for item in items}
        assert len(by_id) == len(items)
        uris: dict[int | None, bytes] = {items[0].id: base} if items else {}
        for item in items:
            found.hidden += item.withheld
            found.size += found.told.round_up(item.size)
            uri = uris[item.id]
            if item.rule:
                names[item.id or 0] = (item.name or "").encode()
                found.definitions.append(item.id or 0)
            for child in item.ids or ():
                below = by_id[child]
                own = names.get(below.definition or -1, b"") if below.name is None else below.name.encode()
                uris[child] = uri + b"/" + own if uri else own
            if uri != base and base == b"" and not (item.name == "" and item.leaf):
                found.nodes.append(uri)
                (found.leaves if item.leaf else found.parents).append(uri)

    def goes_on(self, found: Found) -> None:
        """The next command works, or there is no room for it; nothing was allocated."""
        room = self.card.run(add(b"", leaf(b"~check", b"v")))
        assert room in {Sw.OK, Sw.NOT_ALLOWED, Sw.ALREADY_EXISTS, *FULL}, describe(room)
        if room == Sw.OK and self.card.run(delete(b"~check")) == Sw.OK:
            assert self.select().nodes == found.told.nodes
        assert self.card.device.sim.counters().total.allocations == 0

    def can_be_emptied(self, fresh: Told) -> None:
        """The issuer gets the card back as it was when it was new; then all is as before."""
        kept = self.card.device.sim.snapshot()
        self.select()
        self.card.done(acl(b"", b"\x1f\x07#issuer\x09\x01*"))
        self.card.done(title(b"", b""), delete(b""))
        for base, top in ((b"?/Srv", Fixed.SERVERS), (b"?/Up", Fixed.UPLOADS), (b"?", Fixed.REGISTRY)):
            items = {item.id: item for item in self.items(base)}
            for number in items[top].ids or ():
                if number >= Principal.FIRST_SERVER:
                    self.card.done(delete(base + b"/" + (items[number].name or "").encode()))
        empty = self.look().told  # which accounts for every byte
        assert empty.nodes == fresh.nodes, "something is left behind"
        # Two nodes of the registry list their children one by one, which they tell as a run on a fresh card.
        assert 0 <= fresh.free - empty.free <= 2 * fresh.granule, "something is left behind"
        self.card.device.sim.restore(kept)
        self.select()


def count(item: Item) -> int:
    """Nodes of a tree."""
    return 1 + sum(count(child) for child in item.children)
