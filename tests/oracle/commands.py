"""The commands of a batch as values; ``packing`` writes them, ``tree`` says what they do."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle.acl import Acl
from tests.oracle.nodes import Node, Path


@dataclass(frozen=True)
class Add:
    """Add a subtree below a node.  ``sourced``: the value of the leaf is that of the Source before it.

    ``more``: further subtrees that come with it.
    """

    path: Path
    node: Node
    sourced: bool = False
    more: tuple[Node, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The top nodes, in their order."""
        return (self.node, *self.more)


@dataclass(frozen=True)
class Replace:
    """A new value; ``value`` None: that of the Source before it.  ``format`` None: Format and Type stay.

    ``type`` is for nodes free of definitions, ``further`` for defined ones: which further Type, 0 = the first.
    """

    path: Path
    value: bytes | None
    format: int | None = None
    type: str = ""
    further: int = 0


@dataclass(frozen=True)
class Delete:
    """Delete a subtree; the root is emptied."""

    path: Path


@dataclass(frozen=True)
class Rename:
    """Another name."""

    path: Path
    name: str


@dataclass(frozen=True)
class SetAcl:
    """Another ACL; an empty one is none."""

    path: Path
    acl: Acl


@dataclass(frozen=True)
class SetTitle:
    """Another Title; an empty one is none."""

    path: Path
    title: str


@dataclass(frozen=True)
class Source:
    """The leaf whose value the next command takes."""

    path: Path


@dataclass(frozen=True)
class Get:
    """Read a subtree, so many levels below its node."""

    path: Path
    levels: int = 0xFF


Command = Add | Replace | Delete | Rename | SetAcl | SetTitle | Source | Get
