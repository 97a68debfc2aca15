"""The change feed: what is newer than a generation, with ids; what a host makes of it; tags of batches."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Ins, Sw
from smartdm.wire import Node as Fixed
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.card.seen import apdu
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.feed import compare, follow
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, branch, large, leaf
from tests.oracle.writing import Options


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    judge = Judge.new(simulator)
    judge.servers("S")
    judge.done(Add((), branch("A", leaf("x", b"1"), branch("B", leaf("y", b"2")))), Add((), leaf("L", b"3")))
    judge.look()
    return judge


def test_nothing_new_is_nothing_told(judge: Judge):
    answer = judge.read(since=judge.model.generation)
    assert (answer.sw, len(answer.data)) == (Sw.OK, 4)


def test_since_a_generation_that_is_not_reached_yet_everything_is_told(judge: Judge):
    # As it is for a host that followed another card, or this one before it was made anew.
    for since in (judge.model.generation + 1, 0xFFFFFF):
        assert judge.read(since=since) == judge.read(since=0)


def test_a_read_changes_no_generation(judge: Judge):
    # What a batch left in memory before the generation asked for is all ones.
    judge.done(Replace(("L",), b"new"), options=Options(time=0xFFFFFFFF, tag=b"\xff" * 8))
    assert judge.items(since=0xFFFFFF) == judge.items()
    judge.done(Replace(("L",), b"newer"))
    assert judge.select().generation == judge.model.generation


def test_a_changed_leaf_is_told_alone(judge: Judge):
    before = judge.model.generation
    judge.done(Replace(("A", "B", "y"), b"new"))
    items = judge.items((), before)
    assert [item.name for item in items] == ["y"]
    judge.follow(before)


def test_deletions_and_renames_follow_from_ids(judge: Judge):
    base, before = judge.snapshot(), judge.model.generation
    judge.done(Add(("A", "B"), leaf("new")), Delete(("L",)), Rename(("A", "x"), "z"))
    new = follow(base, judge.items((), before), Fixed.ROOT)
    assert new == judge.snapshot()
    difference = compare(base, new)
    assert [base[number].name for number in difference.deleted] == ["L"]
    assert [(base[number].name, new[number].name) for number in difference.renamed] == [("x", "z")]
    assert [new[number].name for number in difference.added] == ["new"]


def test_the_id_of_a_deleted_node_is_used_again(judge: Judge):
    number = judge.model.find(("L",)).id
    base, before = judge.snapshot(), judge.model.generation
    judge.done(Delete(("L",)), Add(("A", "B"), leaf("new")))
    new = follow(base, judge.items((), before), Fixed.ROOT)
    assert new == judge.snapshot()
    assert number in new
    # A host cannot tell it from a node that moved, but by its VerNo, which began anew, and by its place.
    assert (new[number].name, new[number].verno) == ("new", 0)


def test_a_name_that_went_and_came_back_is_another_node(judge: Judge):
    base, before = judge.snapshot(), judge.model.generation
    judge.done(Delete(("A", "B")))
    judge.done(Add(("A",), leaf("B", b"leaf now")))
    new = follow(base, judge.items((), before), Fixed.ROOT)
    assert new == judge.snapshot()


def test_every_kind_of_change_is_told(judge: Judge):
    upload = (REGISTRY, UPLOADS, "u")
    changes = (
        [SetAcl(("A",), Acl.parse("Get=*&Replace=S+#issuer&Add=#issuer&Delete=#issuer"))],
        [SetTitle(("A", "B"), "T")],
        [Source(("L",)), Replace(("A", "x"), None)],
        [Add((REGISTRY, UPLOADS), large("u"))],
        [Source(upload), Replace(("L",), None)],
        [Delete((REGISTRY, SERVERS, "S"))],
        [Delete(())],
    )
    for change in changes:
        base, before = judge.snapshot(), judge.model.generation
        judge.done(*change, who=ISSUER)
        assert follow(base, judge.items((), before), Fixed.ROOT) == judge.snapshot()
        for since in range(judge.model.generation + 1):
            judge.follow(since)
            judge.follow(since, (REGISTRY,))


def test_what_is_hidden_is_not_told(judge: Judge):
    judge.done(SetAcl(("A",), Acl.parse("Get=#issuer&Replace=#issuer")))
    before = judge.model.generation
    judge.done(Replace(("A", "x"), b"secret"))
    judge.ask_as("S")
    assert judge.items((), before) == []
    assert [item.withheld for item in judge.items((), 0)] == [False, True, False]


def test_pieces_that_are_older_than_their_leaf_are_asked_for_again(judge: Judge):
    upload = (REGISTRY, UPLOADS, "u")
    judge.done(Add(upload[:2], large("u")))
    judge.done(Add(upload, leaf("", b"1", format=1)))
    base, before = judge.snapshot(), judge.model.generation
    judge.done(Source(upload), Replace(("L",), None))
    assert follow(base, judge.items((), before), Fixed.ROOT) is None
    again = {**base, **judge.snapshot(("L",))}
    assert follow(again, judge.items((), before), Fixed.ROOT) == judge.snapshot()


def test_ids_stay_over_resets(judge: Judge):
    before = judge.read(since=0)
    judge.power_cycle()
    assert judge.read(since=0) == before


def test_a_feed_of_a_part_of_the_tree(judge: Judge):
    before = judge.model.generation
    judge.done(Replace(("A", "x"), b"new"), Replace(("L",), b"new"), Replace(("A", "B", "y"), b"new"))
    for path in (("A",), ("A", "B"), ("L",)):
        for levels in (0, 1, 0xFF):
            judge.follow(before, path, levels)
            judge.follow(0, path, levels)


def test_the_stream_is_the_same_at_any_le(judge: Judge):
    judge.done(Add((), branch("Many", *(leaf(f"L{at:02}", bytes((at,)) * (3 * at % 50)) for at in range(40)))))
    judge.done(Add((), large("big", bytes(200), bytes(100))))
    for since in (None, 0):
        whole = judge.read(since=since)
        assert_sw(whole.sw, Sw.OK)
        for le in range(8, 256):
            assert judge.read(since=since, le=le) == whole, f"Le {le}"


def test_a_change_ends_the_stream(judge: Judge):
    judge.done(Add((), branch("Many", *(leaf(f"L{at:02}", bytes(100)) for at in range(9)))))
    data, sw = judge.send(apdu(Ins.READ, b"\x00\x00\x00\x00", p1=0xFF, p2=1))
    assert sw == Sw.MORE
    judge.done(Replace(("L",), b"new"))
    assert_sw(judge.send(apdu(Ins.READ_NEXT, p1=data[3], p2=1))[1], Sw.NO_CURSOR)


@pytest.mark.parametrize("data", ["00", "000000", "00000000 00", "0141", "0141 0000"])
def test_a_feed_needs_a_generation(judge: Judge, data: str):
    assert_sw(judge.send(apdu(Ins.READ, bytes.fromhex(data), p1=0xFF, p2=1))[1], Sw.WRONG_LENGTH)


@pytest.mark.parametrize("p2", [2, 3, 0x80, 0xFF])
def test_other_kinds_of_a_read_are_none(judge: Judge, p2: int):
    assert_sw(judge.send(apdu(Ins.READ, bytes(4), p1=0xFF, p2=p2))[1], Sw.WRONG_P1P2)


def tag(host: int, number: int) -> bytes:
    return host.to_bytes(4) + number.to_bytes(4)


def test_the_last_three_hosts_have_a_tag(judge: Judge):
    told = []
    for host, number in ((1, 1), (2, 1), (3, 1), (2, 2), (2, 3), (4, 1), (1, 2)):
        judge.done(Replace(("L",), b"new"), options=Options(tag=tag(host, number)))
        told.append(judge.select().tags)
    empty = bytes(8)
    assert told[:3] == [(tag(1, 1), empty, empty), (tag(2, 1), tag(1, 1), empty), (tag(3, 1), tag(2, 1), tag(1, 1))]
    assert told[3] == (tag(2, 2), tag(3, 1), tag(1, 1))
    assert told[4] == (tag(2, 3), tag(3, 1), tag(1, 1))
    assert told[5:] == [(tag(4, 1), tag(2, 3), tag(3, 1)), (tag(1, 2), tag(4, 1), tag(2, 3))]
    judge.power_cycle()
    assert judge.select().tags == told[-1]


def test_a_refused_batch_leaves_no_tag(judge: Judge):
    judge.run([Replace(("L",), b"new"), Delete(("none",))], Options(tag=tag(1, 1)))
    assert judge.select().tags == (bytes(8),) * 3
    judge.done(Get(()), options=Options(time=1))
    judge.done(Replace(("L",), b"new"))
    assert judge.select().tags == (bytes(8),) * 3


def test_all_options_together(judge: Judge):
    options = Options(time=7, generation=judge.model.generation, tag=tag(9, 9))
    judge.done(Replace(("L",), b"new"), options=options)
    assert judge.select().tags[0] == tag(9, 9)
    assert_sw(judge.run([Replace(("L",), b"newer")], options).sw, Sw.CONFLICT)
    judge.look()
