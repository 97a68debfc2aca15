"""Values above 224 bytes: in one batch, by an upload that power cuts interrupt, adopted, replaced, deleted."""

from __future__ import annotations

import pytest

from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Format, Limit, Sw
from tests.card.acl_requests import read_denied, refused_to
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.card.store import PROFILES
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Replace, SetAcl, Source
from tests.oracle.nodes import REGISTRY, UPLOADS, Node, branch, large, leaf

UP = (REGISTRY, UPLOADS)
IMAGE = (*(bytes((number,)) * Limit.VALUE for number in range(9)), b"end")


@pytest.fixture(params=PROFILES)
def judge(simulator: SimTransport, request: pytest.FixtureRequest) -> Judge:
    """./A holds the leaf x; S may do all below it."""
    judge = Judge.new(simulator, PROFILES[request.param] + b"\x80\x01\x10")
    judge.servers("S", "T")
    judge.done(Add((), branch("A", leaf("x", b"old"))), who="S")
    return judge


def upload(judge: Judge, name: str, *pieces: bytes) -> None:
    """Each piece in a batch of its own."""
    judge.done(Add(UP, large(name)))
    for piece in pieces:
        judge.done(Add((*UP, name), Node("", Format.BIN, piece)))


def adopt(name: str, path: tuple[str, ...] = ("A", "x")) -> list[Command]:
    return [Source((*UP, name)), Replace(path, None, Format.BIN)]


def test_a_large_value_comes_in_one_batch(judge: Judge):
    free = judge.audit().free
    judge.done(Add(("A",), large("big", *IMAGE)))
    seen = judge.look()
    assert seen is not None
    big = dict(seen.names())["A", "big"]
    assert b"".join(piece.value for piece in big.children) == b"".join(IMAGE)
    judge.done(Delete(("A", "big")))
    assert judge.audit().free == free


def test_an_upload_is_seen_by_its_maker_only_and_then_adopted(judge: Judge):
    upload(judge, "u", *IMAGE)
    seen = judge.look()
    assert seen is not None
    assert dict(seen.names())["A", "x"].value == b"old"
    read_denied(judge, "T", (*UP, "u"))
    judge.done(*adopt("u"), who="S")
    judge.look()
    judge.audit()
    judge.refuse(Sw.NOT_FOUND, Get((*UP, "u")))


def test_free_space_returns_exactly(judge: Judge):
    before = judge.audit()
    for _ in range(3):
        upload(judge, "u", *IMAGE)
        judge.done(*adopt("u"))
        assert judge.audit().free < before.free - 2000
        judge.done(Replace(("A", "x"), b"old", Format.CHR))
        after = judge.audit()
        assert (after.free, after.nodes) == (before.free, before.nodes)
    upload(judge, "u", *IMAGE)
    judge.done(Delete((*UP, "u")))
    assert judge.audit().free == before.free


def test_an_adopted_value_is_replaced_by_another(judge: Judge):
    upload(judge, "u", *IMAGE)
    judge.done(*adopt("u"))
    upload(judge, "v", *IMAGE[:2])
    judge.done(*adopt("v"))
    judge.look()
    judge.audit()


def test_an_upload_becomes_a_new_leaf(judge: Judge):
    upload(judge, "u", *IMAGE)
    judge.done(Source((*UP, "u")), Add(("A",), leaf("new", format=Format.BIN, title="T"), sourced=True))
    judge.look()
    judge.audit()


def test_only_the_leaf_that_is_added_by_itself_takes_a_source(judge: Judge):
    upload(judge, "u", *IMAGE[:2])
    whole = bytes.fromhex("c101 41 01 0500 0144 02 0100 0161 fe 0100 0162 00")
    first = bytes.fromhex("c8 063f2f55702f75")
    assert_sw(raw_batch(judge, first + whole), Sw.NO_SOURCE)
    judge.look()
    judge.audit()


def raw_batch(judge: Judge, elements: bytes) -> int:
    """The status word that tells the cause."""
    data, sw = judge.send(bytes((0x80, 0x30, 0, 0, len(elements) + 3)) + b"\x00\xc0\x01" + elements + b"\x00")
    return int.from_bytes(data[2:]) if sw == Sw.BATCH_FAILED else sw


