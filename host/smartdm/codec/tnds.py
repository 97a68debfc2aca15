"""TNDS: subtrees with their properties as XML (OMA DM TND Serialization 1.2), both ways.

Reading trusts nothing: no DTD, no entities, no network, UTF-8 only, bounded in size, depth and number of nodes; the
document is judged element by element while it is parsed, so hostile input costs little.  Each error names the
line and the node.  ``docs/formats.md`` lists what is tolerated.  ``tnds_node`` judges the contents of one node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, cast

from lxml import etree

from smartdm.codec.limits import MAX_DEPTH, MAX_NODES, MAX_SIZE
from smartdm.codec.tnds_node import FORMATS, Fields, build_node
from smartdm.codec.tnds_write import NAMESPACE, write_document
from smartdm.errors import CodecError
from smartdm.mo.text import shown
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri, check_name

VERSION = "1.2"
_NAMESPACES = frozenset({NAMESPACE, "syncml:dmddf", ""})
_CHUNK = 4096
# TNDS has no attributes: a tag as long as this one is an attack, whose attributes would cost 20 times their size.
_MAX_TAG = 4096
_LONG_RUN = re.compile(rb"<[^!?/<][^<]{%d}" % _MAX_TAG)
_START_TAG = re.compile(rb"<(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+")
_PROLOG_ITEM = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)

# Element -> what may stand inside it; no entry: text only, and a Format's element holds nothing at all.
_DOCUMENT = ""
_CONTENT: dict[str, frozenset[str]] = {
    _DOCUMENT: frozenset({"MgmtTree"}),
    "MgmtTree": frozenset({"VerDTD", "Man", "Mod", "Node"}),
    "Node": frozenset({"NodeName", "Path", "RTProperties", "Node", "Value"}),
    "RTProperties": frozenset({"ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo"}),
    "Format": frozenset(FORMATS),
    "Type": frozenset({"MIME", "DDFName"}),
} | {name: frozenset() for name in FORMATS}


@dataclass(frozen=True, slots=True)
class Tnds:
    """A document.  ``nodes``: (where the node belongs, relative to the target, None = directly below it; the node).

    A node's name is empty if the target of the command gives it.  ``man`` and ``mod``: maker and model, may be empty.
    """

    nodes: tuple[tuple[Uri | None, Node], ...]
    man: str = ""
    mod: str = ""

    @property
    def node(self) -> Node:
        """The only node; CodecError if there are several."""
        if len(self.nodes) != 1:
            raise CodecError(f"this TNDS document has {len(self.nodes)} nodes directly in MgmtTree; one is needed here")
        return self.nodes[0][1]


def encode(document: Tnds | Node) -> bytes:
    """The document as pretty-printed XML in UTF-8, the same bytes for the same value.

    CodecError, naming the node, for what XML cannot carry or decode() would refuse.
    """
    if isinstance(document, Node):
        document = Tnds(((None, document),))
    return write_document(VERSION, document.man, document.mod, document.nodes)


def decode(data: bytes, max_size: int = MAX_SIZE) -> Tnds:
    """The document in ``data``; ``max_size``: most bytes to accept.  CodecError names the line and the node."""
    _check_start(data, max_size)
    reader = _Reader()
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",  # whatever the declaration says: what _check_start saw is what is parsed
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for start in range(0, len(data), _CHUNK):
        with suppress(etree.XMLSyntaxError):  # it is in the log, also where feed() keeps silent about it
            parser.feed(data[start : start + _CHUNK])
        for event, element in cast(Iterable[tuple[str, _Element]], parser.read_events()):
            reader.start(element) if event == "start" else reader.end(element)
        for fault in parser.feed_error_log.filter_from_fatals():
            raise _not_well_formed(fault.line, fault.message)
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error.lineno, error.msg) from error
    return reader.document()


def _not_well_formed(line: int | None, message: str) -> CodecError:
    """The parser's complaint without its advice and its second mention of the line."""
    return CodecError(f"line {line}: not well-formed XML: {message.strip().partition(', ')[0]}")


def _check_start(data: bytes, max_size: int) -> None:
    """Refuse before any parsing: nothing at all, too much, other encodings, a DTD, a tag full of attributes."""
    if not data.strip():
        raise CodecError("the TNDS document is empty")
    if len(data) > max_size:
        raise CodecError(f"a TNDS document of {len(data)} bytes; {max_size} is the most")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError("the TNDS document is not UTF-8", error.start) from error
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while item := _PROLOG_ITEM.match(data, at):
        at = item.end()
    if data.startswith(b"<!DOCTYPE", at):
        raise CodecError(f"line {_line(data, at)}: a DOCTYPE (DTD) is not accepted; remove it")
    for run in _LONG_RUN.finditer(data):
        tag = _START_TAG.match(data, run.start())
        if tag and tag.end() - tag.start() > _MAX_TAG:
            raise CodecError(f"line {_line(data, run.start())}: a start tag of more than {_MAX_TAG} bytes")


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


