"""Figures of the reference corpus on a card: read-apdus, read-bytes, node-size, provision (plain)."""

from __future__ import annotations

from smartdm.card.batch import Batch
from smartdm.codec import tnds
from smartdm.mo.tree import Node, diff
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from tests.bench.fill import GRANULE, granules
from tests.bench.meter import Metered, Tally
from tests.bench.rows import Result
from tests.card.device import SMALL
from tests.corpus import first_nodes, load_reference

NODES = 200
TABLE_ENTRIES = 4
"""Bytes of the id table for each node: an entry in either slot of its page."""


def measure(sim: SimTransport) -> dict[str, Result]:
    """The corpus in the default arena, TStamps and all, read and weighed; then 100 nodes added as one batch."""
    metered = Metered(sim)
    session = metered.new()
    put_corpus(session)
    before = metered.so_far()
    tree = session.read()
    cost = metered.tally - before
    check(tree)
    xml = len(tnds.encode(tree)) / NODES
    return {
        "read-apdus": Result(
            cost.apdus,
            "plain, without the SELECT; level 33 and definitions (which replace names) are not built yet",
            partial=True,
        ),
        "read-bytes": Result(
            cost.wire / NODES,
            f"{cost.wire:,} bytes for 200 nodes and the root, commands, answers and status words; names and titles "
            "are inline, definitions are to replace them",
            peer=f"XML (TNDS of the same tree, one way): {xml:.1f}; WBXML: not measured",
        ),
        "node-size": _node_size(session, tree),
        **_provision(metered),
    }


def put_corpus(session: Session) -> None:
    """Put the corpus on a card, with a TStamp on the nodes that have one there.

    The card has no clock: what a batch touches gets the batch's time, or loses its TStamp when the batch has none.
    So the tree is added without time, then each leaf with a TStamp is replaced by its own value in a batch with
    time.  Interior nodes are renamed to their own name, with time or without; that touches the parent too,
    therefore the deepest come first.
    """
    corpus = load_reference()
    for child in corpus.children:
        session.apply(Batch().add(ROOT, child))
    nodes = [(uri, node) for uri, node in corpus.walk() if not uri.is_root]
    for uri, node in nodes:
        if node.is_leaf and node.tstamp is not None:
            session.apply(Batch(time=node.tstamp).replace(uri, node.value))
    interior = [(uri, node) for uri, node in nodes if not node.is_leaf]
    for uri, node in sorted(interior, key=lambda item: -item[0].depth):
        session.apply(Batch(time=node.tstamp).rename(uri, uri.segments[-1]))


def check(tree: Node) -> None:
    """AssertionError unless it is the corpus, with TStamps where the corpus has them (but for the root)."""
    assert not diff(load_reference(), tree)
    assert _stamped(tree) == _stamped(load_reference())


def _stamped(tree: Node) -> set[Uri]:
    return {uri for uri, node in tree.walk() if node.tstamp is not None and not uri.is_root}


def _node_size(session: Session, tree: Node) -> Result:
    info = session.refresh()
    used = info.arena - info.reserve - info.free
    nodes = [node for uri, node in tree.walk() if not uri.is_root]
    taken = used - granules(tree) * GRANULE + TABLE_ENTRIES * NODES
    above_value = (taken - sum(node.size for node in nodes)) / NODES
    names = sum(len(node.name.encode()) for node in nodes) / NODES
    titles = sum(len(node.title.encode()) for node in nodes) / NODES
    note = (
        f"{GRANULE}-byte granules in use ({used:,} bytes with the root) and {TABLE_ENTRIES} bytes of id table per "
        f"node, minus the values. Definitions are not built yet: the {names:.1f} bytes of name and {titles:.1f} of "
        f"title per node are in it; without the names, which no definition has, it is {above_value - names:.1f}"
    )
    return Result(above_value, note)


def _provision(metered: Metered) -> dict[str, Result]:
    """Plain form only: the rows are defined for a secure channel, so they have no value yet."""
    default, small = (_add_100(metered, parameters) for parameters in (b"", SMALL))
    apdus = f"not built yet at level 33; plain, one batch, without the SELECT: {default.apdus} APDUs"
    writes = f"not built yet at level 33; plain, one batch: {default.writes} writes, small profile {small.writes}"
    return {"provision-apdus": Result(None, apdus), "provision-writes": Result(None, writes)}


def _add_100(metered: Metered, parameters: bytes) -> Tally:
    session = metered.new(parameters)
    batch = Batch()
    for child in first_nodes(100).children:
        batch.add(ROOT, child)
    before = metered.so_far()
    session.apply(batch)
    cost = metered.tally - before
    assert not diff(first_nodes(100), session.read())
    return cost