def test_pieces_survive_cuts_and_the_upload_goes_on(judge: Judge):
    judge.done(Add(UP, large("u")))
    for number, piece in enumerate(IMAGE):
        judge.sim.arm_cut(1 + number % 4, CutMode.HALF, number)
        while len(judge.model.find((*UP, "u")).children) <= number:
            try:
                judge.run([Add((*UP, "u"), Node("", Format.BIN, piece))])
            except PowerLostError:
                judge.sim.reset()
            judge.sim.arm_cut(0)
            judge.select("S")
            item = judge.items((*UP, "u"), 0, 0)[0]
            if item.count > number:
                judge.model = judge.model.after([Add((*UP, "u"), Node("", Format.BIN, piece))], "S")
    judge.learn()
    judge.done(*adopt("u"), who="S")
    assert judge.model.find(("A", "x")).whole() == b"".join(IMAGE)
    judge.look()
    judge.audit()


def test_a_cut_in_the_adoption_leaves_the_old_value_or_the_new(judge: Judge):
    upload(judge, "u", *IMAGE)
    kept, outcomes = judge.sim.snapshot(), set()
    for at in range(1, 20):
        judge.sim.restore(kept)
        judge.select("S")
        judge.sim.arm_cut(at, CutMode.GARBAGE, at)
        try:
            judge.run(adopt("u"))
        except PowerLostError:
            judge.sim.reset()
        judge.sim.arm_cut(0)
        done = judge.select("S").generation > judge.model.generation
        outcomes.add(done)
        model = judge.model
        judge.model = model.after(adopt("u"), "S") if done else model
        judge.look()
        judge.audit()
        judge.model = model
    assert outcomes == {False, True}


def test_uploads_of_others_are_out_of_reach(judge: Judge):
    upload(judge, "u", b"1")
    piece = Node("", Format.BIN, b"2")
    for who in ("T", ISSUER):
        refused_to(judge, who, Add((*UP, "u"), piece))
        refused_to(judge, who, Source((*UP, "u")))
        read_denied(judge, who, (*UP, "u"))
    judge.done(Add(UP, large("mine")), who=ISSUER)
    refused_to(judge, "T", Add((*UP, "mine"), piece))
    judge.refuse(Sw.ALREADY_EXISTS, Add(UP, large("u")), who="T")
    refused_to(judge, "T", Delete((*UP, "u")))


def test_the_issuer_removes_what_others_left_behind(judge: Judge):
    free = judge.audit().free
    upload(judge, "u", b"1")
    judge.done(Delete((*UP, "u")), who=ISSUER)
    assert judge.audit().free == free


def test_a_large_value_is_no_source_for_a_copy(judge: Judge):
    judge.done(Add(("A",), large("big", b"1", b"2")))
    judge.refuse(Sw.NO_SOURCE, Source(("A", "big")), Replace(("A", "x"), None))


def test_pieces_belong_to_a_value(judge: Judge):
    judge.done(Add(("A",), large("big", b"1")))
    judge.refuse(Sw.NOT_INTERIOR, Add(("A", "big"), Node("", Format.BIN, b"2")))
    judge.refuse(Sw.NOT_FOUND, Get(("A", "big", "x")))
    for piece in (Node("p", Format.BIN), Node("", Format.CHR), Node("", Format.BIN, title="T"), branch("")):
        assert judge.run([Add(("A",), _with(piece))]).sw in {Sw.BAD_FORMAT, Sw.BAD_NAME}
    judge.look()


def _with(piece: Node) -> Node:
    node = large("other", b"1")
    node.children.append(piece)
    return node


def test_pieces_follow_their_leaf_at_any_level(judge: Judge):
    judge.done(Add(("A",), large("big", b"1", b"2")))
    for levels in (0, 1, 2):
        judge.done(Get(("A", "big"), levels), Get(("A",), levels), Get((), levels))


def test_a_hidden_value_shows_no_piece(judge: Judge):
    judge.done(Add(("A",), large("big", b"secret piece")), SetAcl(("A", "big"), Acl.parse("Get=#issuer")))
    judge.look("T")
    assert b"secret" not in judge.read(since=0).data


def test_a_piece_is_as_long_as_a_value(judge: Judge):
    judge.refuse(Sw.VALUE_TOO_LARGE, Add(("A",), large("big", bytes(Limit.VALUE + 1))))
