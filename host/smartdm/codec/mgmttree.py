"""Reading a MgmtTree document: what TNDS and DDF, which share one DTD, have in common.

Trusts nothing: no DTD, no entities, no network, UTF-8 only, bounded in size, depth and number of nodes; the document
is judged element by element while it is parsed, so hostile input costs little.  Each error names the line and the
node.  A Grammar says what may stand where; a subclass of Reader keeps what it needs of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from lxml import etree

from smartdm.codec.limits import MAX_DEPTH, MAX_NODES
from smartdm.codec.mgmttree_start import checked_start
from smartdm.codec.xmltext import NAMESPACE
from smartdm.errors import CodecError
from smartdm.mo.text import shown
from smartdm.mo.uri import Uri

VERSION = "1.2"
DOCUMENT = ""
"""In a Grammar: the place of the outermost element."""
_NAMESPACES = frozenset({NAMESPACE, "syncml:dmddf", ""})
_CHUNK = 4096
_MAX_SKIPPED = 20_000
"""Elements and instructions that are skipped: each costs as much as one that is read."""
MAX_TEXTS = 256
"""Elements of one name with text in one node."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Grammar:
    """``content``: element -> what may stand inside it; no entry: text only; nothing: an empty element.

    ``what``: the kind of document, for messages.  ``repeated``: elements that may come again.  ``skipped``: elements
    of a Node that do not count, with all that is in them.  ``refused``: element -> why it cannot be here.
    ``lenient``: elements of foreign namespaces are skipped, a DOCTYPE that declares nothing is overlooked, and inner
    nodes may have a Path.  ``instructions``: target of a processing instruction -> the element that it stands in; all
    others are ignored wherever they are.
    """

    what: str
    content: Mapping[str, frozenset[str]]
    repeated: frozenset[str] = frozenset({"Node"})
    skipped: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    lenient: bool = False
    instructions: Mapping[str, str] = field(default_factory=dict)

    def unexpected(self, tag: str, parent: str) -> str:
        """The sentence about an element at a place where it may not stand."""
        if tag in self.refused:
            return self.refused[tag]
        where = f"in {parent}" if parent else "as the outermost element"
        expected = ", ".join(sorted(self.content.get(parent, ()))) or "text or nothing"
        return f"element {shown(tag)} is not expected {where}; expected: {expected}"


class Element(Protocol):
    """What is used here of lxml's elements; the type stubs lag behind."""

    tag: str
    text: str | None
    tail: str | None
    sourceline: int | None

    def __iter__(self) -> Iterator[Element]: ...
    def clear(self, keep_tail: bool = False) -> None: ...  # noqa: D102 - lxml's own


class Instruction(Protocol):
    """The same of lxml's processing instructions."""

    target: str
    text: str | None
    sourceline: int | None


@dataclass(slots=True)
class Open:
    """An element whose end has not come yet.  ``seen``: names of the elements in it so far."""

    tag: str
    line: int
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class OpenNode(Generic[Item]):
    """A Node element whose end has not come yet.

    ``fields``: element -> its text.  ``lists``: element -> its texts, or the names of the empty elements in it.
    """

    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    children: list[Item] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


