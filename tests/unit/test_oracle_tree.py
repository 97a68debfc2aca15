"""The judge's tree: the rules of a node's life, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartdm.wire import Access, Format, Limit, Proof, Sw
from tests.oracle.acl import ISSUER, NONE, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.doubts import Refused
from tests.oracle.fresh import fresh
from tests.oracle.nodes import FULL, Node, branch, defined, large, leaf, record_size, rule_branch, rule_leaf
from tests.oracle.tree import CHANNEL, Card
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
    assert record_size(card.root) == 6 + 1 + 1 + 4 + 1 + 2
    assert record_size(leaf("x", b"12", title="T", tstamp=1)) == 6 + 2 + 2 + 4 + 3
    assert record_size(defined("1", ("d", ""), format=Format.NODE)) == 6 + 2 + 1
    assert record_size(defined("Addr", ("d", "Addr"), value=b"v", further=2)) == 6 + 2 + 2
    assert record_size(large("u", b"1", b"2")) == 6 + 2 + 2 + 4


@pytest.mark.parametrize(
    ("ids", "size"),
    [
        ([7], 2),
        ([7, 8], 2),
        ([0], 2),
        ([8, 7], 4),
        ([7, 9], 4),
        ([*range(7, 22)], 2),
        ([*range(7, 23)], 32),
        ([7, None], 4),
    ],
)
def test_consecutive_ids_are_told_by_the_first_alone(ids: list[int | None], size: int):
    assert record_size(branch("d", *(leaf("x", id=number) for number in ids))) == 6 + 2 + 1 + size


def ids(node: Node) -> list[int | None]:
    return [each.id for each in node.walk()]


def test_subtrees_that_come_together_have_ids_level_by_level(card: Card):
    first = branch("B", leaf("x"), branch("y", leaf("z")))
    new = card.after([Add((), first, more=(leaf("C"), branch("D", leaf("x"))))], ISSUER)
    # The card's own, S, A and A/x came before.
    assert [ids(new.find((name,))) for name in "BCD"] == [[12, 15, 16, 18], [13], [14, 17]]
    assert (new.root.verno, [child.name for child in new.root.children]) == (card.root.verno + 1, ["A", "B", "C", "D"])
    less = new.after([Delete(("B",)), Add((), branch("E", leaf("x"), leaf("y"), leaf("z"), leaf("w")))], ISSUER)
    assert ids(less.find(("E",))) == [12, 15, 16, 18, 19]


def test_the_ids_of_a_definition_begin_at_an_eighth_and_follow_each_other(card: Card):
    assert ids(card.find(("?", "ddf"))) == [64, 65, 66, 68, 67]
    more = card.after([Add(("?",), rule_leaf("b"))], ISSUER)
    assert ids(more.find(("?", "b"))) == [69]
    small = fresh(10, 20).after([Add(("?",), rule_branch("a", rule_leaf("x")))], ISSUER)
    assert ids(small.find(("?", "a"))) == [9, 10]
    assert refusal(small, ISSUER, Add(("?",), branch("b", *(leaf(f"l{at}") for at in range(9))))) >= {Sw.NO_NODE_LEFT}


@pytest.mark.parametrize(
    ("who", "command", "sw"),
    [
        (ISSUER, Add((), leaf("B"), more=(leaf("A"),)), Sw.ALREADY_EXISTS),
        (ISSUER, Add((), leaf("B"), more=(leaf("B"),)), Sw.ALREADY_EXISTS),
        (ISSUER, Add((), leaf("B"), more=(leaf("C."),)), Sw.BAD_NAME),
        (ISSUER, Add((), leaf("B"), more=(branch("C", leaf("D"), leaf("D")),)), Sw.ALREADY_EXISTS),
        ("S", Add((), leaf("B"), more=(leaf("C", acl=Acl.parse("Get=S")),)), Sw.NOT_ALLOWED),
        (ISSUER, Add((), leaf("B"), more=tuple(leaf(f"n{at}") for at in range(239))), Sw.TOO_WIDE),
        (ISSUER, Add(("?", "Srv"), leaf("T"), more=(leaf("S"),)), Sw.ALREADY_EXISTS),
        (ISSUER, Add(("?", "Srv"), leaf("T"), more=(leaf("U", b"value"),)), Sw.PERMANENT),
    ],
)
def test_each_subtree_must_be_right(card: Card, who: str, command: Add, sw: Sw):
    assert sw in refusal(card, who, command)
    card.after([Add(command.path, command.node)], who)


def test_each_subtree_gets_the_acl_that_its_creator_needs(card: Card):
    new = card.after([Add((), branch("B"), more=(leaf("C"), branch("D", acl=Acl.parse("Get=*"))))], "S")
    creators = Acl.parse("Add=S&Delete=S&Get=S&Replace=S")
    assert [new.find((name,)).acl for name in "BCD"] == [creators, NONE, Acl.parse("Get=*")]


def test_only_one_leaf_alone_takes_a_source(card: Card):
    source = Source(("A", "x"))
    assert refusal(card, ISSUER, source, Add((), leaf("y"), sourced=True, more=(leaf("z"),))) == {Sw.NO_SOURCE}


def test_titles(card: Card):
    new = card.after([SetTitle(("A",), "T")], ISSUER)
    assert view(new.find(("A",))).title == "T"
    assert refusal(new, "S", SetTitle(("A",), "")) == {Sw.NOT_ALLOWED}


PROVEN = rule_branch(
    "proven",
    rule_branch("Pin", rule_leaf("x"), rule_branch("own"), proof=Proof.HOLDER),
    rule_leaf("Log", proof=(Proof.LIVE | Proof.LOGGED) << 4 | Proof.LIVE),
)


@pytest.fixture
def proving() -> Card:
    """With P/Pin, whose changes want the PIN, P/Log, whose Get wants a logged message, and a server S that may all."""
    pin = defined("Pin", ("proven", "Pin"), defined("x", ("proven", "Pin", "x"), value=b"1"))
    pin.children.append(defined("own", ("proven", "Pin", "own"), format=Format.NODE, acl=ALL))
    top = defined("P", ("proven",), pin, defined("Log", ("proven", "Log"), value=b"l"), acl=ALL)
    return fresh().after([Add(("?",), PROVEN), Add(("?", "Srv"), leaf("S")), Add((), top)], ISSUER)


ALL = Acl.parse("Add=S&Delete=S&Get=S&Replace=S")
PIN = ("P", "Pin")


@pytest.mark.parametrize("who", ["S"])
@pytest.mark.parametrize(
    "command",
    [
        Delete(PIN),
        Rename(PIN, "Pin"),
        SetTitle(PIN, "T"),
        # What it has lost, those that inherit from it have lost, too.
        Replace((*PIN, "x"), b"2"),
        Delete((*PIN, "x")),
        SetAcl((*PIN, "x"), ALL),
    ],
)
def test_a_change_wants_the_proof_that_the_definition_names(proving: Card, who: str, command: Command):
    assert proving.proof == CHANNEL
    assert Sw.NOT_ALLOWED in refusal(proving, who, command)
    seen = replace(proving, proof=CHANNEL | Proof.HOLDER)
    if isinstance(command, Rename):
        assert Sw.NOT_ALLOWED not in refusal(seen, who, command)  # its name comes from the definition
    else:
        assert seen.after([command], who).proof == CHANNEL


def test_a_node_below_with_an_acl_of_its_own_is_judged_by_that(proving: Card):
    own = (*PIN, "own")
    assert refusal(proving, "S", Add(PIN, defined("x", ("proven", "Pin", "x")))) >= {Sw.NOT_ALLOWED}
    assert proving.after([Add(own, leaf("y", b"2"))], "S").find((*own, "y")).value == b"2"
    # Its parent has Replace, where no PIN is wanted.
    assert proving.after([SetAcl(PIN, Acl.parse("Get=*"))], "S").find(PIN).acl == Acl.parse("Get=*")


@pytest.mark.parametrize(
    ("proof", "get", "change"),
    [
        (Proof(0), False, False),
        (Proof.LIVE, False, True),
        (Proof.LOGGED, False, False),
        (Proof.LIVE | Proof.LOGGED, True, True),
        (Proof.BOUND | Proof.HOLDER, False, False),
        (Proof(0x0F), True, True),
    ],
)
@pytest.mark.parametrize("who", ["S", ISSUER])
def test_all_bits_are_wanted_for_get_and_for_changes_each_by_itself(
    proving: Card, who: str, proof: Proof, get: bool, change: bool
):
    log = ("P", "Log")
    given = proving.after([SetAcl(("P",), Acl.parse("Get=*&Replace=*"))], ISSUER)
    card = replace(given, proof=proof)
    assert shown(card, (), who).children[0].children[1].withheld is not get
    for command, may in ((Get(log), get), (Source(log), get), (Replace(log, b""), change)):
        if may:
            card.after([command], who)
        else:
            assert refusal(card, who, command) == {Sw.NOT_ALLOWED}
    assert not shown(card, PIN, who).withheld
