"""The registry: what it reads, when it reads it, and the form that it gives to nodes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from smartdm.card.batch import Batch
from smartdm.card.forms import Former
from smartdm.card.place import REGISTRY, SERVERS, UPLOADS, Place, server_place
from smartdm.card.registry import Registry
from smartdm.codec import packed
from smartdm.errors import BadRequest, CardError, CommandNotAllowed, UriError, WireError
from smartdm.mo.acl import check_id, server_id_of
from smartdm.mo.definition import ZERO_OR_MORE, Access, Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from tests.unit.test_packed_definitions import pre_order

ADDR = Definition("Addr", Format.CHR, Access.GET, ("text/plain", "a/b"), "Address")
KEY = Definition("Key", Format.BIN)
ANY = Definition(
    "", Format.NODE, children=(Definition("P", Format.INT, types=("text/plain",)),), occurrence=ZERO_OR_MORE
)
OPEN = Definition("Ext", Format.NODE)
OBJECT = Definition("X", Format.NODE, Access.GET, ("urn:x",), "The X", children=(ADDR, KEY, ANY, OPEN))
NAME = packed.digest(OBJECT)
HEAD = "06 000009 "
OWN = (
    "0002 0000 05 00 03 537276 00  0003 0000 05 00 02 5570 00"
    "0007 0000 01 40 03 4B6579 10 00 00 00 00  0008 0001 0E 00 02 4964"
)
"""What is in the registry of every card: Srv, Up, the definition Key, and Id, which is withheld."""


class Store:
    """Answers READ from a table and notes what was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers = {
            "?": HEAD + "0001 0000 05 00 00 04 0002 0003 0007 0008" + OWN,
            "?/Srv": HEAD + "0002 0000 05 00 03 537276 01 0009  0009 0000 03 00 05 612532466200" + " 00"[3:],
            **answers,
        }
        self.asked: list[str] = []

    def read(self, uri: Place, levels: int | None = None, since: int | None = None) -> bytes:
        assert (levels, since) in {(1, 0), (None, None)}
        self.asked.append(str(uri))
        return bytes.fromhex(self.answers[str(uri)])


def with_object(first: int = 0x20) -> Store:
    """A card that holds OBJECT."""
    name = NAME.encode().hex()
    kids = "".join(f"{first + 1 + at:04X}" for at in range(4))
    root = f"{first:04X} 0000 25 C0 10 {name} 08 00 00 00 05 75726E3A78 05 5468652058 04 {kids}"
    return Store(**{
        "?": HEAD + f"0001 0000 05 00 00 05 0002 0003 0007 0008 {first:04X}" + OWN + root,
        f"?/{NAME}": "02 000009" + pre_order(OBJECT, NAME).hex(),
    })  # fmt: skip


def test_nothing_is_read_until_it_is_needed():
    store = with_object()
    registry = Registry(store)
    assert registry.known.servers == {4: "*", 5: "#issuer", 6: "#holder"}
    assert registry.missing_servers(["*", "#issuer"]) == []
    assert store.asked == []
    assert registry.missing_servers(["a/b", "new", "*"]) == ["new"]
    assert registry.missing_servers(["new"]) == ["new"]
    assert store.asked == ["?/Srv"]


def test_a_known_digest_gives_all_ids_without_reading_the_definition():
    store = with_object()
    registry = Registry(store, {NAME: OBJECT}.get)
    assert [root.definition for root in registry.roots.values()] == [OBJECT]
    assert {number: inner.name for number, inner in registry.known.definitions.items()} == {
        7: "Key", 0x20: "X", 0x21: "Addr", 0x22: "Key", 0x23: "", 0x24: "Ext", 0x25: "P",
    }  # fmt: skip
    assert store.asked == ["?"]


def test_the_definition_of_secrets_is_that_of_every_card_and_no_object():
    store = with_object()
    registry = Registry(store, {NAME: OBJECT}.get)
    secret = {7: Definition("Key", Format.BIN, Access.REPLACE)}
    assert registry.known.definitions == secret
    assert list(registry.roots) == [0x20]
    registry.forget()
    assert registry.known.definitions == secret
    assert store.asked == ["?"]


def test_an_unknown_definition_is_read_from_the_card():
    store = with_object()
    registry = Registry(store)
    (root,) = registry.roots.values()
    assert root.digest == NAME == packed.digest(root.definition)
    assert root.definition.children[0] == ADDR
    assert store.asked == ["?", f"?/{NAME}"]


def test_a_definition_that_was_just_loaded_is_not_read_back():
    store = with_object()
    registry = Registry(store)
    registry.remember(OBJECT)
    assert registry.by_mo_id("urn:x") is not None
    assert store.asked == ["?"]


