"""ServerIDs on the card: who adds and removes them, how they are written, what is left when one goes."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal, Sw
from tests.card.acl_requests import refused_to
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.oracle.acl import HOLDER, ISSUER, Acl
from tests.oracle.commands import Add, Delete, SetAcl
from tests.oracle.nodes import REGISTRY, SERVERS, branch, leaf
from tests.oracle.rights import server_id, server_name

SRV = (REGISTRY, SERVERS)


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    judge = Judge.new(simulator)
    judge.servers("A")
    return judge


def test_those_of_every_card_have_their_numbers(judge: Judge):
    fixed = {Principal.ANYBODY: "*", Principal.ISSUER: ISSUER, Principal.HOLDER: HOLDER}
    assert {number: judge.numbers.servers[number] for number in fixed} == fixed
    assert judge.numbers.principal("A") == Principal.FIRST_SERVER


def test_anybody_adds_one(judge: Judge):
    for who in ("A", HOLDER, ISSUER):
        judge.done(Add(SRV, leaf(f"by {who}".replace(" ", "-"))), who=who)
    judge.refuse(Sw.ALREADY_EXISTS, Add(SRV, leaf("A")), who=HOLDER)


@pytest.mark.parametrize("who", ["urn:a/b?c%41", "ends.", "100%", "a/", "é:1", "#x"])
def test_any_server_id_has_a_name_and_a_list_can_hold_it(judge: Judge, who: str):
    judge.servers(who)
    assert server_id(server_name(who)) == who
    judge.done(Add((), branch("N", acl=Acl.of([("Get", who), ("Replace", who)]))), who=ISSUER)
    judge.look(who)
    judge.done(Delete((*SRV, server_name(who))), who=ISSUER)
    assert not judge.model.find(("N",)).acl
    judge.look(ISSUER)


def test_an_unknown_one_cannot_be_named(judge: Judge):
    judge.refuse(Sw.UNKNOWN_SERVER, Add((), branch("N", acl=Acl.parse("Get=B"))), who="A")
    judge.done(Add(SRV, leaf("B")), Add((), branch("N", acl=Acl.parse("Get=B"))), who="A")
    judge.refuse(Sw.UNKNOWN_SERVER, SetAcl(("N",), Acl.parse("Get=AB")), who=ISSUER)


def test_entries_of_a_removed_one_vanish_everywhere(judge: Judge):
    judge.servers("B")
    below = branch("Q", leaf("x", acl=Acl.parse("Get=B")), acl=Acl.parse("Add=B&Get=A+B"))
    judge.done(Add((), branch("P", below, acl=Acl.parse("Get=*&Replace=B"))), who=ISSUER)
    judge.done(SetAcl((), Acl.parse("Add=*&Delete=B+#issuer&Get=*&Replace=#issuer")))
    judge.done(Delete((*SRV, "B")))
    lists = [str(judge.model.find(path).acl) for path in (("P",), ("P", "Q"), ("P", "Q", "x"))]
    assert lists == ["Get=*", "Get=A", ""]
    judge.look("A")
    judge.look(ISSUER)
    judge.audit()


def test_only_the_issuer_removes_one(judge: Judge):
    for who in ("A", HOLDER):
        refused_to(judge, who, Delete((*SRV, "A")))
    judge.done(Delete((*SRV, "A")), who=ISSUER)
    judge.refuse(Sw.NOT_FOUND, Delete((*SRV, "A")))


def test_a_list_names_many_and_each_counts(judge: Judge):
    ids = [f"s{number}" for number in range(20)]
    judge.servers(*ids)
    judge.done(Add((), branch("N", leaf("x"), acl=Acl.of(("Get", who) for who in ids))), who=ISSUER)
    for who in ids:
        judge.look(who)
    judge.ask_as("A")
    assert_sw(judge.read(("N", "x")).sw, Sw.NOT_ALLOWED)


def test_removing_and_adding_gives_all_space_back(judge: Judge):
    before = judge.audit()
    for _ in range(5):
        judge.servers("B", "C")
        judge.done(Delete((*SRV, "B")), Delete((*SRV, "C")), who=ISSUER)
        after = judge.audit()
        assert (after.free, after.nodes) == (before.free, before.nodes)
