"""Figures of the reference corpus on a card: read-apdus, read-bytes, sync-none, sync-one, node-size."""

from __future__ import annotations

from dataclasses import replace

from smartdm.card.batch import Batch
from smartdm.card.channel import Channel
from smartdm.card.commands import Card, CardInfo
from smartdm.codec import tnds
from smartdm.mo.acl import EMPTY
from smartdm.mo.tree import Node, diff
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal
from tests.bench import objects
from tests.bench.fill import GRANULE
from tests.bench.meter import Metered
from tests.bench.rows import Result
from tests.corpus import load_reference

NODES = 200
MOST_SECURE = 28
"""APDUs to read them at level 33."""
TABLE_ENTRIES = 4
"""Bytes of the id table for each node: an entry in either slot of its page."""
CHANGED = Uri.parse("./FUMO/modem-main/PkgVersion")


def measure(sim: SimTransport) -> dict[str, Result]:
    """The corpus in the default arena, definitions loaded beforehand, TStamps and all: read, weighed, synchronized."""
    metered = Metered(sim)
    session = metered.new()
    objects.load_definitions(session, load_reference())
    empty = _refreshed(sim, session).free
    put_corpus(session)
    free = _refreshed(sim, session).free
    reading, tree = _read(metered, session)
    check(tree)
    return {**reading, "node-size": _node_size(empty - free), **_sync(sim, metered, session)}


def _refreshed(sim: SimTransport, session: Session) -> CardInfo:
    info = session.refresh()
    sim.principal(Principal.ISSUER)  # SELECT has closed the door
    return info


def _read(metered: Metered, session: Session) -> tuple[dict[str, Result], Node]:
    session.registry.forget()
    before = metered.so_far()
    assert session.registry.roots
    assert session.registry.servers
    known = metered.tally - before
    before = metered.so_far()
    tree = session.read()
    cost = metered.tally - before
    xml = len(tnds.encode(load_reference())) / NODES
    session = metered.secure()
    before = metered.so_far()
    check(session.read())
    secure = (metered.tally - before).apdus
    Session(Card(Channel(metered)))
    metered.sim.principal(Principal.ISSUER)
    apart = (
        f"apart, once in a session: SELECT, and {known.apdus} APDUs ({known.wire} bytes) that tell what the ids of "
        "definitions and servers mean"
    )
    wire = f"{cost.wire:,} bytes for 200 nodes and the root: commands, answers, status words; secrets show names only"
    return {
        "read-apdus": Result(
            cost.apdus,
            f"plain; {secure} at level 33, behind SELECT, INITIALIZE UPDATE and EXTERNAL AUTHENTICATE; {apart}",
            fine=secure <= MOST_SECURE,
        ),
        "read-bytes": Result(
            cost.wire / NODES,
            f"{wire}; {apart}",
            peer=f"XML (TNDS of the corpus, one way): {xml:.1f}; WBXML: not measured",
        ),
    }, tree


def put_corpus(session: Session) -> None:
    """Put the corpus on a card, with a TStamp on the nodes that have one there.

    The card has no clock: what a batch touches gets the batch's time, or loses its TStamp when the batch has none.
    So the tree is added without time and without ACLs, then each leaf with a TStamp is replaced by its own value in
    a batch with time, and each interior node gets its own title, which touches no other node.  The ACLs come last and
    from below, since they may leave the issuer without rights.
    """
    corpus = load_reference()
    for child in corpus.children:
        session.apply(Batch().add(ROOT, _open(child)))
    defined = dict(objects.definitions(corpus))
    nodes = [(uri, node) for uri, node in corpus.walk() if not uri.is_root]
    for uri, node in nodes:
        if node.tstamp is not None and not node.acl:
            own = uri not in defined or defined[uri].title != node.title
            batch = Batch(time=node.tstamp)
            session.apply(batch.replace(uri, node.value) if node.is_leaf else batch.title(uri, node.title * own))
    for uri, node in reversed(nodes):
        if node.acl:
            session.apply(Batch(time=node.tstamp).acl(uri, node.acl))


def _open(node: Node) -> Node:
    return replace(node, acl=EMPTY, children=tuple(_open(child) for child in node.children))


def check(tree: Node) -> None:
    """AssertionError unless it is the corpus, with TStamps where the corpus has them, as far as it can be read."""
    corpus = _readable(load_reference(), tree)
    assert not [change for change in diff(corpus, tree) if not change.uri.is_root]
    assert _stamped(tree) == _stamped(corpus)


def _readable(node: Node, seen: Node) -> Node:
    """The tree as those see it who may not read what is withheld in ``seen``."""
    if seen.withheld:
        return seen
    below = {child.name: child for child in seen.children}
    return replace(node, children=tuple(_readable(child, below[child.name]) for child in node.children))


def _stamped(tree: Node) -> set[Uri]:
    return {uri for uri, node in tree.walk() if node.tstamp is not None and not uri.is_root}


def _node_size(taken: int) -> Result:
    corpus = [(uri, node) for uri, node in load_reference().walk() if not uri.is_root]
    defined = dict(objects.definitions(load_reference()))
    named = sum(len(uri.segments[-1].encode()) for uri, _ in corpus if uri not in defined or not defined[uri].name)
    values = sum(node.size for _, node in corpus)
    size = (taken + TABLE_ENTRIES * NODES - values - named) / NODES
    note = (
        f"{GRANULE}-byte granules ({taken:,} bytes for {NODES} nodes) and {TABLE_ENTRIES} bytes of id table per node, "
        f"minus {values:,} bytes of values and {named} of names that no definition has"
    )
    return Result(size, note)


def _sync(sim: SimTransport, metered: Metered, session: Session) -> dict[str, Result]:
    base = session.snapshot()
    before = metered.so_far()
    assert session.in_sync(base.generation)
    none = metered.tally - before
    sim.principal(Principal.ISSUER)
    session.apply(Batch(time=1).replace(CHANGED, b"9.1"))
    before = metered.so_far()
    assert not session.in_sync(base.generation)
    sim.principal(Principal.ISSUER)
    _, changes = session.follow(base)
    one = metered.tally - before
    assert [change.uri for change in changes] == [CHANGED]
    return {
        "sync-none": Result(none.apdus, f"SELECT tells the generation; {none.wire} bytes"),
        "sync-one": Result(one.apdus, f"SELECT and the nodes newer than the base; {one.wire} bytes"),
    }
