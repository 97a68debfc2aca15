"""Figures that are counted on one workload: update-writes, commit, wear, new, ram and ram-small."""

from __future__ import annotations

from smartdm.card.batch import Batch
from smartdm.errors import CardError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from tests.bench.fill import FilledCard, Updates
from tests.bench.meter import Metered
from tests.bench.rows import Result
from tests.card.device import SMALL
from tests.corpus import first_nodes, load_passpoint, load_reference

AGING, MEASURED = 1000, 1000
CARDS_AT_95 = 5
SLOTS, SLOTS_SMALL = 8, 4


def measure(sim: SimTransport) -> dict[str, Result]:
    """All of them: updates at 85 and at 95 %, then every command in both profiles, with every APDU looked at."""
    metered = Metered(sim)
    results = {"update-writes": _update_writes(metered)}
    every_command(metered.new(), load_reference())
    every_command(metered.new(SMALL), first_nodes(100))
    share, commits = metered.slot_share(SLOTS)
    small, _ = metered.slot_share(SLOTS_SMALL)
    apdus = f"over {metered.tally.apdus:,} APDUs of all commands, both profiles"
    results["commit"] = Result(metered.tally.largest, f"the superblock; {apdus}")
    results["new"] = Result(metered.tally.allocations, f"{apdus}, refused ones included")
    results["wear"] = Result(share, f"over {commits:,} commits, moves of records included; small profile: {small:.4g}")
    results["ram"] = _ram(sim, b"")
    results["ram-small"] = _ram(sim, SMALL)
    return results


def _update_writes(metered: Metered) -> Result:
    card = FilledCard(metered, 85)
    aging = card.update(AGING)
    then = card.update(MEASURED)
    card.check()
    full = _at_95(metered)
    note = (
        f"of the 1,001st to 2,000th update (the first 1,000: {aging.average:.3f}), batches sent again included "
        f"({then.again}); the dearest {then.worst}. At 95 %, on {CARDS_AT_95} cards: {full.refused} of {full.count:,} "
        f"refused, {full.average:.3f} writes on average, the dearest {full.worst}, {full.again} sent again"
    )
    refused = full.refused + aging.refused + then.refused
    if refused:
        note += (
            f"; {full.despite_room} of these although the room above the reserve is larger than the record: it lies in "
            "holes that gathering cannot join. Store.gather would have to try more windows"
        )
    return Result(then.average, note, fine=refused == 0)


def _at_95(metered: Metered) -> Updates:
    total = Updates()
    for seed in range(CARDS_AT_95):
        card = FilledCard(metered, 95, seed)
        total += card.update(AGING)
        card.check()
    return total


def _ram(sim: SimTransport, parameters: bytes) -> Result:
    sim.new_card(parameters)
    taken = sim.transient()
    note = (
        f"transient arrays made at install: {taken.reset} CLEAR_ON_RESET, {taken.deselect} CLEAR_ON_DESELECT. "
        "Principals, secure channel and OTA, which need more, are not built yet"
    )
    return Result(taken.reset + taken.deselect, note)


def every_command(session: Session, tree: Node) -> None:
    """Each command at least once: in parts, together, refused, and on all sorts of nodes."""
    for child in tree.children:
        session.apply(Batch(time=1).add(ROOT, child))
    session.read()
    session.read(ROOT / tree.children[0].name, 1)
    leaves = [uri for uri, node in tree.walk() if node.is_leaf and node.format is not Format.NULL]
    for number, uri in enumerate(leaves):
        session.apply(Batch().replace(uri, bytes(number)).get(uri, 0))
    top = [ROOT / child.name for child in tree.children]
    mixed = Batch(time=2)
    for number, uri in enumerate(top):
        mixed.rename(uri, f"r{number}")
    mixed.replace(_renamed(leaves[0], top), b"new", Format.CHR, "text/x-own-type")
    session.apply(mixed.delete(ROOT / "r0").get(ROOT, 2), expect=session.generation)
    _refuse(session, Batch().add(Uri(("nowhere",)), Node("a", Format.BIN)))
    _refuse(session, Batch().add(ROOT, load_passpoint()).delete(Uri(("nowhere",))))
    _fill_up(session)
    for number in range(1, len(top)):
        session.apply(Batch().delete(ROOT / f"r{number}"))


def _renamed(leaf: Uri, top: list[Uri]) -> Uri:
    number = next(number for number, uri in enumerate(top) if uri.segments[0] == leaf.segments[0])
    return Uri((f"r{number}", *leaf.segments[1:]))


def _refuse(session: Session, batch: Batch) -> None:
    try:
        session.apply(batch)
    except CardError:
        return
    raise AssertionError("the card took a batch that it should refuse")


def _fill_up(session: Session) -> None:
    """Add leaves until the card is full, then delete every other one and add larger ones: records have to move."""
    names: list[str] = []
    try:
        while True:
            name = f"f{len(names)}"
            session.apply(Batch().add(ROOT, Node(name, Format.BIN, bytes(60))))
            names.append(name)
    except CardError:
        pass
    for name in names[::2]:
        session.apply(Batch().delete(ROOT / name))
    for number in range(len(names) // 8):
        session.apply(Batch().add(ROOT, Node(f"g{number}", Format.BIN, bytes(120))))
    for name in (*names[1::2], *(f"g{number}" for number in range(len(names) // 8))):
        session.apply(Batch().delete(ROOT / name))
