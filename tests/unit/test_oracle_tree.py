"""The judge's tree: the rules of a node's life, by hand."""

from __future__ import annotations

import pytest

from smartdm.wire import Access, Format, Limit, Sw
from tests.oracle.acl import ISSUER, NONE, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.doubts import Refused
from tests.oracle.fresh import fresh
from tests.oracle.nodes import FULL, Node, branch, defined, large, leaf, record_size, rule_branch, rule_leaf
from tests.oracle.tree import Card
from tests.oracle.views import newer, shown, view

DDF = rule_branch(
    "ddf",
    rule_leaf("Man", Access.GET | Access.ADD),
    rule_branch("", rule_leaf("Addr", FULL, types=("text/x",)), maximum=2),
    rule_branch("Ext"),
)


@pytest.fixture
def card() -> Card:
    """With a definition, a server S, and A/x."""
    return fresh().after(
        [Add(("?",), DDF), Add(("?", "Srv"), leaf("S")), Add((), branch("A", leaf("x", b"1")))], ISSUER
    )


def refusal(card: Card, who: str, *commands: Command) -> set[int]:
    with pytest.raises(Refused) as caught:
        card.after(commands, who)
    return set(caught.value.statuses)


def test_a_change_counts_on_node_and_parent(card: Card):
    new = card.after([Replace(("A", "x"), b"2"), Rename(("A",), "B")], ISSUER, time=7)
    top, x = new.find(("B",)), new.find(("B", "x"))
    assert (new.generation, top.verno, top.tstamp, x.verno, x.tstamp, x.value) == (
        card.generation + 1,
        1,
        7,
        1,
        7,
        b"2",
    )
    assert new.root.verno == card.root.verno + 1
    assert card.find(("A", "x")).value == b"1"


def test_all_or_nothing(card: Card):
    assert refusal(card, ISSUER, Replace(("A", "x"), b"2"), Delete(("B",))) == {Sw.NOT_FOUND}
    assert card.find(("A", "x")).value == b"1"


def test_get_alone_is_no_change(card: Card):
    assert card.after([Get(()), Get(("A",))], "S").generation == card.generation


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (Add((), branch("A")), Sw.ALREADY_EXISTS),
        (Add(("A", "x"), leaf("y")), Sw.NOT_INTERIOR),
        (Add(("B",), leaf("y")), Sw.NOT_FOUND),
        (Replace(("A",), b""), Sw.NOT_LEAF),
        (Replace(("A", "x"), b"1", Format.NULL), Sw.BAD_FORMAT),
        (Replace(("A", "x"), bytes(Limit.VALUE + 1)), Sw.VALUE_TOO_LARGE),
        (Replace(("A", "x"), None), Sw.NO_SOURCE),
        (SetAcl((), NONE), Sw.BAD_ACL),
        (SetAcl(("A",), Acl.parse("Get=nobody")), Sw.UNKNOWN_SERVER),
        (Rename(("A",), "a."), Sw.BAD_NAME),
        (Add((), defined("M", ("none",), leaf("x"))), Sw.NOT_DEFINED),
        (Add((), defined("M", ("ddf",), leaf("Man"))), Sw.NOT_DEFINED),
        (Add((), defined("Man", ("ddf", "Man"))), Sw.NOT_DEFINED),
        (Delete(("?", "ddf", "Man")), Sw.PERMANENT),
    ],
)
def test_what_the_issuer_cannot_do(card: Card, command: Command, sw: Sw):
    assert sw in refusal(card, ISSUER, command)


def mo(*more: Node) -> Node:
    return defined("M", ("ddf",), defined("Man", ("ddf", "Man"), value=b"m"), *more)


def test_definitions_bind_what_is_below(card: Card):
    one = defined("1", ("ddf", ""), defined("Addr", ("ddf", "", "Addr"), further=1))
    new = card.after([Add((), mo(one, defined("Ext", ("ddf", "Ext"), leaf("free"), format=Format.NODE)))], ISSUER)
    assert new.find(("M", "1", "Addr")).further == 1
    assert refusal(new, "S", Replace(("M", "Man"), b"")) == {Sw.ACCESS_DENIED}
    assert refusal(new, ISSUER, Delete(("?", "ddf"))) == {Sw.IN_USE}
    assert refusal(new, ISSUER, Add(("M",), leaf("free"))) == {Sw.NOT_DEFINED}
    two = new.after([Add(("M",), defined("2", ("ddf", ""), format=Format.NODE))], ISSUER)
    assert refusal(two, ISSUER, Add(("M",), defined("3", ("ddf", ""), format=Format.NODE))) == {Sw.OCCURRENCE}


def test_the_feed_has_what_is_newer(card: Card):
    new = card.after([Replace(("A", "x"), b"2")], ISSUER)
    assert [each.name for each, _ in newer(new, (), ISSUER, card.generation)] == ["x"]
    assert [each.name for each, _ in newer(new, (), ISSUER, 0)] == ["", "A", "x"]


def test_what_may_not_be_read_is_withheld(card: Card):
    new = card.after([SetAcl(("A",), Acl.parse("Get=#issuer"))], ISSUER)
    assert shown(new, (), "S").children[0].withheld
    assert not shown(new, (), "S").children[0].children
    assert refusal(new, "S", Get(("A", "x"))) == {Sw.NOT_ALLOWED}


def test_a_copy_and_an_adoption(card: Card):
    upload = [Add(("?", "Up"), large("u")), Add(("?", "Up", "u"), Node("", Format.BIN, b"12"))]
    new = card.after([*upload, Source(("?", "Up", "u")), Replace(("A", "x"), None)], ISSUER)
    assert new.find(("A", "x")).whole() == b"12"
    assert not new.find(("?", "Up")).children
    assert refusal(new, ISSUER, Source(("A", "x")), Add((), leaf("y"), sourced=True)) == {Sw.NO_SOURCE}
    copied = card.after([Source(("A", "x")), Add((), leaf("y"), sourced=True)], ISSUER)
    assert copied.find(("y",)).value == b"1"


def test_a_removed_server_loses_its_entries(card: Card):
    new = card.after(
        [SetAcl(("A",), Acl.parse("Get=S+#issuer")), SetAcl((), Acl.parse("Add=S&Get=*&Replace=#issuer"))], ISSUER
    )
    gone = new.after([Delete(("?", "Srv", "S"))], ISSUER)
    assert gone.find(("A",)).acl == Acl.parse("Get=#issuer")
    assert gone.root.acl == Acl.parse("Add=*&Get=*&Replace=#issuer")


def test_records_are_as_long_as_the_contract_says(card: Card):
    assert record_size(card.root) == 7 + 1 + 1 + 4 + 1 + 2
    assert record_size(leaf("x", b"12", title="T", tstamp=1)) == 7 + 2 + 2 + 4 + 3
    assert record_size(defined("1", ("d", ""), format=Format.NODE)) == 7 + 2 + 1
    assert record_size(defined("Addr", ("d", "Addr"), value=b"v", further=2)) == 7 + 2 + 2
    assert record_size(large("u", b"1", b"2")) == 7 + 2 + 2 + 4


def test_titles(card: Card):
    new = card.after([SetTitle(("A",), "T")], ISSUER)
    assert view(new.find(("A",))).title == "T"
    assert refusal(new, "S", SetTitle(("A",), "")) == {Sw.NOT_ALLOWED}
