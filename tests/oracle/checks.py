"""What speaks against a command on the tree below the root; ``registry`` has what is different in the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.wire import Access, Format, Limit, Sw
from tests.oracle import acl as acls
from tests.oracle import registry
from tests.oracle.commands import Add, Rename, Replace, SetAcl, SetTitle
from tests.oracle.doubts import Doubts
from tests.oracle.forms import check_name, check_servers, check_texts, check_value
from tests.oracle.nodes import UPLOADS, Node, Path
from tests.oracle.registry import NOT_HERE
from tests.oracle.rights import access, allows, is_registry, lost, right

if TYPE_CHECKING:
    from tests.oracle.tree import Card


def _places(card: Card, node: Node, path: Path, doubts: Doubts) -> None:
    """Depth and length of each URI, and twins."""
    for below, each in node.paths(path):
        if len(below) > card.max_depth:
            doubts.form(Sw.TOO_DEEP)
        if len("/".join(below).encode()) > Limit.URI:
            doubts.form(Sw.URI_TOO_LONG)
        names = [child.name for child in each.children] if not each.pieces else []
        if len(set(names)) < len(names):
            doubts.form(Sw.ALREADY_EXISTS)


def expected_rule(card: Card, parent: Node, name: str) -> Path | None:
    """Which definition a child of that name must follow: () = none, or the root of an MO; None = none is possible."""
    rule = card.rule(parent.definition) if parent.definition else None
    if rule is None or not rule.children:
        return ()
    child = rule.child(name) if name else None
    child = child or rule.child("")
    return None if child is None else (*parent.definition, child.name)


def _defined(card: Card, parent: Node, node: Node, doubts: Doubts) -> None:
    """Whether a node may be where it is, by the definitions; then the same of those below it."""
    wanted = expected_rule(card, parent, node.name)
    rule = card.rule(node.definition) if node.definition else None
    right_one = len(node.definition) < 2 if wanted == () else node.definition == wanted
    if (node.definition and rule is None) or not right_one:
        doubts.form(Sw.NOT_DEFINED)
    if rule and rule.rule:
        if node.further > len(rule.rule.types):
            doubts.form(Sw.BAD_TYPE)
        if rule.is_leaf != node.is_leaf:
            doubts.form(Sw.BAD_FORMAT, Sw.NOT_DEFINED, Sw.BAD_ELEMENT)
    for child in [] if node.pieces else node.children:
        _defined(card, node, child, doubts)
        _occurs(card, node, child, 0, doubts)


def _occurs(card: Card, parent: Node, node: Node, more: int, doubts: Doubts) -> None:
    """Whether a parent has too many nodes like this one; ``more``: how many come to those it has."""
    rule = card.rule(node.definition) if node.definition else None
    like = sum(child.definition == node.definition for child in parent.children)
    if rule and rule.rule and rule.rule.maximum and like + more > rule.rule.maximum:
        doubts.form(Sw.OCCURRENCE)


def add(card: Card, chain: list[Node], command: Add, who: str, doubts: Doubts) -> None:
    """What speaks against an Add."""
    if is_registry(command.path):
        registry.add(chain, command, who, doubts)
        return
    parent = chain[-1]
    if parent.is_leaf:
        doubts.any_time(Sw.NOT_INTERIOR)
    if not allows(card, chain, "Add", who):
        doubts.right()
    if len(parent.children) + len(command.nodes) > Limit.CHILDREN:
        doubts.form(Sw.TOO_WIDE)
    names = [each.name for each in (*(parent.children if not parent.pieces else []), *command.nodes)]
    if any(names.count(node.name) > 1 for node in command.nodes):
        doubts.form(Sw.ALREADY_EXISTS)
    if command.sourced and command.more:
        doubts.form(Sw.NO_SOURCE)
    for node in command.nodes:
        _top(card, chain, node, who, doubts)
        _occurs(card, parent, node, sum(other.definition == node.definition for other in command.nodes), doubts)
        _places(card, node, (*command.path, node.name), doubts)
        for each in node.walk():
            _new(card, each, doubts, sourced=command.sourced and each is command.node)
            if each is not node and len(each.definition or ()) == 1:
                # The root of an object, wherever it comes.
                _may_come(card.rule(each.definition), who, doubts)


def _may_come(rule: Node | None, who: str, doubts: Doubts) -> None:
    if rule and rule.rule and not rule.rule.access & Access.ADD and who != acls.ISSUER:
        # The node arrives behind the command, when the right on its parent was asked for already.
        doubts.any_time(Sw.ACCESS_DENIED)


def _top(card: Card, chain: list[Node], node: Node, who: str, doubts: Doubts) -> None:
    """The top node of a subtree below its parent, the last of the chain."""
    rule = card.rule(node.definition) if node.definition else None
    _may_come(rule, who, doubts)
    check_name(node.name, doubts)
    if node.is_leaf and node.acl and not allows(card, chain, "Replace", who):
        doubts.any_time(Sw.NOT_ALLOWED)
    _defined(card, chain[-1], node, doubts)


def _new(card: Card, node: Node, doubts: Doubts, *, sourced: bool) -> None:
    """A new node by itself."""
    if node.rule:
        doubts.form(*NOT_HERE)
    if not sourced and node.is_leaf and not node.pieces:
        rule = card.rule(node.definition) if node.definition else None
        check_value(rule.format if rule and rule.is_leaf else node.format, node.value, doubts)
    for child in node.children if not node.pieces else []:
        check_name(child.name, doubts)
    check_texts(card, node, doubts)


def replace(card: Card, chain: list[Node], command: Replace, who: str, doubts: Doubts) -> None:
    """What speaks against a Replace of a value."""
    node = chain[-1]
    if is_registry(command.path):
        doubts.any_time(*NOT_HERE, Sw.NOT_LEAF)
        return
    right(card, chain, Access.REPLACE, who, doubts)
    if not node.is_leaf:
        doubts.any_time(Sw.NOT_LEAF)
        return
    rule = card.rule(node.definition) if node.definition else None
    if rule and rule.rule and command.format is not None:
        if command.format != node.format:
            doubts.form(Sw.BAD_FORMAT)
        if command.further > len(rule.rule.types):
            doubts.form(Sw.BAD_TYPE)
    if command.value is not None:
        check_value(node.format if command.format is None else command.format, command.value, doubts)


def delete(card: Card, chain: list[Node], path: Path, who: str, doubts: Doubts) -> None:
    """What speaks against a Delete."""
    if is_registry(path):
        # So that nobody can fill the card for ever, the issuer needs no right there.
        if who != acls.ISSUER:
            right(card, chain, Access.DELETE, who, doubts)
        registry.delete(card, path, doubts)
        return
    right(card, chain, Access.DELETE, who, doubts)
    if len(chain) == 1 and who != acls.ISSUER:
        doubts.access()
    rule = card.rule(chain[-1].definition) if chain[-1].definition else None
    if rule is None or rule.rule is None or len(chain) == 1:
        return
    if rule.rule.required and sum(node.definition == chain[-1].definition for node in chain[-2].children) == 1:
        doubts.form(Sw.OCCURRENCE)


def rename(card: Card, chain: list[Node], command: Rename, who: str, doubts: Doubts) -> None:
    """What speaks against a Rename."""
    if len(chain) == 1 or is_registry(command.path):
        doubts.any_time(*NOT_HERE)
        return
    node, parent = chain[-1], chain[-2]
    right(card, chain, Access.REPLACE, who, doubts)
    rule = card.rule(node.definition) if node.definition else None
    if rule and rule.rule:
        if rule.rule.access & Access.PERMANENT:
            doubts.any_time(Sw.PERMANENT)
        if len(node.definition) > 1 and node.definition[-1]:
            doubts.any_time(Sw.PERMANENT)
    if expected_rule(card, parent, command.name) not in {(), node.definition}:
        doubts.form(Sw.NOT_DEFINED)
    check_name(command.name, doubts)
    clash = parent.child(command.name)
    if clash and clash is not node:
        doubts.form(Sw.ALREADY_EXISTS)
    _places(card, node, (*command.path[:-1], command.name), doubts)


def set_acl(card: Card, chain: list[Node], command: SetAcl, who: str, doubts: Doubts) -> None:
    """What speaks against another ACL."""
    if is_registry(command.path):
        doubts.any_time(*NOT_HERE)
        return
    if not acls.may_change_acl([node.acl for node in chain], who, leaf=chain[-1].is_leaf, lost=lost(card, chain)):
        doubts.right()
        if len(chain) == 1:
            doubts.right(Sw.PERMANENT)
    if len(chain) == 1 and not command.acl:
        doubts.form(Sw.BAD_ACL)
    check_servers(card, command.acl, doubts)


def set_title(card: Card, chain: list[Node], command: SetTitle, who: str, doubts: Doubts) -> None:
    """What speaks against another Title."""
    if is_registry(command.path):
        doubts.any_time(*NOT_HERE)
        return
    right(card, chain, Access.REPLACE, who, doubts)
    if len(command.title.encode()) > Limit.TEXT:
        doubts.form(Sw.VALUE_TOO_LARGE, Sw.BAD_ELEMENT)


def source(card: Card, chain: list[Node], path: Path, who: str, doubts: Doubts) -> None:
    """What speaks against taking a value from there."""
    node = chain[-1]
    access(card, node, Access.COPY, who, doubts)
    right(card, chain, Access.GET, who, doubts)
    upload = is_registry(path) and len(path) == 3 and path[1] == UPLOADS
    if not node.is_leaf:
        doubts.any_time(Sw.NOT_LEAF, Sw.NO_SOURCE)
    elif upload:
        right(card, chain, Access.DELETE, who, doubts)
    elif node.pieces:
        doubts.form(Sw.NO_SOURCE)


def format_of(card: Card, node: Node) -> int:
    """The Format that a new node will have."""
    rule = card.rule(node.definition) if node.definition else None
    return rule.format if rule else node.format


def take(source: Node, target: Node, number: int, doubts: Doubts) -> None:
    """What speaks against the value of ``source`` in a leaf with that Format."""
    if source is target:
        doubts.form(Sw.NO_SOURCE)
    if number in {Format.NODE, Format.NULL} or number > Format.FLOAT:
        doubts.form(Sw.BAD_FORMAT)
