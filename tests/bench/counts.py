"""Figures that are counted on one workload: update-writes, commit, wear, new, ram and ram-small; and provisioning."""

from __future__ import annotations

from smartdm.transport.sim import SimTransport
from tests.bench import provisioning
from tests.bench.fill import FilledCard, Updates
from tests.bench.meter import Metered
from tests.bench.rows import Result
from tests.bench.workload import every_command
from tests.card.device import SMALL
from tests.corpus import first_nodes, load_reference

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
    return results | provisioning.measure(sim)


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
        "Keys in transient objects, which cards keep elsewhere, and OTA, which is not built yet, are not in it"
    )
    return Result(taken.reset + taken.deselect, note)
