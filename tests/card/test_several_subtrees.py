"""One ADD brings several subtrees: their ids, what it costs, and what each of them must obey."""

from __future__ import annotations

import pytest

from smartdm.errors import AlreadyExists
from smartdm.mo.tree import Format as NodeFormat
from smartdm.mo.tree import Node as HostNode
from smartdm.mo.uri import ROOT
from smartdm.session import Batch
from smartdm.transport.sim import SimTransport
from smartdm.wire import Access, Format, Limit, Sw
from tests.card.attack import Attacker, add, interior, leaf, source, sourced
from tests.card.device import Device
from tests.card.judge import Judge
from tests.card.store import PROFILES
from tests.oracle import nodes as made
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Delete, Get, Source
from tests.oracle.nodes import FULL, REGISTRY, SERVERS, UPLOADS, Node, branch, defined, large, rule_branch, rule_leaf

SRV, UP = (REGISTRY, SERVERS), (REGISTRY, UPLOADS)
RULES = rule_branch(
    "mo",
    rule_leaf("K", FULL & ~Access.ADD),
    rule_branch("", rule_leaf("P"), maximum=2),
    rule_leaf("Q"),
)


@pytest.fixture(params=PROFILES)
def judge(simulator: SimTransport, request: pytest.FixtureRequest) -> Judge:
    judge = Judge.new(simulator, PROFILES[request.param])
    judge.servers("S")
    judge.done(Add((REGISTRY,), RULES))
    judge.done(Add((), branch("A", made.leaf("x", b"1"), acl=Acl.parse(f"Add=S+{ISSUER}&Get=*&Replace={ISSUER}"))))
    return judge


def some(name: str) -> Node:
    below = branch("below", made.leaf("1", b"one"), made.leaf("2", bytes(224)))
    return branch(name, made.leaf("first", title="T"), below, large("big", bytes(224), b"end"))


def test_subtrees_of_all_kinds_come_together(judge: Judge):
    before = judge.model.root.verno
    judge.done(Add((), some("B"), more=(made.leaf("C", b"c"), some("D"), branch("E"))), Get(()))
    judge.look()
    judge.audit()
    assert judge.model.root.verno == before + 1
    judge.follow(judge.model.generation - 1)
    judge.done(Delete(("C",)), Add(("A",), some("F"), more=(some("G"), some("H"))), who=ISSUER)
    judge.look()
    judge.audit()


def test_objects_and_nodes_below_them_come_together(judge: Judge):
    one, two = (defined(name, ("mo",), defined("Q", ("mo", "Q"), value=name.encode())) for name in ("M", "N"))
    judge.done(Add((), one, more=(made.leaf("free"), two)))
    places = [defined(name, ("mo", ""), defined("P", ("mo", "", "P"))) for name in "abc"]
    judge.refuse(Sw.OCCURRENCE, Add(("M",), places[0], more=tuple(places[1:])))
    judge.refuse(Sw.NOT_DEFINED, Add(("M",), places[0], more=(made.leaf("free"),)))
    judge.done(Add(("M",), places[0], more=(places[1],)))
    judge.look()
    judge.audit()


def test_each_subtree_must_be_allowed(judge: Judge):
    judge.done(Add((), defined("M", ("mo",), defined("Q", ("mo", "Q")), acl=Acl.parse("Add=S&Get=*"))))
    key = defined("K", ("mo", "K"))
    place = defined("a", ("mo", ""), format=Format.NODE)
    judge.refuse(Sw.ACCESS_DENIED, Add(("M",), place, more=(key,)), who="S")
    listed = made.leaf("y", acl=Acl.parse("Get=S"))
    judge.refuse(Sw.NOT_ALLOWED, Add(("A",), made.leaf("z"), more=(listed,)), who="S")
    judge.done(Add(("A",), branch("z"), more=(made.leaf("w"), branch("v"))), who="S")
    # Their creator lacks Replace on the parent, so each interior one has a list of its own.
    assert [bool(judge.model.find(("A", name)).acl) for name in "zwv"] == [True, False, True]
    judge.look()


@pytest.mark.parametrize("names", [("x", "y"), ("y", "x"), ("y", "y"), ("y", "z", "y")])
def test_a_name_that_is_there_already_is_refused_wherever_it_comes(judge: Judge, names: tuple[str, ...]):
    first, *more = (branch(name, made.leaf("1")) for name in names)
    judge.refuse(Sw.ALREADY_EXISTS, Add(("A",), first, more=tuple(more)))


def test_a_twin_far_down_is_refused_too(judge: Judge):
    twins = branch("z", branch("d", made.leaf("t"), made.leaf("t")))
    judge.refuse(Sw.ALREADY_EXISTS, Add(("A",), made.leaf("y"), more=(twins,)))


