"""Trees that are too deep, too wide or too long, and batches cut short: all or nothing, each with its own refusal."""

from __future__ import annotations

from itertools import pairwise

import pytest

from smartdm.wire import Format, Ins, Kind, Limit, Option, Sw
from tests.card.attack import (
    GENERATION_SIZE,
    OPTIONS,
    Attacker,
    acl,
    add,
    apdu,
    assert_sw,
    attacker,
    delete,
    get,
    interior,
    leaf,
    node,
    options,
    rename,
    replace,
    source,
    sourced,
    text,
    title,
)
from tests.card.device import SMALL, Device

DEPTHS = [pytest.param(b"", Limit.DEPTH, id="default"), pytest.param(SMALL, Limit.DEPTH_SMALL, id="small")]


def chain(levels: int) -> tuple[bytes, ...]:
    """A subtree of one node on each of so many levels, a leaf at the end."""
    return (*[interior(b"d", 1)] * (levels - 1), leaf(b"d"))


def path(depth: int) -> bytes:
    return b"/".join([b"d"] * depth)


def grow(card: Attacker, depth: int) -> None:
    for level in range(depth):
        card.done(add(path(level), interior(b"d")))


# Too deep.


@pytest.mark.parametrize(("params", "limit"), DEPTHS)
def test_a_subtree_deeper_than_the_limit_is_refused(device: Device, params: bytes, limit: int):
    card = attacker(device, params)
    for levels in (limit + 1, limit + 2, limit + 5):
        card.refused(Sw.TOO_DEEP, add(b"", *chain(levels)))
    card.refused(Sw.TOO_DEEP, add(b"A", *chain(limit)))
    card.done(add(b"", *chain(limit)))


@pytest.mark.parametrize(("params", "limit"), DEPTHS)
def test_one_node_below_the_deepest_is_refused(device: Device, params: bytes, limit: int):
    card = attacker(device, params)
    grow(card, limit)
    card.refused(Sw.TOO_DEEP, add(path(limit), interior(b"d")))
    card.refused(Sw.TOO_DEEP, add(path(limit), leaf(b"d")))
    card.refused(Sw.NOT_FOUND, get(path(limit + 1)))
    assert_sw(card.run(get(path(limit))), Sw.OK)


@pytest.mark.parametrize(("params", "limit"), DEPTHS)
def test_a_deep_branch_among_flat_ones_is_refused(device: Device, params: bytes, limit: int):
    card = attacker(device, params)
    bushy = [interior(b"s", 3), leaf(b"a"), interior(b"d", 1), leaf(b"c"), *chain(limit - 1)]
    card.refused(Sw.TOO_DEEP, add(b"", *bushy))
    card.done(add(b"", *bushy[:-2], leaf(b"d")))


# Too wide.


def fill(card: Attacker, parent: bytes, count: int) -> None:
    for number in range(count):
        card.done(add(parent, leaf(b"%03d" % number)))


def test_the_241st_child_is_refused(card: Attacker):
    card.done(add(b"", interior(b"W")))
    fill(card, b"W", Limit.CHILDREN)
    card.refused(Sw.TOO_WIDE, add(b"W", leaf(b"z")))
    card.refused(Sw.TOO_WIDE, add(b"W", interior(b"000")))
    card.done(delete(b"W/007"))
    card.done(add(b"W", leaf(b"z")))
    card.refused(Sw.TOO_WIDE, add(b"W", leaf(b"007")))


@pytest.mark.parametrize("count", [Limit.CHILDREN + 1, 0xFE, 0xFF])
def test_a_node_that_announces_more_children_than_it_may_have_is_refused(card: Attacker, count: int):
    card.refused(Sw.TOO_WIDE, add(b"", interior(b"W", count)))
    card.refused(Sw.TOO_WIDE, add(b"", interior(b"S", 1), interior(b"W", count)))


def test_children_that_are_announced_and_do_not_come_are_truncated(card: Attacker):
    card.refused(Sw.TRUNCATED, add(b"", interior(b"W", 2), leaf(b"a")))
    card.refused(Sw.TRUNCATED, add(b"", interior(b"W", Limit.CHILDREN)))


