"""The frame of a command: class, instruction, P1 and P2, lengths.  ISO 7816-4 5.1 and 5.4, docs/card-commands.md."""

from __future__ import annotations

import pytest

from smartdm.errors import TransportError
from smartdm.wire import APPLET_AID, RULES, Cla, Guard, Ins, Principal, Sw
from tests.card.attack import OPTIONS, READ_ALL, Attacker, apdu, assert_sw, delete, text
from tests.card.channels import CLOSED, MANAGE, is_elsewhere
from tests.card.device import SELECT, THROUGH_PCSC

DATA = {Ins.BATCH: b"\x00" + OPTIONS, Ins.READ: b"\x00", Ins.READ_NEXT: b""}
SWITCH = {Ins.BATCH: Sw.OK, Ins.READ: Sw.OK, Ins.READ_NEXT: Sw.NO_CURSOR}
OTHERS = {rule.ins: bytes(rule.min_lc) for rule in RULES if rule.guard is Guard.PRINCIPAL and rule.ins not in DATA}
"""What else is for somebody: instruction -> data."""


def raw(cla: int, ins: int, p1: int = 0, p2: int = 0, rest: bytes = b"") -> bytes:
    return bytes((cla, ins, p1, p2)) + rest


# Class.


@pytest.mark.parametrize("ins", DATA)
def test_every_class_but_ours_is_unknown(card: Attacker, ins: Ins):
    before = card.tree()
    chained = Sw.OK if ins is Ins.BATCH else Sw.NOT_CHAINABLE
    for cla in range(256):
        unknown = CLOSED if is_elsewhere(cla) else Sw.CLA_UNKNOWN
        mine = {Cla.PLAIN: SWITCH[ins], Cla.PLAIN | Cla.CHAIN: chained}
        mine |= {int(cla | Cla.SECURE): Sw.NOT_ALLOWED for cla in mine}  # there is no secure channel
        expected = mine.get(cla, unknown)
        assert_sw(card.device.apdu(apdu(ins, DATA[ins], cla=cla))[1], expected)
        if expected == Sw.NOT_ALLOWED:
            card.device.open()  # nobody is asking any more
        if cla == Cla.PLAIN | Cla.CHAIN and ins is Ins.BATCH:
            assert_sw(card.part(b"", 1)[1], Sw.WRONG_LENGTH)  # ends the chain: a part holds something
    assert card.tree() == before
    card.works()


@pytest.mark.parametrize("bits", [Cla.SECURE, 0x08, 0x0C, 0x01, 0x02, Cla.CHANNEL])
def test_secure_messaging_without_a_channel_and_logical_channels_are_not_ignored(card: Attacker, bits: int):
    before = card.tree()
    data = b"\x00" + OPTIONS + delete(b"A")
    expected = CLOSED if bits & Cla.CHANNEL else Sw.NOT_ALLOWED if bits == Cla.SECURE else Sw.CLA_UNKNOWN
    assert_sw(card.device.apdu(apdu(Ins.BATCH, data, cla=Cla.PLAIN | bits))[1], expected)
    assert_sw(card.device.apdu(apdu(Ins.BATCH, data, cla=Cla.PLAIN | Cla.CHAIN | bits))[1], expected)
    card.device.open()
    assert card.tree() == before


# Instruction.


def test_every_instruction_but_ours_is_unknown(card: Attacker):
    before = card.tree()
    for ins in sorted(set(range(256)) - set(Ins)):
        for command in (raw(0x80, ins), raw(0x80, ins, rest=b"\x00"), apdu(ins, b"\x00" + OPTIONS + delete(b"A"))):
            assert_sw(card.device.apdu(command)[1], Sw.INS_UNKNOWN)
    assert card.tree() == before
    card.works()


def test_interindustry_commands_are_left_to_the_card(card: Attacker):
    before = card.tree()
    for ins in sorted(set(range(256)) - {0xA4, MANAGE}):
        assert_sw(card.device.apdu(raw(0x00, ins, rest=b"\x00"))[1], Sw.CLA_UNKNOWN)
    assert card.tree() == before


# P1 and P2.


@pytest.mark.parametrize(("p1", "p2"), [(0, 1), (1, 0), (0, 0x80), (0x80, 0), (0xFF, 0xFF)])
def test_batch_has_no_parameters(card: Attacker, p1: int, p2: int):
    before = card.tree()
    assert_sw(card.device.apdu(apdu(Ins.BATCH, b"\x00" + OPTIONS + delete(b"A"), p1, p2))[1], Sw.WRONG_P1P2)
    assert card.tree() == before
    card.works()


def test_read_takes_any_levels_and_0_or_1_in_p2(card: Attacker):
    for byte in range(256):
        data, sw = card.device.apdu(apdu(Ins.READ, text(b"A/x"), byte, 0))
        assert_sw(sw, Sw.OK)
        assert data.endswith(b"\x011")
        # 01 wants a generation behind the URI.
        expected = {0: Sw.OK, 1: Sw.WRONG_LENGTH}.get(byte, Sw.WRONG_P1P2)
        assert_sw(card.device.apdu(apdu(Ins.READ, text(b"A/x"), 0, byte))[1], expected)


def test_read_next_takes_one_pair_of_parameters_only(card: Attacker):
    for p1 in (0, 1, 0x7F, 0x80, 0xFE, 0xFF):
        for p2 in range(256):
            data, sw = card.device.apdu(apdu(Ins.READ, b"\x00", 0xFF, le=b"\x40"))
            assert_sw(sw, Sw.MORE)
            right = (p1, p2) == (data[3], 1)
            assert (card.device.apdu(apdu(Ins.READ_NEXT, b"", p1, p2))[1] != Sw.NO_CURSOR) == right


