"""Trees in files: TNDS, packed, or the JSON document of ``smartdm mo tree --json``."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final

from smartdm.codec import packed, tnds
from smartdm.codec.limits import MAX_DEPTH, MAX_SIZE
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.text import shown
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri, check_name

_BOM: Final = b"\xef\xbb\xbf"
_PACKED_FLAGS: Final = 0x03
_TEXTS: Final = ("name", "format", "type", "title", "acl", "value", "value_base64")
_IGNORED: Final = ("uri", "verno", "tstamp", "size", "child_count")
"""What the card sets, and what follows from the rest."""


def read_trees(data: bytes) -> list[tuple[Uri, Node]]:
    """(where it goes, node) for each top node; the URI is relative, ROOT for a node without a name.

    CodecError if it is none of the three, or damaged.
    """
    if data[:1] and data[0] <= _PACKED_FLAGS:
        return [_placed(ROOT, packed.decode(data).node)]
    start = data.removeprefix(_BOM).lstrip()[:1]
    if start == b"{":
        return [_placed(ROOT, _document(data))]
    if start == b"<" or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # UTF-16, which the XML reader refuses by name
        return [_placed(path or ROOT, node) for path, node in tnds.decode(data).nodes]
    raise CodecError("neither TNDS (XML) nor a packed tree nor the JSON document of `mo tree --json`", 0)


def _placed(path: Uri, node: Node) -> tuple[Uri, Node]:
    return (path / node.name if node.name else path), node


def _document(data: bytes) -> Node:
    if len(data) > MAX_SIZE:
        raise CodecError(f"a document of {len(data)} bytes; {MAX_SIZE} is the most")
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise CodecError(f"more than {MAX_DEPTH} levels") from error
    except ValueError as error:  # of JSON, and of UTF-8
        raise CodecError(f"not a JSON document: {error}") from error
    tree = found.get("tree", found)
    return _node(tree, ROOT, top=True)


def _node(found: object, above: Uri, *, top: bool = False) -> Node:
    if not isinstance(found, dict):
        raise CodecError(f"a node below {above} is {shown(repr(found))}, not an object")
    name = found.get("name")
    if not isinstance(name, str):
        raise CodecError(f"a node below {above} has no name")
    if name or not top:
        check_name(name)
    uri = above / name if name else above
    if uri.depth > MAX_DEPTH:
        raise CodecError(f"node {uri} is more than {MAX_DEPTH} levels deep")
    try:
        return _built(found, uri, name)
    except (CodecError, ValueError) as error:
        text = str(error)
        raise CodecError(text if text.startswith("node ") else f"node {uri}: {text}") from error


def _built(found: Mapping[str, object], uri: Uri, name: str) -> Node:
    for key, value in found.items():
        if key in _TEXTS and not isinstance(value, str):
            raise CodecError(f"{key} is {shown(repr(value))}, not text")
        if key not in {*_TEXTS, *_IGNORED, "children"}:
            raise CodecError(f"{shown(key)} is no member of a node")
    texts = {key: str(found.get(key, "")) for key in _TEXTS}
    if texts["format"] not in set(Format):
        raise CodecError(f"{shown(texts['format'])} is no Format")
    children = found.get("children", [])
    if not isinstance(children, list):
        raise CodecError(f"children is {shown(repr(children))}, not a list")
    if found.get("child_count", len(children)) != len(children):
        raise CodecError("its children were not read: read all levels first")
    below = tuple(_node(child, uri) for child in children)
    if len({child.name for child in below}) < len(below):
        raise CodecError("two children of the same name")
    value = texts["value"].encode("utf-8")
    if "value_base64" in found:
        if value:
            raise CodecError("value and value_base64 exclude each other")
        value = base64.b64decode(texts["value_base64"], validate=True)
    acl = Acl.parse(texts["acl"])
    return Node(name, Format(texts["format"]), value, texts["type"], texts["title"], acl, children=below)
