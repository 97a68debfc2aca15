"""What a card shall hold: its present tree with the wishes of a profile put into it, in the words of the definitions.

A new node takes Format, Type and title from its definition where the profile does not say them, as the card will tell
them; what the profile does not speak of stays.  Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from smartdm.codec import packed
from smartdm.errors import CodecError
from smartdm.mo.acl import EMPTY
from smartdm.mo.definition import Definition, Registry
from smartdm.mo.logins import equal_logins, leaves_of, told
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.mo.validate import Fault, faults
from smartdm.mo.values import value_fault
from smartdm.provision.wishes import Wish

T = TypeVar("T")
_BINARY: Final = frozenset({Format.B64, Format.BIN})
_DEFAULT_TYPE: Final = "text/plain"
_NO_RIGHT, _BAD_VALUE, _CANNOT = 425, 415, 405


@dataclass(frozen=True, slots=True)
class Rules:
    """What trees are held to.  ``registry``: every definition that is known here.

    ``enforced``: identifiers of the objects that the card holds to their definitions itself.
    """

    registry: Registry
    enforced: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """``tree``: the wanted one.  ``renewed``: nodes that must be deleted and added again to become what is wanted.

    ``blind``: leaves that cannot be read, with the names of the properties that the profile wants there.
    """

    tree: Node
    renewed: Mapping[Uri, str]
    blind: Mapping[Uri, frozenset[str]]
    faults: tuple[Fault, ...]


def target_of(present: Node, wishes: Mapping[Uri, Wish], rules: Rules) -> Target:
    """The tree that the wishes make of the present one."""
    merge = _Merge(wishes, rules)
    gone = {uri for uri, wish in wishes.items() if wish.absent}
    pruned = _without(present, ROOT, gone)
    assert pruned is not None
    tree = merge.node(_Spot(ROOT, pruned, None, enforced=False, fresh=False))
    found = [*merge.faults, *_faults(tree, wishes, rules)]
    return Target(tree, merge.renewed, merge.blind, tuple(sorted(found, key=lambda fault: fault.uri)))


def _without(node: Node, uri: Uri, gone: Collection[Uri]) -> Node | None:
    if uri in gone:
        return None
    if not any(uri.is_ancestor_of(other) for other in gone):
        return node
    kept = (_without(child, uri / child.name, gone) for child in node.children)
    return replace(node, children=tuple(child for child in kept if child is not None))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node to merge.  ``old``: what is there; ``rule``: its definition, if that of the parent says which.

    ``enforced``: the parent is held to its definition by the card, which therefore gives one to each child.
    ``fresh``: the parent is new or added again, so this node is, too.
    """

    uri: Uri
    old: Node | None
    rule: Definition | None
    enforced: bool
    fresh: bool