def test_the_definition_of_a_node_follows_from_that_of_its_parent():
    registry = Registry(with_object(), {NAME: OBJECT}.get)
    assert registry.roots
    assert [registry.below(0x20, name) for name in ("Addr", "Ext", "anything")] == [0x21, 0x24, 0x23]
    assert [registry.below(0x23, name) for name in ("P", "Q")] == [0x25, None]
    assert (registry.below(0x24, "P"), registry.below(0x99, "P")) == (None, None)


@pytest.mark.parametrize(("least", "first"), [(0x10, 0x26), (0x80, 0x80)])
def test_ids_of_definitions_to_come_are_foreseen_behind_those_that_are_there(least: int, first: int):
    registry = Registry(with_object(), {NAME: OBJECT}.get)
    others = [Definition(name, Format.NODE, types=(f"urn:{name}",), children=(ADDR,)) for name in "yz"]
    later = registry.foreseen(others, least)
    assert list(later.roots) == [0x20, first, first + 2]
    assert list(registry.roots) == [0x20]


def test_an_id_in_an_answer_makes_it_read_again():
    store = with_object()
    registry = Registry(store, {NAME: OBJECT}.get)
    registry.learn(packed.UnknownId(0x25, "definition", 0))
    registry.learn(packed.UnknownId(9, "server", 0))
    assert (registry.known.definitions[0x25].name, registry.known.servers[9]) == ("P", "a/b")
    with pytest.raises(WireError, match="names server 10"):
        registry.learn(packed.UnknownId(10, "server", 0))
    with pytest.raises(WireError, match="names definition 38"):
        registry.learn(packed.UnknownId(0x26, "definition", 0))
    assert store.asked == ["?", "?/Srv", "?/Srv", "?"]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("?", "02 000009 0000 05 00 00 00"),
        ("?", HEAD),
        ("?", HEAD + "0001 0000 05 00 00 01 0002"),
        ("?", HEAD + "0001 0000 05 00 00 00 0002 0000 05 00 03 537276 00"),
        ("?/Srv", HEAD + "0002 0000 05 00 03 537276 02 0009 000A 0009 0000 03 00 01 41 00"),
        ("?/Srv", HEAD + "0002 00"),
    ],
)
def test_a_registry_that_makes_no_sense_is_a_fault_of_the_card(place: str, text: str):
    registry = Registry(Store(**{place: text}))
    with pytest.raises(WireError):
        _ = registry.roots if place == "?" else registry.servers


def test_a_damaged_definition_is_a_fault_of_the_card():
    store = with_object()
    store.answers[f"?/{NAME}"] = store.answers[f"?/{NAME}"][:-2]
    with pytest.raises(WireError, match=NAME):
        _ = Registry(store).roots


# Places.


@pytest.mark.parametrize(
    ("server_id", "name"),
    [("a/b", "a%2Fb"), ("a?", "a%3F"), ("100%", "100%25"), ("a.", "a%2E"), ("a.b", "a.b"), ("*", "*")],
)
def test_a_server_has_a_name_that_a_node_can_have(server_id: str, name: str):
    assert str(server_place(server_id)) == f"?/Srv/{name}"
    assert server_id_of(name) == server_id


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("%41%2f%", "%41%2f%"),
        ("a b", "a%20b"),
        ("**", "%2A%2A"),
        ("a%2E%2F", "a%2E%2F"),
        ("ü=", "ü%3D"),
        ("a%2Eb", "a%2Eb"),
    ],
)
def test_what_is_no_name_of_a_server_is_shown_as_it_is(name: str, shown: str):
    assert server_id_of(name) == shown
    check_id(shown)


def test_hidden_places_are_beside_the_tree():
    assert (REGISTRY.wire(), SERVERS.wire(), (UPLOADS / "x").wire()) == (b"?", b"?/Srv", b"?/Up/x")
    with pytest.raises(UriError):
        UPLOADS / "a/b"
    with pytest.raises(UriError):
        Uri(("?", "Srv"))


# The form of what is added.

MY = Uri(("My",))
TREE = Node("My", Format.NODE, type="urn:x", children=(
    Node("Addr", Format.CHR, b"1", "a/b", "Address"),
    Node("q", Format.NODE, children=(Node("P", Format.INT, b"2", "text/plain"),)),
    Node("Ext", Format.NODE, children=(Node("free", Format.CHR, b"3", "x/y"),)),
))  # fmt: skip


def former(**there: int) -> Former:
    registry = Registry(with_object(), {NAME: OBJECT}.get)
    assert registry.roots
    return Former(registry, lambda uri: there.get(uri.name))


def headers(batch: Batch) -> list[str]:
    return [header.hex() for header, _ in batch.elements]


def test_an_object_takes_the_form_of_its_definition():
    assert headers(former().formed(Batch().add(ROOT, TREE))) == [
        "c10001", "8620024d7903", "8821010101", "8623017101", "822401", "802501", "0380046672656503782f7901",
    ]  # fmt: skip


