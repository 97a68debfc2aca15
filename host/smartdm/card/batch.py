"""Batches: DM commands as elements, which ``parts`` cuts into those of a chained command.

Pure: values in, bytes out.  The form is that of ``docs/store.md``, "Batches on the wire".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from smartdm.card.apdu import MAX_DATA
from smartdm.card.parts import Element, Tag, cut, options
from smartdm.card.picture import Added, Change, Deleted, Renamed
from smartdm.card.place import REGISTRY, SERVERS, UPLOADS, Place, encode_place, server_place
from smartdm.codec import packed
from smartdm.errors import CodecError, UriError
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri, check_name
from smartdm.wire import PIECES, SOURCE_VALUE, Command, Limit
from smartdm.wire import Format as WireFormat

ALL_LEVELS = 0xFF

Registers = Literal["", "servers", "definitions"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of a batch.  ``name``: what errors call it; ``commands``: as how many the card counts it."""

    name: str
    elements: tuple[Element, ...]
    commands: int = 1
    added: tuple[Uri, tuple[Node, ...]] | None = None
    """(parent, subtrees) of an Add whose nodes may be given the form of their definitions."""
    replaced: tuple[Uri, bytes, Format, str] | None = None
    """(leaf, value, Format, Type) of a Replace that changes these two."""
    source: Place | None = None
    """Of a Copy, which is an Add or a Replace besides: where the value comes from."""
    change: Change | None = None
    """What becomes of the tree; None if no node comes or goes, or if that is not known before an Add is in form."""
    servers: frozenset[str] = frozenset()
    """ServerIDs that its ACLs name."""
    makes: frozenset[str] = frozenset()
    """ServerIDs that it makes known to the card."""
    registers: Registers = ""
    """Which part of the registry it changes."""
    definition: Definition | None = None
    """The definition that it adds."""
    pieces: int = 0
    """How many pieces it adds to an upload."""
    get: bool = False
    levels: int | None = None
    """Of a Get: how many levels below the node, None = all."""


