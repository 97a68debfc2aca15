"""What turns the present tree into the wanted one: changes, each of them one command, in an order that cards can take.

The order: what goes, the deepest first; what comes, the shallowest first, what comes below one node together, there the
smallest first; values, then titles, by node id; ACLs last, the deepest first.  So no command needs a right that an
earlier one has taken away, nodes that come fill the pages of the id table one after the other, and commands that change
nodes in place write each page once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri

Why = Callable[[Uri], str]


class Action(IntEnum):
    """What becomes of a node; in the order of the batch."""

    REMOVE = 0
    ADD = 1
    REMOVE_LATE = 2
    """After what comes: the definition requires that one node of its kind is there at any time."""
    REPLACE = 3
    TITLE = 4
    ACL = 5


@dataclass(frozen=True, slots=True)
class Change:
    """``old`` and ``new``: the whole subtrees of what goes and comes, else the node before and after."""

    action: Action
    uri: Uri
    old: Node | None
    new: Node | None
    reason: str

    @property
    def nodes(self) -> int:
        """How many nodes go or come."""
        subtree = self.new if self.action is Action.ADD else self.old
        return subtree.count() if subtree and self.action <= Action.REMOVE_LATE else 1

    @property
    def properties(self) -> tuple[tuple[str, object, object], ...]:
        """(name, old, new) of the properties that are changed; none if the node goes or comes, or could not be read."""
        if self.old is None or self.new is None:
            return ()
        names = {Action.REPLACE: ("format", "type", "value"), Action.TITLE: ("title",), Action.ACL: ("acl",)}
        pairs = ((name, getattr(self.old, name), getattr(self.new, name)) for name in names.get(self.action, ()))
        if self.old.withheld:
            last = names[self.action][-1]
            return ((last, None, getattr(self.new, last)),)
        return tuple((name, old, new) for name, old, new in pairs if old != new)

    @property
    def changes_kind(self) -> bool:
        """Whether a REPLACE changes Format or Type; of a leaf that cannot be read they are left alone."""
        assert self.old is not None
        assert self.new is not None
        return not self.old.withheld and (self.old.format, self.old.type) != (self.new.format, self.new.type)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the comparison must know beside the two trees.

    ``why``: the reason for a node's place in the wanted tree; ``renewed``: nodes to be added again, with the reason;
    ``blind``: properties to be written of leaves that cannot be read; ``required``: whether a node that goes may be the
    last of a kind of which one must stay.
    """

    why: Why
    renewed: Mapping[Uri, str]
    blind: Mapping[Uri, frozenset[str]] = field(default_factory=dict)
    required: Callable[[Uri], bool] = lambda _uri: False


def changes(present: Node, target: Node, terms: Terms, ids: Mapping[Uri, int]) -> list[Change]:
    """What turns ``present`` into ``target``, in the order of the batch; [] if nothing.  ``ids``: of present nodes."""
    found = list(_compared(ROOT, present, target, terms))
    return sorted(found, key=lambda change: _order(change, ids))


def _order(change: Change, ids: Mapping[Uri, int]) -> tuple[int, int, Uri, int]:
    number, depth = ids.get(change.uri, 0), change.uri.depth
    match change.action:
        case Action.ADD:
            return change.action, depth, change.uri.parent, change.nodes
        case Action.REMOVE | Action.REMOVE_LATE | Action.ACL:
            return change.action, -depth, ROOT, number
    return change.action, number, ROOT, 0


def _compared(uri: Uri, old: Node, new: Node, terms: Terms) -> Iterator[Change]:
    stack = [(uri, old, new)]
    while stack:
        place, before, after = stack.pop()
        if place in terms.renewed:
            yield Change(Action.REMOVE, place, before, None, terms.renewed[place])
            yield Change(Action.ADD, place, None, after, terms.why(place))
            continue
        yield from _own(place, before, after, terms)
        there = {child.name: child for child in before.children}
        for child in after.children:
            earlier, where = there.pop(child.name, None), place / child.name
            if earlier is None:
                yield Change(Action.ADD, where, None, child, terms.why(where))
            else:
                stack.append((where, earlier, child))
        for name, child in there.items():
            where = place / name
            action = Action.REMOVE_LATE if terms.required(where) else Action.REMOVE
            yield Change(action, where, child, None, terms.why(where))


def _own(uri: Uri, old: Node, new: Node, terms: Terms) -> Iterator[Change]:
    """The changes of the node itself."""
    if new.withheld:
        return
    blind = terms.blind.get(uri, frozenset()) if old.withheld else None
    value = (old.format, old.type, old.value) != (new.format, new.type, new.value) and new.is_leaf
    if value if blind is None else "value" in blind:
        yield Change(Action.REPLACE, uri, old, new, terms.why(uri))
    if old.title != new.title if blind is None else "title" in blind:
        yield Change(Action.TITLE, uri, old, new, terms.why(uri))
    if old.acl != new.acl if blind is None else "acl" in blind:
        yield Change(Action.ACL, uri, old, new, terms.why(uri))
