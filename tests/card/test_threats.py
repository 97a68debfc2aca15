"""Threats 16 to 18 by number: the commit buffer, allocation, lengths that lie.  19 is in test_threat_19_*.py."""

from __future__ import annotations

import pytest

from smartdm.wire import Command, Ins, Sw
from tests.card.attack import (
    READ_ALL,
    Attacker,
    add,
    apdu,
    assert_sw,
    attacker,
    delete,
    get,
    interior,
    leaf,
    rename,
    replace,
)
from tests.card.device import SELECT, Device

EVERY_COMMAND = (
    add(b"A", interior(b"S", 2), leaf(b"a", b"v" * 60), leaf(b"b")),
    replace(b"L", b"w" * 40),
    rename(b"A/S", b"T"),
    delete(b"A/B"),
    get(b"A", 0xFF),
)


@pytest.fixture
def card(device: Device) -> Attacker:
    return attacker(device)


def test_threat_16_no_commit_needs_more_than_the_smallest_real_buffer(device: Device):
    device.sim.commit_limit(128)
    card = attacker(device)
    assert_sw(card.run(*EVERY_COMMAND), Sw.OK)
    assert card.device.sim.counters().total.largest <= 128


def test_threat_17_nothing_is_allocated_after_install(card: Attacker):
    for command in (SELECT, READ_ALL, apdu(Ins.READ_NEXT, p1=1, p2=1), apdu(0x77)):
        card.device.apdu(command)
    card.device.open()
    card.run(*EVERY_COMMAND)
    card.run(delete(b"none"))
    card.part(b"\xff" * 200, 7)
    assert card.device.sim.counters().total.allocations == 0


def lengths() -> list[tuple[str, bytes]]:
    """A batch for each field with a length: what stands before the length, the rest of the part being of one byte."""
    return [
        ("a URI", bytes((Command.DELETE,))),
        ("a name", bytes((Command.ADD, 0x00, 0x03, 0x00))),
        ("a Type", bytes((Command.ADD, 0x00, 0x03, 0x80, 0x01)) + b"n"),
        ("a Title", bytes((Command.ADD, 0x00, 0x23, 0x00, 0x01)) + b"n"),
        ("an ACL", bytes((Command.ADD, 0x00, 0x43, 0x00, 0x01)) + b"n"),
        ("an id in an ACL", bytes((Command.ADD, 0x00, 0x43, 0x00, 0x01)) + b"n\x7f\x01"),
        ("a value", bytes((Command.ADD, 0x00, 0x03, 0x00, 0x01)) + b"n"),
        ("a count", bytes((Command.ADD, 0x00, 0x05, 0x00, 0x01)) + b"n"),
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