@dataclass(slots=True)
class Batch:
    """An atomic batch in the making.  ``time``: seconds since 2000-01-01 UTC, the TStamp of what changes.

    Each method appends one command and returns the batch.  CodecError or UriError at once if a command cannot
    be put on the wire; what the card thinks of it is known only when the batch is applied.
    """

    time: int | None = None
    entries: list[Entry] = field(default_factory=list)

    def add(self, parent: Uri, *nodes: Node, plain: bool = False) -> Batch:
        """Add nodes with their subtrees below an interior node, in one command: all or none.

        A session gives them the form of the definitions on the card where these say what they are; ``plain``: not
        where the card can do without.
        """
        entry = added(parent, *nodes)
        if plain:
            given = {(*parent.segments, node.name): None for node in nodes}
            entry = replace(entry, added=None, change=Added(parent, given))
        return self.append(entry)

    def replace(
        self,
        uri: Uri,
        value: bytes,
        format: Format | None = None,  # noqa: A002
        type: str | None = None,  # noqa: A002
    ) -> Batch:
        """Replace a leaf's value; Format and Type stay unless a Format is given (then Type too, or none).

        CodecError above 224 bytes: ``Session.put_value`` takes longer values.
        """
        if type is not None and format is None:
            raise ValueError("a Type comes with a Format")
        if len(value) > Limit.VALUE:
            raise CodecError(f"the value of {uri} has {len(value)} bytes; at most {int(Limit.VALUE)} fit one command")
        return self.append(_replaced(uri, value, None if format is None else (format, type or "")))

    def copy(
        self, source: Place, target: Uri, node: Node | None = None, kind: tuple[Format, str] | None = None
    ) -> Batch:
        """Give a leaf the value of another one, or all pieces of an upload.

        ``node``: the target is a new leaf with these properties; else it exists and keeps its own, but for a Format
        and Type that are given as ``kind``.
        """
        if node is not None and (node.value or not node.is_leaf):
            raise ValueError("the new leaf of a copy has no value of its own")
        take = _replaced(target, b"", kind) if node is None else added(target.parent, node)
        what = source if isinstance(source, Uri) else "the uploaded value"
        return self.append(taken(f"Copy {what} to {target}", source, take))

    def erase(self) -> Batch:
        """Delete everything but the root, which keeps its own properties; works on the fullest card."""
        return self._command("Delete everything", _head(Command.DELETE, ROOT), change=Deleted(ROOT))

    def delete(self, uri: Place) -> Batch:
        """Delete a node with its subtree; UriError for the root, which is permanent (see ``erase``)."""
        if isinstance(uri, Uri) and uri.is_root:
            raise UriError("the root cannot be deleted", dm_status=405)
        gone = Deleted(uri) if isinstance(uri, Uri) else None
        return self._command(f"Delete {uri}", _head(Command.DELETE, uri), registers=_registers(uri), change=gone)

    def rename(self, uri: Uri, name: str) -> Batch:
        """Give a node another name; its place stays."""
        check_name(name)
        raw = name.encode()
        if len(raw) > Limit.NAME:
            raise UriError(f"the name {name!r} has {len(raw)} bytes; at most {int(Limit.NAME)} are allowed", None, 414)
        change = None if uri.is_root else Renamed(uri, uri.parent / name)  # the root has none: the card says so
        return self._command(f"Rename {uri}", _head(Command.RENAME, uri) + bytes((len(raw),)) + raw, change=change)

    def acl(self, uri: Uri, acl: Acl) -> Batch:
        """Give a node another ACL; an empty one: none of its own, it inherits."""
        header = _head(Command.ACL, uri) + packed.encode_acl(acl)
        return self._command(f"Replace {uri}?prop=ACL", header, servers=_servers(acl))

    def title(self, uri: Uri, title: str) -> Batch:
        """Give a node another Title; an empty one: none of its own, that of its definition if it has one."""
        header = _head(Command.TITLE, uri) + packed.encode_text(title, "Title")
        return self._command(f"Replace {uri}?prop=Title", header)

    def get(self, uri: Uri, levels: int | None = None) -> Batch:
        """Get a subtree, ``levels`` deep below the node (None = all), as it is after the batch; GETs come last."""
        depth = ALL_LEVELS if levels is None else levels
        return self.append(
            Entry(f"Get {uri}", ((_head(Command.GET, uri) + bytes((depth,)), b""),), get=True, levels=levels)
        )

    def define(self, definition: Definition) -> Batch:
        """Add a definition to the card; only the issuer may."""
        nodes = packed.definition_elements(definition, packed.digest(definition))
        what = definition.mo_id or definition.name or "the definition"
        return self.append(Entry(f"Load {what}", (_add(REGISTRY, 1), *nodes), registers="definitions"))

    def server(self, *server_ids: str) -> Batch:
        """Make ServerIDs known to the card, so that ACLs can name them."""
        leaves = [Node(server_place(server_id).segments[-1], Format.CHR) for server_id in server_ids]
        what = f"Add {'server' if len(leaves) == 1 else 'servers'} {_listed(server_ids)}"
        return self.append(Entry(what, _hidden(SERVERS, *leaves), makes=frozenset(server_ids), registers="servers"))

    def upload(self, name: str) -> Batch:
        """Begin a value that comes in pieces."""
        parent, (header, _) = _hidden(UPLOADS, Node(name, Format.BIN))
        return self.append(Entry(f"Upload {name}", (parent, (header[:-1] + _NO_PIECES, b""))))

    def piece(self, upload: Place, *values: bytes) -> Batch:
        """Add pieces to a value that comes in pieces."""
        nodes = [Node("", Format.BIN, value) for value in values]
        what = f"Add {'a piece' if len(nodes) == 1 else f'{len(nodes)} pieces'} to {upload}"
        return self.append(Entry(what, _hidden(upload, *nodes), pieces=len(nodes)))

    def append(self, entry: Entry) -> Batch:
        """Append a command that was made before."""
        self.entries.append(entry)
        return self

    @property
    def names(self) -> list[str]:
        """What errors call the commands, in the order in which the card counts them."""
        return [self.entries[number].name for number in self.places]

    @property
    def places(self) -> list[int]:
        """For each command as the card counts them, which entry it belongs to."""
        return [number for number, entry in enumerate(self.entries) for _ in range(entry.commands)]

    @property
    def elements(self) -> list[Element]:
        """All elements but OPTIONS."""
        return [element for entry in self.entries for element in entry.elements]

    @property
    def gets(self) -> list[int | None]:
        """The levels of the Gets."""
        return [entry.levels for entry in self.entries if entry.get]

    @property
    def pieces(self) -> int:
        """How many pieces it adds to uploads."""
        return sum(entry.pieces for entry in self.entries)

    @property
    def changes(self) -> bool:
        """Whether the batch does anything but Get."""
        return any(not entry.get for entry in self.entries)

    def parts(self, expect: int | None = None, tag: Tag | None = None, room: int = MAX_DATA) -> list[bytes]:
        """The data fields of the APDUs; ``expect``: the generation that the card must have; ``room``: bytes in each."""
        return list(cut([(options(self.time, expect, tag), b""), *self.elements], room))

    def _command(
        self,
        name: str,
        header: bytes,
        *,
        servers: frozenset[str] = frozenset(),
        registers: Registers = "",
        change: Change | None = None,
    ) -> Batch:
        return self.append(Entry(name, ((header, b""),), servers=servers, registers=registers, change=change))


