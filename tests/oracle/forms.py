"""What names, texts, values and ACLs must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.wire import Format, Limit, Sw
from tests.oracle import acl as acls
from tests.oracle.doubts import Doubts
from tests.oracle.nodes import Node
from tests.oracle.rights import server_id

if TYPE_CHECKING:
    from tests.oracle.tree import Card


def check_name(name: str, doubts: Doubts) -> None:
    raw = name.encode()
    if len(raw) > Limit.NAME:
        doubts.form(Sw.NAME_TOO_LONG)
    if not raw or raw.endswith(b".") or any(byte < 0x20 or byte in b"/?\x7f" for byte in raw):
        doubts.form(Sw.BAD_NAME)


def check_texts(card: Card, node: Node, doubts: Doubts) -> None:
    if len(node.title.encode()) > Limit.TEXT or len(node.type.encode()) > Limit.TEXT:
        doubts.form(Sw.VALUE_TOO_LARGE, Sw.BAD_ELEMENT)
    check_servers(card, node.acl, doubts)


def check_servers(card: Card, acl: acls.Acl, doubts: Doubts) -> None:
    known = {server_id(name) for name in card.servers()}
    if any(who not in known for _, who in acl.grants):
        doubts.form(Sw.UNKNOWN_SERVER)


def check_value(format: int, value: bytes, doubts: Doubts) -> None:  # noqa: A002
    if len(value) > Limit.VALUE:
        doubts.form(Sw.VALUE_TOO_LARGE)
    if format == Format.NODE or format > Format.FLOAT or (format == Format.NULL and value):
        doubts.form(Sw.BAD_FORMAT)