def test_more_nodes_than_ids_are_refused(device: Device):
    card = attacker(device, SMALL)
    card.refused(Sw.NO_NODE_LEFT, add(b"", interior(b"W", 2), interior(b"a", 150), interior(b"b", 150)))
    card.done(add(b"", interior(b"V", 5), *[leaf(b"%d" % number) for number in range(5)]))
    card.refused(Sw.NO_NODE_LEFT, add(b"", interior(b"W", Limit.CHILDREN)))


# Too long.


def test_a_uri_that_grows_beyond_the_limit_is_refused(card: Attacker):
    long, longer = b"a" * Limit.NAME, b"b" * Limit.NAME
    card.done(add(b"", interior(long, 1), interior(longer)))
    parent = long + b"/" + longer
    room = Limit.URI - len(parent) - 1
    card.refused(Sw.URI_TOO_LONG, add(parent, leaf(b"c" * (room + 1))))
    card.done(add(parent, leaf(b"c" * room)))
    card.done(rename(parent + b"/" + b"c" * room, b"d"))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_subtree_whose_uris_are_too_long_is_refused(card: Attacker, level: int):
    names = [b"a" * Limit.NAME, b"b" * Limit.NAME, b"c" * (Limit.URI - 2 * Limit.NAME - 2)]
    card.done(add(b"", interior(names[0], 1), interior(names[1], 1), leaf(names[2])))
    card.done(delete(names[0]))
    names[2] += b"c"
    for depth in range(1, level):
        card.done(add(b"/".join(names[: depth - 1]), interior(names[depth - 1])))
    nodes = [interior(name, 1) for name in names[level - 1 : -1]]
    card.refused(Sw.URI_TOO_LONG, add(b"/".join(names[: level - 1]), *nodes, leaf(names[2])))


def test_a_new_name_that_makes_uris_below_too_long_is_refused(card: Attacker):
    names = [b"a" * 62, b"b" * Limit.NAME, b"c" * Limit.NAME]
    card.done(add(b"", interior(names[0], 1), interior(names[1], 1), leaf(names[2])))
    card.refused(Sw.URI_TOO_LONG, rename(names[0], b"d" * 63))
    card.refused(Sw.URI_TOO_LONG, rename(names[0], b"d" * 63), delete(b"L"))
    card.done(rename(names[0], b"d" * 62))
    card.done(rename(b"d" * 62, b"e"))
    card.done(rename(b"e", b"f" * 62))


@pytest.mark.parametrize("size", [Limit.URI + 1, 223, 248])
def test_a_uri_beyond_the_limit_is_refused(card: Attacker, size: int):
    uri = (b"x" * 60 + b"/") * 5
    card.refused(Sw.URI_TOO_LONG, get(uri[:size])[:-1])
    card.refused(Sw.URI_TOO_LONG, delete(uri[:size]))
    card.refused(Sw.NOT_FOUND, delete(uri[: Limit.URI]))
    before = card.tree()
    data = text(uri[:size])
    assert_sw(card.device.apdu(apdu(Ins.READ, data))[1], Sw.URI_TOO_LONG)
    assert card.tree() == before


# Cut short.


