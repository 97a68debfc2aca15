"""Writing TNDS: the same bytes for the same tree, one element or property on each line.  Part of ``tnds``."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from smartdm.codec.limits import checked_walk
from smartdm.codec.tnds_node import BINARY
from smartdm.codec.xmltext import HEAD, NAMESPACE, text, token
from smartdm.errors import CodecError
from smartdm.mo.text import shown
from smartdm.mo.tree import Node
from smartdm.mo.tstamp import encode as encode_tstamp
from smartdm.mo.uri import ROOT, Uri


def write_document(version: str, man: str, mod: str, nodes: Iterable[tuple[Uri | None, Node]]) -> bytes:
    """The whole document; CodecError, naming the node, for what XML or TNDS cannot say."""
    lines = [
        HEAD,
        f'<MgmtTree xmlns="{NAMESPACE}">',
        f"  <VerDTD>{version}</VerDTD>",
    ]
    for tag, word in (("Man", man), ("Mod", mod)):
        if word:
            lines.append(f"  <{tag}>{token(word, tag)}</{tag}>")
    places: set[tuple[Uri, str]] = set()
    for path, node in nodes:
        if (path or ROOT, node.name) in places:
            raise CodecError(f"two nodes {shown(node.name)} for the same place in one document")
        places.add((path or ROOT, node.name))
        lines += _tree_lines(path, node)
    if not places:
        raise CodecError("a TNDS document needs at least one node")
    return "\n".join([*lines, "</MgmtTree>", ""]).encode("utf-8")


def _tree_lines(path: Uri | None, top: Node) -> Iterator[str]:
    """The lines of one tree: a Node is closed when the walk comes to a node that is not below it."""
    base = 1 if top.name else 0
    depth = -1
    for uri, node in checked_walk(top):
        level = uri.depth - base
        for closing in range(depth, level - 1, -1):
            yield f"{_indent(closing)}</Node>"
        depth = level
        try:
            yield from _node_lines(node, _indent(level), path if level == 0 else None)
        except CodecError as error:
            raise CodecError(f"node {uri}: {error}") from error
    for closing in range(depth, -1, -1):
        yield f"{_indent(closing)}</Node>"


def _indent(level: int) -> str:
    return "  " * (level + 1)


def _node_lines(node: Node, indent: str, path: Uri | None) -> Iterator[str]:
    """Everything of a node but its children and its end."""
    yield f"{indent}<Node>"
    yield f"{indent}  <NodeName>{text(node.name, 'name')}</NodeName>"
    if path is not None:
        yield f"{indent}  <Path>{text(str(path), 'Path')}</Path>"
    yield f"{indent}  <RTProperties>"
    for line in _properties(node):
        yield f"{indent}    {line}"
    yield f"{indent}  </RTProperties>"
    if node.value:
        yield f"{indent}  <Value>{_value(node)}</Value>"


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
