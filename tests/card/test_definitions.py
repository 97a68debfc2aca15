"""Definitions on the card: AccessType, Format, Occurrence, Scope, MIME types and names of what follows them."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Access, Format, Limit, Sw
from smartdm.wire import Command as Tag
from tests.card.defined_object import FREE_FOR_ALL, another, part, with_object
from tests.card.judge import Judge
from tests.card.seen import apdu
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import FULL, REGISTRY, branch, defined, large, leaf, rule_branch, rule_leaf
from tests.oracle.writing import text


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    return with_object(simulator)


ACCESS: list[tuple[str, Command]] = [
    ("replace", Replace(("M", "RO"), b"new")),
    ("title", SetTitle(("M", "RO"), "T")),
    ("delete", Delete(("M", "RO"))),
    ("delete what is permanent", Delete(("M", "Fix"))),
    ("get", Get(("M", "Key"))),
    ("get a source", Source(("M", "Key"))),
    ("copy", Source(("M", "RO"))),
    ("delete an open node", Delete(("M", "Open"))),
]


@pytest.mark.parametrize("command", [case[1] for case in ACCESS], ids=[case[0] for case in ACCESS])
def test_what_the_access_type_lacks_is_405_before_425(judge: Judge, command: Command):
    judge.refuse(Sw.ACCESS_DENIED, command)
    judge.done(SetAcl(("M",), Acl.parse("Add=#issuer&Delete=#issuer&Get=#issuer&Replace=#issuer")))
    judge.refuse(Sw.ACCESS_DENIED, command)


def test_the_acl_is_425(judge: Judge):
    judge.done(SetAcl(("M",), Acl.parse("Get=*")))
    for command in (Replace(("M", "RW"), b"new"), Delete(("M", "RW")), SetTitle(("M", "RW"), "T"), Rename(("M",), "N")):
        judge.refuse(Sw.NOT_ALLOWED, command)


def test_the_issuer_passes_the_access_type_but_for_get(judge: Judge):
    judge.done(Replace(("M", "RO"), b"new"), SetTitle(("M", "RO"), "T"), Delete(("M", "Fix")), who=ISSUER)
    judge.refuse(Sw.ACCESS_DENIED, Get(("M", "Key")))
    judge.refuse(Sw.ACCESS_DENIED, Source(("M", "Key")), Replace(("M", "RW"), None))
    judge.done(Source(("M", "RO")), Replace(("M", "RW"), None))


def test_a_secret_shows_its_name_only(judge: Judge):
    for who in ("S", ISSUER):
        seen = judge.look(who)
        assert seen is not None
        assert dict(seen.names())["M", "Key"].withheld
    judge.done(Replace(("M", "Key"), b"new key"), who="S")
    assert b"key" not in judge.read(since=0).data


@pytest.mark.parametrize("who", ["S", ISSUER])
def test_nothing_can_be_got_below_a_node_without_get(judge: Judge, who: str):
    judge.done(Add((REGISTRY,), rule_branch("inbox", access=Access.ADD)), who=ISSUER)
    judge.done(Add((), defined("Inbox", ("inbox",), acl=FREE_FOR_ALL, format=Format.NODE)), who=ISSUER)
    judge.done(Add(("Inbox",), leaf("x", b"hidden")), Add(("Inbox",), defined("N", ("mo",), part("RO", b"hidden"))))
    for path in (("Inbox",), ("Inbox", "x"), ("Inbox", "N"), ("Inbox", "N", "RO")):
        judge.refuse(Sw.ACCESS_DENIED, Get(path), who=who)
    judge.refuse(Sw.ACCESS_DENIED, Source(("Inbox", "x")), Replace(("M", "RW"), None), who=who)
    assert b"hidden" not in judge.read(since=0).data
    judge.done(Replace(("Inbox", "x"), b"new"), Delete(("Inbox", "x")), who=who)
    judge.look(who)


def test_add_asks_the_definition_of_what_is_added_first(judge: Judge):
    node = defined("X", ("sealed",), defined("x", ("sealed", "x")))
    judge.refuse(Sw.ACCESS_DENIED, Add((), node))
    judge.refuse(Sw.ACCESS_DENIED, Add((), branch("Mine", node)))  # nor may it come inside of something else
    judge.done(Add((), node), who=ISSUER)
    judge.look()


def test_a_closed_node_takes_only_what_it_defines(judge: Judge):
    judge.done(Delete(("M", "RW")))
    for node in (
        leaf("RW"),
        leaf("other"),
        branch("two"),
        defined("Port", ("mo", "", "Port")),
        defined("N", ("mo",), format=Format.NODE),
    ):
        judge.refuse(Sw.NOT_DEFINED, Add(("M",), node))
    judge.done(Add(("M",), part("RW")))


def test_definitions_bind_below_the_added_node_too(judge: Judge):
    judge.refuse(Sw.NOT_DEFINED, Add((), defined("N", ("mo",), leaf("RO"))))
    judge.refuse(Sw.NOT_DEFINED, Add((), defined("N", ("mo",), defined("two", ("mo", ""), leaf("Port")))))
    judge.refuse(Sw.ALREADY_EXISTS, Add((), defined("N", ("mo",), part("RO"), part("RO"))))


def test_an_open_node_takes_anything_free_and_objects(judge: Judge):
    judge.done(Add(("M", "Open"), branch("free", leaf("x"), defined("N", ("mo",), part("RO")))))
    judge.refuse(Sw.NOT_DEFINED, Add(("M", "Open"), part("RO")))
    judge.look()


def test_a_free_node_takes_no_part_of_an_object(judge: Judge):
    judge.refuse(Sw.NOT_DEFINED, Add((), part("RO")))
    judge.refuse(Sw.NOT_DEFINED, Add((), branch("F", another("one"))))


@pytest.mark.parametrize("number", [0, 1, 2, 4, 100, 511])
def test_what_is_no_definition_defines_nothing(judge: Judge, number: int):
    for kind in (0x84, 0x86, 0xA4, 0xC6):
        node = bytes((kind | number >> 8, number & 0xFF)) + text("N") + b"\x00"
        data, sw = judge.send(apdu(0x30, b"\x00\xc0\x01" + bytes((Tag.ADD, 0, 1)) + node))
        assert (sw, data[2:].hex()) == (Sw.BATCH_FAILED, f"{Sw.NOT_DEFINED:04x}")
    judge.look()


def test_interior_or_leaf_is_as_the_definition_says(judge: Judge):
    judge.done(Delete(("M", "RW")))
    refused = judge.run([Add(("M",), part("RW", interior=True))])
    assert refused.sw in {Sw.NOT_DEFINED, Sw.BAD_FORMAT, Sw.BAD_ELEMENT}
    refused = judge.run([Add(("M",), defined("three", ("mo", "")))])
    assert refused.sw in {Sw.NOT_DEFINED, Sw.BAD_FORMAT, Sw.BAD_ELEMENT}
    judge.look()


def test_the_placeholder_does_not_take_a_defined_name(judge: Judge):
    judge.done(Delete(("M", "RW")))
    judge.refuse(Sw.NOT_DEFINED, Add(("M",), another("RW")))
    judge.refuse(Sw.NOT_DEFINED, Rename(("M", "one"), "RW"))
    judge.done(Rename(("M", "one"), "1"))


def test_no_more_nodes_than_the_definition_allows(judge: Judge):
    judge.done(Add(("M",), another("two")))
    judge.refuse(Sw.OCCURRENCE, Add(("M",), another("three")))
    judge.refuse(Sw.OCCURRENCE, Add((), defined("N", ("mo",), another("1"), another("2"), another("3"))))
    judge.done(Delete(("M", "one")), Add(("M",), another("three")))


@pytest.mark.parametrize("maximum", [127, 128, 200, 240])
def test_a_definition_may_allow_many_nodes(judge: Judge, maximum: int):
    judge.done(Add((REGISTRY,), rule_branch("many", rule_leaf("", maximum=maximum))), who=ISSUER)
    first, *more = (defined(f"n{at}", ("many", "")) for at in range(maximum))
    judge.done(Add((), defined("Many", ("many",), format=Format.NODE)))
    judge.done(Add(("Many",), first, more=tuple(more)))
    too_many = Sw.OCCURRENCE if maximum < Limit.CHILDREN else Sw.TOO_WIDE
    judge.refuse(too_many, Add(("Many",), defined("more", ("many", ""))))


def test_a_permanent_node_keeps_its_name(judge: Judge):
    rules = rule_branch("fixed", rule_leaf("", FULL | Access.PERMANENT))
    judge.done(Add((REGISTRY,), rules), who=ISSUER)
    judge.done(Add((), defined("F", ("fixed",), defined("a", ("fixed", "")))))
    judge.refuse(Sw.PERMANENT, Rename(("F", "a"), "b"))


def test_the_last_required_node_stays(judge: Judge):
    judge.refuse(Sw.OCCURRENCE, Delete(("M", "RO")), who=ISSUER)
    judge.done(Delete(("M",)), who=ISSUER)  # goes with its object, of course


def test_names_that_come_from_the_definition_stay(judge: Judge):
    judge.refuse(Sw.PERMANENT, Rename(("M", "RW"), "rw"))
    judge.refuse(Sw.PERMANENT, Rename(("M", "RW"), "rw"), who=ISSUER)
    judge.done(Rename(("M",), "N"), who="S")
    judge.look()


@pytest.mark.parametrize("further", [0, 1, 2])
def test_a_type_is_one_that_the_definition_lists(judge: Judge, further: int):
    judge.done(Replace(("M", "RW"), b"new", Format.CHR, further=further))
    judge.done(Replace(("M", "RW"), b"newer"))
    assert dict(judge.look().names())["M", "RW"].further == further  # type: ignore[union-attr]
    judge.audit()


def test_another_type_or_format_is_415(judge: Judge):
    judge.refuse(Sw.BAD_TYPE, Replace(("M", "RW"), b"new", Format.CHR, further=3))
    judge.refuse(Sw.BAD_FORMAT, Replace(("M", "RW"), b"new", Format.BIN))
    judge.refuse(Sw.BAD_FORMAT, Replace(("M", "Null"), b"new"))
    judge.done(Delete(("M", "RW")))
    judge.refuse(Sw.BAD_TYPE, Add(("M",), part("RW", further=3)))
    judge.done(Add(("M",), part("RW", further=2)))


def test_large_values_of_defined_leaves(judge: Judge):
    judge.done(Delete(("M", "RW")))
    judge.done(Add(("M",), large("RW", bytes(200), bytes(9), definition=("mo", "RW"))))
    judge.done(Replace(("M", "RW"), b"small"))
    judge.look()
    judge.audit()


def test_a_defined_node_has_a_title_of_its_own_or_none(judge: Judge):
    judge.done(SetTitle(("M", "RW"), "Own"))
    judge.look()
    judge.done(SetTitle(("M", "RW"), ""))
    judge.audit()
