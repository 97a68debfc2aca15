"""URIs of the registry, names of servers, and who has which right on a node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smartdm.wire import Access, Limit, Sw
from tests.oracle import acl as acls
from tests.oracle.doubts import Doubts, Refused
from tests.oracle.nodes import Node, Path

if TYPE_CHECKING:
    from tests.oracle.tree import Card

_VERBS = {Access.ADD: "Add", Access.DELETE: "Delete", Access.GET: "Get", Access.REPLACE: "Replace"}

_CHANGES = frozenset(acls.COMMANDS) - {"Get"}


def is_registry(path: Path) -> bool:
    """Whether the URI begins with ``?``."""
    return bool(path) and path[0].startswith("?")


def server_name(server_id: str) -> str:
    """The name of the leaf of a ServerID: what a name cannot hold is written ``%HH``."""
    name = re.sub(r"[/?%]", lambda found: f"%{ord(found[0]):02X}", server_id)
    return name[:-1] + "%2E" if name.endswith(".") else name


def server_id(name: str) -> str:
    """The ServerID of the leaf with that name."""
    return re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), name)


def check_path(path: Path) -> None:
    """The URI itself, before anything is looked for."""
    faults = [Sw.URI_TOO_LONG] if len("/".join(path).encode()) > Limit.URI else []
    faults += [Sw.BAD_NAME] if any(not name or name.endswith(".") for name in path) else []
    if faults:
        # A card that walks along the URI may find that a node is missing before it finds the bad segment.
        raise Refused(*faults, *([Sw.NOT_FOUND] if len(path) > 1 else []))


def right(card: Card, chain: list[Node], verb: Access, who: str, doubts: Doubts) -> None:
    """AccessType, ACL and proof of the node; Get is also denied below a node whose AccessType lacks it (Inbox)."""
    for node in chain if verb is Access.GET else chain[-1:]:
        access(card, node, verb, who, doubts)
    if not allows(card, chain, _VERBS[verb], who):
        doubts.right()


def allows(card: Card, chain: list[Node], command: str, who: str) -> bool:
    """Whether ACL and proof allow ``who`` that command on the last node of the chain."""
    return acls.allows([node.acl for node in chain], command, who, lost(card, chain))


def lost(card: Card, chain: list[Node]) -> acls.Lost:
    """The commands that each node of a chain does not take, because the card has not seen enough of who is asking."""
    return [_lost(card, node) for node in chain]


def _lost(card: Card, node: Node) -> frozenset[str]:
    rule = card.rule(node.definition) if node.definition else None
    if rule is None or rule.rule is None:
        return frozenset()
    get, change = divmod(rule.rule.proof, 16)
    without = _CHANGES if change & ~card.proof else frozenset()
    return without | {"Get"} if get & ~card.proof else without


def access(card: Card, node: Node, verb: Access, who: str, doubts: Doubts) -> None:
    """The AccessType alone."""
    rule = card.rule(node.definition) if node.definition else None
    if rule and rule.rule and not rule.rule.access & verb and (who != acls.ISSUER or verb is Access.GET):
        doubts.access()


def readable(card: Card, chain: list[Node], who: str) -> bool:
    """Whether a node shows more than its name."""
    doubts = Doubts()
    right(card, chain, Access.GET, who, doubts)
    try:
        doubts.settle()
    except Refused:
        return False
    return True
