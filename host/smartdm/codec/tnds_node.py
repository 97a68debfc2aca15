"""One Node element of TNDS: from the texts of its elements to a node.  Part of ``tnds``."""

from __future__ import annotations

import base64
import re

from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.text import shown
from smartdm.mo.tree import BINARY, Format, Node
from smartdm.mo.tstamp import decode as decode_tstamp
from smartdm.mo.uri import Uri

Fields = dict[str, str]
"""Element name -> its text; ``Format`` -> the name of the element in it."""

FORMATS: tuple[str, ...] = tuple(str(member) for member in Format)

_XML_SPACE = re.compile(r"[ \t\r\n]+")


def build_node(fields: Fields, children: tuple[Node, ...]) -> tuple[Uri | None, Node]:
    """(Path, node); CodecError says what is wrong with it."""
    if "NodeName" not in fields:
        raise CodecError("a Node needs a NodeName (it may be empty at the top)")
    name = "" if fields["NodeName"] == "." else fields["NodeName"]
    if fields.get("Name", name) != name:
        raise CodecError(f"the Name property {shown(fields['Name'])} differs from NodeName")
    node_format = _format(fields, children)
    tstamp = fields.get("TStamp", "").strip()
    node = Node(
        name,
        node_format,
        _value(fields, node_format),
        _type(fields, node_format),
        fields.get("Title", ""),
        Acl.parse(fields.get("ACL", "").strip()),
        decode_tstamp(tstamp) if tstamp else None,
        _verno(fields.get("VerNo", "").strip()),
        children,
    )
    path = fields.get("Path", "").strip()
    return Uri.parse(path) if path else None, node


def _format(fields: Fields, children: tuple[Node, ...]) -> Format:
    """The Format, guessed if RTProperties do not say: interior if it shows, else a leaf of text."""
    if "Format" in fields:
        node_format = Format(fields["Format"])
    else:
        interior = bool(children) or ("DDFName" in fields and "Value" not in fields)
        node_format = Format.NODE if interior else Format.CHR
    if children and node_format is not Format.NODE:
        raise CodecError(f"a leaf (Format {node_format}) cannot hold other nodes")
    return node_format


def _value(fields: Fields, node_format: Format) -> bytes:
    text = fields.get("Value", "")
    if node_format is Format.NODE:
        if text.strip():
            raise CodecError("an interior node cannot have a Value")
        return b""
    if node_format not in BINARY:  # else it is base64 in XML
        return text.encode("utf-8")
    try:
        return base64.b64decode(_XML_SPACE.sub("", text), validate=True)
    except ValueError as error:
        raise CodecError(f"the Value of a node of Format {node_format} must be base64: {error}") from error


def _type(fields: Fields, node_format: Format) -> str:
    right, wrong = ("DDFName", "MIME") if node_format is Format.NODE else ("MIME", "DDFName")
    if fields.get(wrong, "").strip():
        kind = "an interior node" if node_format is Format.NODE else "a leaf"
        raise CodecError(f"the Type of {kind} must be a {right}, not a {wrong}")
    return fields.get(right, "").strip()


def _verno(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or int(text) > 0xFFFF:
        raise CodecError(f"VerNo {shown(text)} must be a number from 0 to 65535")
    return int(text)
