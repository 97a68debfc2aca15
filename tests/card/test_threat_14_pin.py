"""Threat 14: tries of PIN and PUK, and what a right PIN is good for."""

from __future__ import annotations

import pytest

from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import apdu, replace
from tests.card.device import PUK, SELECT, Device
from tests.card.doors import done, initiate, is_open, pin
from tests.card.pins import (
    NEW,
    PIN_TRIES,
    PUK_TRIES,
    READ,
    STATUS,
    WRONG,
    WRONG_PUK,
    change,
    is_pin,
    left,
    puk_left,
    unblock,
    verify,
)


@pytest.fixture(autouse=True)
def selected(device: Device):
    device.apdu(SELECT)


# Tries


def test_threat_14_wrong_pins_block_it_and_the_puk_unblocks_it(device: Device):
    assert left(device) == PIN_TRIES
    assert [device.apdu(verify(WRONG))[1] for _ in range(5)] == [0x63C2, 0x63C1, *[Sw.PIN_BLOCKED] * 3]
    assert device.apdu(verify())[1] == Sw.PIN_BLOCKED, "also the right one"
    assert device.apdu(change(pin(), NEW))[1] == Sw.PIN_BLOCKED
    device.link.reset()
    device.apdu(SELECT)
    assert device.apdu(STATUS)[1] == Sw.PIN_BLOCKED
    assert device.apdu(unblock(pin(PUK), NEW))[1] == Sw.OK
    assert (left(device), is_pin(device, NEW), is_pin(device, pin())) == (PIN_TRIES, True, False)


def test_threat_14_wrong_puks_block_it_for_good(device: Device):
    told = [device.apdu(unblock(WRONG_PUK, NEW))[1] for _ in range(12)]
    assert told == [*range(0x63C9, 0x63C0, -1), *[Sw.PIN_BLOCKED] * 3]
    assert device.apdu(unblock(pin(PUK), NEW))[1] == Sw.PIN_BLOCKED
    assert device.apdu(verify())[1] == Sw.OK, "the PIN is none of its business"


def test_threat_14_the_issuer_gives_a_new_pin_and_all_tries(device: Device):
    for _ in range(PUK_TRIES):
        device.apdu(unblock(WRONG_PUK, NEW))
    for _ in range(PIN_TRIES):
        device.apdu(verify(WRONG))
    done(initiate(device), replace(b"?/Srv/#holder", NEW + pin(b"87654321")))
    device.apdu(SELECT)
    assert (left(device), puk_left(device), is_pin(device, NEW)) == (PIN_TRIES, PUK_TRIES, True)


def test_threat_14_a_right_pin_gives_the_tries_back(device: Device):
    for _ in range(20):
        assert device.apdu(verify(WRONG))[1] == 0x63C2
        assert device.apdu(verify(WRONG))[1] == 0x63C1
        assert device.apdu(verify())[1] == Sw.OK
        assert left(device) == PIN_TRIES


@pytest.mark.parametrize("place", range(8))
def test_threat_14_each_byte_counts(device: Device, place: int):
    wrong = bytearray(pin())
    wrong[place] ^= 1
    device.apdu(verify(bytes(wrong)))
    calls = device.sim.counters().last_apdu
    assert left(device) == PIN_TRIES - 1
    device.apdu(verify(WRONG))
    assert device.sim.counters().last_apdu.points == calls.points == 1, "the place of the wrong byte is not told"


@pytest.mark.parametrize("size", [*range(1, 8), *range(9, 20), 255])
def test_threat_14_other_lengths_are_refused_and_cost_nothing(device: Device, size: int):
    for ins in (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER):
        if size == 16 and ins != Ins.VERIFY:
            continue
        secret = pin(PUK) if ins == Ins.RESET_RETRY_COUNTER else pin()
        assert device.apdu(apdu(ins, (secret * 32)[:size], le=b""))[1] == Sw.WRONG_LENGTH
        assert device.sim.counters().last_apdu.points == 0
    assert (left(device), puk_left(device)) == (PIN_TRIES, PUK_TRIES)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_14_asking_for_the_tries_costs_none(device: Device):
    device.apdu(verify(WRONG))
    for _ in range(20):
        assert device.apdu(STATUS)[1] == 0x63C2
        assert device.sim.counters().last_apdu.points == 0


def test_threat_14_a_wrong_pin_takes_away_what_the_holder_had(device: Device):
    assert device.apdu(verify())[1] == Sw.OK
    assert device.apdu(READ)[1] == Sw.OK
    assert device.apdu(verify(WRONG))[1] == 0x63C2
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    device.apdu(verify())
    assert device.apdu(change(WRONG, NEW))[1] == 0x63C2
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    assert not is_pin(device, NEW)


# What the PIN is good for


def test_threat_14_the_pin_makes_the_holder(device: Device):
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    device.apdu(verify())
    assert device.apdu(READ)[1] == Sw.OK
    device.apdu(SELECT)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_14_a_pin_in_a_channel_adds_to_it_and_a_plain_one_ends_it(device: Device):
    channel = initiate(device)
    assert channel.send(Cla.PLAIN, Ins.VERIFY, 0, 0, pin())[1] == Sw.OK
    assert channel.send(Cla.PLAIN, Ins.VERIFY, 0, 0, WRONG) == (b"", 0x63C2), "with a MAC"
    assert is_open(channel)
    device.apdu(verify())
    assert device.apdu(READ)[1] == Sw.OK
    assert channel.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")[1] == Sw.NOT_ALLOWED


def test_threat_14_secure_messaging_without_a_channel_is_refused_to_the_holder_too(device: Device):
    """There is somebody who asks, and no key."""
    device.apdu(verify())
    for size in (0, 8, 16, 24):
        device.apdu(verify())
        command = apdu(Ins.READ, bytes(size), cla=0x84)
        assert device.apdu(command) == (b"", Sw.NOT_ALLOWED), device.sim.last_failure()
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
