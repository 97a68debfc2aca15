"""The life of a node on the card, rule by rule (TND 1.2), with the status word of each refusal."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Format, Limit, Sw
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.oracle.acl import ISSUER, NONE, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, branch, leaf
from tests.oracle.writing import Options

NOW = 0x2F000000


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    """./A holds x (its title T, application/json) and B, which holds y; ./L is a leaf; S is a server."""
    judge = Judge.new(simulator)
    judge.servers("S")
    below = (leaf("x", b"1", type="application/json", title="T"), branch("B", leaf("y", b"2")))
    judge.done(Add((), branch("A", *below)), Add((), leaf("L", b"long" * 20)))
    return judge


DEEP = tuple("d" * Limit.DEPTH)

REFUSED: list[tuple[str, Command, Sw]] = [
    ("an existing node is added", Add((), branch("A")), Sw.ALREADY_EXISTS),
    ("a leaf is added where an interior node is", Add((), leaf("A")), Sw.ALREADY_EXISTS),
    ("a node is added below a leaf", Add(("A", "x"), leaf("z")), Sw.NOT_INTERIOR),
    ("the parent is missing", Add(("N",), leaf("z")), Sw.NOT_FOUND),
    ("two children have one name", Add((), branch("N", leaf("z"), leaf("z"))), Sw.ALREADY_EXISTS),
    ("a missing node is replaced", Replace(("A", "z"), b""), Sw.NOT_FOUND),
    ("an interior node is given a value", Replace(("A",), b"v"), Sw.NOT_LEAF),
    ("the root is given a value", Replace((), b"v"), Sw.NOT_LEAF),
    ("a leaf is made an interior node", Replace(("L",), b"", Format.NODE), Sw.BAD_FORMAT),
    ("null is given a value", Replace(("L",), b"v", Format.NULL), Sw.BAD_FORMAT),
    ("a value is too long", Replace(("L",), bytes(Limit.VALUE + 1)), Sw.VALUE_TOO_LARGE),
    ("a missing node is deleted", Delete(("N",)), Sw.NOT_FOUND),
    ("the root is renamed", Rename((), "R"), Sw.PERMANENT),
    ("a missing node is renamed", Rename(("N",), "R"), Sw.NOT_FOUND),
    ("a name is taken", Rename(("L",), "A"), Sw.ALREADY_EXISTS),
    ("a name is empty", Rename(("L",), ""), Sw.BAD_NAME),
    ("a name ends in a dot", Rename(("L",), "a."), Sw.BAD_NAME),
    ("a name holds a slash", Rename(("L",), "a/b"), Sw.BAD_NAME),
    ("a name holds a question mark", Rename(("L",), "a?b"), Sw.BAD_NAME),
    ("a name holds a control character", Rename(("L",), "a\x1f"), Sw.BAD_NAME),
    ("a name is too long", Rename(("L",), "n" * (Limit.NAME + 1)), Sw.NAME_TOO_LONG),
    ("a URI has an empty segment", Replace(("A", "", "x"), b""), Sw.BAD_NAME),
    ("a URI ends in a slash", Get(("A", "")), Sw.BAD_NAME),
    ("a URI climbs", Get(("A", "..", "L")), Sw.BAD_NAME),
    ("a URI is too long", Get(("A", *["n" * 60] * 4)), Sw.URI_TOO_LONG),
    ("a missing node is read", Get(("N",)), Sw.NOT_FOUND),
    ("case counts", Get(("a",)), Sw.NOT_FOUND),
    ("a missing node gets a list", SetAcl(("N",), NONE), Sw.NOT_FOUND),
    ("the root loses its list", SetAcl((), NONE), Sw.BAD_ACL),
    ("a list names an unknown server", SetAcl(("A",), Acl.parse("Get=S+none")), Sw.UNKNOWN_SERVER),
    ("a new node's list names an unknown server", Add((), branch("N", acl=Acl.parse("Get=n"))), Sw.UNKNOWN_SERVER),
    ("a missing node gets a title", SetTitle(("N",), ""), Sw.NOT_FOUND),
    ("a title is too long", SetTitle(("L",), "t" * (Limit.TEXT + 1)), Sw.BAD_ELEMENT),
    ("nothing was named as a source", Replace(("L",), None), Sw.NO_SOURCE),
    ("the source is missing", Source(("N",)), Sw.NOT_FOUND),
    ("the source is an interior node", Source(("A",)), Sw.NOT_LEAF),
]


@pytest.mark.parametrize(("command", "sw"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_it_is_refused_when(judge: Judge, command: Command, sw: Sw):
    judge.refuse(sw, command)
    judge.audit()


def test_a_node_deeper_than_can_be_is_refused(judge: Judge):
    for depth in range(len(DEEP) - 1):
        judge.done(Add(DEEP[:depth], branch("d")))
    judge.done(Add(DEEP[:-1], branch("d")))
    judge.refuse(Sw.TOO_DEEP, Add(DEEP, leaf("x")))
    judge.refuse(Sw.NOT_FOUND, Get((*DEEP, "x")))
    judge.look()


def test_a_rename_must_not_make_what_is_below_too_long(judge: Judge):
    names = ("n" * 60, "m" * 60)
    judge.done(Add((), branch(names[0], branch(names[1], leaf("o" * 64)))))
    judge.refuse(Sw.URI_TOO_LONG, Rename(names[:1], "r" * 64), Rename(("r" * 64, names[1]), "s" * 64))
    judge.done(Rename(names[:1], "r" * 64))
    judge.look()


def test_a_new_node_has_verno_zero_and_the_time_of_its_batch(judge: Judge):
    judge.done(Add((), branch("N", leaf("z"))), options=Options(time=NOW))
    seen = dict(judge.look().names())  # type: ignore[union-attr]
    assert [(seen[path].verno, seen[path].tstamp) for path in (("N",), ("N", "z"))] == [(0, NOW)] * 2


CHANGES: list[tuple[str, Command, set[tuple[str, ...]]]] = [
    ("add", Add(("A",), leaf("z")), {("A",)}),
    ("replace", Replace(("A", "x"), b"2"), {("A", "x")}),
    ("delete", Delete(("A", "x")), {("A",)}),
    ("rename", Rename(("L",), "M"), {(), ("M",)}),
    ("list", SetAcl(("A",), Acl.parse("Get=*")), {("A",)}),
    ("title", SetTitle(("L",), "New"), {("L",)}),
]


@pytest.mark.parametrize(("command", "touched"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_counts_once_where_it_is_made(judge: Judge, command: Command, touched: set[tuple[str, ...]]):
    judge.look()
    before = {node.id: node.verno for node in judge.model.root.walk()}
    judge.done(command, options=Options(time=NOW))
    judge.look()
    assert {path for path, node in judge.model.root.paths() if before.get(node.id, node.verno) != node.verno} == touched
    assert all(judge.model.find(path).tstamp == NOW for path in touched)


def test_a_change_without_a_time_leaves_no_time(judge: Judge):
    judge.done(Replace(("L",), b"1"), options=Options(time=NOW))
    judge.done(Replace(("L",), b"2"))
    assert dict(judge.look().names())["L",].tstamp is None  # type: ignore[union-attr]


def test_replace_keeps_or_sets_format_and_type(judge: Judge):
    judge.done(Replace(("A", "x"), b"2"))
    judge.done(Replace(("L",), b"\0\1", Format.BIN, "application/vnd.example"))
    seen = dict(judge.look().names())  # type: ignore[union-attr]
    assert (seen["A", "x"].type, seen["A", "x"].title) == ("application/json", "T")
    assert (seen["L",].format, seen["L",].type) == (Format.BIN, "application/vnd.example")


def test_a_title_comes_and_goes(judge: Judge):
    judge.done(SetTitle(("A",), "Straße"), SetTitle(("A", "x"), ""))
    seen = dict(judge.look().names())  # type: ignore[union-attr]
    assert (seen["A",].title, seen["A", "x"].title) == ("Straße", "")
    judge.audit()


def test_delete_takes_the_whole_subtree(judge: Judge):
    judge.done(Delete(("A",)))
    judge.refuse(Sw.NOT_FOUND, Get(("A", "B", "y")))
    judge.audit()


def test_delete_of_the_root_empties_the_tree_and_leaves_the_registry(judge: Judge):
    judge.done(Delete(()))
    seen = judge.look()
    assert seen is not None
    assert (seen.count, seen.verno) == (0, judge.model.root.verno)
    assert judge.numbers.principal("S")
    judge.audit()


def test_only_the_issuer_empties_the_tree(judge: Judge):
    judge.done(SetAcl((), Acl.parse("Add=*&Delete=*&Get=*&Replace=*")))
    judge.refuse(Sw.ACCESS_DENIED, Delete(()), who="S")  # it would pass what definitions deny
    judge.done(Delete(("A",)), who="S")


def test_a_node_can_be_given_its_own_name(judge: Judge):
    judge.done(Rename(("L",), "L"))
    judge.look()


def test_a_copy_takes_the_value_and_nothing_else(judge: Judge):
    judge.done(Source(("A", "x")), Replace(("L",), None))
    judge.done(Source(("A", "x")), Add((), leaf("N", format=Format.XML, type="text/xml"), sourced=True))
    seen = dict(judge.look().names())  # type: ignore[union-attr]
    assert (seen["L",].value, seen["L",].type, seen["L",].format) == (b"1", "", Format.CHR)
    assert (seen["N",].value, seen["N",].type, seen["N",].title) == (b"1", "text/xml", "")
    judge.audit()


def test_a_source_is_for_the_next_command_only(judge: Judge):
    judge.refuse(Sw.NO_SOURCE, Source(("A", "x")), SetTitle(("L",), ""), Replace(("L",), None))
    judge.refuse(Sw.NO_SOURCE, Source(("A", "x")), Replace(("L",), None), Replace(("A", "B", "y"), None))
    judge.refuse(Sw.NO_SOURCE, Source(("L",)), Replace(("L",), None))


def test_a_batch_is_all_or_nothing(judge: Judge):
    judge.refuse(Sw.NOT_FOUND, Replace(("L",), b"1"), Add((), leaf("N")), Rename(("A",), "C"), Delete(("A",)))
    judge.look()
    assert judge.audit().generation == judge.model.generation


def test_commands_see_what_those_before_them_did(judge: Judge):
    judge.done(Rename(("A",), "C"), Add(("C",), leaf("z", b"1")), Replace(("C", "z"), b"2"), Get(("C", "z")))
    judge.look()


def test_an_expected_generation_is_compared(judge: Judge):
    generation = judge.model.generation
    judge.done(Replace(("L",), b"1"), options=Options(generation=generation))
    answer = judge.run([Replace(("L",), b"2")], Options(generation=generation))
    assert (answer.sw, answer.at) == (Sw.CONFLICT, 0)
    judge.look()


def test_levels_of_a_get(judge: Judge):
    for levels in (0, 1, 2, 3, 0xFF):
        judge.done(Get((), levels), Get(("A",), levels))


def test_nine_gets_are_too_many(judge: Judge):
    judge.done(*[Get(("A",), 0)] * Limit.GETS)
    assert_sw(judge.run([Get(("A",), 0)] * (Limit.GETS + 1)).sw, Sw.TOO_MANY_GETS)


REGISTRY_FIXED = [(REGISTRY,), (REGISTRY, SERVERS), (REGISTRY, UPLOADS), (REGISTRY, SERVERS, "*")]


@pytest.mark.parametrize("path", REGISTRY_FIXED, ids="/".join)
def test_the_cards_own_nodes_are_permanent(judge: Judge, path: tuple[str, ...]):
    for command in (Delete(path), Rename(path, "R"), SetAcl(path, Acl.parse("Replace=*")), SetTitle(path, "T")):
        judge.refuse(Sw.PERMANENT, command)
    judge.ask_as("S")
    for other in (Replace(path, b"v"), Rename(path, "R"), SetAcl(path, Acl.parse("Replace=*"))):
        assert judge.run([other]).sw in {Sw.PERMANENT, Sw.NOT_LEAF, Sw.NOT_ALLOWED}
    judge.learn()


def test_the_registry_is_no_part_of_the_tree(judge: Judge):
    seen = judge.look()
    assert seen is not None
    assert {path[0] for path, _ in seen.names() if path} == {"A", "L"}
    assert judge.audit().nodes == judge.model.nodes() == 9 + sum(1 for _ in seen.names())


def test_the_issuer_passes_no_list(judge: Judge):
    judge.done(Add((), branch("N", leaf("z"), acl=Acl.parse("Get=S"))))
    for command in (Delete(("N",)), Replace(("N", "z"), b""), Get(("N",)), SetTitle(("N",), "")):
        judge.refuse(Sw.NOT_ALLOWED, command, who=ISSUER)
    judge.done(SetAcl(("N",), NONE))
    judge.done(Delete(("N",)))
