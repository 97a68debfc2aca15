"""The card as it is once it was personalized: 9 nodes of its own."""

from __future__ import annotations

from smartdm.wire import Access, Format, Limit, Principal
from smartdm.wire import Node as Fixed
from tests.oracle.acl import ANYBODY, HOLDER, ISSUER, Acl
from tests.oracle.nodes import ID, KEYS, SERVERS, UPLOADS, Node, branch, defined, leaf, rule_leaf
from tests.oracle.tree import Card

NODES = 512
"""How many a card has room for, if nothing else was said when it was made."""
ROOT_ACL = Acl.parse(f"Add=*&Delete={ISSUER}&Exec={ISSUER}&Get=*&Replace={ISSUER}")


ID_ACL = Acl.parse(f"Get={HOLDER}+{ISSUER}")
KEY_SET, PIN_AND_PUK = 50, 16
"""Bytes of the values of ``#issuer``, with AES-128, and ``#holder``."""
IDENTITY = bytes(22)
"""Card id 8, epoch 4, diversification data 10: of no card."""


def fresh(max_depth: int = Limit.DEPTH, node_limit: int = NODES, identity: bytes = IDENTITY) -> Card:
    """A card that nobody has used since it was personalized; the issuer's keys came at install already."""
    keys = {"format": Format.BIN, "born": 2}
    servers = branch(
        SERVERS,
        leaf(ANYBODY, id=Principal.ANYBODY),
        defined(ISSUER, (KEYS,), value=bytes(KEY_SET), id=Principal.ISSUER, verno=2, **keys),
        defined(HOLDER, (KEYS,), value=bytes(PIN_AND_PUK), id=Principal.HOLDER, verno=1, **keys),
        id=Fixed.SERVERS,
    )
    uploads = branch(UPLOADS, id=Fixed.UPLOADS)
    secret = rule_leaf(KEYS, Access.REPLACE, format=Format.BIN, id=Fixed.KEYS)
    mine = leaf(ID, identity, format=Format.BIN, acl=ID_ACL, id=Fixed.ID, verno=1, born=2)
    registry = branch("", servers, uploads, secret, mine, acl=ROOT_ACL, id=Fixed.REGISTRY)
    card = Card(max_depth, node_limit, Node("", acl=ROOT_ACL, id=Fixed.ROOT), registry, generation=2)
    for node in (*card.root.walk(), *card.registry.walk()):
        node.born = node.born or 1
    return card