def added(parent: Uri, *nodes: Node, above: packed.Defined | None = None, choose: packed.Choose | None = None) -> Entry:
    """An Add.  ``choose``: which nodes name a definition, beginning with that of the parent (see packed.elements)."""
    elements = (_add(parent, len(nodes)), *packed.elements(*nodes, parent=above, choose=choose))
    servers = frozenset[str]().union(*(_servers(inner.acl) for node in nodes for _, inner in node.walk()))
    name = f"Add {_listed([str(parent / node.name) for node in nodes])}"
    return Entry(name, elements, added=(parent, nodes), servers=servers)


def replaced(uri: Uri, value: bytes, kind: bytes) -> Entry:
    """A Replace of a leaf.  ``kind``: Format and Type as the wire has them."""
    header = _head(Command.REPLACE, uri) + kind + packed.encode_value_length(value)
    return Entry(f"Replace {uri}", ((header, value),))


def taken(name: str, source: Place, take: Entry) -> Entry:
    """A Copy of that name: what ``take`` does, an Add of one leaf or a Replace, with the value of ``source``."""
    *before, (header, _) = take.elements
    elements = ((_head(Command.SOURCE, source), b""), *before, (header[:-1] + _TAKEN, b""))
    return replace(take, name=name, elements=elements, commands=2, source=source)


def _listed(names: Sequence[str]) -> str:
    """The names, the first two of many."""
    if len(names) <= _LISTED:
        return ", ".join(names)
    return f"{', '.join(names[: _LISTED - 1])} and {len(names) - _LISTED + 1} more"


_LISTED = 3
_KEEP = bytes((WireFormat.KEEP, 0))
_TAKEN = bytes((SOURCE_VALUE,))
_NO_PIECES = bytes((PIECES, 0))


def _replaced(uri: Uri, value: bytes, kind: tuple[Format, str] | None) -> Entry:
    """A Replace of a leaf that names its Type in full, as one without definition wants it."""
    if kind is None:
        return replaced(uri, value, _KEEP)
    entry = replaced(uri, value, bytes((packed.format_number(kind[0]),)) + packed.encode_type(kind[1]))
    return replace(entry, replaced=(uri, value, *kind))


def _head(command: Command, place: Place) -> bytes:
    return bytes((command,)) + encode_place(place)


def _add(parent: Place, count: int) -> Element:
    """The head of an Add of so many subtrees."""
    if not 1 <= count <= Limit.CHILDREN:
        raise CodecError(f"{count} subtrees for one Add below {parent}; 1 to {int(Limit.CHILDREN)} are allowed")
    return _head(Command.ADD, parent) + bytes((count,)), b""


def _hidden(parent: Place, *leaves: Node) -> tuple[Element, ...]:
    """An Add of leaves in the registry."""
    return (_add(parent, len(leaves)), *packed.elements(*leaves))


def _registers(place: Place) -> Registers:
    if isinstance(place, Uri) or place.segments[:1] == UPLOADS.segments:
        return ""
    return "servers" if place.segments[:1] == SERVERS.segments else "definitions"


def _servers(acl: Acl) -> frozenset[str]:
    return frozenset(server_id for server_id, _ in acl.entries)
