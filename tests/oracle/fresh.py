"""The card as it is made: 7 nodes of its own."""

from __future__ import annotations

from smartdm.wire import Limit, Principal
from smartdm.wire import Node as Fixed
from tests.oracle.acl import ANYBODY, HOLDER, ISSUER, Acl
from tests.oracle.nodes import SERVERS, UPLOADS, Node, branch, leaf
from tests.oracle.tree import Card

NODES = 512
"""How many a card has room for, if nothing else was said when it was made."""
ROOT_ACL = Acl.parse(f"Add=*&Delete={ISSUER}&Exec={ISSUER}&Get=*&Replace={ISSUER}")


def fresh(max_depth: int = Limit.DEPTH, node_limit: int = NODES) -> Card:
    """A card that nobody has used yet."""
    servers = branch(
        SERVERS,
        leaf(ANYBODY, id=Principal.ANYBODY),
        leaf(ISSUER, id=Principal.ISSUER),
        leaf(HOLDER, id=Principal.HOLDER),
        id=Fixed.SERVERS,
    )
    uploads = branch(UPLOADS, id=Fixed.UPLOADS)
    registry = branch("", servers, uploads, acl=ROOT_ACL, id=Fixed.REGISTRY)
    card = Card(max_depth, node_limit, Node("", acl=ROOT_ACL, id=Fixed.ROOT), registry)
    for node in (*card.root.walk(), *card.registry.walk()):
        node.born = card.generation
    return card