@dataclass(slots=True)
class _Merge:
    wishes: Mapping[Uri, Wish]
    rules: Rules
    renewed: dict[Uri, str] = field(default_factory=dict)
    blind: dict[Uri, frozenset[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    _below: dict[Uri, list[Uri]] = field(init=False)

    def __post_init__(self) -> None:
        self._below = {}
        for uri, wish in self.wishes.items():
            if not uri.is_root and not wish.absent:
                self._below.setdefault(uri.parent, []).append(uri)

    def node(self, spot: _Spot) -> Node:
        """The wanted node with its subtree."""
        wish = self.wishes.get(spot.uri) or Wish("", implied=True)
        old = spot.old
        if old is not None and old.withheld:
            if spot.fresh:
                self._fault(
                    spot.uri, "it cannot be read, so it cannot be kept while what is above is added again", _CANNOT
                )
            if wish.implied and spot.uri not in self._below:
                return old
        elif old is not None and wish.implied and not spot.fresh and not self._concerns(spot.uri):
            return old
        node_type = _said(wish.type, old.type if old else "")
        rule = spot.rule or self.rules.registry.by_id(node_type)
        leaf = self._is_leaf(spot, wish, rule)
        if rule is not None and rule.is_leaf is not leaf:
            rule = None if spot.rule is None else rule  # the validation will tell
        fresh = self._renew(spot, wish, leaf=leaf)
        if old is None or fresh:
            enforced = spot.enforced or (not leaf and node_type in self.rules.enforced and rule is not None)
        else:
            enforced = old.definition is not None or (old.withheld and spot.enforced)
        return self._merged(replace(spot, rule=rule, enforced=enforced, fresh=fresh), wish, leaf=leaf)

    def _concerns(self, uri: Uri) -> bool:
        return uri in self._below or uri.is_root

    def _is_leaf(self, spot: _Spot, wish: Wish, rule: Definition | None) -> bool:
        if wish.is_leaf is not None:
            return wish.is_leaf
        if spot.uri in self._below:
            return False
        if rule is not None:
            return rule.is_leaf
        if spot.old is not None and not spot.old.withheld and (spot.old.is_leaf or wish.value is None or wish.spelled):
            return spot.old.is_leaf
        return wish.hint is not Format.NODE

    def _renew(self, spot: _Spot, wish: Wish, *, leaf: bool) -> bool:
        """Whether the node is new, or must be added again."""
        old = spot.old
        if old is None or spot.fresh:
            return True
        reason = ""
        if not old.withheld and old.is_leaf is not leaf:
            reason = f"it is {'a leaf' if old.is_leaf else 'an interior node'}, wanted is the other"
        elif not old.withheld and not leaf and wish.type is not None and wish.type != old.type:
            reason = f"the Type of an interior node cannot be changed (it is {old.type or 'empty'})"
        if not reason:
            return False
        if spot.uri.is_root:
            self._fault(spot.uri, "the root is an interior node without a Type, and stays so", _CANNOT)
            return False
        self.renewed[spot.uri] = reason
        return True

    def _merged(self, spot: _Spot, wish: Wish, *, leaf: bool) -> Node:
        old, rule = spot.old, spot.rule if spot.rule is None or spot.rule.is_leaf is leaf else None
        same = old if old is not None and not old.withheld and old.is_leaf is leaf else None
        node_format = Format.NODE
        if leaf:
            node_format = wish.format or (same.format if same else rule.format if rule else wish.hint)
        title = _said(wish.title, same.title if same else "")
        if spot.enforced and rule and not title:
            title = rule.title
        node = Node(
            spot.uri.name,
            node_format,
            self._value(spot, wish, same, node_format) if leaf else b"",
            self._type(spot, wish, same, rule),
            title,
            _said(wish.acl, same.acl if same else EMPTY),
            children=() if leaf else self._children(spot, wish, same),
            definition=same.definition if same else None,
        )
        if old is None or not old.withheld:
            return node
        return self._over_withheld(spot, wish, node)

    def _over_withheld(self, spot: _Spot, wish: Wish, node: Node) -> Node:
        """A node that cannot be read: what the profile says of it is written without looking."""
        if wish.exact and not node.is_leaf:
            sentence = "it cannot be read, so nobody knows what else is below it; its ACL must allow Get"
            self._fault(spot.uri, sentence, _NO_RIGHT)
        usual = spot.rule.title if spot.rule and spot.enforced else None
        said = {
            "value": node.is_leaf and wish.value is not None,
            "title": wish.title is not None and wish.title != usual,
            "acl": wish.acl is not None,
        }
        self.blind[spot.uri] = frozenset(name for name, wanted in said.items() if wanted)
        return node

    def _type(self, spot: _Spot, wish: Wish, same: Node | None, rule: Definition | None) -> str:
        if wish.type is None:
            return same.type if same else next(iter(rule.types), "") if rule else wish.hint_type
        if not spot.enforced or rule is None:
            return wish.type
        if not rule.types and wish.type == _DEFAULT_TYPE:
            return ""  # what goes without saying; the card does not keep it
        return wish.type or next(iter(rule.types), "")

    def _value(self, spot: _Spot, wish: Wish, same: Node | None, node_format: Format) -> bytes:
        if wish.value is None:
            return same.value if same else b""
        if not wish.spelled or spot.rule is None or spot.rule.format not in _BINARY or node_format not in _BINARY:
            return wish.value
        try:
            return base64.b64decode(b"".join(wish.value.split()), validate=True)
        except ValueError:
            self._fault(spot.uri, f"the value is not base64, as text for Format {node_format} must be", _BAD_VALUE)
            return b""

    def _children(self, spot: _Spot, wish: Wish, same: Node | None) -> tuple[Node, ...]:
        wanted = dict.fromkeys(self._below.get(spot.uri, ()))
        # Below a withheld node only what was asked for is known.
        known = same or (spot.old if spot.old is not None and spot.old.withheld else None)
        there = {spot.uri / child.name: child for child in known.children} if known else {}
        kept = [uri for uri in there if not wish.exact or uri in wanted]
        return tuple(
            self.node(self._spot_below(spot, uri, there.get(uri)))
            for uri in (*kept, *(u for u in wanted if u not in there))
        )

    def _spot_below(self, spot: _Spot, uri: Uri, old: Node | None) -> _Spot:
        ruled = spot.rule is not None and not spot.rule.is_open
        wish = self.wishes.get(uri)
        leaf = wish.is_leaf if wish else None
        if leaf is None and old is not None and not old.withheld:
            leaf = old.is_leaf
        rule = spot.rule.child(uri.name, leaf=leaf) if spot.rule is not None and ruled else None
        return _Spot(uri, old, rule, enforced=spot.enforced and ruled, fresh=spot.fresh)

    def _fault(self, uri: Uri, sentence: str, dm_status: int) -> None:
        self.faults.append(Fault(uri, sentence, dm_status))


def _said(wished: T | None, otherwise: T) -> T:
    return otherwise if wished is None else wished


def _faults(tree: Node, wishes: Mapping[Uri, Wish], rules: Rules) -> Iterable[Fault]:
    """The faults of what the profile speaks of: objects against their definitions, values against their Formats.

    And logins of one account that have the same secret, as far as the profile or the card tells these.
    """
    spoken = [uri for uri, wish in wishes.items() if not wish.implied]
    judged: list[Uri] = []
    for uri, node, definition in rules.registry.objects(tree):
        if any(uri == other or uri.is_ancestor_of(other) or other.is_ancestor_of(uri) for other in spoken):
            judged.append(uri)
            yield from faults(node, definition, uri)
    for uri in spoken:
        found = tree.find(uri)
        if found is None or found.withheld:
            continue
        sentence = _unpackable(uri, found)
        if found.is_leaf and not any(other.is_ancestor_of(uri) for other in judged):
            sentence = sentence or value_fault(found.format, found.value)
        if sentence:
            yield Fault(uri, sentence, _BAD_VALUE)
    for one, other in equal_logins(leaves_of(ROOT, tree)):
        if one in wishes or other in wishes:
            yield Fault(other, told(one, other))


def _unpackable(uri: Uri, node: Node) -> str | None:
    """Why no command could carry the node by itself; None if one can."""
    alone = replace(node, children=(), tstamp=None)
    try:
        for _ in packed.elements(alone):
            pass
    except CodecError as error:
        return str(error).removeprefix(f"node {Uri((uri.name,)) if uri.name else ROOT}: ")
    return None
