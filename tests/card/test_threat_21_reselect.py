"""Threat 21: what one selection had in hand is gone in the next: who asked, a batch, an answer, a source, a tag."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Cla, Ins, Sw
from tests.card import attack
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.card.seen import SELECT, apdu
from tests.oracle import writing
from tests.oracle.commands import Add, Command, Delete, Replace, Source
from tests.oracle.nodes import REGISTRY, branch, leaf
from tests.oracle.writing import Options

OTHER = bytes.fromhex("00A4040008A00000000300000000")
"""SELECT of another applet; none has this AID, so that ours stays or is left, as the card likes."""

BITMAP, STAGING, NEXT, WORDS = 256, 384, 27, 73
"""Elements of some transient arrays of the default profile, by which they are told apart."""
FOR_SELECT, LEDGER = 16, 4
"""Words that a SELECT sets; bytes that it copies from the superblock: generation, state, tries."""

Again = Callable[[Judge], None]


def select(judge: Judge) -> None:
    judge.send(SELECT)


def reset(judge: Judge) -> None:
    judge.sim.reset()
    judge.send(SELECT)


BOTH = pytest.mark.parametrize("again", [select, reset])


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    """./A holds leaves that fill several answers; S is a server."""
    judge = Judge.new(simulator)
    judge.servers("S")
    judge.done(Add((), branch("A", *(leaf(f"L{at}", bytes((at,)) * 100) for at in range(9)))))
    return judge


def part(judge: Judge, *commands: Command, options: Options = writing.NO_OPTIONS) -> int:
    """The first part of a batch that goes on."""
    (data,) = writing.batch(commands, judge.numbers.ids, options)
    return judge.send(apdu(Ins.BATCH, data, cla=Cla.PLAIN | Cla.CHAIN))[1]


@BOTH
def test_nobody_is_asking_any_more(judge: Judge, again: Again):
    for who in ("S", "#holder", "#issuer"):
        judge.ask_as(who)
        assert_sw(judge.read((), 0).sw, Sw.OK)
        again(judge)
        assert_sw(judge.read((), 0).sw, Sw.NOT_ALLOWED)
        assert_sw(judge.run([Delete(("A",))]).sw, Sw.NOT_ALLOWED)


@BOTH
def test_a_batch_that_was_begun_is_forgotten(judge: Judge, again: Again):
    before = judge.state()
    assert_sw(part(judge, Delete(("A", "L0")), Add((), leaf("new")), options=Options(tag=b"12345678")), Sw.OK)
    again(judge)
    judge.ask_as("#issuer")
    assert_sw(judge.send(apdu(Ins.BATCH, b"\x01\xc3\x00"))[1], Sw.CHAIN_BROKEN)
    assert judge.state() == before
    judge.done(Replace(("A", "L0"), b"1"))
    assert judge.select().tags == (bytes(8),) * 3
    judge.audit()


@BOTH
def test_its_options_do_not_count_for_the_next_one(judge: Judge, again: Again):
    assert_sw(part(judge, Delete(("A", "L0")), options=Options(time=7, tag=b"12345678")), Sw.OK)
    again(judge)
    judge.ask_as("#issuer")
    assert_sw(judge.send(apdu(Ins.BATCH, b"\x00\xc3\x00"))[1], Sw.BATCH_FAILED)
    judge.done(Replace(("A", "L0"), b"1"))
    assert judge.model.find(("A", "L0")).tstamp is None
    judge.look()


@BOTH
def test_a_source_is_forgotten(judge: Judge, again: Again):
    assert_sw(part(judge, Source(("A", "L0"))), Sw.OK)
    again(judge)
    judge.ask_as("#issuer")
    assert_sw(judge.run([Replace(("A", "L1"), None)]).sw, Sw.NO_SOURCE)


@BOTH
@pytest.mark.parametrize("since", [None, 0])
def test_an_answer_does_not_go_on(judge: Judge, again: Again, since: int | None):
    data = b"\x00" + (b"" if since is None else bytes(3))
    first, sw = judge.send(apdu(Ins.READ, data, 0xFF, int(since is not None)))
    assert sw == Sw.MORE
    again(judge)
    next_part = apdu(Ins.READ_NEXT, p1=first[3], p2=1)
    assert_sw(judge.send(next_part)[1], Sw.NOT_ALLOWED)
    judge.ask_as("S")
    assert_sw(judge.send(next_part)[1], Sw.NO_CURSOR)


def test_a_select_that_fails_gives_nothing(judge: Judge):
    judge.ask_as("S")
    judge.send(OTHER)
    assert judge.run([Delete(("A",))]).sw == Sw.NOT_ALLOWED
    judge.learn()


@BOTH
def test_a_right_does_not_outlive_who_had_it(judge: Judge, again: Again):
    judge.done(Add((REGISTRY, "Srv"), leaf("T")))
    again(judge)
    judge.ask_as("S")
    judge.refuse(Sw.NOT_ALLOWED, Delete(("A",)))
    again(judge)
    judge.ask_as("")
    assert_sw(judge.run([Replace(("A", "L0"), b"")]).sw, Sw.NOT_ALLOWED)


def begin_batch(judge: Judge) -> None:
    options = Options(time=0x7F7F7F7F, tag=b"\xa5" * 8)
    part(judge, Replace(("A", "L1"), b"\xa5" * 100), Source(("A", "L2")), options=options)


def begin_add(judge: Judge) -> None:
    """In the middle of a value, with a node yet to come."""
    nodes = attack.add(b"A", attack.interior(b"N", 2), attack.leaf(b"x", b"\xa5" * 50))[:-20]
    assert_sw(judge.send(apdu(Ins.BATCH, b"\x00" + attack.OPTIONS + nodes, cla=attack.CHAINED))[1], Sw.OK)


def begin_reading(judge: Judge) -> None:
    assert_sw(judge.send(apdu(Ins.READ, b"\x00", 0xFF))[1], Sw.MORE)


def refused_batch(judge: Judge) -> None:
    assert judge.run([Delete(("A", "L0")), Delete(("no such node",))]).at == 2


@pytest.mark.parametrize("use", [begin_batch, begin_add, begin_reading, refused_batch])
def test_a_selection_leaves_no_more_behind_than_a_reset(judge: Judge, use: Callable[[Judge], None]):
    use(judge)
    held = judge.sim.residue()
    judge.send(SELECT)
    left = judge.sim.residue()
    judge.sim.reset()
    assert not any(number for _, number in judge.sim.residue())
    judge.send(SELECT)
    # In every array as much as SELECT itself needs: the coming generation and the ledger, the free-space bitmap, and
    # 16 words.
    assert left == judge.sim.residue()
    assert sum(number for _, number in left) < sum(number for _, number in held)
    assert {size: number for size, number in left if number and size != BITMAP} == {NEXT: LEDGER, WORDS: FOR_SELECT}


def test_what_is_held_can_be_seen(judge: Judge):
    begin_batch(judge)
    held = dict(judge.sim.residue())
    assert held[STAGING] > 50
    assert held[NEXT] > 12
    assert held[WORDS] > FOR_SELECT
