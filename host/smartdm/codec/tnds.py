"""TNDS: subtrees with their properties as XML (OMA DM TND Serialization 1.2), both ways.

``mgmttree`` holds the hardened parser and tells the line and the node of each error; ``tnds_node`` judges the contents
of one node; ``docs/formats.md`` lists what is tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.codec.limits import MAX_NODES, MAX_SIZE
from smartdm.codec.mgmttree import DOCUMENT, VERSION, Grammar, Open, OpenNode, Reader, parse
from smartdm.codec.tnds_node import FORMATS, build_node
from smartdm.codec.tnds_write import write_document
from smartdm.errors import CodecError
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri, check_name

_GRAMMAR = Grammar(
    "TNDS",
    {
        DOCUMENT: frozenset({"MgmtTree"}),
        "MgmtTree": frozenset({"VerDTD", "Man", "Mod", "Node"}),
        "Node": frozenset({"NodeName", "Path", "RTProperties", "Node", "Value"}),
        "RTProperties": frozenset({"ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo"}),
        "Format": frozenset(FORMATS),
        "Type": frozenset({"MIME", "DDFName"}),
    }
    | {name: frozenset() for name in FORMATS},
    refused={"DFProperties": "DFProperties describes an object type (DDF); a TNDS document of values cannot have it"},
)


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
    reader = _Reader(_GRAMMAR, MAX_NODES)
    parse(data, reader, max_size)
    return reader.document()


class _Reader(Reader[Node]):
    """Builds the document from the parser's events."""

    def __init__(self, grammar: Grammar, max_nodes: int) -> None:
        super().__init__(grammar, max_nodes)
        self._top: dict[tuple[Uri, str], tuple[Uri | None, Node]] = {}

    def document(self) -> Tnds:
        """The result, once the parser has seen the end."""
        return Tnds(tuple(self._top.values()), *self.man_and_mod())

    def is_empty(self) -> bool:
        """Whether no node came."""
        return not self._top

    def check_complete(self, done: Open) -> None:
        """A Format and a Type say one thing."""
        if done.tag in {"Format", "Type"} and len(done.seen) != 1:
            raise CodecError(f"{done.tag} must hold exactly one element")

    def check_name(self, name: str) -> None:
        """Below the top a name is required and unlike its siblings'."""
        if len(self.nodes) == 1:
            if name not in {"", "."}:
                check_name(name)
            return
        check_name(name)
        siblings = self.nodes[-2].names
        if name in siblings:
            raise CodecError("a sibling has the same name")
        siblings.add(name)

    def end_node(self, node: OpenNode[Node]) -> None:
        """The node goes to its parent, or to its place at the top."""
        if "Format" in node.lists:
            node.fields["Format"] = node.lists["Format"][0]
        path, built = build_node(node.fields, tuple(node.children))
        if len(self.nodes) > 1:
            self.nodes[-2].children.append(built)
            return
        place = (path or ROOT, built.name)
        if place in self._top:
            raise CodecError("an earlier node in MgmtTree has the same place and name")
        self._top[place] = (path, built)
