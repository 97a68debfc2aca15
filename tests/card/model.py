"""The rules of the management tree in plain Python, written from OMA DM TND 1.2 and not from the card or the host.

A batch is all or nothing. Who is refused, and with which DM status, follows the tree as the batch finds it, command by
command. VerNo is 0 for a new node and one more with each change; Add, Delete and Rename also change the parent. What
changes gets the batch's time as its TStamp, or none.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.wire import Limit

Path = tuple[str, ...]


class Refused(Exception):
    """The batch is refused.  ``at``: which command; ``statuses``: DM statuses that say why."""

    def __init__(self, *statuses: int) -> None:
        self.at = -1
        self.statuses = statuses


@dataclass
class Item:
    """A node."""

    name: str
    format: Format
    value: bytes = b""
    type: str = ""
    title: str = ""
    acl: Acl = EMPTY
    tstamp: int | None = None
    verno: int = 0
    children: list[Item] = field(default_factory=list)

    def child(self, name: str) -> Item | None:
        """The child of that name."""
        return next((item for item in self.children if item.name == name), None)

    def changed(self, time: int | None) -> None:
        """Count a change."""
        self.verno = (self.verno + 1) % 0x10000
        self.tstamp = time

    def paths(self, above: Path = ()) -> list[Path]:
        """The paths of this node, whose own is given, and of all below."""
        return [above] + [path for item in self.children for path in item.paths((*above, item.name))]


def item_of(node: Node, time: int | None) -> Item:
    """A new node with all below it."""
    children = [item_of(child, time) for child in node.children]
    return Item(node.name, node.format, node.value, node.type, node.title, node.acl, time, 0, children)


def node_of(item: Item) -> Node:
    """As reading shows it."""
    children = tuple(node_of(child) for child in item.children)
    return Node(item.name, item.format, item.value, item.type, item.title, item.acl, item.tstamp, item.verno, children)


@dataclass(frozen=True)
class Add:
    """Add a subtree below a node."""

    path: Path
    node: Node


@dataclass(frozen=True)
class Replace:
    """Replace a value; without a Format, Format and Type stay."""

    path: Path
    value: bytes
    format: Format | None = None
    type: str = ""


@dataclass(frozen=True)
class Delete:
    """Delete a subtree."""

    path: Path


@dataclass(frozen=True)
class Rename:
    """Give a node another name."""

    path: Path
    name: str


@dataclass(frozen=True)
class Erase:
    """Delete all but the root."""

    path: Path = ()


@dataclass(frozen=True)
class Get:
    """Read a subtree."""

    path: Path


Command = Add | Replace | Delete | Rename | Erase | Get


@dataclass
class Model:
    """The tree of a card; ``max_depth``: segments of the longest URI."""

    max_depth: int
    root: Item = field(default_factory=lambda: Item("", Format.NODE, acl=Acl.parse("Add=*&Get=*")))
    generation: int = 1

    def after(self, commands: list[Command], time: int | None) -> Model:
        """The model after a batch.  Refused if one of its commands is."""
        new = copy.deepcopy(self)
        for at, command in enumerate(commands):
            try:
                new._run(command, time)
            except Refused as refused:
                refused.at = at
                raise
        new.generation += any(not isinstance(command, Get) for command in commands)
        return new

    def find(self, path: Path) -> Item:
        """The node at a path; 404 if there is none."""
        item = self.root
        for name in path:
            found = item.child(name)
            if found is None:
                raise Refused(404)
            item = found
        return item

    def _run(self, command: Command, time: int | None) -> None:
        item = self.find(command.path)
        match command:
            case Add():
                self._add(item, command, time)
            case Replace():
                _replace(item, command, time)
            case Delete():
                self._parent(command.path).children.remove(item)
                self._parent(command.path).changed(time)
            case Rename():
                self._rename(item, command, time)
            case Erase():
                item.children.clear()
                item.changed(time)

    def _parent(self, path: Path) -> Item:
        if not path:
            raise Refused(405)
        return self.find(path[:-1])

    def _add(self, parent: Item, command: Add, time: int | None) -> None:
        if parent.format is not Format.NODE:
            raise Refused(405)
        new = item_of(command.node, time)
        reasons = [418] if parent.child(new.name) else []
        reasons += self._too_long(new, (*command.path, new.name))
        if reasons:
            raise Refused(*reasons)
        parent.children.append(new)
        parent.changed(time)

    def _rename(self, item: Item, command: Rename, time: int | None) -> None:
        parent = self._parent(command.path)
        clash = parent.child(command.name)
        reasons = [418] if clash is not None and clash is not item else []
        reasons += self._too_long(item, (*command.path[:-1], command.name))
        if reasons:
            raise Refused(*reasons)
        item.name = command.name
        item.changed(time)
        parent.changed(time)

    def _too_long(self, item: Item, path: Path) -> list[int]:
        for below in item.paths(path):
            if len(below) > self.max_depth or len("/".join(below).encode()) > Limit.URI:
                return [414]
        return []


def _replace(item: Item, command: Replace, time: int | None) -> None:
    if item.format is Format.NODE:
        raise Refused(405)
    format = command.format or item.format  # noqa: A001
    if format is Format.NODE or (format is Format.NULL and command.value):
        raise Refused(415)
    if command.format is not None:
        item.format, item.type = command.format, command.type
    item.value = command.value
    item.changed(time)
