"""Writing TNDS: the same bytes for the same tree, one element or property on each line.  Part of ``tnds``."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from smartdm.codec.limits import checked_walk
from smartdm.codec.xmltext import document, nested, text, token
from smartdm.errors import CodecError
from smartdm.mo.text import shown
from smartdm.mo.tree import BINARY, Node
from smartdm.mo.tstamp import encode as encode_tstamp
from smartdm.mo.uri import ROOT, Uri


def write_document(version: str, man: str, mod: str, nodes: Iterable[tuple[Uri | None, Node]]) -> bytes:
    """The whole document; CodecError, naming the node, for what XML or TNDS cannot say."""
    lines: list[str] = []
    places: set[tuple[Uri, str]] = set()
    for path, node in nodes:
        if (path or ROOT, node.name) in places:
            raise CodecError(f"two nodes {shown(node.name)} for the same place in one document")
        places.add((path or ROOT, node.name))
        lines += nested(checked_walk(node), path, _node_lines)
    if not places:
        raise CodecError("a TNDS document needs at least one node")
    return document(version, man, mod, lines)


def _node_lines(node: Node) -> Iterator[str]:
    """A node's name, properties and value."""
    yield f"<NodeName>{text(node.name, 'name')}</NodeName>"
    yield "<RTProperties>"
    yield from (f"  {line}" for line in _properties(node))
    yield "</RTProperties>"
    if node.value:
        yield f"<Value>{_value(node)}</Value>"


def _properties(node: Node) -> Iterator[str]:
    """The properties in the order of the DTD; Name and Size are not part of TNDS."""
    if node.acl:
        yield f"<ACL>{text(str(node.acl), 'ACL')}</ACL>"
    yield f"<Format><{node.format}/></Format>"
    if node.title:
        yield f"<Title>{text(node.title, 'Title')}</Title>"
    if node.tstamp is not None:
        yield f"<TStamp>{_tstamp(node.tstamp)}</TStamp>"
    tag = "MIME" if node.is_leaf else "DDFName"
    yield f"<Type><{tag}>{token(node.type, 'Type')}</{tag}></Type>"
    if not 0 <= node.verno <= 0xFFFF:
        raise CodecError(f"the VerNo {node.verno} is not within 0 to 65535")
    if node.verno:
        yield f"<VerNo>{node.verno}</VerNo>"


def _tstamp(seconds: int) -> str:
    try:
        return encode_tstamp(seconds)
    except ValueError as error:
        raise CodecError(str(error)) from error


def _value(node: Node) -> str:
    if node.format in BINARY:
        return base64.b64encode(node.value).decode("ascii")
    try:
        value = node.value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError(f"the value is not UTF-8 text, as Format {node.format} needs in XML; use bin") from error
    return text(value, "value")
