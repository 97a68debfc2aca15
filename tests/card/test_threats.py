"""Threats 16 to 18 by number: the commit buffer, allocation, lengths that lie.  Others are in test_threat_*.py."""

from __future__ import annotations

import pytest

from smartdm.wire import Command, Format, Ins, Sw
from tests.card.attack import (
    OPTIONS,
    READ_ALL,
    Attacker,
    acl,
    add,
    apdu,
    assert_sw,
    attacker,
    definition,
    delete,
    get,
    interior,
    leaf,
    node,
    rename,
    replace,
    server,
    source,
    sourced,
    title,
)
from tests.card.device import SELECT, Device

EVERY_COMMAND = (
    add(b"A", interior(b"S", 2), leaf(b"a", b"v" * 60), leaf(b"b")),
    replace(b"L", b"w" * 40),
    acl(b"A/S", b"\x1f\x03srv\x1f\x07#issuer"),
    title(b"L", b"a title"),
    source(b"A/x"),
    sourced(add(b"", leaf(b"copy"))),
    server(b"another"),
    add(b"?", definition(b"d", b"\x01", Format.NODE), definition(b"k", b"\x03a/b", Format.CHR)),
    add(b"?/Up", node(b"u", b"\xff\x00", Format.BIN)),
    add(b"?/Up/u", leaf(b"", b"p" * 100, kind=Format.BIN)),
    source(b"?/Up/u"),
    sourced(replace(b"copy", b"", kind=Format.BIN)),
    delete(b"?/Srv/srv"),
    delete(b"?/d"),
    rename(b"A/S", b"T"),
    delete(b"A/B"),
    get(b"A", 0xFF),
)
PARTS = [OPTIONS + b"".join(EVERY_COMMAND[:6]), *EVERY_COMMAND[6:]]


def test_threat_16_no_commit_needs_more_than_the_smallest_real_buffer(device: Device):
    device.sim.commit_limit(128)
    card = attacker(device)
    assert_sw(card.parts(PARTS), Sw.OK)
    assert card.device.sim.counters().total.largest <= 128


def test_threat_17_nothing_is_allocated_after_install(card: Attacker):
    for command in (SELECT, READ_ALL, apdu(Ins.READ_NEXT, p1=1, p2=1), apdu(0x77)):
        card.device.apdu(command)
    card.device.open()
    card.parts(PARTS)
    card.run(delete(b"none"))
    card.part(b"\xff" * 200, 7)
    assert card.device.sim.counters().total.allocations == 0


def lengths() -> list[tuple[str, bytes]]:
    """A batch for each field with a length: what stands before the length, the rest of the part being of one byte."""
    return [
        ("a URI", bytes((Command.DELETE,))),
        ("a number of subtrees", bytes((Command.ADD, 0x00))),
        ("a name", bytes((Command.ADD, 0x00, 0x01, 0x03, 0x00))),
        ("a Type", bytes((Command.ADD, 0x00, 0x01, 0x03, 0x80, 0x01)) + b"n"),
        ("a Title", bytes((Command.ADD, 0x00, 0x01, 0x23, 0x00, 0x01)) + b"n"),
        ("an ACL", bytes((Command.ADD, 0x00, 0x01, 0x43, 0x00, 0x01)) + b"n"),
        ("an id in an ACL", bytes((Command.ADD, 0x00, 0x01, 0x43, 0x00, 0x01)) + b"n\x7f\x01"),
        ("a new ACL", bytes((Command.ACL, 0x01)) + b"L"),
        ("an id in a new ACL", bytes((Command.ACL, 0x01)) + b"L\x40\x1f\x01*\x01"),
        ("a new Title", bytes((Command.TITLE, 0x01)) + b"L"),
        ("a source", bytes((Command.SOURCE,))),
        ("the name of a definition", bytes((Command.ADD, 0x01)) + b"?\x01\x05\x40"),
        ("the types of a definition", bytes((Command.ADD, 0x01)) + b"?\x01\x03\x40\x01d\x3f\x00\x02"),
        ("the number of a definition", bytes((Command.ADD, 0x00, 0x01, 0x86))),
        ("a number of pieces", bytes((Command.ADD, 0x00, 0x01, 0x01, 0x00, 0x01)) + b"n\xff"),
        ("a piece", bytes((Command.ADD, 0x06)) + b"?/Up/u\x01\x01\x00\x00"),
        ("a server", bytes((Command.ADD, 0x05)) + b"?/Srv\x01\x03\x00"),
        ("a value", bytes((Command.ADD, 0x00, 0x01, 0x03, 0x00, 0x01)) + b"n"),
        ("a count", bytes((Command.ADD, 0x00, 0x01, 0x05, 0x00, 0x01)) + b"n"),
        ("a new value", bytes((Command.REPLACE, 0x01)) + b"L\x0f\x00"),
        ("a new Type", bytes((Command.REPLACE, 0x01)) + b"L\x03\x80"),
        ("a new name", bytes((Command.RENAME, 0x01)) + b"L"),
    ]


@pytest.mark.parametrize(("field", "start"), lengths(), ids=[field for field, _ in lengths()])
@pytest.mark.parametrize("filler", [0x00, 0x01, 0x41, 0x7F, 0x80, 0xC3, 0xFF], ids="{:02X}".format)
def test_threat_18_any_length_in_any_field_is_answered(card: Attacker, field: str, start: bytes, filler: int):
    kept = card.device.sim.snapshot()
    for length in range(256):
        for size in (0, 1, 130, 250 - len(start)):
            verdict = card.run(start + bytes((length,)) + bytes((filler,)) * size)
            assert Sw.find(verdict) is not None, f"{field}: {verdict:04X} {card.device.sim.last_failure()}"
            if verdict == Sw.OK:
                card.device.sim.restore(kept)
                card.device.open()
    card.works()