class _Element(Protocol):
    """What is used here of lxml's elements; the type stubs lag behind."""

    tag: str
    text: str | None
    tail: str | None
    sourceline: int | None

    def __iter__(self) -> Iterator[_Element]: ...
    def clear(self, keep_tail: bool = False) -> None: ...


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet.  ``seen``: names of the elements in it so far."""

    tag: str
    line: int
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _OpenNode:
    """A Node element whose end has not come yet."""

    fields: Fields = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


class _Reader:
    """Takes the parser's events and builds the document."""

    def __init__(self) -> None:
        self._open = [_Open(_DOCUMENT, 0)]
        self._nodes: list[_OpenNode] = []
        self._header: Fields = {}
        self._top: dict[tuple[Uri, str], tuple[Uri | None, Node]] = {}
        self._count = 0

    def document(self) -> Tnds:
        """The result, once the parser has seen the end."""
        return Tnds(tuple(self._top.values()), self._header.get("Man", "").strip(), self._header.get("Mod", "").strip())

    def start(self, element: _Element) -> None:
        """An element begins: judge whether it may stand here."""
        parent, line = self._open[-1], element.sourceline or 0
        tag = self._local_name(element, line)
        if tag not in _CONTENT.get(parent.tag, frozenset()):
            raise self._error(line, _unexpected(tag, parent.tag))
        if tag in parent.seen and tag != "Node":
            raise self._error(line, f"{tag} occurs twice in one {parent.tag}")
        parent.seen.add(tag)
        if tag == "Path" and len(self._nodes) > 1:
            raise self._error(line, "Path is only for the nodes directly in MgmtTree")
        self._open.append(_Open(tag, line))
        if tag == "Node":
            self._start_node(line)

    def end(self, element: _Element) -> None:
        """An element is complete: keep its content and free its memory."""
        done = self._open.pop()
        parent = self._open[-1].tag
        if done.tag in _CONTENT:
            self._refuse_text(element, done)
        if done.tag == "Node":
            self._end_node(done.line)
        elif done.tag == "MgmtTree":
            self._end_document(done)
        elif done.tag not in _CONTENT:
            self._keep(done, element.text or "", self._header if parent == "MgmtTree" else self._nodes[-1].fields)
        elif parent == "Format":
            self._nodes[-1].fields["Format"] = done.tag
        elif done.tag in {"Format", "Type"} and len(done.seen) != 1:
            raise self._error(done.line, f"{done.tag} must hold exactly one element")
        element.clear(keep_tail=True)

    def _local_name(self, element: _Element, line: int) -> str:
        namespace, _, name = element.tag.rpartition("}")  # "{namespace}name" or "name"
        if namespace[1:] not in _NAMESPACES:
            raise self._error(line, f"namespace {shown(namespace[1:])} is not that of TNDS ({NAMESPACE})")
        return name

    def _refuse_text(self, element: _Element, done: _Open) -> None:
        texts = [element.text, *(child.tail for child in element)]
        if any(text and not text.isspace() for text in texts):
            raise self._error(done.line, f"there is text in {done.tag}, which may hold only elements or nothing")

    def _start_node(self, line: int) -> None:
        self._nodes.append(_OpenNode())
        self._count += 1
        if len(self._nodes) > MAX_DEPTH + 1:
            raise self._error(line, f"nodes more than {MAX_DEPTH} levels deep")
        if self._count > MAX_NODES:
            raise self._error(line, f"more than {MAX_NODES} nodes")

    def _keep(self, done: _Open, text: str, fields: Fields) -> None:
        """The text of an element that holds only text."""
        fields[done.tag] = text
        try:
            if done.tag == "VerDTD" and text.strip() != VERSION:
                raise CodecError(f"VerDTD {shown(text)} is not supported; it must be {VERSION}")
            if done.tag == "NodeName":
                self._check_node_name(text)
        except CodecError as error:
            raise self._error(done.line, str(error)) from error

    def _check_node_name(self, name: str) -> None:
        """The name of the innermost open node: below the top it is required and unlike its siblings'."""
        if len(self._nodes) == 1:
            if name not in {"", "."}:
                check_name(name)
            return
        check_name(name)
        siblings = self._nodes[-2].names
        if name in siblings:
            raise CodecError("a sibling has the same name")
        siblings.add(name)

    def _end_node(self, line: int) -> None:
        inner = self._nodes[-1]
        try:
            path, node = build_node(inner.fields, tuple(inner.children))
            if len(self._nodes) == 1:
                self._add_top(path, node)
            else:
                self._nodes[-2].children.append(node)
        except CodecError as error:
            raise self._error(line, str(error)) from error
        self._nodes.pop()

    def _add_top(self, path: Uri | None, node: Node) -> None:
        place = (path or ROOT, node.name)
        if place in self._top:
            raise CodecError("an earlier node in MgmtTree has the same place and name")
        self._top[place] = (path, node)

    def _end_document(self, done: _Open) -> None:
        if "VerDTD" not in self._header:
            raise self._error(done.line, f"MgmtTree has no VerDTD; it must be {VERSION}")
        if not self._top:
            raise self._error(done.line, "MgmtTree has no Node")

    def _error(self, line: int, message: str) -> CodecError:
        """The error with its place; a node whose name has not been read yet shows as ``?``."""
        if not self._nodes:
            return CodecError(f"line {line}: {message}")
        names = [node.fields.get("NodeName", "?") for node in self._nodes]
        return CodecError(f"line {line}, node {shown('./' + '/'.join(names), 200)}: {message}")


def _unexpected(tag: str, parent: str) -> str:
    if tag == "DFProperties":
        return "DFProperties describes an object type (DDF); a TNDS document of values cannot have it"
    where = f"in {parent}" if parent else "as the outermost element"
    expected = ", ".join(sorted(_CONTENT.get(parent, ()))) or "text or nothing"
    return f"element {shown(tag)} is not expected {where}; expected: {expected}"
