"""Values that come from elsewhere, in pieces or by a definition: forms that are forbidden."""

from __future__ import annotations

import pytest

from smartdm.wire import DEFINITION_ID_HIGH, Format, Kind, Sw
from smartdm.wire import Node as Fixed
from tests.card.attack import Attacker, add, delete, leaf, node, replace, source, sourced, text


def test_pieces_come_in_an_add_only(card: Attacker):
    card.refused(Sw.VALUE_TOO_LARGE, replace(b"L", b"")[:-1] + b"\xff")
    card.refused(Sw.VALUE_TOO_LARGE, replace(b"L", b"")[:-1] + b"\xff\x00")
    card.refused(Sw.TOO_WIDE, add(b"", node(b"n", b"\xff\xf1", Format.BIN)))
    card.refused(Sw.TRUNCATED, add(b"", node(b"n", b"\xff\x01", Format.BIN)))
    card.done(add(b"", node(b"n", b"\xff\x00", Format.BIN)))


def test_a_value_from_a_source_needs_one(card: Attacker):
    card.refused(Sw.NO_SOURCE, sourced(replace(b"L", b"")))
    card.refused(Sw.NO_SOURCE, sourced(add(b"", leaf(b"n"))))
    card.refused(Sw.NO_SOURCE, source(b"A/x") + delete(b"A/B") + sourced(replace(b"L", b"")))
    card.refused(Sw.NOT_LEAF, source(b"A"))
    card.done(source(b"A/x") + sourced(replace(b"L", b"")))


@pytest.mark.parametrize("kind", [*range(0x0B, 0x0F), Format.NODE, Format.NULL, 0x43, 0x83, 0xF3, 0xFF])
def test_a_copy_makes_no_format_that_cannot_be(card: Attacker, kind: int):
    card.refused(Sw.BAD_FORMAT, source(b"A/x") + sourced(replace(b"L", b"", kind=kind)))
    if kind < Kind.TSTAMP and kind != Format.NODE:
        card.refused(Sw.BAD_FORMAT, source(b"A/x") + sourced(add(b"", leaf(b"n", kind=kind))))
        card.refused(Sw.BAD_FORMAT, add(b"", node(b"n", b"\xff\x00", kind)))


@pytest.mark.parametrize("kind", range(0x80, 0x90))
@pytest.mark.parametrize("meta", [0, 1, 2, 3, 7, 12, 13, 0x40, 0x80, 0xFF])
def test_what_is_no_definition_defines_nothing(card: Attacker, kind: int, meta: int):
    if kind & DEFINITION_ID_HIGH == 0 and meta == Fixed.KEYS:
        meta = Fixed.ID
    fields = (text(b"n") if kind & Kind.OWN_NAME else b"") + (b"\x01\x01" if kind & Kind.OWN_TYPE else b"")
    card.refused(Sw.NOT_DEFINED, add(b"", bytes((kind, meta)) + fields + b"\x00"))
