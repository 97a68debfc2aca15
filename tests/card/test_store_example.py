"""The example of TND 1.2 for ACLs on the card, truth by truth."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Sw
from tests.card.acl_requests import every_right, read_denied, refused_to
from tests.card.judge import Judge
from tests.oracle import example
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Command, Delete, Get, Replace, SetAcl
from tests.oracle.nodes import leaf

NODE1, NODE4, NODE5 = ("NodeA", "Node1"), ("NodeB", "Node3", "Node4"), ("NodeB", "Node3", "Node5")


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    judge = Judge.new(simulator)
    judge.servers("A", "B", "C", "other")
    judge.done(*(Add((), node) for node in example.tree()))
    return judge


@pytest.mark.parametrize("who", ["A", "B", "C", "other"])
def test_anyone_reads_node1(judge: Judge, who: str):
    judge.done(Get(NODE1), who=who)


def test_only_c_changes_the_list_of_node1_in_one_step(judge: Judge):
    for who in ("A", "B", "other", ISSUER):
        refused_to(judge, who, SetAcl(NODE1, Acl.parse("Get=*&Replace=A")))
    judge.done(SetAcl(NODE1, Acl.parse("Get=*&Replace=A")), who="C")
    judge.done(Replace(NODE1, b"new"), who="A")


@pytest.mark.parametrize("command", [Delete(NODE1), Replace(NODE1, b"new")], ids=["delete", "replace"])
def test_nobody_changes_node1_directly(judge: Judge, command: Command):
    for who in ("A", "B", "C", "other", ISSUER):
        refused_to(judge, who, command)


def test_node4_shows_no_list_and_inherits(judge: Judge):
    judge.ask_as("B")
    seen = judge.numbers.tree(judge_item(judge, NODE4))
    assert not seen.acl
    judge.done(Replace(NODE4, b"new"), who="B")
    read_denied(judge, "A", NODE4)


def judge_item(judge: Judge, path: tuple[str, ...]):
    return judge.items(path)[0]


def test_a_replaces_node5(judge: Judge):
    judge.done(Replace(NODE5, b"new"), who="A")
    refused_to(judge, "B", Replace(NODE5, b"newer"))


def test_entries_of_one_command_are_united(judge: Judge):
    for who in ("A", "B"):
        judge.done(Get(NODE5), who=who)
    read_denied(judge, "C", NODE5)
    judge.ask_as("A")
    assert str(judge.numbers.view(judge_item(judge, NODE5)).acl) == "Get=A+B&Replace=A"


def test_a_reads_node2_by_inheritance(judge: Judge):
    judge.done(Get(("NodeB", "Node2")), who="A")
    read_denied(judge, "B", ("NodeB", "Node2"))


def test_a_changes_the_list_of_node3_as_replacer_of_its_parent(judge: Judge):
    judge.done(SetAcl(("NodeB", "Node3"), Acl.parse("Get=A")), who="A")
    refused_to(judge, "C", SetAcl(("NodeB", "Node3"), Acl.parse("Get=C")))


def test_b_deletes_node3_with_all_below(judge: Judge):
    refused_to(judge, "B", Delete(NODE5))
    judge.done(Delete(("NodeB", "Node3")), who="B")


def test_anyone_adds_below_the_root_and_nowhere_else(judge: Judge):
    judge.done(Add((), leaf("new")), who="other")
    refused_to(judge, "other", Add(("NodeA",), leaf("new")))


def test_what_each_sees_of_the_tree(judge: Judge):
    hidden = {}
    for who in ("A", "B", "C"):
        seen = judge.look(who)
        assert seen is not None
        hidden[who] = {"/".join(path) for path, view in seen.names() if view.withheld}
    assert hidden == {"A": {"NodeA", "NodeB/Node3"}, "B": {"NodeA", "NodeB"}, "C": {"NodeB"}}


def test_every_right_of_everybody(judge: Judge):
    assert every_right(judge) > 300


def test_the_judge_knows_the_status_words(judge: Judge):
    judge.refuse(Sw.NOT_ALLOWED, Get(("NodeB",)), who="other")
