"""The judge's ACLs, against the example of TND 1.2 and against the grammar."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.oracle import acl as acls
from tests.oracle.acl import ISSUER, NONE, Acl, AclTextError
from tests.oracle.example import LEAVES, LISTS


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("Get=*", "Get=*"),
        ("Get=b+a", "Get=a+b"),
        ("Replace=a&Add=a", "Add=a&Replace=a"),
        ("Get=A&Replace=A&Get=B", "Get=A+B&Replace=A"),
        ("Get=a+*+b", "Get=*"),
        ("Get=a&Get=*", "Get=*"),
        ("Get=#issuer+é", "Get=#issuer+é"),
    ],
)
def test_a_text_has_one_canonical_form(text: str, canonical: str):
    assert str(Acl.parse(text)) == canonical
    assert Acl.parse(canonical) == Acl.parse(text)


@pytest.mark.parametrize(
    "text", ["Get", "Get=", "get=a", "Copy=a", "Get=a+", "Get=a&", "&Get=a", "Get=a b", "Get=a=b", "=a", "Get=\x01"]
)
def test_a_broken_text_is_refused(text: str):
    with pytest.raises(AclTextError):
        Acl.parse(text)


def test_ids_match_whole():
    assert not Acl.parse("Get=srv2").allows("Get", "srv")
    assert Acl.parse("Get=srv").allows("Get", "srv")
    assert Acl.parse("Get=*").allows("Get", "srv")
    assert not Acl.parse("Get=*").allows("Replace", "srv")


def test_entries_and_text_mean_the_same():
    acl = Acl.parse("Add=a&Get=a+b&Replace=*")
    assert acl.entries() == [(0x10, "*"), (0x09, "a"), (0x08, "b")]
    assert Acl.of_entries(acl.entries()) == acl
    assert Acl.of_entries([(0x18, "a"), (0x08, "*")]) == Acl.parse("Get=*&Replace=a")


@dataclass(frozen=True)
class Truth:
    """Of the example: what is true of a node and a server."""

    node: str
    command: str
    who: str
    allowed: bool


TRUTHS = [
    *(Truth("NodeA/Node1", "Get", who, allowed=True) for who in ("A", "B", "C", "stranger")),
    *(Truth("NodeA/Node1", verb, who, allowed=False) for who in "ABC" for verb in ("Delete", "Replace")),
    Truth("NodeB/Node2", "Get", "A", allowed=True),
    Truth("NodeB/Node2", "Get", "B", allowed=False),
    Truth("NodeB/Node3", "Delete", "B", allowed=True),
    Truth("NodeB/Node3", "Delete", "A", allowed=False),
    Truth("NodeB/Node3/Node4", "Get", "B", allowed=True),
    Truth("NodeB/Node3/Node4", "Get", "A", allowed=False),
    Truth("NodeB/Node3/Node5", "Replace", "A", allowed=True),
    Truth("NodeB/Node3/Node5", "Get", "B", allowed=True),
    Truth("NodeB/Node3/Node5", "Delete", "B", allowed=False),
    Truth("", "Add", "stranger", allowed=True),
]


def chain(path: str) -> list[Acl]:
    names = path.split("/") if path else []
    return [LISTS["/".join(names[:depth])] for depth in range(len(names) + 1)]


@pytest.mark.parametrize("truth", TRUTHS, ids=str)
def test_the_example_of_the_specification_holds(truth: Truth):
    assert acls.allows(chain(truth.node), truth.command, truth.who) is truth.allowed


@pytest.mark.parametrize(("who", "may"), [("A", False), ("B", False), ("C", True)])
def test_only_c_changes_the_acl_of_node1(who: str, may: bool):
    assert acls.may_change_acl(chain("NodeA/Node1"), who, leaf="NodeA/Node1" in LEAVES) is may


@pytest.mark.parametrize(
    ("path", "who", "may"),
    [
        ("NodeB/Node3", "A", True),  # Replace on the parent
        ("NodeB/Node3", "B", True),  # Replace on the node
        ("NodeB/Node3", "C", False),
        ("NodeB/Node3/Node4", "A", False),  # a leaf: the parent counts, where A has nothing
        ("NodeB/Node3/Node4", "B", True),
        ("NodeB/Node3/Node5", "A", False),  # a leaf: Replace on itself is of no use
        ("NodeB/Node3/Node5", "B", True),
        ("", "A", False),
        ("", ISSUER, True),
    ],
)
def test_who_changes_an_acl(path: str, who: str, may: bool):
    assert acls.may_change_acl(chain(path), who, leaf=path in LEAVES) is may


def test_an_empty_acl_inherits_the_whole_of_the_next_one():
    lists = [Acl.parse("Add=*&Get=*"), Acl.parse("Replace=A"), NONE]
    assert not acls.allows(lists, "Get", "A")


def test_what_a_node_has_lost_those_have_lost_that_inherit_from_it():
    gone = frozenset({"Add", "Replace"})
    lists = [Acl.parse("Add=A&Get=A&Replace=A"), NONE, NONE, Acl.parse("Add=A"), NONE]
    lost = [frozenset[str](), gone]
    assert [acls.allows(lists[:end], "Add", "A", lost) for end in range(1, 6)] == [True, False, False, True, True]
    assert [acls.allows(lists[:end], "Get", "A", lost) for end in range(1, 6)] == [True, True, True, False, False]
    assert [acls.may_change_acl(lists[:end], "A", leaf=False, lost=lost) for end in (2, 3)] == [True, False]
    assert not acls.may_change_acl(lists[:3], "A", leaf=True, lost=lost)
    mine = acls.creators("A")
    assert [acls.of_new_node(lists[:end], NONE, "A", leaf=False, lost=lost) for end in (1, 2)] == [NONE, mine]


def test_an_interior_node_out_of_reach_is_its_creators():
    parents = [Acl.parse("Add=*&Get=*")]
    mine = Acl.parse("Add=S&Delete=S&Get=S&Replace=S")
    assert acls.of_new_node(parents, NONE, "S", leaf=False) == mine
    assert acls.of_new_node(parents, NONE, "S", leaf=True) == NONE
    assert acls.of_new_node([*parents, mine], NONE, "S", leaf=False) == NONE
    assert acls.of_new_node(parents, Acl.parse("Get=*"), "S", leaf=False) == Acl.parse("Get=*")


def test_a_server_that_is_gone_leaves_no_trace():
    assert Acl.parse("Add=A&Get=A+B").without("A") == Acl.parse("Get=B")
    assert Acl.parse("Get=A").without("A") == NONE
    assert Acl.parse("Get=AB").without("A") == Acl.parse("Get=AB")


def test_at_the_root_add_and_get_fall_back_to_anybody():
    assert acls.root_without(Acl.parse("Add=A&Get=A&Replace=A"), "A") == Acl.parse("Add=*&Get=*")
    assert acls.root_without(Acl.parse("Add=A&Get=A+B"), "A") == Acl.parse("Add=*&Get=B")
