"""What is different in the registry: definitions, servers, values on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.wire import Format, Limit, Sw
from tests.oracle import acl as acls
from tests.oracle.commands import Add
from tests.oracle.doubts import Doubts
from tests.oracle.forms import check_name
from tests.oracle.nodes import ID, KEYS, REGISTRY, SERVERS, UPLOADS, Node, Path
from tests.oracle.rights import server_id

if TYPE_CHECKING:
    from tests.oracle.tree import Card

NOT_HERE = (Sw.PERMANENT, Sw.NOT_DEFINED, Sw.NOT_ALLOWED, Sw.BAD_FORMAT, Sw.UNSUPPORTED, Sw.NOT_INTERIOR, Sw.BAD_NAME)
"""What a card may say to something that has no place in the registry."""
OWN = (acls.ANYBODY, acls.ISSUER, acls.HOLDER)


def add(chain: list[Node], command: Add, who: str, doubts: Doubts) -> None:
    parent, path = chain[-1], command.path
    if not acls.allows([each.acl for each in chain], "Add", who):
        doubts.right()
    if path == (REGISTRY,) and who != acls.ISSUER:
        doubts.right()
    if path == (REGISTRY,) and len(command.nodes) > 1:
        doubts.form(Sw.BAD_ELEMENT)
    if not all(_fits(node, path) for node in command.nodes):
        doubts.form(*NOT_HERE)
    if len(parent.children) + len(command.nodes) > Limit.CHILDREN:
        doubts.form(Sw.TOO_WIDE)
    if _is_upload(path):
        return
    names = [node.name for node in (*parent.children, *command.nodes)]
    for node in command.nodes:
        check_name(node.name, doubts)
        if names.count(node.name) > 1:
            doubts.form(Sw.ALREADY_EXISTS)


def _fits(node: Node, path: Path) -> bool:
    """Whether a new node can be there at all."""
    if path == (REGISTRY,):
        return all(each.rule for each in node.walk())
    if path[1:] == (SERVERS,):
        fits = node.is_leaf and not node.value and not node.acl and not node.pieces and node.rule is None
        return fits and acls.is_id(server_id(node.name))
    if path[1:] == (UPLOADS,):
        return node.pieces and not node.children and not node.acl
    return _is_upload(path) and node.name == "" and node.format == Format.BIN and not node.children


def _is_upload(path: Path) -> bool:
    """Whether a node lies directly below that for uploads."""
    return len(path) == 3 and path[1] == UPLOADS


def delete(card: Card, path: Path, doubts: Doubts) -> None:
    if _is_upload(path):
        return
    if len(path) == 3 and path[1] == SERVERS and path[2] not in OWN:
        return
    if len(path) != 2 or path[1] in {SERVERS, UPLOADS, KEYS, ID}:
        doubts.any_time(*NOT_HERE)
    elif any(node.definition[:1] == (path[1],) for node in card.root.walk()):
        doubts.form(Sw.IN_USE)