class Reader(ABC, Generic[Item]):
    """Takes the parser's events; ``Item``: what one Node element becomes."""

    def __init__(self, grammar: Grammar, max_nodes: int = MAX_NODES) -> None:
        self.grammar = grammar
        self.header: dict[str, str] = {}
        self.nodes: list[OpenNode[Item]] = []
        """The Node elements that are open, the outermost first."""
        self._max_nodes = max_nodes
        self._open = [Open(DOCUMENT, 0)]
        self._skipping = 0
        self._skipped = 0
        self._count = 0

    # What a subclass says; CodecErrors get the place where they arose.
    @abstractmethod
    def check_name(self, name: str) -> None:
        """Judge the NodeName of the innermost open node."""

    @abstractmethod
    def end_node(self, node: OpenNode[Item]) -> None:
        """Build the innermost open node and keep it, with ``self.nodes[-2].children`` or at the top."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether no node came."""

    def check_complete(self, done: Open) -> None:
        """Judge an element that holds elements, when its end has come."""

    def man_and_mod(self) -> tuple[str, str]:
        """Maker and model, each may be empty."""
        return self.header.get("Man", "").strip(), self.header.get("Mod", "").strip()

    # The parser's events.
    def start(self, element: Element) -> None:
        """An element begins: judge whether it may stand here."""
        parent, line = self._open[-1], element.sourceline or 0
        tag = self._local_name(element, line)
        if self._skipping or tag is None or (tag in self.grammar.skipped and parent.tag == "Node"):
            self._skip(line)
            return
        if tag not in self.grammar.content.get(parent.tag, frozenset()):
            raise self.error(line, self.grammar.unexpected(tag, parent.tag))
        if tag in parent.seen and tag not in self.grammar.repeated:
            raise self.error(line, f"{tag} occurs twice in one {parent.tag}")
        parent.seen.add(tag)
        if tag == "Path" and len(self.nodes) > 1 and not self.grammar.lenient:
            raise self.error(line, "Path is only for the nodes directly in MgmtTree")
        self._open.append(Open(tag, line))
        if tag == "Node":
            self._start_node(line)

    def _skip(self, line: int) -> None:
        self._skipping += 1
        self._count_skipped(line)

    def _count_skipped(self, line: int) -> None:
        self._skipped += 1
        if self._skipped > _MAX_SKIPPED:
            raise self.error(line, f"more than {_MAX_SKIPPED} elements that are not those of {self.grammar.what}")

    def instruct(self, instruction: Instruction) -> None:
        """A processing instruction: keep its text if it is one that counts here."""
        wanted, line = self.grammar.instructions.get(instruction.target), instruction.sourceline or 0
        if wanted is None or self._skipping:
            self._count_skipped(line)
            return
        if self._open[-1].tag != wanted:
            raise self.error(line, f"<?{instruction.target} ...?> belongs into {wanted}")
        if instruction.target in self._open[-1].seen:
            raise self.error(line, f"<?{instruction.target} ...?> occurs twice in one {wanted}")
        self._open[-1].seen.add(instruction.target)
        self.nodes[-1].fields[f"?{instruction.target}"] = instruction.text or ""

    def end(self, element: Element) -> None:
        """An element is complete: keep its content and free its memory."""
        if self._skipping:
            self._skipping -= 1
        else:
            self._end(self._open.pop(), element)
        element.clear(keep_tail=True)

    def _end(self, done: Open, element: Element) -> None:
        content, parent = self.grammar.content.get(done.tag), self._open[-1].tag
        texts = [element.text or "", *(child.tail or "" for child in element)]
        if content is not None and any(text and not text.isspace() for text in texts):
            raise self.error(done.line, f"there is text in {done.tag}, which may hold only elements or nothing")
        try:
            if content is None:
                self._keep(done.tag, "".join(texts), parent)
            elif not content:
                self.nodes[-1].lists.setdefault(parent, []).append(done.tag)
            elif done.tag == "Node":
                self.end_node(self.nodes[-1])
            else:
                self.check_complete(done)
        except CodecError as error:
            raise self.error(done.line, str(error)) from error
        if done.tag == "Node":
            self.nodes.pop()
        elif done.tag == "MgmtTree":
            self._end_document(done)

    def _local_name(self, element: Element, line: int) -> str | None:
        """The name without its namespace; None for an element of somebody else's."""
        namespace, _, name = element.tag.rpartition("}")  # "{namespace}name" or "name"
        if namespace[1:] in _NAMESPACES:
            return name
        if self.grammar.lenient and len(self._open) > 1:
            return None
        raise self.error(line, f"namespace {shown(namespace[1:])} is not that of {self.grammar.what} ({NAMESPACE})")

    def _start_node(self, line: int) -> None:
        self.nodes.append(OpenNode())
        self._count += 1
        if len(self.nodes) > MAX_DEPTH + 1:
            raise self.error(line, f"nodes more than {MAX_DEPTH} levels deep")
        if self._count > self._max_nodes:
            raise self.error(line, f"more than {self._max_nodes} nodes")

    def _keep(self, tag: str, text: str, parent: str) -> None:
        """The text of an element that holds only text."""
        if parent == "MgmtTree":
            self.header[tag] = text
            if tag == "VerDTD" and text.strip() != VERSION:
                raise CodecError(f"VerDTD {shown(text)} is not supported; it must be {VERSION}")
            return
        node = self.nodes[-1]
        node.fields[tag] = text
        texts = node.lists.setdefault(tag, [])
        texts.append(text)
        if len(texts) > MAX_TEXTS:
            raise CodecError(f"more than {MAX_TEXTS} elements {tag}")
        if tag == "NodeName":
            self.check_name(text)

    def _end_document(self, done: Open) -> None:
        if "VerDTD" not in self.header:
            raise self.error(done.line, f"MgmtTree has no VerDTD; it must be {VERSION}")
        if self.is_empty():
            raise self.error(done.line, "MgmtTree has no Node")

    def error(self, line: int, message: str) -> CodecError:
        """The error with its place; a node whose name has not been read yet shows as ``?``."""
        if not self.nodes:
            return CodecError(f"line {line}: {message}")
        names = [self._shown_name(node) for node in self.nodes]
        return CodecError(f"line {line}, node {shown('./' + '/'.join(names), 200)}: {message}")

    def _shown_name(self, node: OpenNode[Item]) -> str:
        name = node.fields.get("NodeName", "?")
        return "*" if self.grammar.lenient and not name else name


def parse(data: bytes, reader: Reader[Item], max_size: int) -> None:
    """Give the document in ``data`` to the reader; CodecError for what is no such document."""
    data = checked_start(data, max_size, reader.grammar.what, doctype=reader.grammar.lenient)
    parser = etree.XMLPullParser(
        events=("start", "end", "pi") if reader.grammar.instructions else ("start", "end"),
        encoding="utf-8",  # whatever the declaration says: what checked_start saw is what is parsed
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=not reader.grammar.instructions,
    )
    takes: dict[str, Callable[[Any], None]] = {"start": reader.start, "end": reader.end, "pi": reader.instruct}
    for start in range(0, len(data), _CHUNK):
        with suppress(etree.XMLSyntaxError):  # it is in the log, also where feed() keeps silent about it
            parser.feed(data[start : start + _CHUNK])
        for event, item in parser.read_events():
            takes[event](item)
        for fault in parser.feed_error_log.filter_from_fatals():
            raise _not_well_formed(fault.line, fault.message)
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error.lineno, error.msg) from error


def _not_well_formed(line: int | None, message: str) -> CodecError:
    """The parser's complaint without its advice and its second mention of the line."""
    return CodecError(f"line {line}: not well-formed XML: {message.strip().partition(', ')[0]}")


def place_of(path: str) -> Uri | None:
    """The Path of a node directly in MgmtTree; None if it says nothing."""
    path = path.strip()
    return Uri.parse(path) if path else None
