"""DDF: descriptions of management objects as XML (OMA DM TND 1.2, device description framework), both ways.

``mgmttree`` holds the hardened parser and tells the line and the node of each error; ``ddf_node`` judges the contents
of one node; ``docs/definitions.md`` lists what is tolerated.  Elements of foreign namespaces are skipped: makers
add their own.  What a card could not hold is no fault here; ``mo.validate`` tells it.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.codec.ddf_node import CHOICES, PROOF, build_definition
from smartdm.codec.ddf_write import write_document
from smartdm.codec.limits import MAX_NODES, MAX_SIZE
from smartdm.codec.mgmttree import DOCUMENT, VERSION, Grammar, Open, OpenNode, Reader, parse, place_of
from smartdm.errors import CodecError
from smartdm.mo.definition import TREE_ROOT, Definition
from smartdm.mo.uri import Uri, check_name

_DF_PROPERTIES = frozenset({"AccessType", "DefaultValue", "Description", "DFFormat", "Occurrence"}) | frozenset(
    {"Scope", "DFTitle", "DFType", "CaseSense"}
)
_GRAMMAR = Grammar(
    "DDF",
    {
        DOCUMENT: frozenset({"MgmtTree"}),
        "MgmtTree": frozenset({"VerDTD", "Man", "Mod", "Node"}),
        "Node": frozenset({"NodeName", "Path", "RTProperties", "DFProperties", "Node"}),
        "DFProperties": _DF_PROPERTIES,
        "Occurrence": CHOICES["Occurrence"] | {"ZeroOrN", "OneOrN"},
        "DFType": frozenset({"MIME", "DDFName"}),
    }
    | {name: choices for name, choices in CHOICES.items() if name != "Occurrence"}
    | {name: frozenset() for choices in CHOICES.values() for name in choices},
    repeated=frozenset({"Node", "MIME"}),
    skipped=frozenset({"RTProperties"}),
    refused={"Value": "Value belongs to an object (TNDS); a description of objects (DDF) cannot have it"},
    lenient=True,
    instructions={PROOF: "DFProperties"},
)


@dataclass(frozen=True, slots=True)
class Ddf:
    """A document.  ``definitions``: (where the top node belongs, None = it does not say; its definition).

    ``man`` and ``mod``: maker and model of the device described, may be empty.
    """

    definitions: tuple[tuple[Uri | None, Definition], ...]
    man: str = ""
    mod: str = ""

    @property
    def definition(self) -> Definition:
        """The only definition; CodecError if there are several."""
        if len(self.definitions) != 1:
            raise CodecError(f"this DDF has {len(self.definitions)} nodes directly in MgmtTree; one is needed here")
        return self.definitions[0][1]


def encode(document: Ddf | Definition) -> bytes:
    """The document as pretty-printed XML in UTF-8, the same bytes for the same value.

    CodecError, naming the node, for what XML cannot carry or decode() would refuse.
    """
    if isinstance(document, Definition):
        document = Ddf(((None, document),))
    return write_document(VERSION, document.man, document.mod, document.definitions)


def decode(data: bytes, max_size: int = MAX_SIZE) -> Ddf:
    """The document in ``data``; ``max_size``: most bytes to accept.  CodecError names the line and the node."""
    reader = _Reader(_GRAMMAR, MAX_NODES)
    parse(data, reader, max_size)
    return reader.document()


class _Reader(Reader[Definition]):
    """Builds the document from the parser's events."""

    def __init__(self, grammar: Grammar, max_nodes: int) -> None:
        super().__init__(grammar, max_nodes)
        self._top: list[tuple[Uri | None, Definition]] = []

    def document(self) -> Ddf:
        """The result, once the parser has seen the end."""
        return Ddf(tuple(self._top), *self.man_and_mod())

    def is_empty(self) -> bool:
        """Whether no node came."""
        return not self._top

    def check_complete(self, done: Open) -> None:
        """All elements that offer a choice take one, but AccessType, which may hold any number, and DFType."""
        one_of = done.tag in CHOICES and done.tag != "AccessType"
        if (one_of or done.tag == "DFType") and len(done.seen) != 1:
            raise CodecError(f"{done.tag} must hold exactly one element")

    def check_name(self, name: str) -> None:
        """A name, nothing for a placeholder, or at the top the root's dot."""
        if name and not (name == TREE_ROOT and len(self.nodes) == 1):
            check_name(name)

    def end_node(self, node: OpenNode[Definition]) -> None:
        """The definition goes to its parent, or to the top with its place."""
        definition = build_definition(node.fields, node.lists, tuple(node.children))
        if len(self.nodes) > 1:
            self.nodes[-2].children.append(definition)
        else:
            self._top.append((place_of(node.fields.get("Path", "")), definition))