def test_a_node_below_a_defined_one_takes_the_form_of_its_definition():
    added = former(My=0x20).formed(Batch().add(MY, Node("r", Format.NODE)))
    assert headers(added) == ["c1024d7901", "8623017200"]
    added = former(Ext=0x24).formed(Batch().add(MY / "Ext", Node("r", Format.NODE)))
    assert headers(added) == ["c1064d792f45787401", "0500017200"]


def test_subtrees_that_come_together_take_each_its_own_form():
    other, leaf = Node("A", Format.NODE, type="urn:other"), Node("B", Format.CHR, b"1")
    formed = former().formed(Batch().add(ROOT, other, replace(TREE, children=()), leaf))
    assert headers(formed) == ["c10003", "0580014109" + b"urn:other".hex() + "00", "8620024d7900", "0300014201"]
    batch = Batch().add(ROOT, leaf, replace(TREE, children=())).add(MY, Node("r", Format.NODE))
    assert headers(former().formed(batch))[-1] == "8623017200"
    with pytest.raises(CommandNotAllowed, match=re.escape("Add ./My/q, ./My/r")) as caught:
        former(My=0x20).formed(Batch().add(MY, Node("q", Format.NODE), Node("r", Format.NODE, children=(leaf,))))
    assert any("./My/r/B: the definition on the card allows P there" in text for text in caught.value.__notes__)


def test_nodes_below_those_that_the_same_batch_adds_have_their_form_too():
    batch = Batch().add(ROOT, TREE).add(MY, Node("r", Format.NODE)).add(MY / "r", Node("P", Format.INT, b"1"))
    assert headers(former().formed(batch))[-4:] == ["c1024d7901", "8623017200", "c1044d792f7201", "802501"]
    batch = Batch().add(ROOT, TREE).add(MY / "Ext", Node("free2", Format.CHR))
    assert headers(former().formed(batch))[-1] == "030005667265653200"


def test_what_has_no_definition_stays_as_it_is():
    batch = Batch().add(ROOT, Node("A", Format.NODE, type="urn:other")).delete(MY)
    assert headers(former().formed(batch)) == headers(batch)
    plain = Batch().add(ROOT, TREE, plain=True)
    assert headers(former().formed(plain)) == headers(plain)


def test_a_leaf_that_says_nothing_takes_its_format_from_the_definition():
    adds = Batch().add(MY, Node("Key", Format.CHR, b"AP8=")).add(MY, Node("r", Format.CHR))
    formed = former(My=0x20).formed(adds)
    assert [(header.hex(), value) for header, value in formed.elements] == [
        ("c1024d7901", b""), ("802202", b"\x00\xff"), ("c1024d7901", b""), ("8623017200", b""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("node", "error", "note"),
    [
        (Node("Nix", Format.INT), BadRequest, "./My/Nix: its definition on the card says node, not int"),
        (Node("Addr", Format.INT), BadRequest, "says chr, not int"),
        (Node("Addr", Format.CHR, type="c/d"), BadRequest, "lists text/plain, a/b, not c/d"),
        (Node("Key", Format.BIN, type="image/png"), BadRequest, "lists none, not image/png"),
        (Node("Key", Format.CHR, b"no base64"), BadRequest, "must be base64"),
        (Node("r", Format.NODE, children=(Node("Q", Format.INT),)), CommandNotAllowed, "./My/r/Q: .* allows P there"),
    ],
)  # fmt: skip
def test_what_the_definition_does_not_allow_is_refused_as_the_card_would(node: Node, error: type[CardError], note: str):
    batch = Batch().delete(MY / "r").add(MY, node)
    with pytest.raises(error, match=f"Add {MY / node.name}") as caught:
        former(My=0x20).formed(batch)
    assert caught.value.index == 1
    assert any(re.search(note, text) for text in caught.value.__notes__)


@pytest.mark.parametrize(
    ("node_type", "header"), [("text/plain", "c2074d792f41646472030001"), ("a/b", "c2074d792f416464720380010101")]
)
def test_a_replace_names_the_type_by_its_place(node_type: str, header: str):
    batch = Batch().replace(MY / "Addr", b"1", Format.CHR, node_type)
    assert headers(former(Addr=0x21).formed(batch)) == [header]
    assert headers(former().formed(batch)) == headers(batch)


def test_a_replace_that_does_not_suit_is_refused():
    with pytest.raises(BadRequest, match="6AE3"):
        former(Addr=0x21).formed(Batch().replace(MY / "Addr", b"1", Format.CHR, "x/y"))
    with pytest.raises(BadRequest, match="6AD6"):
        former(Addr=0x21).formed(Batch().replace(MY / "Addr", b"1", Format.INT, "a/b"))
