"""Threat 19: each way in which the parts of a batch can fail to come as agreed.

Whatever happens, a part is never taken for commands of its own, and a batch happens whole or not at all.
"""

from __future__ import annotations

import pytest

from smartdm.wire import APPLET_AID, Cla, Ins, Option, Sw
from tests.card.attack import (
    GENERATION_SIZE,
    OPTIONS,
    READ_ALL,
    Attacker,
    add,
    apdu,
    assert_sw,
    delete,
    get,
    interior,
    leaf,
    options,
    replace,
    text,
)
from tests.card.device import SELECT

# The first part adds a leaf whose value goes on in the next.

FIRST = OPTIONS + add(b"", leaf(b"N", b""))[:-1] + b"\x1e" + b"v" * 10
SECOND = b"v" * 10
THIRD = b"v" * 10 + delete(b"L")
PARTS = (FIRST, SECOND, THIRD)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([(0, FIRST), (2, THIRD)], id="one is missing"),
        pytest.param([(0, FIRST), (2, THIRD), (1, SECOND)], id="swapped"),
        pytest.param([(0, FIRST), (0, FIRST)], id="first doubled"),
        pytest.param([(0, FIRST), (1, SECOND), (1, SECOND)], id="second doubled"),
        pytest.param([(0, FIRST), (1, SECOND), (0, SECOND)], id="number starts again"),
        pytest.param([(0, FIRST), (1, SECOND), (3, THIRD)], id="number is skipped"),
        pytest.param([(0, FIRST), (1, SECOND), (0xFF, THIRD)], id="number far off"),
        pytest.param([(1, SECOND)], id="begins with the second"),
        pytest.param([(0xFF, FIRST)], id="begins with FF"),
        pytest.param([(1, FIRST)], id="begins with 1"),
    ],
)
def test_threat_19_parts_out_of_order_end_the_batch(card: Attacker, order: list[tuple[int, bytes]]):
    before = card.tree()
    *good, (number, data) = order
    bad = len(good)
    for step, (sent, piece) in enumerate(good):
        sw = card.part(piece, sent, last=False)[1]
        if sw != Sw.OK:
            bad = step
            assert_sw(sw, Sw.CHAIN_BROKEN)
    if bad == len(good):
        assert_sw(card.part(data, number)[1], Sw.CHAIN_BROKEN)
    for sent, piece in enumerate(PARTS[1:], 1):
        assert_sw(card.part(piece, sent, last=piece is THIRD)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == before
    card.works()


INTRUDERS = {
    "READ": READ_ALL,
    "READ NEXT": apdu(Ins.READ_NEXT, p1=2, p2=1),
    "an unknown instruction": apdu(0x77),
    "an unknown class": apdu(Ins.READ, b"\x00", cla=0x00),
    "a chained READ": apdu(Ins.READ, b"\x00", cla=Cla.PLAIN | Cla.CHAIN),
    "GET RESPONSE": bytes.fromhex("00C0000000"),
    "an extended READ": bytes.fromhex("8031FF00000001000000"),
}

OTHERWISE = {
    "an extended READ": {Sw.CHAIN_BROKEN, Sw.WRONG_LENGTH},
    "an unknown class": {Sw.CLA_UNKNOWN},
    "GET RESPONSE": {Sw.CLA_UNKNOWN},
}
"""Whose status word is another than 6883; the batch is dropped all the same."""


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_threat_19_another_command_between_parts_ends_the_batch(card: Attacker, intruder: str):
    before = card.tree()
    for sent in (1, 2):
        for number in range(sent):
            assert_sw(card.part(PARTS[number], number, last=False)[1], Sw.OK)
        sw = card.device.apdu(INTRUDERS[intruder])[1]
        assert sw in OTHERWISE.get(intruder, {Sw.CHAIN_BROKEN})
        if "extended" not in intruder:
            assert_sw(card.part(PARTS[sent], sent, last=False)[1], Sw.CHAIN_BROKEN)
        assert_sw(card.device.apdu(SELECT)[1], Sw.OK)
        card.device.open()
        assert card.tree() == before
    card.works()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(apdu(Ins.BATCH, b"\x01" + SECOND, p2=1), id="P2"),
        pytest.param(apdu(Ins.BATCH, b"\x01" + SECOND, cla=0x88), id="class"),
        pytest.param(apdu(Ins.BATCH, b"\x01"), id="empty part"),
        pytest.param(apdu(Ins.BATCH), id="no data"),
    ],
)
def test_threat_19_a_part_in_a_wrong_frame_ends_the_batch(card: Attacker, wrong: bytes):
    before = card.tree()
    card.part(FIRST, last=False)
    assert card.device.apdu(wrong)[1] in {Sw.WRONG_P1P2, Sw.CLA_UNKNOWN, Sw.WRONG_LENGTH}
    assert_sw(card.part(SECOND, 1, last=False)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == before
    card.works()


@pytest.mark.parametrize("event", ["select", "power cycle"])
def test_threat_19_select_or_reset_between_parts_forgets_the_batch(card: Attacker, event: str):
    before = card.tree()
    card.part(FIRST, last=False)
    card.part(SECOND, 1, last=False)
    if event == "select":
        card.device.open()
    else:
        card.device.power_cycle()
    assert_sw(card.part(THIRD, 2)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == before
    card.works()


def test_threat_19_a_part_left_over_is_never_run_as_commands(card: Attacker):
    """The second part of the refused batch is, byte for byte, a batch of its own that deletes everything."""
    evil = OPTIONS + delete(b"A") + delete(b"L")
    first = OPTIONS + delete(b"none") + add(b"", leaf(b"N", b""))[:-1] + bytes((len(evil),))
    assert_sw(card.verdict(*card.part(evil)), Sw.OK)
    card.device.new()
    card.done(add(b"", interior(b"A")), add(b"", leaf(b"L")))
    before = card.tree()
    assert_sw(card.verdict(*card.part(first, 0, last=False)), Sw.NOT_FOUND)
    for number in range(1, 256):
        assert_sw(card.part(evil, number)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == before
    card.works()


def test_threat_19_a_value_that_holds_a_batch_stays_a_value(card: Attacker):
    evil = delete(b"A") + OPTIONS + delete(b"L")
    first = OPTIONS + add(b"", leaf(b"N", b""))[:-1] + bytes((len(evil),))
    assert_sw(card.parts([first, evil, get(b"N")]), Sw.OK)
    data, _ = card.device.apdu(apdu(Ins.READ, text(b"N")))
    assert data.endswith(evil)
    assert_sw(card.run(get(b"A"), get(b"A/x")), Sw.OK)


def test_threat_19_part_numbers_go_on_behind_ff(card: Attacker):
    before = card.tree()
    values = [b"%03d" % number for number in range(600)]
    assert_sw(card.part(OPTIONS, 0, last=False)[1], Sw.OK)
    for count, value in enumerate(values[:-1], 1):
        assert_sw(card.part(replace(b"L", value), (count - 1) % 255 + 1, last=False)[1], Sw.OK)
    data, sw = card.part(replace(b"L", values[-1]) + get(b"L"), 599 % 255 + 1)
    assert_sw(sw, Sw.OK)
    assert data.endswith(b"\x03" + values[-1])
    assert card.tree() != before


def test_threat_19_the_number_behind_ff_is_1_and_not_0(card: Attacker):
    before = card.tree()
    for wrong in (0, 2, 0xFF):
        card.part(OPTIONS, 0, last=False)
        for number in range(1, 256):
            assert_sw(card.part(replace(b"L"), number, last=False)[1], Sw.OK)
        assert_sw(card.part(OPTIONS + delete(b"L"), wrong)[1], Sw.CHAIN_BROKEN)
        assert card.tree() == before


def test_threat_19_a_chain_without_end_uses_nothing_up(card: Attacker):
    free = card.device.open().info.free
    before = card.tree()
    card.part(OPTIONS, 0, last=False)
    for count in range(2000):
        assert_sw(card.part(replace(b"L", b"v" * 200), count % 255 + 1, last=False)[1], Sw.OK)
    assert card.device.open().info.free == free
    assert card.tree() == before
    card.works()


def test_threat_19_two_batches_that_cross_do_not_mix(card: Attacker):
    other = (OPTIONS + delete(b"A"), replace(b"L", b"other"))
    before = card.tree()
    assert_sw(card.part(FIRST, 0, last=False)[1], Sw.OK)
    assert_sw(card.part(other[0], 0, last=False)[1], Sw.CHAIN_BROKEN)
    for number, data in ((1, SECOND), (1, other[1]), (2, THIRD)):
        assert_sw(card.part(data, number)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == before
    assert_sw(card.parts(list(other)), Sw.OK)


def test_threat_19_a_batch_whose_answer_was_lost_is_not_run_twice(card: Attacker):
    generation = card.tree()[1 : 1 + GENERATION_SIZE]
    once = options(Option.ATOMIC | Option.IF_GENERATION, generation) + add(b"A", leaf(b"N"))
    assert_sw(card.verdict(*card.part(once)), Sw.OK)
    after = card.tree()
    assert_sw(card.verdict(*card.part(once)), Sw.CONFLICT)
    assert_sw(card.verdict(*card.part(once[:-1] + b"\x05", last=False)), Sw.CONFLICT)
    assert card.tree() == after


def test_threat_19_the_last_part_alone_is_not_run_again(card: Attacker):
    assert_sw(card.parts(list(PARTS)), Sw.OK)
    after = card.tree()
    assert_sw(card.part(THIRD, 2)[1], Sw.CHAIN_BROKEN)
    assert card.tree() == after


def test_threat_19_an_applet_name_in_a_batch_selects_nothing(card: Attacker):
    assert_sw(card.part(FIRST, last=False)[1], Sw.OK)
    assert_sw(card.device.apdu(apdu(0xA4, APPLET_AID, p1=4))[1], Sw.CHAIN_BROKEN)
    card.works()
