"""The DM commands of a batch file as values, and as entries of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.codec import packed
from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.session import Batch


@dataclass(frozen=True, slots=True)
class Add:
    """A new node.  ``format`` and ``type``: None if they follow from its place and its value."""

    uri: Uri
    value: bytes = b""
    format: Format | None = None
    type: str | None = None
    title: str = ""
    acl: Acl = EMPTY

    @property
    def node(self) -> Node:
        """What is added; text without a Type as long as nobody says what else it is."""
        return Node(self.uri.name, self.format or Format.CHR, self.value, self.type or "", self.title, self.acl)

    def __str__(self) -> str:
        return f"Add {self.uri}"


@dataclass(frozen=True, slots=True)
class Set:
    """Another value, of any length.  ``format`` and ``type``: None if they stay."""

    uri: Uri
    value: bytes
    format: Format | None = None
    type: str | None = None

    @property
    def kind(self) -> tuple[Format, str] | None:
        """Format and Type as they go over the wire: both or neither."""
        if self.format is None and self.type is None:
            return None
        return self.format or Format.CHR, self.type or ""

    @property
    def node(self) -> Node:
        """The leaf, as far as the command tells."""
        return Node(self.uri.name, self.format or Format.CHR, self.value, self.type or "")

    @property
    def is_large(self) -> bool:
        """Whether the value takes more than one record, so that it must be uploaded first."""
        return len(self.value) > packed.PIECE

    def __str__(self) -> str:
        return f"Replace {self.uri}"


@dataclass(frozen=True, slots=True)
class Delete:
    """A node goes, with everything below it."""

    uri: Uri

    def __str__(self) -> str:
        return f"Delete {self.uri}"


@dataclass(frozen=True, slots=True)
class Rename:
    """Another name at the same place."""

    uri: Uri
    name: str

    @property
    def new(self) -> Uri:
        """What the node is called afterwards; the root stays what it is."""
        return self.uri if self.uri.is_root else self.uri.parent / self.name

    def __str__(self) -> str:
        return f"Rename {self.uri}"


@dataclass(frozen=True, slots=True)
class Copy:
    """The value of another leaf."""

    source: Uri
    target: Uri

    @property
    def uri(self) -> Uri:
        """The leaf that changes."""
        return self.target

    def __str__(self) -> str:
        return f"Copy {self.source} to {self.target}"


@dataclass(frozen=True, slots=True)
class SetAcl:
    """Another ACL; an empty one: none of its own."""

    uri: Uri
    acl: Acl

    def __str__(self) -> str:
        return f"Replace {self.uri}?prop=ACL"


@dataclass(frozen=True, slots=True)
class SetTitle:
    """Another Title; an empty one: none of its own."""

    uri: Uri
    title: str

    def __str__(self) -> str:
        return f"Replace {self.uri}?prop=Title"


@dataclass(frozen=True, slots=True)
class Get:
    """A subtree.  ``levels``: how many below the node, None = all."""

    uri: Uri
    levels: int | None = None

    def __str__(self) -> str:
        return f"Get {self.uri}"


DmCommand = Add | Set | Delete | Rename | Copy | SetAcl | SetTitle | Get


def append(batch: Batch, command: DmCommand) -> Batch:
    """The batch with the command behind the others; CodecError for what no card takes."""
    match command:
        case Add():
            batch.add(command.uri.parent, command.node)
        case Set():
            # A large value is on the card by then; here it is only a matter of what else the command has.
            batch.replace(command.uri, b"" if command.is_large else command.value, *(command.kind or ()))
        case Copy():
            batch.copy(command.source, command.target)
        case SetAcl():
            batch.acl(command.uri, command.acl)
        case SetTitle():
            batch.title(command.uri, command.title)
        case Rename():
            batch.rename(command.uri, command.name)
        case Delete():
            batch.delete(command.uri)
        case Get():
            batch.get(command.uri, command.levels)
    return batch
