"""Snapshots and feeds: what is inferred from them is what really happened, on a model of a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.feed import Change, Feed, Item, Snapshot, infer
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri


@dataclass
class Model:
    """A card's nodes by id; the lowest free id is used again, as cards do."""

    items: dict[int, Item] = field(default_factory=lambda: {0: Item(0, "", Format.NODE)})
    born: dict[int, int] = field(default_factory=lambda: {0: 1})
    generation: int = 1

    def set(self, number: int, **changes: object) -> None:
        old = self.items[number]
        self.items[number] = replace(old, verno=(old.verno + 1) % 65_536, **changes)  # type: ignore[arg-type]
        self.born[number] = self.generation + 1

    def make(self, item: Callable[[int], Item]) -> int:
        number = next(at for at in range(1, 1000) if at not in self.items)
        self.items[number] = item(number)
        self.born[number] = self.generation + 1
        return number

    def drop(self, number: int) -> None:
        for child in self.items.pop(number).below:
            self.drop(child)

    def parent(self, number: int) -> int:
        return next(at for at, item in self.items.items() if number in item.below)

    def unlink(self, number: int) -> None:
        parent = self.parent(number)
        self.set(parent, below=tuple(child for child in self.items[parent].below if child != number))
        self.drop(number)

    def link(self, parent: int, number: int) -> None:
        self.set(parent, below=(*self.items[parent].below, number))

    def feed(self, since: int) -> Feed:
        return Feed(self.generation, {at: item for at, item in self.items.items() if self.born[at] > since})


def nodes_of(model: Model) -> list[int]:
    """Ids of what a user sees as nodes: no pieces."""
    return [number for number, _ in model.items.items() if model.items[number].name or number == 0]


def is_free(model: Model, number: int, name: str) -> bool:
    """Whether a child of that name can be added there."""
    item = model.items[number]
    return not item.is_leaf and name not in {model.items[child].name for child in item.below}


def add_leaf(model: Model, number: int, name: str, value: bytes) -> None:
    if is_free(model, number, name):
        model.link(number, model.make(lambda at: Item(at, name, Format.CHR, value)))


def add_branch(model: Model, number: int, name: str, value: bytes) -> None:
    if is_free(model, number, name):
        top = model.make(lambda at: Item(at, name, Format.NODE))
        leaf = model.make(lambda at: Item(at, "leaf", Format.CHR, value))
        model.items[top] = replace(model.items[top], below=(leaf,))
        model.link(number, top)


def set_value(model: Model, number: int, _name: str, value: bytes) -> None:
    if model.items[number].is_leaf:
        for piece in model.items[number].below:
            model.drop(piece)
        model.set(number, value=value, below=())


def piece(value: bytes) -> Callable[[int], Item]:
    return lambda number: Item(number, "", Format.BIN, value)


def set_large_value(model: Model, number: int, _name: str, value: bytes) -> None:
    if model.items[number].is_leaf:
        set_value(model, number, "", b"")
        parts = (model.make(piece(value)), model.make(piece(b"x")))
        model.set(number, value=None, below=parts)


def delete(model: Model, number: int, _name: str, _value: bytes) -> None:
    if number:
        model.unlink(number)


def rename(model: Model, number: int, name: str, _value: bytes) -> None:
    if number and is_free(model, model.parent(number), name):
        model.set(number, name=name)
        model.set(model.parent(number))


def set_acl(model: Model, number: int, name: str, _value: bytes) -> None:
    model.set(number, acl=Acl.parse(f"Get={name}"))


CHANGES = (add_leaf, add_branch, set_value, set_large_value, delete, rename, set_acl)
steps = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 20), st.sampled_from("abcdef"), st.binary(max_size=2)),
    max_size=12,
)


Steps = list[tuple[Callable[..., None], int, str, bytes]]


def run(model: Model, changes: Steps) -> None:
    """Each change as a batch of its own."""
    for change, which, name, value in changes:
        seen = nodes_of(model)
        change(model, seen[which % len(seen)], name, value)
        model.generation += 1


@given(steps, steps)
def test_the_inferred_snapshot_is_what_the_card_holds(before: Steps, after: Steps):
    model = Model()
    run(model, before)
    base = Snapshot.of(model.feed(0))
    run(model, after)
    now, _ = infer(base, model.feed(base.generation))
    assert now == Snapshot.of(model.feed(0))


def replay(tree: Node, changes: list[Change], now: Snapshot) -> set[Uri]:
    """The URIs that come out when the changes are applied to the URIs of the old tree."""
    uris = {uri for uri, _ in tree.walk()}
    for item in changes:
        if item.kind == "deleted":
            uris = {uri for uri in uris if uri != item.uri and not item.uri.is_ancestor_of(uri)}
    renames = {item.old_uri: item.uri for item in changes if item.kind == "renamed"}

    def moved(uri: Uri) -> Uri:
        """Each segment under the name that it has now; old URIs are told as they were before all renames."""
        out = ROOT
        for depth in range(1, uri.depth + 1):
            old = Uri(uri.segments[:depth])
            out = out / renames.get(old, old).name
        return out

    uris = {moved(uri) for uri in uris}
    for item in changes:
        if item.kind == "added":
            top = now.tree().find(item.uri)
            assert top is not None
            uris |= {uri for uri, _ in top.walk(item.uri)}
    return uris


