"""Threat 2: rights gained by a new name, a new node, an empty list or a server that is gone."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Format, Sw
from tests.card.acl_requests import every_right, read_denied, refused_to
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.oracle.acl import HOLDER, ISSUER, NONE, Acl
from tests.oracle.commands import Add, Delete, Rename, Replace, SetAcl
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, branch, large, leaf

SRV = (REGISTRY, SERVERS)


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    """./P is readable and replaceable by A and holds ./P/Q of B, which holds the leaf x without a list."""
    judge = Judge.new(simulator)
    judge.servers("A", "B", "C")
    below = branch("Q", leaf("x", b"1"), acl=Acl.parse("Add=B&Delete=B&Get=B&Replace=B"))
    judge.done(Add((), branch("P", below, leaf("y"), acl=Acl.parse("Get=A&Replace=A"))))
    return judge


def test_a_rename_gives_nothing(judge: Judge):
    judge.done(Rename(("P",), "R"), who="A")
    refused_to(judge, "A", Replace(("R", "Q", "x"), b"2"))
    judge.done(Rename(("R", "Q"), "y2"), who="B")
    every_right(judge)


def test_inheritance_is_evaluated_when_it_is_used(judge: Judge):
    judge.done(SetAcl(("P", "Q"), NONE), who="A")
    judge.done(Replace(("P", "Q", "x"), b"2"), who="A")
    refused_to(judge, "B", Replace(("P", "Q", "x"), b"3"))
    judge.done(SetAcl(("P",), Acl.parse("Get=C&Replace=C")), who="A")
    refused_to(judge, "A", Replace(("P", "Q", "x"), b"3"))
    every_right(judge)


def test_an_empty_list_is_not_everybody(judge: Judge):
    judge.done(SetAcl(("P", "Q"), NONE), who="B")
    read_denied(judge, "C", ("P", "Q", "x"))
    every_right(judge)


def test_a_list_is_final(judge: Judge):
    judge.done(SetAcl(("P", "y"), Acl.parse("Delete=C")), who="A")
    refused_to(judge, "A", Replace(("P", "y"), b"2"))
    read_denied(judge, "A", ("P", "y"))
    every_right(judge)


def test_a_new_interior_node_is_its_creators(judge: Judge):
    judge.done(Add((), branch("mine", leaf("z"))), who="C")
    assert judge.model.find(("mine",)).acl == Acl.parse("Add=C&Delete=C&Get=C&Replace=C")
    refused_to(judge, "A", Delete(("mine",)))
    every_right(judge)


def test_a_new_leaf_inherits(judge: Judge):
    judge.done(Add((), leaf("mine", b"1")), who="C")
    refused_to(judge, "C", Replace(("mine",), b"2"))
    judge.done(Add((), large("big", b"1", b"2")), who="C")
    assert not judge.model.find(("big",)).acl
    every_right(judge)


@pytest.mark.parametrize("pieces", [None, 0, 2])
def test_a_new_leaf_brings_no_list_into_a_place_of_others(judge: Judge, pieces: int | None):
    mine = Acl.parse("Get=C&Replace=C")
    node = leaf("mine", acl=mine) if pieces is None else large("mine", *[b"1"] * pieces, acl=mine)
    refused_to(judge, "C", Add((), node))
    judge.done(Add((), node), who=ISSUER)
    every_right(judge)


def test_who_may_replace_on_the_parent_gets_no_list(judge: Judge):
    judge.done(SetAcl(("P",), Acl.parse("Add=A&Get=A&Replace=A")), who="A")
    judge.done(Add(("P",), branch("new")), who="A")
    assert not judge.model.find(("P", "new")).acl
    every_right(judge)


def test_a_removed_server_leaves_its_nodes_to_those_above(judge: Judge):
    judge.done(Delete((*SRV, "B")), who=ISSUER)
    assert not judge.model.find(("P", "Q")).acl
    judge.done(Replace(("P", "Q", "x"), b"2"), who="A")
    every_right(judge)


def test_a_server_of_the_same_number_inherits_nothing(judge: Judge):
    number = judge.numbers.principal("B")
    judge.done(Delete((*SRV, "B")), who=ISSUER)
    judge.servers("D")
    assert judge.numbers.principal("D") == number, "the lowest free number is taken first"
    read_denied(judge, "D", ("P", "Q"))
    every_right(judge)


def test_a_node_of_the_same_number_is_no_server(judge: Judge):
    number = judge.numbers.principal("C")
    judge.done(SetAcl(("P", "y"), Acl.parse("Get=C")), who="A")
    judge.done(Delete((*SRV, "C")), who=ISSUER)
    judge.done(Add((), branch("new")), who=ISSUER)
    judge.look(ISSUER)
    assert judge.model.find(("new",)).id == number
    judge.sim.principal(number)
    assert_sw(judge.read(("P", "y")).sw, Sw.NOT_ALLOWED)


def test_the_root_falls_back_when_nobody_is_left(judge: Judge):
    judge.done(SetAcl((), Acl.parse("Add=A&Get=A&Replace=A+#issuer&Delete=#issuer")), who=ISSUER)
    refused_to(judge, "C", Add((), leaf("z")))
    judge.done(Delete((*SRV, "A")), who=ISSUER)
    assert judge.model.root.acl == Acl.parse("Add=*&Get=*&Replace=#issuer&Delete=#issuer")
    judge.look("C")
    judge.done(Add((), leaf("z")), who="C")


def test_the_root_stays_closed_while_somebody_is_left(judge: Judge):
    judge.done(SetAcl((), Acl.parse("Add=A+B&Get=*&Replace=#issuer&Delete=#issuer")), who=ISSUER)
    judge.done(Delete((*SRV, "A")), who=ISSUER)
    refused_to(judge, "C", Add((), leaf("z")))
    judge.look(ISSUER)


def test_only_the_issuer_removes_servers(judge: Judge):
    refused_to(judge, "A", Delete((*SRV, "B")))
    refused_to(judge, HOLDER, Delete((*SRV, "B")))
    for who in ("*", ISSUER, HOLDER):
        judge.refuse(Sw.PERMANENT, Delete((*SRV, who)), who=ISSUER)


@pytest.mark.parametrize("maker", ["A", ISSUER])
def test_an_upload_is_its_makers(judge: Judge, maker: str):
    up = (REGISTRY, UPLOADS)
    judge.done(Add(up, large("u")), who=maker)
    refused_to(judge, "B", Add((*up, "u"), leaf("", b"1", format=Format.BIN)))
    read_denied(judge, "B", (*up, "u"))
    refused_to(judge, "B", Delete((*up, "u")))
