"""The example of TND 1.2 for ACLs: three servers, two branches."""

from __future__ import annotations

from tests.oracle.acl import NONE, Acl
from tests.oracle.nodes import Node, branch, leaf

LISTS = {
    "": Acl.parse("Add=*&Get=*"),
    "NodeA": Acl.parse("Get=C&Replace=C"),
    "NodeA/Node1": Acl.parse("Get=*"),
    "NodeB": Acl.parse("Get=A&Replace=A"),
    "NodeB/Node2": NONE,
    "NodeB/Node3": Acl.parse("Get=B&Replace=B&Delete=B"),
    "NodeB/Node3/Node4": NONE,
    "NodeB/Node3/Node5": Acl.parse("Get=A&Replace=A&Get=B"),
}
LEAVES = {"NodeA/Node1", "NodeB/Node2", "NodeB/Node3/Node4", "NodeB/Node3/Node5"}


def tree() -> list[Node]:
    """The two nodes below the root."""
    return [_node("NodeA"), _node("NodeB")]


def _node(path: str) -> Node:
    name = path.rpartition("/")[2]
    if path in LEAVES:
        return leaf(name, name.lower().encode(), acl=LISTS[path])
    children = [below for below in LISTS if below.rpartition("/")[0] == path]
    return branch(name, *(_node(below) for below in children), acl=LISTS[path])