def elements() -> list[tuple[bytes, bytes, bool]]:
    """A valid batch with every field there is: header, value, and whether a command ends there."""
    full = Format.CHR | Kind.TITLE | Kind.ACL
    texts = text("Tÿpe".encode()) + text("Títle".encode()) + text(b"\x09\x01*\x10\x03srv")
    return [
        (options(Option.ATOMIC | Option.IF_GENERATION | Option.TIME, bytes((0, 0, 3)) + bytes(4)), b"", True),
        (add(b"A/B"), b"", False),
        (interior(b"S", 2), b"", False),
        (leaf(b"full", kind=full, meta=0x80, texts=texts)[:-1] + b"\x05", b"value", False),
        (interior("ä€😀".encode(), 1), b"", False),
        (leaf(b"z", kind=Format.NULL), b"", True),
        (replace(b"A/x", b"", kind=Format.BIN, meta=0x80, texts=text(b"x/y"))[:-1] + b"\x03", b"new", True),
        (replace(b"A/B/y", b"")[:-1] + b"\x04", b"kept", True),
        (rename(b"A/B/S", b"R"), b"", True),
        (acl(b"A/B", b"\x1f\x01*\x08\x03srv"), b"", True),
        (title(b"A", "Tïtle".encode()), b"", True),
        (source(b"A/B/y"), b"", True),
        (sourced(replace(b"A/x", b"")), b"", True),
        (add(b"A"), b"", False),
        (node(b"P", b"\xff\x02", Format.BIN), b"", False),
        (leaf(b"", kind=Format.BIN)[:-1] + b"\x03", b"one", False),
        (leaf(b"", kind=Format.BIN)[:-1] + b"\x03", b"two", True),
        (delete(b"L"), b"", True),
        (get(b"A", 255), b"", True),
    ]


WHOLE = b"".join(header + value for header, value, _ in elements())


def ends(*, commands: bool) -> set[int]:
    """Lengths at which a part may end: behind a command, or wherever the wire allows a batch to be divided."""
    at, found = 0, set()
    for header, value, last in elements():
        first = at + len(header)
        at = first + len(value)
        found |= ({at} if last else set()) if commands else set(range(first, at + 1))
    return found


def test_a_batch_cut_anywhere_but_behind_a_command_is_truncated(card: Attacker):
    start, before = card.device.sim.snapshot(), card.tree()
    for size in range(1, len(WHOLE)):
        verdict = card.verdict(*card.part(WHOLE[:size]))
        if size in ends(commands=True):
            assert_sw(verdict, Sw.OK)
            card.device.sim.restore(start)
            card.device.open()
        else:
            assert_sw(verdict, Sw.TRUNCATED)
            assert card.tree() == before, f"cut after {size} bytes"
    card.works()


def test_a_first_part_that_nothing_follows_changes_nothing(card: Attacker):
    before = card.tree()
    for size in range(1, len(WHOLE) + 1):
        verdict = card.verdict(*card.part(WHOLE[:size], last=False))
        assert_sw(verdict, Sw.OK if size in ends(commands=False) else Sw.TRUNCATED)
        if verdict == Sw.OK:
            assert_sw(card.device.apdu(apdu(Ins.READ, b"\x00"))[1], Sw.CHAIN_BROKEN)
        assert card.tree() == before, f"cut after {size} bytes"
    card.works()


def test_a_batch_divided_where_it_may_be_is_the_whole_batch(card: Attacker):
    start = card.device.sim.snapshot()
    expected, sw = card.part(WHOLE)
    assert_sw(sw, Sw.OK)
    for size in range(1, len(WHOLE)):
        card.device.sim.restore(start)
        card.device.open()
        before = card.tree()
        assert_sw(
            card.verdict(*card.part(WHOLE[:size], last=False)), Sw.OK if size in ends(commands=False) else Sw.TRUNCATED
        )
        data, sw = card.part(WHOLE[size:], 1)
        if size in ends(commands=False):
            assert (data, sw) == (expected, Sw.OK), f"divided after {size} bytes"
        else:
            assert_sw(card.verdict(data, sw), Sw.CHAIN_BROKEN)
            assert card.tree() == before


def test_a_batch_in_the_smallest_parts_is_the_whole_batch(card: Attacker):
    start = card.device.sim.snapshot()
    expected = card.part(WHOLE)
    card.device.sim.restore(start)
    card.device.open()
    cuts = [0, *sorted(ends(commands=False))]
    pieces = [WHOLE[first:last] for first, last in pairwise(cuts) if first < last]
    for number, piece in enumerate(pieces):
        answer = card.part(piece, number, last=number == len(pieces) - 1)
    assert answer == expected
    assert len(expected[0]) > GENERATION_SIZE
    assert len(pieces) > len(elements())


def test_options_alone_are_an_empty_batch(card: Attacker):
    before = card.tree()
    assert card.part(OPTIONS) == (b"", Sw.OK)
    assert card.tree() == before
