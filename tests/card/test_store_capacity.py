"""A full card: it says so, loses nothing, can be emptied, and gives every byte back."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from smartdm.errors import CardFull
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.wire import Limit, Sw
from tests.card.device import Device, parameters
from tests.card.store import (
    OWN_NODES,
    PROFILES,
    Watch,
    branch,
    expected_free,
    fill,
    leaf,
    leaves,
    look,
    pattern,
    records,
    refusal,
    shuffled,
    taken,
    uri,
)
from tests.depth import pick

Record = Callable[[str, object], None]

BOTH = pytest.mark.parametrize("profile", PROFILES)
KIB = (8, 16, 17, 32, 33, 48, 64)


def fill_evenly(session: Session, groups: int, sizes: tuple[int, int], seed: int) -> list[Uri]:
    """Leaves with values of random length, in some groups, until one of them has no room."""
    random, made = Random(seed), list[Uri]()
    for group in range(groups):
        session.apply(Batch().add(ROOT, branch(f"G{group}")))
    while True:
        place = uri(f"G{len(made) % groups}/L{len(made)}")
        if not taken(session, Batch().add(place.parent, leaf(place.name, pattern(len(made), random.randint(*sizes))))):
            return made
        made.append(place)


# A full card


@BOTH
@pytest.mark.parametrize("size", [30, 100, 224])
def test_a_full_card_refuses_with_its_own_status_and_keeps_its_tree(device: Device, profile: str, size: int):
    session = device.new(PROFILES[profile] + parameters(nodes=512))
    fill_evenly(session, 6, (size, size), seed=1)
    before = look(device)
    session = device.open()
    for _ in range(20):
        with pytest.raises(CardFull) as caught:
            session.apply(Batch().add(ROOT, branch("More", *leaves(12, 224))))
        assert caught.value.sw == Sw.CARD_FULL
    assert look(device) == before
    device.power_cycle()
    assert look(device) == before


@BOTH
@pytest.mark.parametrize("order", ["as added", "backwards", "shuffled"])
@pytest.mark.parametrize(("groups", "sizes"), [(8, (0, 48)), (1, (0, 0)), (4, (100, 220)), (30, (8, 8))])
def test_a_full_card_can_be_emptied(device: Device, profile: str, order: str, groups: int, sizes: tuple[int, int]):
    fresh = device.new(PROFILES[profile] + parameters(arena=8, nodes=512)).info
    session = device.open()
    made = fill_evenly(session, groups, sizes, seed=groups)
    orders = {"as added": made, "backwards": made[::-1], "shuffled": shuffled(made, 1)}
    for place in orders[order]:
        session.apply(Batch().delete(place))
    for group in range(groups):
        session.apply(Batch().delete(uri(f"G{group}")))
    info = session.refresh()
    assert (info.free, info.nodes) == (fresh.free, OWN_NODES)


@BOTH
def test_a_full_card_with_a_very_wide_node_can_be_emptied(device: Device, profile: str):
    """Where a Delete finds no room for the list of children in one piece, one elsewhere comes first."""
    fresh = device.new(PROFILES[profile] + parameters(arena=8, nodes=512)).info
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Wide", *leaves(int(Limit.CHILDREN), 0))))
    session.apply(Batch().add(ROOT, branch("Rest")))
    left = fill(session, uri("Rest"), 100, 10, 0)
    left += [uri(f"Wide/L{at:03}") for at in range(Limit.CHILDREN)]
    while left:
        refused = [place for place in shuffled(left, len(left)) if not taken(session, Batch().delete(place))]
        assert len(refused) < len(left), "no node can be deleted"
        left = refused
    session.apply(Batch().delete(uri("Wide")).delete(uri("Rest")))
    assert session.refresh().free == fresh.free


@pytest.mark.parametrize("kib", [8, 16])
@pytest.mark.parametrize(("profile", "width"), [("default", int(Limit.CHILDREN)), ("small", 239)])
def test_the_fullest_card_can_be_erased(device: Device, profile: str, width: int, kib: int):
    """Where all hangs below the root, whose list of children may find no room in one piece."""
    fresh = device.new(PROFILES[profile] + parameters(arena=kib)).info
    session = device.open()
    places = [uri(f"L{at:03}") for at in range(width)]
    for place in places:
        session.apply(Batch().add(ROOT, leaf(place.name)))
    random = Random(width)
    for sizes in ((40, 90, 150, 224), (8, 20, 40, 90, 150), (8, 9, 10, 11, 12)):
        for place in shuffled(places, len(sizes)):
            taken(session, Batch().replace(place, pattern(1, random.choice(sizes))))
    session.apply(Batch().erase())
    info = session.refresh()
    assert (info.free, info.nodes) == (fresh.free, OWN_NODES)


def test_a_delete_may_use_the_reserve_and_an_add_may_not(device: Device):
    session = device.new(parameters(arena=8, reserve=1024))
    made = fill(session, ROOT, 224, 100, 30, 0)
    info = session.refresh()
    device.open()
    used = sum(-(-size // 8) * 8 for size in records(device))
    assert 1024 <= info.arena - used < 1024 + 300
    session = device.open()
    assert refusal(session, Batch().replace(made[0], pattern(9, 224))) == Sw.CARD_FULL
    session.apply(Batch().delete(made[0]))
    assert session.refresh().free > info.free


# The limit of nodes


@BOTH
def test_the_limit_of_nodes_has_its_own_status(device: Device, profile: str):
    session = device.new(PROFILES[profile] + parameters(nodes=16))
    session.apply(Batch().add(ROOT, branch("A", *leaves(5))))
    assert refusal(session, Batch().add(ROOT, branch("B", leaf("C")))) == Sw.NO_NODE_LEFT
    session.apply(Batch().add(ROOT, leaf("B")))
    before = look(device)
    assert before.nodes == 16
    session = device.open()
    assert refusal(session, Batch().add(ROOT, leaf("C"))) == Sw.NO_NODE_LEFT
    assert look(device) == before
    session = device.open()
    session.apply(Batch().delete(uri("A/L003")))
    session.apply(Batch().add(uri("A"), leaf("C", b"again")))
    assert session.refresh().nodes == 16


# Nothing leaks


def cycle(session: Session, seed: int) -> None:
    """Fill the card in some way and delete everything in some order."""
    random, groups = Random(seed), list[Uri]()
    most = random.choice((40, 120, 224))
    while taken(session, Batch().add(ROOT, branch(f"G{len(groups)}", *leaves(8, random.randint(0, most))))):
        groups.append(uri(f"G{len(groups)}"))
    if seed % 10 == 0:
        fill(session, groups[0], 60, 0)
    for group in shuffled(groups, seed):
        for at in random.sample(range(8), random.randint(0, 3)):
            session.apply(Batch().delete(group / f"L{at:03}"))
    for group in shuffled(groups, seed + 1):
        session.apply(Batch().delete(group))


@pytest.mark.search
@BOTH
def test_filling_and_deleting_gives_every_byte_back(device: Device, profile: str, record_property: Record):
    fresh = device.new(PROFILES[profile] + parameters(arena=8)).info
    cycles = pick(1000, 1000, 10_000)
    session = device.open()
    for seed in range(cycles):
        cycle(session, seed)
        session = device.open()
        assert (session.info.free, session.info.nodes) == (fresh.free, OWN_NODES), f"cycle {seed}"
    record_property("figure: store: fill-and-delete cycles", cycles)


def deep(depth: int) -> Node:
    """A chain of nodes."""
    node = leaf("Leaf", b"x")
    for _ in range(depth - 1):
        node = branch("D", node)
    return node


def refused_adds(info_depth: int) -> dict[Sw, Batch]:
    """Adds that fail late: after most of what they add has been written."""
    twins = branch("Twins", *leaves(30))
    far = branch("N" * 60, branch("M" * 60, *leaves(10), branch("O" * 60, leaf("P" * 60))))
    return {
        Sw.TOO_DEEP: Batch().add(ROOT, deep(info_depth + 1)),
        Sw.ALREADY_EXISTS: Batch().add(ROOT, twins).add(ROOT, leaf("Twins")),
        Sw.URI_TOO_LONG: Batch().add(ROOT, far),
        Sw.CARD_FULL: Batch().add(ROOT, branch("Much", *leaves(60, 220))),
        Sw.NO_NODE_LEFT: Batch().add(ROOT, branch("Many", *leaves(110, 0))),
        Sw.NOT_FOUND: Batch().add(ROOT, branch("A1", *leaves(20))).delete(uri("Missing")),
        Sw.TOO_WIDE: Batch().add(uri("Wide"), leaf("One more")),
    }


@BOTH
def test_adds_that_fail_leave_nothing_behind(device: Device, profile: str):
    session = device.new(PROFILES[profile] + parameters(arena=8, nodes=350))
    session.apply(Batch().add(ROOT, branch("Wide", *leaves(int(Limit.CHILDREN), 0))))
    before = look(device)
    session = device.open()
    for _ in range(40):
        for status, batch in refused_adds(session.info.max_depth).items():
            assert refusal(session, batch) == status
    assert look(device) == before


# Sizes


@BOTH
@pytest.mark.parametrize("kib", KIB)
def test_every_arena_size_can_be_used_to_its_end(device: Device, profile: str, kib: int):
    small = profile == "small"
    session = device.new(PROFILES[profile] + parameters(arena=kib, nodes=512))
    info = session.info
    assert (info.arena, info.free) == (kib * 1024, expected_free(info, device, small=small))
    groups = [uri(f"G{at}") for at in range(10)]
    for group in groups:
        session.apply(Batch().add(ROOT, branch(group.name)))
    values = [place for group in groups for place in fill_most(session, group)]
    seen = look(device)
    assert seen.free == expected_free(info, device, small=small)
    assert seen.free < info.arena // 10, "there was room for more"
    for place in values:
        found = seen.tree.find(place)
        assert found is not None
        assert found.value == pattern(int(place.name[1:]), found.size)
    session = device.open()
    session.apply(Batch().erase())
    assert session.refresh().free == info.free


def fill_most(session: Session, group: Uri) -> list[Uri]:
    """Up to 100 leaves as large as can be, then smaller ones."""
    made: list[Uri] = []
    for size in (224, 150, 60, 20):
        while len(made) < 100 and taken(session, Batch().add(group, leaf(f"F{len(made)}", pattern(len(made), size)))):
            made.append(group / f"F{len(made)}")
    return made


def test_free_space_is_exact_whatever_the_nodes_hold(device: Device):
    watch = Watch(device.sim)
    device.new()
    session = watch.open()
    random = Random(5)
    for at in range(60):
        node = leaf(f"N{at}" + "n" * random.randint(0, 40), pattern(at, random.randint(0, 224)), title="T" * (at % 9))
        session.apply(Batch(time=random.choice((None, 7))).add(ROOT, node))
        info = session.refresh()
        watch.open()
        assert info.free == expected_free(info, device, small=False)