# Lengths.


@pytest.mark.parametrize("ins", [Ins.BATCH, Ins.READ])
@pytest.mark.parametrize(
    "rest", [b"", b"\x00", b"\x01", b"\x05", b"\x7f", b"\x80", b"\xff"], ids=lambda rest: f"Le {rest.hex() or 'absent'}"
)
def test_a_command_that_needs_data_and_has_none_is_refused(card: Attacker, ins: Ins, rest: bytes):
    assert_sw(card.device.apdu(raw(0x80, ins, rest=rest))[1], Sw.WRONG_LENGTH)
    card.works()


def test_a_part_with_nothing_but_its_number_is_refused(card: Attacker):
    for last in (True, False):
        assert_sw(card.part(b"", 0, last=last)[1], Sw.WRONG_LENGTH)
        card.works()


@pytest.mark.parametrize(
    "data",
    [b"\x01", b"\x02A", b"\x01AB", b"\x00A", b"\xff", b"\xffA", b"\x80", b"\x7f" + b"A" * 128, b"\xfe" + b"A" * 253],
)
def test_read_data_is_one_uri_and_nothing_else(card: Attacker, data: bytes):
    assert_sw(card.device.apdu(apdu(Ins.READ, data))[1], Sw.WRONG_LENGTH)
    card.works()


@pytest.mark.parametrize("ins", [*Ins, 0xA4])
def test_extended_length_is_not_offered(card: Attacker, ins: int):
    before = card.tree()
    data = OPTIONS + delete(b"A")
    cla = 0x00 if ins == 0xA4 else 0x80
    for size in (1, 255, 256, 300, 0x7FFF):
        body = (b"\x00" + data + b"\x00" * size)[:size]
        for le in (b"", b"\x00\x00", b"\x01\x00"):
            command = raw(cla, ins, 0x04 if ins == 0xA4 else 0, rest=b"\x00" + size.to_bytes(2) + body + le)
            assert_sw(card.device.apdu(command)[1], Sw.WRONG_LENGTH)
    assert_sw(card.device.apdu(raw(cla, ins, rest=b"\x00\x01\x00"))[1], Sw.WRONG_LENGTH)
    card.device.open()
    assert card.tree() == before


@pytest.mark.skipif(THROUGH_PCSC, reason="the reader answers it")
@pytest.mark.parametrize("rest", [b"\x05AAAA", b"\x02AAAA", b"\x00\x00\x02A", b"\x00\x01"])
def test_what_is_no_command_never_reaches_the_card(card: Attacker, rest: bytes):
    before = card.tree()
    with pytest.raises(TransportError, match="malformed APDU"):
        card.device.apdu(raw(0x80, Ins.BATCH, rest=rest))
    assert card.tree() == before


@pytest.mark.parametrize(
    "le", [b"", b"\x00", b"\x01", b"\x04", b"\x10", b"\xff"], ids=lambda le: f"Le {le.hex() or 'absent'}"
)
def test_an_answer_comes_whole_whatever_its_parts(card: Attacker, le: bytes):
    whole = card.tree()
    data, sw = card.device.apdu(READ_ALL[:-1] + le)
    parts = 1
    while sw == Sw.MORE:
        more, sw = card.device.apdu(apdu(Ins.READ_NEXT, p1=data[3], p2=parts, le=le))
        assert more
        data, parts = data + more, parts + 1
    assert_sw(sw, Sw.OK)
    assert data == whole
    assert (parts == 1) == (le in {b"", b"\x00", b"\xff"})


@pytest.mark.parametrize("le", [b"", b"\x00", b"\x01", b"\x04", b"\xff"])
def test_a_refusal_tells_its_cause_whatever_the_le(card: Attacker, le: bytes):
    data, sw = card.device.apdu(apdu(Ins.BATCH, b"\x00" + OPTIONS + delete(b"none"), le=le))
    assert_sw(sw, Sw.BATCH_FAILED)
    assert data == b"\x00\x01" + Sw.NOT_FOUND.to_bytes(2)


# Who asks, and SELECT.


@pytest.mark.parametrize("ins", [*DATA, *OTHERS])
def test_nothing_runs_for_nobody(card: Attacker, ins: Ins):
    before = card.tree()
    card.device.open(Principal.NOBODY)
    data = b"\x00" + OPTIONS + delete(b"A") if ins is Ins.BATCH else (DATA | OTHERS)[ins]
    for cla in (Cla.PLAIN, Cla.PLAIN | Cla.CHAIN):
        assert_sw(card.device.apdu(apdu(ins, data, cla=cla))[1], Sw.NOT_ALLOWED)
    card.device.open()
    assert card.tree() == before


def test_select_shuts_the_door(card: Attacker):
    assert_sw(card.device.apdu(SELECT)[1], Sw.OK)
    assert_sw(card.device.apdu(READ_ALL)[1], Sw.NOT_ALLOWED)


def test_a_select_of_others_or_in_another_form_does_nothing(card: Attacker):
    before = card.tree()
    other = bytes.fromhex("A000000003000000")
    for command in (
        raw(0x00, 0xA4, 0x04, 0x00, text(other) + b"\x00"),
        raw(0x00, 0xA4, 0x00, 0x00, text(b"\x3f\x00")),
        raw(0x00, 0xA4, 0x02, 0x00, text(APPLET_AID)),
        raw(0x00, 0xA4, 0x04, 0x02, text(APPLET_AID)),
        raw(0x80, 0xA4, 0x04, 0x00, text(APPLET_AID)),
    ):
        assert card.device.apdu(command)[1] in {Sw.CLA_UNKNOWN, Sw.INS_UNKNOWN}
    assert card.tree() == before
