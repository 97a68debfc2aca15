"""What is different in the registry: definitions, servers, values on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.wire import Format, Sw
from tests.oracle import acl as acls
from tests.oracle.commands import Add
from tests.oracle.doubts import Doubts
from tests.oracle.forms import check_name
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, Node, Path
from tests.oracle.rights import server_id

if TYPE_CHECKING:
    from tests.oracle.tree import Card

NOT_HERE = (Sw.PERMANENT, Sw.NOT_DEFINED, Sw.NOT_ALLOWED, Sw.BAD_FORMAT, Sw.UNSUPPORTED, Sw.NOT_INTERIOR, Sw.BAD_NAME)
"""What a card may say to something that has no place in the registry."""
OWN = (acls.ANYBODY, acls.ISSUER, acls.HOLDER)


def add(chain: list[Node], command: Add, who: str, doubts: Doubts) -> None:
    parent, node, path = chain[-1], command.node, command.path
    if not acls.allows([each.acl for each in chain], "Add", who):
        doubts.right()
    piece = len(path) == 3 and path[1] == UPLOADS
    if path == (REGISTRY,):
        fits = all(each.rule for each in node.walk())
        if who != acls.ISSUER:
            doubts.right()
    elif path[1:] == (SERVERS,):
        fits = node.is_leaf and not node.value and not node.acl and not node.pieces and node.rule is None
        fits = fits and acls.is_id(server_id(node.name))
    elif path[1:] == (UPLOADS,):
        fits = node.pieces and not node.children and not node.acl
    else:
        fits = piece and node.name == "" and node.format == Format.BIN and not node.children
    if not fits:
        doubts.form(*NOT_HERE)
    if piece:
        return
    check_name(node.name, doubts)
    if parent.child(node.name):
        doubts.form(Sw.ALREADY_EXISTS)


def delete(card: Card, path: Path, doubts: Doubts) -> None:
    if len(path) == 3 and path[1] == UPLOADS:
        return
    if len(path) == 3 and path[1] == SERVERS and path[2] not in OWN:
        return
    if len(path) != 2 or path[1] in {SERVERS, UPLOADS}:
        doubts.any_time(*NOT_HERE)
    elif any(node.definition[:1] == (path[1],) for node in card.root.walk()):
        doubts.form(Sw.IN_USE)
