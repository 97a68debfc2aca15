"""What a batch has done so far decides the form of the commands that follow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.batch import Batch
from smartdm.card.forms import Former
from smartdm.card.picture import Added, Change, Deleted, Picture, Renamed
from smartdm.card.place import UPLOADS
from smartdm.card.registry import Registry
from smartdm.codec import packed
from smartdm.errors import BadRequest, CommandNotAllowed
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from tests.unit.test_registry import MY, NAME, OBJECT, TREE, Store, headers, with_object

NAMES = ("a", "b")
UNIVERSE = [Uri(tuple(path)) for path in ("a", "b", "aa", "ab", "ba", "bb", "aaa", "aab", "aba", "bab", "bba")]
START = {ROOT: 0, Uri(("a",)): 1, Uri(("a", "b")): 2, Uri(("b",)): 3}
"""A small tree, each node with a definition of its own."""


def defined(number: int) -> packed.Defined:
    return packed.Defined(number, Definition("", Format.NODE), own_name=False)


def within(top: Uri, uri: Uri) -> bool:
    return top == uri or top.is_ancestor_of(uri)


def moved(tree: dict[Uri, int], old: Uri, new: Uri) -> dict[Uri, int]:
    return {new.join(Uri(uri.segments[old.depth :])) if within(old, uri) else uri: it for uri, it in tree.items()}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Change], dict[Uri, int]]:
    """Changes that make sense one after the other, and the tree that they lead to."""
    tree, changes = dict(START), list[Change]()
    for number in range(10, 10 + draw(st.integers(0, 8))):
        here = draw(st.sampled_from(sorted(tree)))
        place = here / draw(st.sampled_from(NAMES))
        new = here.parent / draw(st.sampled_from(NAMES)) if here.depth else ROOT
        what = draw(st.sampled_from(["add", "delete", "rename"]))
        if what == "add" and place not in tree:
            below = {place: number, place / "a": number + 100}
            changes.append(Added(here, {uri.segments: defined(it) for uri, it in below.items()}))
            tree |= below
        elif what == "delete":
            changes.append(Deleted(here))
            tree = {uri: it for uri, it in tree.items() if uri == ROOT or not within(here, uri)}
        elif what == "rename" and here.depth and (new == here or new not in tree):
            changes.append(Renamed(here, new))
            tree = moved(tree, here, new)
    return changes, tree


@given(history=histories())
def test_a_picture_tells_of_each_node_what_the_tree_would(history: tuple[list[Change], dict[Uri, int]]):
    changes, tree = history
    picture = Picture(lambda uri: defined(START[uri]) if uri in START else None, changes)
    for uri in UNIVERSE:
        found = picture.defined(uri)
        assert (found and found.number) == tree.get(uri)


# The form of what follows.

ADDR, EXTRA = Node("Addr", Format.CHR, b"1", "a/b"), Node("r", Format.NODE)
FREE = Node("My", Format.NODE, children=(Node("Addr", Format.BIN, b"1"),))
FIRST, SECOND = "c2074d792f41646472030001", "c2074d792f416464720380010101"
"""A Replace of ./My/Addr that names its first Type, and its second."""


def former(asked: list[str] | None = None, **there: int) -> Former:
    registry = Registry(with_object(), {NAME: OBJECT}.get)
    assert registry.roots

    def ask(uri: Uri) -> int | None:
        if asked is not None:
            asked.append(str(uri))
        return there.get(uri.name)

    return Former(registry, ask)


@pytest.mark.parametrize(("node_type", "header"), [("text/plain", FIRST), ("a/b", SECOND)])
def test_a_replace_of_what_the_batch_adds_names_the_type_by_its_place(node_type: str, header: str):
    asked: list[str] = []
    batch = Batch().add(ROOT, TREE).replace(MY / "Addr", b"1", Format.CHR, node_type)
    assert headers(former(asked).formed(batch))[-1] == header
    assert asked == ["."]


def test_a_renamed_node_keeps_its_definition_and_its_old_name_means_nothing():
    new = Uri(("New",))
    batch = Batch().rename(MY, "New").add(new, EXTRA).replace(new / "Addr", b"", Format.CHR, "a/b").add(MY, EXTRA)
    formed = headers(former(My=0x20, Addr=0x21).formed(batch))
    assert formed[1:4] == ["c1034e657701", "8623017200", "c2084e65772f416464720380010100"]
    assert formed[-1] == "0500017200"


@pytest.mark.parametrize("batch", [Batch().delete(MY), Batch().erase(), Batch().rename(MY, "Old")])
@pytest.mark.parametrize("plain", [True, False])
def test_what_takes_the_place_of_a_defined_node_is_free(batch: Batch, plain: bool):
    whole = Batch(None, list(batch.entries)).add(ROOT, FREE, plain=plain).replace(MY / "Addr", b"", Format.INT, "x/y")
    whole.add(MY, Node("Any", Format.CHR))
    assert headers(former(My=0x20, Addr=0x21).formed(whole)) == headers(whole)


def test_a_defined_node_that_takes_the_place_of_another_binds():
    batch = Batch().delete(MY).add(ROOT, TREE).delete(MY / "q").add(MY, Node("q", Format.NODE))
    batch.add(MY / "q", Node("P", Format.INT))
    assert headers(former(My=0x20).formed(batch))[-1] == "802500"
    with pytest.raises(CommandNotAllowed):
        former().formed(Batch().delete(MY).add(ROOT, TREE).add(MY / "q", Node("Z", Format.INT)))


def test_commands_beside_the_tree_change_nothing_in_it():
    batch = Batch().delete(UPLOADS / "My").server("s").add(MY, EXTRA)
    assert headers(former(My=0x20).formed(batch))[-1] == "8623017200"


def test_a_copy_to_a_new_leaf_takes_the_form_of_its_definition():
    source = Uri(("src",))
    batch = (
        Batch()
        .copy(source, MY / "Addr", Node("Addr", Format.CHR, type="a/b"))
        .copy(source, MY / "Key", Node("Key", Format.CHR))
    )
    formed = former(My=0x20).formed(batch)
    assert headers(formed) == ["c803737263", "c1024d7901", "88210101fe", "c803737263", "c1024d7901", "8022fe"]
    assert [entry.commands for entry in formed.entries] == [2, 2]
    assert formed.names == batch.names
    behind = batch.replace(MY / "Addr", b"1", Format.CHR, "a/b")
    assert headers(former(My=0x20).formed(behind))[-1] == SECOND


@pytest.mark.parametrize(("name", "wanted"), [("Ext", "says node, not chr"), ("r", "says node, not chr")])
def test_a_copy_to_a_place_for_an_interior_node_is_refused(name: str, wanted: str):
    with pytest.raises(BadRequest, match=rf"Copy \./src to \./My/{name}") as caught:
        former(My=0x20).formed(Batch().copy(Uri(("src",)), MY / name, Node(name, Format.CHR)))
    assert wanted in caught.value.__notes__[0]


@pytest.mark.parametrize(("node_type", "tail"), [("text/plain", "0300fe"), ("a/b", "03800101fe")])
def test_a_copy_that_changes_the_type_names_it_by_its_place(node_type: str, tail: str):
    batch = Batch().copy(UPLOADS / "u", MY / "Addr", kind=(Format.CHR, node_type))
    assert headers(former(Addr=0x21).formed(batch)) == ["c8063f2f55702f75", "c2074d792f41646472" + tail]
    assert headers(former().formed(batch)) == headers(batch)
    with pytest.raises(BadRequest, match=r"Copy the uploaded value to \./My/Addr: .*6AE3"):
        former(Addr=0x21).formed(Batch().copy(UPLOADS / "u", MY / "Addr", kind=(Format.CHR, "x/y")))


def test_a_copy_that_keeps_what_the_leaf_is_asks_nothing():
    asked: list[str] = []
    batch = Batch().copy(Uri(("src",)), MY / "Addr").rename(MY, "New").delete(MY)
    assert headers(former(asked, Addr=0x21).formed(batch)) == headers(batch)
    assert asked == []


def changing(store: Store, registry: Registry, answers: dict[str, str]) -> Callable[[Uri], int | None]:
    """A look at the card that finds out that somebody else has changed its registry."""

    def ask(_uri: Uri) -> None:
        store.answers |= answers
        registry.forget()

    return ask


@pytest.mark.parametrize("stays", [True, False])
def test_definitions_that_were_read_anew_in_between_are_the_same_or_gone(stays: bool):
    store = with_object()
    registry = Registry(store, {NAME: OBJECT}.get)
    ask = changing(store, registry, {} if stays else Store().answers)
    batch = Batch().add(ROOT, TREE).replace(Uri(("other",)), b"", Format.CHR, "x/y").add(MY, EXTRA)
    first = Former(registry, lambda uri: None if uri == ROOT else ask(uri))
    if stays:
        assert headers(first.formed(batch))[-1] == "8623017200"
        return
    with pytest.raises(CommandNotAllowed, match=r"Add \./My/r") as caught:
        first.formed(batch)
    assert "no longer on the card" in caught.value.__notes__[0]
