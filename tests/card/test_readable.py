"""What the card takes, the host can read: else one odd node would hide a whole tree."""

from __future__ import annotations

import pytest

from smartdm.mo.tree import Node
from smartdm.wire import TYPES, Format, Kind, Limit, Verb
from tests.card.attack import Attacker, acl_leaf, add, interior, leaf, text


def read(card: Attacker, name: str) -> Node:
    """The child of the root of that name, by way of the whole tree."""
    node = card.device.open().read().child(name)
    assert node is not None
    return node


@pytest.mark.parametrize(
    "number", [number for number in Format if number <= Format.FLOAT and number not in {Format.NODE, Format.NULL}]
)
@pytest.mark.parametrize("value", [b"", b"\x00", b"\xff\xfe", b"not a number", b"\xed\xa0\x80", b"v" * Limit.VALUE])
def test_any_bytes_are_a_value_in_any_format(card: Attacker, number: Format, value: bytes):
    card.done(add(b"", leaf(b"n", value, kind=number)))
    node = read(card, "n")
    assert (node.format, node.value) == (number.doc, value)


@pytest.mark.parametrize("raw", [b" ", b"\x00", b"a\nb", b"\x7f", b"]]>", "\ufffe".encode(), b"/", b".", b"t" * 110])
def test_any_text_is_a_title_or_a_type(card: Attacker, raw: bytes):
    card.done(add(b"", leaf(b"n", kind=Format.CHR | Kind.TITLE, meta=0x80, texts=text(raw) * 2)))
    node = read(card, "n")
    assert (node.type, node.title) == (raw.decode(), raw.decode())


@pytest.mark.parametrize("index", range(1, len(TYPES)))
def test_a_known_type_may_be_spelled_out(card: Attacker, index: int):
    known = TYPES[index].encode()
    card.done(add(b"", interior(b"S", 2), leaf(b"a", meta=0x80, texts=text(known)), leaf(b"b", meta=index)))
    assert [node.type for node in read(card, "S").children] == [TYPES[index]] * 2


@pytest.mark.parametrize("mask", range(1, 0x20))
def test_any_set_of_verbs_is_read(card: Attacker, mask: int):
    readers = bytes((Verb.GET,)) + text(b"#issuer")
    card.done(add(b"", acl_leaf(b"n", readers + bytes((mask,)) + text(b"srv"))))
    entries = [(server, verbs.value) for server, verbs in read(card, "n").acl.entries]
    assert entries == [("#issuer", Verb.GET), ("srv", mask)]


def test_who_is_named_beside_anybody_is_read_as_anybody(card: Attacker):
    card.done(add(b"", acl_leaf(b"n", bytes((Verb.GET,)) + text(b"*") + bytes((Verb.GET,)) + text(b"srv"))))
    assert str(read(card, "n").acl) == "Get=*"