def test_as_many_children_as_a_node_can_have_come_at_once(judge: Judge):
    leaves = [made.leaf(f"{number:03}") for number in range(Limit.CHILDREN)]
    judge.tight = True
    judge.done(Add((), branch("W")))
    if judge.model.node_limit > Limit.CHILDREN + judge.model.nodes():
        judge.done(Add(("W",), leaves[0], more=tuple(leaves[1:])))
        judge.look()
        judge.audit()
    judge.refuse(Sw.TOO_WIDE, Add(("A",), leaves[0], more=tuple(leaves[1:])))


def test_servers_and_uploads_come_together(judge: Judge):
    judge.servers("T")
    judge.done(Add(SRV, made.leaf("U"), more=(made.leaf("V"), made.leaf("W"))))
    judge.refuse(Sw.ALREADY_EXISTS, Add(SRV, made.leaf("X"), more=(made.leaf("S"),)))
    judge.done(Add(UP, large("u"), more=(large("v"),)), who="U")
    pieces = [Node("", Format.BIN, bytes((number,)) * 224) for number in range(8)]
    judge.done(Add((*UP, "u"), pieces[0], more=tuple(pieces[1:])))
    judge.done(Add((*UP, "u"), pieces[0], more=tuple(pieces[1:3])))
    assert judge.model.find((*UP, "u")).verno == 2
    judge.audit()


def test_only_one_leaf_alone_takes_the_source(judge: Judge):
    new = made.leaf("new", format=Format.BIN)
    judge.refuse(Sw.NO_SOURCE, Source(("A", "x")), Add((), new, sourced=True, more=(made.leaf("other"),)))
    judge.done(Source(("A", "x")), Add((), new, sourced=True))


def test_ids_are_the_lowest_free_ones_level_by_level(judge: Judge):
    judge.done(Add((), made.leaf("a"), more=tuple(made.leaf(name) for name in "bcdef")))
    judge.done(
        Delete(("b",)), Delete(("d",)), Add((), branch("X", made.leaf("1")), more=(branch("Y", made.leaf("2")),))
    )
    judge.look()  # compares them with those that the card tells


def test_definitions_leave_the_low_ids_to_other_nodes(judge: Judge):
    eighth = judge.model.node_limit // 8
    first = judge.model.find((REGISTRY, "mo"))
    assert [node.id for node in first.walk()] == [eighth + at for at in (0, 1, 2, 4, 3)]
    judge.done(Add((REGISTRY,), rule_leaf("more")))
    assert judge.model.find((REGISTRY, "more")).id == eighth + 5


# On the wire.


@pytest.mark.parametrize(
    ("element", "sw"),
    [
        (add(b"A", roots=0), Sw.BAD_ELEMENT),
        (add(b"A", leaf(b"y"), roots=0), Sw.BAD_ELEMENT),
        (add(b"A", leaf(b"y"), roots=2), Sw.TRUNCATED),
        (add(b"A", leaf(b"y"), leaf(b"z"), roots=3), Sw.TRUNCATED),
        (add(b"A", leaf(b"y"), leaf(b"z"), roots=1), Sw.BAD_ELEMENT),
        (add(b"A", interior(b"y", 1), leaf(b"z"), roots=2), Sw.TRUNCATED),
        (add(b"A", leaf(b"y"), roots=0xEF), Sw.TOO_WIDE),
        (add(b"A", leaf(b"y"), roots=0xFF), Sw.TOO_WIDE),
        (add(b"A", interior(b"y", 0xF1), leaf(b"z")), Sw.TOO_WIDE),
        (add(b"A", interior(b"y", 0xF2), leaf(b"z"), leaf(b"w")), Sw.TOO_WIDE),
        (source(b"L") + sourced(add(b"", leaf(b"y"), leaf(b"z"), roots=2)), Sw.NO_SOURCE),
    ],
)
def test_what_an_add_cannot_be_is_refused(card: Attacker, element: bytes, sw: Sw):
    card.refused(sw, element)


def test_the_host_names_all_that_an_add_was_about(device: Device):
    session = device.open()
    nodes = [HostNode(name, NodeFormat.NODE, children=(HostNode("x", NodeFormat.CHR, b"v"),)) for name in "ABC"]
    session.apply(Batch().add(ROOT, *nodes[:2]))
    assert [child.name for child in session.read().children] == ["A", "B"]
    with pytest.raises(AlreadyExists, match=r"Add \./C, \./B") as caught:
        session.apply(Batch().delete(ROOT / "A").add(ROOT, nodes[2], nodes[1]))
    assert caught.value.index == 1
    assert [child.name for child in session.read().children] == ["A", "B"]
