"""Definitions on the card: who loads and removes them, where their ids come from, and that they do not change."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Sw
from tests.card.asking import assert_sw
from tests.card.defined_object import MO, SEALED, with_object
from tests.card.judge import Judge
from tests.oracle.acl import ISSUER, NONE
from tests.oracle.commands import Add, Delete, Rename, Replace, SetAcl, SetTitle
from tests.oracle.nodes import REGISTRY, Node, branch, leaf, rule_branch, rule_leaf
from tests.oracle.reading import Reader


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    return with_object(simulator)


def test_definitions_may_come_and_go_for_ever(judge: Judge):
    def rules(name: str, size: int) -> Node:
        return rule_branch(name, *(rule_leaf(f"n{at}") for at in range(size - 1)))

    sizes = {"long": 117, "short": 24}
    for name, size in sizes.items():
        judge.done(Add((REGISTRY,), rules(name, size)), who=ISSUER)
    for _ in range(20):
        for name, size in sizes.items():
            judge.done(Delete((REGISTRY, name)), who=ISSUER)
            judge.done(Add((REGISTRY,), rules(name, size)), who=ISSUER)
    first, *more = (node.id for node in judge.model.find((REGISTRY, "long")).walk())
    assert first is not None
    assert more == list(range(first + 1, first + 117))


def test_a_definition_that_fits_no_gap_is_refused(judge: Judge):
    rules = [rule_branch(f"d{at}", *(rule_leaf(f"n{number}") for number in range(100))) for at in range(4)]
    judge.done(*(Add((REGISTRY,), rule) for rule in rules), who=ISSUER)
    judge.done(Delete((REGISTRY, "d0")), Delete((REGISTRY, "d2")))
    large = rule_branch("large", *(rule_leaf(f"n{number}") for number in range(120)))
    judge.refuse(Sw.NO_NODE_LEFT, Add((REGISTRY,), large))
    judge.done(Delete((REGISTRY, "d1")), Add((REGISTRY,), large))


def test_only_the_issuer_loads_and_unloads(judge: Judge):
    judge.refuse(Sw.NOT_ALLOWED, Add((REGISTRY,), rule_branch("new", rule_leaf("x"))), who="S")
    judge.refuse(Sw.NOT_ALLOWED, Delete((REGISTRY, "sealed")), who="S")
    judge.refuse(Sw.ALREADY_EXISTS, Add((REGISTRY,), SEALED), who=ISSUER)
    judge.done(Delete((REGISTRY, "sealed")))
    judge.done(Add((REGISTRY,), SEALED))
    judge.audit()


def test_a_definition_in_use_stays(judge: Judge):
    judge.refuse(Sw.IN_USE, Delete((REGISTRY, "mo")), who=ISSUER)
    judge.done(Delete(("M",)))
    judge.done(Delete((REGISTRY, "mo")))
    judge.audit()


def test_a_definition_goes_only_as_a_whole_and_never_changes(judge: Judge):
    inner = (REGISTRY, "mo", "RO")
    for command in (
        Delete(inner),
        Rename((REGISTRY, "mo"), "om"),
        Rename(inner, "OR"),
        Replace(inner, b"a/b"),
        SetTitle((REGISTRY, "mo"), "T"),
        SetAcl((REGISTRY, "mo"), NONE),
        Add((REGISTRY, "mo"), rule_leaf("more")),
        Add((REGISTRY, "mo"), leaf("more")),
        Add((REGISTRY, "mo", "Open"), leaf("more")),
    ):
        judge.ask_as(ISSUER)
        assert_sw(judge.run([command]).sw, Sw.PERMANENT)
    judge.learn()


def test_definitions_and_nodes_keep_apart(judge: Judge):
    judge.refuse(Sw.NOT_DEFINED, Add((), rule_branch("x", rule_leaf("y"))), who=ISSUER)
    judge.refuse(Sw.NOT_DEFINED, Add((), branch("x", rule_leaf("y"))))
    for node in (branch("x", leaf("y")), rule_branch("x", leaf("y"))):
        # The three bytes that a definition must have may be looked for first.
        assert judge.run([Add((REGISTRY,), node)]).sw in {Sw.NOT_DEFINED, Sw.TRUNCATED}
    judge.learn()


def test_the_ids_of_a_definition_are_consecutive_and_in_level_order(judge: Judge):
    ids = judge.numbers.ids
    first = ids["mo",]
    level = [("mo", node.name) for node in MO.children]
    assert [ids[path] for path in (("mo",), *level, ("mo", "", "Port"))] == list(range(first, first + len(level) + 2))


def test_a_host_finds_a_definition_by_its_name_alone(judge: Judge):
    answer = judge.read((REGISTRY, "mo"), 0, since=0)
    assert_sw(answer.sw, Sw.OK)
    assert len(Reader(answer.data).flat()) == 1
    assert_sw(judge.read((REGISTRY, "other"), 0, since=0).sw, Sw.NOT_FOUND)
