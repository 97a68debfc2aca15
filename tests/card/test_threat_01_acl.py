"""Threat 1 and figure `acl`: whatever anybody asks for on random trees of ACLs is decided as the oracle says.

Rights asked for at the node, at its parent, by a property, within a batch; what is refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Sw
from tests.card.acl_requests import chances, every_right, plant, refused_to, wander
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.card.store import PROFILES
from tests.depth import DEPTH, pick
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import branch, leaf

REQUESTS = pick(10_000, 100_000, 1_000_000)
SHARES = 4
"""Tests that the requests are divided among."""


@pytest.mark.search
@pytest.mark.timeout(0 if DEPTH == "long" else 900)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_request_is_decided_as_the_oracle_says(
    simulator: SimTransport, share: int, record_property: Callable[[str, object], None]
):
    asked = tree = 0
    while asked < REQUESTS // SHARES:
        choices = chances(tree * SHARES + share)
        profile = sorted(PROFILES)[tree % len(PROFILES)]
        judge = plant(simulator, choices, PROFILES[profile] + b"\x80\x01\x28")
        asked += every_right(judge)
        asked += wander(judge, choices, 60)
        asked += every_right(judge, choices.who())
        tree += 1
    record_property("figure: acl: requests decided as the oracle says", asked)


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    """S owns ./S, which all may read; ./T/x is the issuer's, S may read it."""
    judge = Judge.new(simulator)
    judge.servers("S", "T")
    own = Acl.parse("Add=S&Delete=S&Get=*&Replace=S")
    judge.done(
        Add((), branch("S", leaf("x", b"1"), acl=own)),
        Add((), branch("T", leaf("x", b"1"), acl=Acl.parse("Get=*&Replace=#issuer"))),
    )
    return judge


def test_replace_without_the_right_is_refused(judge: Judge):
    refused_to(judge, "S", Replace(("T", "x"), b"2"))
    refused_to(judge, "T", Replace(("S", "x"), b"2"))


def test_a_right_on_the_parent_is_none_on_a_node_with_its_own_list(judge: Judge):
    judge.done(SetAcl(("S", "x"), Acl.parse("Get=*")), who="S")
    refused_to(judge, "S", Replace(("S", "x"), b"2"))
    refused_to(judge, "S", Delete(("S", "x")))
    judge.done(Delete(("S",)), who="S")  # children go with the node that is addressed


def test_the_list_of_a_leaf_is_not_its_own_to_change(judge: Judge):
    judge.done(SetAcl(("S", "x"), Acl.parse("Get=*&Replace=T")), who="S")
    refused_to(judge, "T", SetAcl(("S", "x"), Acl.parse("Get=*&Replace=T&Delete=T")))
    judge.done(Replace(("S", "x"), b"2"), who="T")


def test_properties_are_no_way_round(judge: Judge):
    refused_to(judge, "S", SetTitle(("T", "x"), "T"))
    refused_to(judge, "S", Rename(("T", "x"), "y"))
    refused_to(judge, "S", SetAcl(("T",), Acl.parse("Replace=S")))
    assert_sw(judge.run([SetAcl((), Acl.parse("Replace=S"))]).sw, Sw.PERMANENT)


def test_a_copy_needs_get_at_the_source_and_a_right_at_the_target(judge: Judge):
    judge.done(SetAcl(("T",), Acl.parse("Add=#issuer&Get=*&Replace=#issuer")), who=ISSUER)
    judge.done(Add(("T",), leaf("secret", b"s", acl=Acl.parse("Get=#issuer"))), who=ISSUER)
    refused_to(judge, "S", Source(("T", "secret")), Replace(("S", "x"), None))
    refused_to(judge, "S", Source(("S", "x")), Replace(("T", "x"), None))
    judge.done(Source(("T", "x")), Add(("S",), leaf("y"), sourced=True), who="S")


def test_one_refusal_drops_the_batch(judge: Judge):
    refused_to(judge, "S", Replace(("S", "x"), b"2"), Add(("S",), leaf("y")), Replace(("T", "x"), b"2"))
    judge.look("S")
    assert judge.model.find(("S", "x")).value == b"1"


def test_a_get_in_a_batch_is_no_way_round(judge: Judge):
    judge.done(SetAcl(("T",), Acl.parse("Get=#issuer&Replace=#issuer")), who=ISSUER)
    refused_to(judge, "S", Replace(("S", "x"), b"2"), Get(("T", "x")))
    judge.done(Replace(("S", "x"), b"3"), Get((), 0xFF), who="S")


def test_nobody_can_do_nothing(judge: Judge):
    judge.ask_as("")
    for command in (Get(()), Replace(("S", "x"), b"2"), Delete(("S",)), Add((), leaf("z"))):
        assert_sw(judge.run([command]).sw, Sw.NOT_ALLOWED)
    assert_sw(judge.read().sw, Sw.NOT_ALLOWED)
    judge.look(ISSUER)
