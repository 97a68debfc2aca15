"""One node of a packed tree as it is written, without its children and its value.  Part of ``packed``.

``packed_node`` tells the fields.  Counts are written plain: what a run is, only cards know.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.codec.packed_fields import (
    encode_acl,
    encode_number,
    encode_text,
    encode_type,
    encode_value_length,
    format_number,
)
from smartdm.errors import CodecError
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.wire import Kind


@dataclass(frozen=True, slots=True)
class Defined:
    """How a node names its definition on a card.  ``number``: its node id; ``own_name``: whether the name follows."""

    number: int
    definition: Definition
    own_name: bool


def node_header(node: Node, uri: Uri, counted: bool, stamped: bool, defined: Defined | None = None) -> bytes:
    """Everything of a node but the bytes of its value; CodecError naming ``uri`` if it does not fit.

    ``defined``: for one that has its Format and most of the rest from a definition.
    """
    try:
        verno = encode_number(node.verno, 2, "VerNo") if counted else b""
        kind, head = _plain_head(node) if defined is None else _defined_head(node, defined)
        title = "" if defined and node.title == defined.definition.title else node.title
        optional = b""
        if title:
            kind |= Kind.TITLE
            optional += encode_text(title, "Title")
        if node.acl:
            kind |= Kind.ACL
            optional += encode_acl(node.acl)
        if stamped and node.tstamp is not None:
            kind |= Kind.TSTAMP
            optional += encode_number(node.tstamp, 4, "TStamp")
        tail = encode_value_length(node.value) if node.is_leaf else bytes([len(node.children)])
        return b"".join((verno, bytes([kind]), head, optional, tail))
    except CodecError as error:
        raise CodecError(f"node {uri}: {error}") from error


def _plain_head(node: Node) -> tuple[int, bytes]:
    """(kind, meta to Type) of a node that stands for itself."""
    meta = encode_type(node.type)
    return format_number(node.format), meta[:1] + encode_text(node.name, "name") + meta[1:]


def _defined_head(node: Node, defined: Defined) -> tuple[int, bytes]:
    """(kind, meta to Type) of a node that has its Format and most of the rest from its definition."""
    number, types = defined.number, defined.definition.types
    kind = Kind.DEFINED | number >> 8 | (0 if node.is_leaf else Kind.INTERIOR)
    head = bytes([number & 0xFF])
    if defined.own_name:
        kind |= Kind.OWN_NAME
        head += encode_text(node.name, "name")
    further = types.index(node.type) if node.is_leaf and node.type in types else 0
    if further:
        kind |= Kind.OWN_TYPE
        head += bytes([1, further])
    return kind, head