@given(steps, steps)
def test_the_changes_lead_from_the_old_names_to_the_new_ones(before: Steps, after: Steps):
    model = Model()
    run(model, before)
    base = Snapshot.of(model.feed(0))
    run(model, after)
    now, changes = infer(base, model.feed(base.generation))
    assert replay(base.tree(), changes, now) == {uri for uri, _ in now.tree().walk()}


@given(steps, steps)
def test_values_and_acls_differ_only_where_a_change_says_so(before: Steps, after: Steps):
    model = Model()
    run(model, before)
    base = Snapshot.of(model.feed(0))
    run(model, after)
    now, changes = infer(base, model.feed(base.generation))
    told = {item.number for item in changes}
    old = {item.number: (base.value(item), item.acl) for _, item in base.walk()}
    for uri, item in now.walk():
        new_above = any(other.kind == "added" and other.uri.is_ancestor_of(uri) for other in changes)
        if item.number in old and item.number not in told and not new_above:
            assert old[item.number] == (now.value(item), item.acl)


@given(steps, steps)
def test_what_a_feed_tells_again_is_no_change(before: Steps, after: Steps):
    model = Model()
    run(model, before)
    base = Snapshot.of(model.feed(0))
    run(model, after)
    now, changes = infer(base, model.feed(base.generation))
    assert infer(base, model.feed(0)) == (now, changes)
    assert infer(now, model.feed(base.generation)) == (now, [])


def snapshot(*items: Item, generation: int = 1) -> Snapshot:
    return Snapshot.of(Feed(generation, {item.number: item for item in items}))


ROOT_ITEM = Item(0, "", Format.NODE, below=(7,))
LEAF = Item(7, "a", Format.CHR, b"1", verno=3)


def after(*items: Item) -> list[Change]:
    return infer(snapshot(ROOT_ITEM, LEAF), Feed(2, {item.number: item for item in items}))[1]


A, B = Uri(("a",)), Uri(("b",))


def test_each_kind_of_change_is_told_once():
    assert after() == []
    assert after(replace(LEAF, value=b"2", verno=4)) == [Change("changed", 7, A, ("value", "verno"))]
    assert after(replace(LEAF, name="b", verno=4)) == [Change("renamed", 7, B, old_uri=A)]
    assert after(replace(LEAF, name="b", value=b"2", verno=5)) == [
        Change("renamed", 7, B, old_uri=A),
        Change("changed", 7, B, ("value", "verno")),
    ]
    assert after(replace(ROOT_ITEM, below=(), verno=1)) == [Change("deleted", 7, A)]
    assert after(replace(ROOT_ITEM, below=(7, 8), verno=1), Item(8, "b", Format.CHR, b"")) == [Change("added", 8, B)]
    assert after(replace(ROOT_ITEM, title="T", verno=1)) == [Change("changed", 0, ROOT, ("title", "verno"))]


def test_an_id_that_was_used_again_is_no_renamed_node():
    root = replace(ROOT_ITEM, verno=2)
    assert after(root, Item(7, "b", Format.CHR, b"1")) == [Change("deleted", 7, A), Change("added", 7, B)]
    assert after(root, Item(7, "a", Format.NODE)) == [Change("deleted", 7, A), Change("added", 7, A)]
    assert after(root, replace(LEAF, definition=9, verno=4)) == [Change("deleted", 7, A), Change("added", 7, A)]


def test_the_verno_of_a_renamed_node_may_wrap():
    base = snapshot(ROOT_ITEM, replace(LEAF, verno=65_535))
    _, changes = infer(base, Feed(2, {7: replace(LEAF, name="b", verno=0)}))
    assert changes == [Change("renamed", 7, B, old_uri=A)]


def test_a_node_that_is_withheld_now_is_the_same_node():
    hidden = Item(7, "a", Format.NULL, verno=3, withheld=True)
    assert [(item.kind, item.number) for item in after(hidden)] == [("changed", 7)]
    assert "withheld" in after(hidden)[0].attributes


def test_a_large_value_is_put_together():
    pieces = (Item(8, "", Format.BIN, b"ab"), Item(9, "", Format.BIN, b"c"))
    large = replace(LEAF, value=None, below=(8, 9))
    now, changes = infer(snapshot(ROOT_ITEM, LEAF), Feed(2, {item.number: item for item in (large, *pieces)}))
    assert now.tree() == Node("", Format.NODE, children=(Node("a", Format.CHR, b"abc", verno=3),))
    assert changes == [Change("changed", 7, A, ("value",))]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((replace(ROOT_ITEM, below=(7, 8)),), "node 8 is missing"),
        ((replace(ROOT_ITEM, below=(7, 7)),), "node 7 is named by two"),
        ((replace(LEAF, format=Format.NODE, value=None, below=(0,)),), "node 0 is named by two"),
    ],
)
def test_a_feed_that_does_not_fit_its_base_is_refused(items: tuple[Item, ...], words: str):
    with pytest.raises(CodecError, match=words):
        after(*items)
