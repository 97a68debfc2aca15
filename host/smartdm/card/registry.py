"""What the card's registry says: which definitions and which servers it knows, and their node ids.

    known       for the codec: id -> ServerID, id -> Definition
    roots       the definitions on the card, by the id of their topmost node
    choose(...) the form of a node that is to be added: which definition it names

It is read when an answer names an id that is not known here, or when a command needs to know.  A definition is read
from the card only if nobody on this side knows it by its digest (``find``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from smartdm.card.place import REGISTRY, SERVERS, Place
from smartdm.codec import packed
from smartdm.errors import CardError, CodecError, WireError, card_error
from smartdm.mo.acl import server_id_of
from smartdm.mo.definition import Access, Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.wire import Node as NodeId
from smartdm.wire import Principal, Sw

Find = Callable[[str], Definition | None]
"""Digest -> the definition, None if it is not known on this side."""

_ALWAYS: Final = {int(Principal.ANYBODY): "*", int(Principal.ISSUER): "#issuer", int(Principal.HOLDER): "#holder"}
_OWN: Final = frozenset(NodeId)
_LAST_OWN: Final = int(Principal.FIRST_SERVER) - 1
_KEYS: Final = {int(NodeId.KEYS): Definition("Key", Format.BIN, Access.REPLACE)}
"""The definition of leaves that hold keys or a PIN is the same on every card."""
_DEFAULT_TYPE = "text/plain"


class Reads(Protocol):
    """The part of ``card.commands.Card`` that is needed here."""

    def read(self, uri: Place, levels: int | None = None, since: int | None = None) -> bytes:
        """The packed stream of a subtree; with ids if ``since`` is given."""


@dataclass(frozen=True, slots=True)
class Root:
    """A definition on the card.  ``number``: id of its topmost node; ``digest``: its name on the card."""

    number: int
    digest: str
    definition: Definition


def nobody(_digest: str) -> Definition | None:
    """For those who know no definitions: each is read from the card."""
    return None


class Registry:
    """The registry of the card in use, as far as it was read."""

    def __init__(self, card: Reads, find: Find = nobody) -> None:
        self._card = card
        self._find = find
        self._servers = dict(_ALWAYS)
        self._definitions = dict(_KEYS)
        self._below: dict[int, tuple[int, ...]] = {}
        self._roots: dict[int, Root] | None = None
        self._knows_servers = False
        self._remembered: dict[str, Definition] = {}
        self.known: Final = packed.Known(self._servers, self._definitions)
        """Filled as the registry is read; ``*``, ``#issuer`` and ``#holder`` are the same on every card."""
        self.generation: int | None = None
        """Of the card when the registry was read last; None if it was not read yet."""

    @property
    def knows_definitions(self) -> bool:
        """Whether the definitions were read and still hold."""
        return self._roots is not None

    @property
    def servers(self) -> Mapping[int, str]:
        """Number -> ServerID of all that ACLs can name now; read if need be."""
        if not self._knows_servers:
            self._read_servers()
        return self._servers

    @property
    def roots(self) -> Mapping[int, Root]:
        """The definitions on the card; read if need be."""
        if self._roots is None:
            self._roots = self._read_roots()
        return self._roots

    def by_mo_id(self, mo_id: str) -> Root | None:
        """The definition of the objects with that identifier, None if the card has none."""
        return next((root for root in self.roots.values() if root.definition.mo_id == mo_id != ""), None)

    def missing_servers(self, server_ids: Iterable[str]) -> list[str]:
        """Those that the card does not know yet, sorted."""
        wanted = set(server_ids).difference(_ALWAYS.values())
        return sorted(wanted.difference(self.servers.values())) if wanted else []

    def forget(self) -> None:
        """Everything may have changed: it is read again when it is needed."""
        self.forget_servers()
        self.forget_definitions()

    def forget_servers(self) -> None:
        """As ``forget``, for the servers."""
        self._servers.clear()
        self._servers.update(_ALWAYS)
        self._knows_servers = False

    def forget_definitions(self) -> None:
        """As ``forget``, for the definitions."""
        self._definitions.clear()
        self._definitions.update(_KEYS)
        self._below.clear()
        self._roots = None

    def remember(self, definition: Definition) -> None:
        """A definition that was added to the card: it need not be read from there."""
        self._remembered[packed.digest(definition)] = definition

    def foreseen(self, definitions: Iterable[Definition], least: int) -> Registry:
        """The registry as it will be with more definitions, their ids guessed; this one stays as it is.

        ``least``: the first id that the card gives to definitions.
        """
        later = Registry(self._card, self._find)
        later._roots = {
            root.number: later._enter(root.number, root.digest, root.definition) for root in self.roots.values()
        }
        for definition in definitions:
            first = max(least, max(later._definitions, default=_LAST_OWN) + 1)
            later._roots[first] = later._enter(first, packed.digest(definition), definition)
        return later

    def learn(self, unknown: packed.UnknownId) -> None:
        """Read what an answer has named; WireError if the card does not tell it."""
        if unknown.what == "server":
            self.forget_servers()
            found: Iterable[int] = self.servers
        else:
            self.forget_definitions()
            found = self._definitions if self.roots else ()
        if unknown.number not in found:
            raise WireError(f"the card's answer names {unknown.what} {unknown.number}, which it does not have")

    def defined(self, number: int | None) -> packed.Defined | None:
        """The definition of a node that was read, by its id; for the Add of a child."""
        if number is None:
            return None
        definition = self.known.definitions.get(number)
        return None if definition is None else packed.Defined(number, definition, own_name=False)

    def choose(self, above: packed.Defined | None, uri: Uri, node: Node) -> packed.Defined | None:
        """Which definition a node names when it is added; ``above``: that of its parent.

        CardError, as the card would refuse it, for a node that the definition of its parent does not allow.
        """
        if above is None or above.definition.is_open:
            root = self.by_mo_id(node.type) if not node.is_leaf and node.type else None
            return None if root is None else packed.Defined(root.number, root.definition, own_name=True)
        child = above.definition.child(node.name, leaf=node.is_leaf)
        if child is None:
            raise _not_defined(uri, above.definition)
        check_suits(uri, node.format, node.type, child)
        if not self.roots or self._definitions.get(above.number) != above.definition:  # read anew since ``above``
            raise refused(Sw.NOT_DEFINED, uri, "the definition of its parent is no longer on the card")
        return packed.Defined(self._number(above.number, above.definition, child), child, own_name=child.is_placeholder)

    def below(self, number: int, name: str) -> int | None:
        """The id of the definition of the children of that name, by that of their parent; None if it says nothing."""
        above = self._definitions.get(number)
        child = above.child(name) if above else None
        return None if above is None or child is None else self._number(number, above, child)

    def _number(self, number: int, above: Definition, child: Definition) -> int:
        """The id of one of the definitions right below ``above``, which has the id ``number``."""
        return self._below[number][next(at for at, inner in enumerate(above.children) if inner is child)]

    def _read_servers(self) -> None:
        for raw in self._children(SERVERS):
            self._servers[raw.number] = server_id_of(raw.name or "")
        self._knows_servers = True

    def _read_roots(self) -> dict[int, Root]:
        roots: dict[int, Root] = {}
        for raw in self._children(REGISTRY):
            if raw.number in _OWN:
                continue
            name = raw.name or ""
            definition = self._remembered.get(name) or self._find(name)
            if definition is None or len(definition.children) != raw.count:
                definition = self._read_definition(name)
            roots[raw.number] = self._enter(raw.number, name, definition)
        return roots

    def _enter(self, first: int, name: str, definition: Definition) -> Root:
        """Notes the ids of a definition that begins at ``first``."""
        for number, inner, below in packed.numbered(definition, first):
            self._definitions[number] = inner
            self._below[number] = below
        return Root(first, name, definition)

    def _children(self, place: Place) -> list[packed.Raw]:
        data = self._card.read(place, 1, since=0)
        try:
            self.generation, (top, *children) = packed.raws(data, self.known)
        except (CodecError, ValueError) as error:
            raise WireError(f"the answer for {place} cannot be read: {error}") from error
        if [raw.number for raw in children] != list(top.ids):
            raise WireError(f"the answer for {place} does not hold together")
        return children

    def _read_definition(self, name: str) -> Definition:
        place = REGISTRY / name
        data = self._card.read(place)
        try:
            packed.decode_header(data)
            return packed.decode_definition(data, packed.HEADER_SIZE)
        except CodecError as error:
            raise WireError(f"the definition {place} cannot be read: {error}") from error


def check_suits(uri: Uri, node_format: Format, node_type: str, definition: Definition) -> None:
    """CardError, as the card would refuse it, for a Format or Type that is not the definition's."""
    if node_format is not definition.format:
        raise refused(Sw.BAD_FORMAT, uri, f"its definition on the card says {definition.format}, not {node_format}")
    if not node_type or node_type in definition.types or (node_type == _DEFAULT_TYPE and not definition.types):
        return
    listed = ", ".join(definition.types) or "none"
    raise refused(Sw.BAD_TYPE, uri, f"its definition on the card lists {listed}, not {node_type}")


def further_type(node_type: str, definition: Definition) -> int:
    """Which of the further Types it is; 0: the first, or the one that goes without saying."""
    return definition.types.index(node_type) if node_type in definition.types else 0


def _not_defined(uri: Uri, above: Definition) -> CardError:
    names = ", ".join(child.segment for child in above.children)
    return refused(Sw.NOT_DEFINED, uri, f"the definition on the card allows {names} there")


def refused(sw: Sw, uri: Uri, note: str) -> CardError:
    """The refusal that the card would give, with what it cannot tell."""
    error = card_error(sw, f"Add {uri}")
    error.add_note(f"{uri}: {note}" if uri != ROOT else note)
    return error
