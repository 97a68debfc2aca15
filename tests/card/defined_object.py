"""A card with an object that follows a definition, for tests of what the definition says."""

from __future__ import annotations

from smartdm.transport.sim import SimTransport
from smartdm.wire import Access, Format
from tests.card.judge import Judge
from tests.oracle.acl import Acl
from tests.oracle.commands import Add
from tests.oracle.nodes import FULL, REGISTRY, Node, defined, rule_branch, rule_leaf

MO = rule_branch(
    "mo",
    rule_leaf("RO", Access.ADD | Access.GET, required=True),
    rule_leaf("RW", FULL, types=("a/b", "c/d"), type="text/plain"),
    rule_leaf("Key", FULL & ~Access.GET, format=Format.BIN),
    rule_leaf("Fix", FULL & ~Access.DELETE | Access.PERMANENT),
    rule_leaf("Bool", FULL, format=Format.BOOL),
    rule_leaf("Null", FULL, format=Format.NULL),
    rule_branch("Open", access=Access.ADD | Access.GET | Access.REPLACE),
    rule_branch("", rule_leaf("Port", FULL), maximum=2, access=FULL),
    type="urn:example:mo:1.0",
    title="An object",
)
SEALED = rule_branch("sealed", rule_leaf("x"), access=Access.GET)
FREE_FOR_ALL = Acl.parse("Add=*&Delete=*&Get=*&Replace=*")


def with_object(simulator: SimTransport) -> Judge:
    """./M follows the definition MO and is open to all by its list; S is a server."""
    judge = Judge.new(simulator)
    judge.servers("S")
    judge.done(Add((REGISTRY,), MO), Add((REGISTRY,), SEALED))
    below = (part("RO", b"ro"), part("RW", b"rw"), part("Key", b"key"), part("Fix"), part("Bool"), part("Null"))
    placeholder = defined("one", ("mo", ""), part("Port", above=("mo", "")))
    judge.done(Add((), defined("M", ("mo",), *below, part("Open", interior=True), placeholder, acl=FREE_FOR_ALL)))
    judge.ask_as("S")
    return judge


def part(name: str, value: bytes = b"", *, above: tuple[str, ...] = ("mo",), interior: bool = False, **more: object):
    return defined(name, (*above, name), value=value, format=Format.NODE if interior else None, **more)


def another(name: str) -> Node:
    """A node of the placeholder."""
    return defined(name, ("mo", ""), format=Format.NODE)
