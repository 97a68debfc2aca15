"""Threat 19, the other direction: an answer in parts is read in order, once, and only while nothing else happens."""

from __future__ import annotations

import pytest

from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import (
    OPTIONS,
    READ_ALL,
    Attacker,
    add,
    apdu,
    assert_sw,
    delete,
    get,
    leaf,
)
from tests.card.device import SELECT, Device, parameters


@pytest.fixture
def card(card: Attacker) -> Attacker:
    """With a tree that takes several parts."""
    for name in (b"1", b"2", b"3", b"4"):
        card.done(add(b"A/B", leaf(name, name * 200)))
    return card


def begin(card: Attacker) -> int:
    """Start an answer in parts; returns the low byte of its generation."""
    data, sw = card.device.apdu(READ_ALL)
    assert_sw(sw, Sw.MORE)
    return data[3]


def go_on(card: Attacker, low: int, number: int) -> int:
    return card.device.apdu(apdu(Ins.READ_NEXT, p1=low, p2=number))[1]


@pytest.mark.parametrize(("step", "number"), [(0, 0), (0, 2), (0, 255), (1, 1), (-1, 1), (128, 1), (1, 2), (1, 0)])
def test_a_part_that_is_not_next_ends_the_answer(card: Attacker, step: int, number: int):
    low = begin(card)
    assert_sw(go_on(card, (low + step) % 256, number), Sw.NO_CURSOR)
    assert_sw(go_on(card, low, 1), Sw.NO_CURSOR)
    card.works()


def test_a_part_comes_only_once(card: Attacker):
    low = begin(card)
    assert_sw(go_on(card, low, 1), Sw.MORE)
    assert_sw(go_on(card, low, 1), Sw.NO_CURSOR)
    assert_sw(go_on(card, low, 2), Sw.NO_CURSOR)


def test_behind_the_last_part_there_is_nothing(card: Attacker):
    low, number, sw = begin(card), 0, int(Sw.MORE)
    while sw == Sw.MORE:
        number += 1
        sw = go_on(card, low, number)
    assert_sw(sw, Sw.OK)
    assert number > 2
    assert_sw(go_on(card, low, number + 1), Sw.NO_CURSOR)
    assert_sw(go_on(card, low, number), Sw.NO_CURSOR)


OTHERS = {
    "a batch that changes the tree": apdu(Ins.BATCH, b"\x00" + OPTIONS + delete(b"A")),
    "a batch that changes nothing": apdu(Ins.BATCH, b"\x00" + OPTIONS),
    "a batch that is refused": apdu(Ins.BATCH, b"\x00" + OPTIONS + delete(b"none")),
    "a part of a batch": apdu(Ins.BATCH, b"\x00" + OPTIONS, cla=Cla.PLAIN | Cla.CHAIN),
    "a part out of order": apdu(Ins.BATCH, b"\x05" + OPTIONS),
    "a READ that is answered": apdu(Ins.READ, b"\x00"),
    "a READ that is refused": apdu(Ins.READ, b"\x04none"),
    "a READ of a wrong length": apdu(Ins.READ, b"\x05"),
    "a READ with a wrong P2": apdu(Ins.READ, b"\x00", p2=1),
    "a class of others": apdu(Ins.READ, b"\x00", cla=0x00),
    "an unknown instruction": apdu(0x77),
    "GET RESPONSE": bytes.fromhex("00C0000000"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_any_other_command_ends_the_answer(card: Attacker, other: str):
    low = begin(card)
    card.device.apdu(OTHERS[other])
    sw = go_on(card, low, 1)
    assert sw == (Sw.CHAIN_BROKEN if other == "a part of a batch" else Sw.NO_CURSOR), f"{sw:04X}"
    assert_sw(go_on(card, low, 1), Sw.NO_CURSOR)


@pytest.mark.parametrize("event", ["select", "power cycle"])
def test_select_and_reset_end_the_answer(card: Attacker, event: str):
    low = begin(card)
    if event == "select":
        assert_sw(card.device.apdu(SELECT)[1], Sw.OK)
        assert_sw(go_on(card, low, 1), Sw.NOT_ALLOWED)
        card.device.open()
    else:
        card.device.power_cycle()
    assert_sw(go_on(card, low, 1), Sw.NO_CURSOR)


def test_read_next_cannot_be_chained(card: Attacker):
    low = begin(card)
    chained = apdu(Ins.READ_NEXT, p1=low, p2=1, cla=Cla.PLAIN | Cla.CHAIN)
    assert_sw(card.device.apdu(chained)[1], Sw.NOT_CHAINABLE)
    assert_sw(go_on(card, low, 1), Sw.MORE)


def test_the_answer_of_a_batch_is_read_on_like_any_other(card: Attacker):
    whole = card.tree()
    data, sw = card.batch(get(b"", 0xFF), get(b"A/x"))
    number = 0
    while sw == Sw.MORE:
        number += 1
        more, sw = card.device.apdu(apdu(Ins.READ_NEXT, p1=data[3], p2=number))
        data += more
    assert_sw(sw, Sw.OK)
    assert data.startswith(whole)
    assert data[len(whole) :].endswith(b"\x01x\x011")


def test_an_answer_of_more_than_255_parts_is_read_to_its_end(device: Device):
    session = device.new(parameters(arena=32))
    value = b"v" * 200
    for number in range(80):
        session.apply(Batch().add(ROOT, Node(f"{number:03d}", Format.BIN, value)))
    batch = Batch()
    for _ in range(8):
        batch.get(ROOT)
    nodes = session.apply(batch)
    assert [node.count() for node in nodes] == [81] * 8
    assert session.read(Uri(("007",))).value == value
