"""Cards filled to a mark with nodes like those of the corpus, and random updates that keep them there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from random import Random
from typing import Self

from smartdm.card.batch import Batch
from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.codec.packed import Defined, node_header
from smartdm.errors import CardFull
from smartdm.mo.acl import EMPTY, Verb
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.wire import Principal
from tests.bench import objects
from tests.bench.meter import Metered
from tests.corpus import load_reference
from tests.oracle.reading import Reader

GRANULE = 8
"""Bytes; of the default profile with an arena of 16 KiB (docs/store.md)."""

FOLDER = 20
"""Leaves in one of the folders that fill up the card."""

SLACK = 20
"""Granules by which random updates may leave the card below the mark: 1 % of the arena."""

GENERATION_LEN, CHILD_ID, ACL_ENTRY = 2, 2, 2

START = 800_000_000
"""TStamp of what fills the card, and of the first update."""

PLAIN = frozenset({"urn:wfa:mo:hotspot2dot0-perprovidersubscription:1.0"})
"""Objects of the corpus whose definition is not loaded: with all of them hardly any room is left to fill."""


def granules(node: Node, defined: Defined | None = None, *, run: bool = False) -> int:
    """Granules of a node's record, without those of its children; ``run``: whether only the first of them is named."""
    bare = replace(node, acl=EMPTY)
    stream = len(node_header(bare, ROOT, counted=True, stamped=True, defined=defined)) + node.size
    acl = 1 + ACL_ENTRY * len(node.acl.entries) if node.acl else 0
    record = GENERATION_LEN + stream + acl + CHILD_ID * (1 if run else len(node.children))
    return -(-record // GRANULE)


@dataclass(slots=True)
class Updates:
    """What a run of updates cost.  ``again``: batches that the card asked to have once more.

    ``despite_room``: refused ones whose record needs no more than what is free above the reserve.
    """

    count: int = 0
    writes: int = 0
    worst: int = 0
    again: int = 0
    refused: int = 0
    despite_room: int = 0

    def __iadd__(self, other: Updates) -> Self:
        """With another run's costs."""
        self.count += other.count
        self.writes += other.writes
        self.worst = max(self.worst, other.worst)
        self.again += other.again
        self.refused += other.refused
        self.despite_room += other.despite_room
        return self

    @property
    def average(self) -> float:
        """Persistent writes of one update."""
        return self.writes / self.count


class FilledCard:
    """The corpus and further leaves on a card of the default profile, up to ``percent`` of the arena.

    What the nodes use is computed from what they hold, and compared with what the card says; what definitions and
    servers use is asked before.
    """

    def __init__(self, metered: Metered, percent: int, seed: int = 1) -> None:
        self.random = Random(seed)
        self.metered = metered
        self.session: Session = metered.new()
        info = self.session.info
        self.total, self.reserve = info.arena // GRANULE, info.reserve // GRANULE
        self.mark = info.arena * percent // 100 // GRANULE
        self.sizes = [node.size for _, node in load_reference().walk() if node.is_leaf]
        self.nodes: dict[Uri, Node] = {}
        self.forms: dict[Uri, Defined] = {}
        self.runs: set[Uri] = set()
        self.used = 0
        self._register(load_reference())
        self._fill()

    def update(self, count: int) -> Updates:
        """Replace the values of random leaves, one in a batch, and keep the fill at the mark."""
        leaves = [uri for uri, node in self.nodes.items() if node.is_leaf and self._is_ours(uri)]
        done = Updates()
        for number in range(count):
            uri = self.random.choice(leaves)
            new = self._next_version(uri, START + number)
            before = self.metered.so_far()
            batch = Batch(time=new.tstamp).replace(uri, new.value)
            try:
                self.session.apply(batch)
            except CardFull:
                done.refused += 1
                done.despite_room += self._granules(uri, new) <= self.room
            else:
                self._note(uri, new)
            cost = self.metered.tally - before
            done.count += 1
            done.writes += cost.writes
            done.worst = max(done.worst, cost.writes)
            done.again += cost.apdus - len(batch.parts())
        return done

    @property
    def room(self) -> int:
        """Granules that are free above the reserve."""
        return self.total - self.reserve - self.used

    def check(self) -> None:
        """AssertionError unless the card holds what the nodes say, and takes the room that was computed."""
        taken = self._taken()
        assert taken == self.used, f"{taken} granules are in use, {self.used} were computed"

    def _taken(self) -> int:
        info = self.session.refresh()
        self.metered.sim.principal(Principal.ISSUER)  # a SELECT forgets who is asking
        return (info.arena - info.reserve - info.free) // GRANULE

    def _granules(self, uri: Uri, node: Node) -> int:
        return granules(node, self.forms.get(uri), run=uri in self.runs)

    def _note(self, uri: Uri, node: Node) -> None:
        old = self.nodes.get(uri)
        self.used += self._granules(uri, node) - (self._granules(uri, old) if old else 0)
        self.nodes[uri] = node

    def _is_ours(self, uri: Uri) -> bool:
        """Whether the issuer may replace it."""
        lists = (self.nodes[Uri(uri.segments[:depth])].acl for depth in range(uri.depth, -1, -1))
        return next(acl for acl in lists if acl).allows(Verb.REPLACE, "#issuer")

    def _next_version(self, uri: Uri, time: int) -> Node:
        """The leaf with a value of some length that occurs in the corpus and keeps the fill at the mark."""
        old = self.nodes[uri]
        room = self.mark - self.used + self._granules(uri, old)
        candidates = [replace(old, value=bytes(size), tstamp=time) for size in self.random.sample(self.sizes, 40)]
        sizes = [(self._granules(uri, node), node) for node in candidates]
        fitting = [(size, node) for size, node in sizes if size <= room]
        keeping = [node for size, node in fitting if size >= room - SLACK]
        new = keeping[0] if keeping else max(fitting or sizes[:1], key=itemgetter(0))[1]
        return replace(new, value=self.random.randbytes(new.size))

    def _register(self, tree: Node) -> None:
        """Put the definitions and the servers of the tree on the card."""
        for mo_id, definition in objects.wanted(tree).items():
            if mo_id not in PLAIN:
                self.session.apply(Batch().define(definition))
        self.forms = objects.forms(tree, PLAIN)
        servers = self.session.registry.missing_servers(name for _, node in tree.walk() for name, _ in node.acl.entries)
        for name in servers:
            self.session.apply(Batch().server(name))
        self._note(ROOT, self.session.read(ROOT, 0))
        self.used = self._taken()

    def _fill(self) -> None:
        corpus = load_reference()
        for child in corpus.children:
            self._add(child)
        for number, room in enumerate(self._rooms()):
            self._add(self._folder(number, room))
        self.check()

    def _add(self, tree: Node) -> None:
        """Add a subtree to the root.  Its nodes and the root get a TStamp, so that no update makes a record longer."""
        self.session.apply(Batch(time=START).add(ROOT, tree))
        self.runs |= self._runs()
        for uri, node in tree.walk(ROOT / tree.name):
            self._note(uri, replace(node, tstamp=START))
        root = self.nodes[ROOT]
        self._note(ROOT, replace(root, tstamp=START, children=(*root.children, tree)))

    def _runs(self) -> set[Uri]:
        """The nodes whose children have ids that the card tells as a run."""
        told = {item.id for item in Reader(Card(Channel(self.metered)).read(ROOT, since=0)).flat() if item.run}
        return {uri for uri, item in self.session.snapshot().walk() if item.number in told}

    def _rooms(self) -> Iterator[int]:
        """Granules left below the mark, as long as another folder fits (the root may grow by one granule)."""
        while self.mark - self.used > GRANULE:
            yield self.mark - self.used - 1

    def _folder(self, number: int, room: int) -> Node:
        """A folder of leaves that takes at most ``room`` granules."""
        folder = Node(f"Fill{number:02}", Format.NODE, tstamp=START)
        while len(folder.children) < FOLDER:
            leaf = Node(
                f"leaf-{len(folder.children):03}",
                Format.BIN,
                bytes(self.random.choice(self.sizes)),
                "application/octet-stream",
                title=f"title-{len(folder.children):02}",
                tstamp=START,
            )
            larger = replace(folder, children=(*folder.children, leaf))
            if sum(granules(node) for _, node in larger.walk()) > room:
                break
            folder = larger
        return folder
