"""SCP03 on the card: every length of keys, every level, chains and answers, and what ends a channel."""

from __future__ import annotations

import pytest

from smartdm.card.keys import KeySet
from smartdm.card.secrecy import key_value
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, get, leaf, server, text
from tests.card.device import ISSUER, KDD, SELECT, Device
from tests.card.doors import (
    FULL,
    SERVER,
    WITHOUT_MAC,
    add_server,
    batch,
    closed,
    done,
    initialize_update,
    initiate,
    install_personalized,
    is_open,
    key_set,
    writes,
)
from tests.oracle.scp03 import Refused

LEVELS = {0x01, 0x03, 0x33}
SIZES = (16, 24, 32)


READ_PLAIN = apdu(Ins.READ, b"\x00")


# Keys and levels


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0x03, 0x33])
@pytest.mark.parametrize("signature", [True, False], ids=["MAC of the card", "MAC by blocks"])
def test_a_second_initiator_works_with_keys_of_each_length(device: Device, size: int, level: int, signature: bool):
    keys = key_set(0x31, 9, size)
    device.sim.without(*([] if signature else [WITHOUT_MAC]))
    install_personalized(device, keys)
    device.sim.without()
    channel = initiate(device, keys, level)
    assert channel.card[:11] == KDD + b"\x31"
    assert device.sim.transient_keys() == [(size, True)] * 4
    for length in (1, 14, 15, 16, 17, 100, 200):
        value = bytes(range(length))
        done(channel, add(b"", leaf(b"n%d" % length, value)))
        data, sw = channel.send(Cla.PLAIN, Ins.READ, 0, 0, text(b"n%d" % length))
        assert (sw, data[-length:]) == (Sw.OK, value)


def test_the_data_that_diversify_keys_are_those_of_the_personalization(device: Device):
    answers = set()
    for seed in (b"1", b"2"):
        device.sim.seed_random(seed)
        device.new()
        answers.add(device.apdu(initialize_update())[0][:10])
    assert answers == {KDD}


@pytest.mark.parametrize("mac_only", [False, True])
def test_level_01_is_for_the_key_sets_that_allow_it(device: Device, mac_only: bool):
    add_server(initiate(device), mac_only=mac_only)
    if mac_only:
        assert is_open(initiate(device, SERVER, 0x01))
    else:
        with pytest.raises(Refused, match="6a86"):
            initiate(device, SERVER, 0x01)
    with pytest.raises(Refused, match="6a86"):
        initiate(device, ISSUER, 0x01)
    for level in (0x03, 0x33):
        assert is_open(initiate(device, SERVER, level))


def test_every_other_level_is_refused(device: Device):
    add_server(initiate(device), mac_only=True)
    for level in set(range(0x100)) - LEVELS:
        with pytest.raises(Refused, match="6a86"):
            initiate(device, SERVER, level)
        assert writes(device.sim) == 0
    assert is_open(initiate(device, SERVER, FULL))


def test_a_channel_of_level_01_is_read_by_anybody_and_changes_no_principal(device: Device):
    """Even the issuer's, if his keys allowed it: what anybody can read is not where keys are told."""
    mac_only = replace_self(device)
    channel = initiate(device, mac_only, 0x01)
    assert batch(channel, server(b"x"))[1] == Sw.OK
    for ins, data in ((Ins.TERMINATE, b""), (Ins.PUT_KEY, bytes(67))):
        p1, p2 = (mac_only.kvn, 0x81) if ins == Ins.PUT_KEY else (0, 0)
        assert channel.send(Cla.PLAIN, ins, p1, p2, data)[1] == Sw.NOT_ALLOWED
    assert is_open(channel)


def replace_self(device: Device) -> KeySet:
    """The issuer lets himself open channels of level 01."""
    channel = initiate(device)
    issuer = bytes.fromhex("c2") + text(b"?/Srv/#issuer") + b"\x0f\x00" + text(key_value(ISSUER, mac_only=True))
    assert channel.send(Cla.PLAIN, Ins.BATCH, data=b"\x00" + OPTIONS + issuer)[1] == Sw.OK
    return ISSUER


# Chains and long answers


@pytest.mark.parametrize("level", [0x03, 0x33])
def test_each_part_of_a_chain_is_wrapped_by_itself_and_long_answers_go_on(device: Device, level: int):
    channel = initiate(device, level=level)
    values = [bytes((at,)) * 200 for at in range(6)]
    parts = [OPTIONS, *(add(b"", leaf(b"n%d" % at, value)) for at, value in enumerate(values)), get(b"", 1)]
    for number, data in enumerate(parts[:-1]):
        chained = Cla.PLAIN | Cla.CHAIN
        assert channel.send(chained, Ins.BATCH, data=bytes((number,)) + data) == (b"", Sw.OK)
    stream, sw = channel.send(Cla.PLAIN, Ins.BATCH, data=bytes((len(parts) - 1,)) + parts[-1])
    number = 0
    while sw == Sw.MORE:
        assert len(stream) - len(stream) // 239 * 239 < 239 or level != FULL
        number += 1
        more, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT, stream[3], number)
        assert more
        stream += more
    assert (sw, number) == (Sw.OK, 5 if level == FULL else 4)
    assert all(value in stream for value in values)
    assert len(device.link.transmit(READ_PLAIN)) == 2


def test_an_answer_of_level_33_fits_one_response(device: Device):
    sent: list[bytes] = []
    channel = initiate(device)
    done(channel, add(b"", leaf(b"n", bytes(224))))
    done(channel, add(b"", leaf(b"m", bytes(224))))

    def transmit(command: bytes) -> bytes:
        sent.append(device.link.transmit(command))
        return sent[-1]

    channel.transmit = transmit
    plain, sw = channel.send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")
    assert (len(plain), sw) == (239, Sw.MORE)
    assert len(sent[0]) == 240 + 8 + 2


def test_an_unwrapped_part_ends_chain_and_channel(device: Device):
    channel = initiate(device)
    chained = Cla.PLAIN | Cla.CHAIN
    assert channel.send(chained, Ins.BATCH, data=b"\x00" + OPTIONS)[1] == Sw.OK
    part = b"\x01" + add(b"", leaf(b"evil"))
    assert device.apdu(apdu(Ins.BATCH, part))[1] == Sw.NOT_ALLOWED
    assert channel.send(Cla.PLAIN, Ins.BATCH, data=part)[1] in {Sw.NOT_ALLOWED, Sw.CHAIN_BROKEN}
    closed(device, channel)
    assert b"evil" not in initiate(device).send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[0]


# What ends a channel

PLAIN = {
    "READ": READ_PLAIN,
    "an empty batch": apdu(Ins.BATCH, b"\x00" + OPTIONS),
    "READ NEXT": apdu(Ins.READ_NEXT),
    "VERIFY": apdu(Ins.VERIFY, le=b""),
    "an unknown instruction": apdu(0x77),
    "an unknown class": apdu(Ins.READ, b"\x00", cla=0x00),
    "another unknown class": bytes.fromhex("A0A40000023F00"),
    "INITIALIZE UPDATE": initialize_update(),
    "EXTERNAL AUTHENTICATE": apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), FULL, cla=0x84, le=b""),
    "plain EXTERNAL AUTHENTICATE": apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), FULL, le=b""),
    "no data under secure messaging": apdu(Ins.READ_NEXT, cla=0x84),
    "a MAC that is too short": apdu(Ins.READ, bytes(7), cla=0x84),
    "an unknown instruction under secure messaging": apdu(0x77, bytes(8), cla=0x84),
    "SELECT": SELECT,
}


@pytest.mark.parametrize("command", PLAIN)
@pytest.mark.parametrize("level", [0x03, 0x33])
def test_a_plain_command_ends_the_channel(device: Device, command: str, level: int):
    channel = initiate(device, level=level)
    assert is_open(channel)
    device.link.transmit(PLAIN[command])
    closed(device, channel)


def test_a_refused_command_does_not_end_the_channel(device: Device):
    channel = initiate(device)
    for header, expected in (
        ((Cla.PLAIN, 0x77, 0, 0), Sw.INS_UNKNOWN),
        ((Cla.PLAIN, Ins.READ, 0, 0x80, b"\x00"), Sw.WRONG_P1P2),
        ((Cla.PLAIN, Ins.READ, 0, 0, text(b"none")), Sw.NOT_FOUND),
        ((Cla.PLAIN, Ins.READ_NEXT, 1, 1), Sw.NO_CURSOR),
        ((Cla.PLAIN | Cla.CHAIN, Ins.READ, 0, 0, b"\x00"), Sw.NOT_CHAINABLE),
        ((Cla.PLAIN, Ins.READ), Sw.WRONG_LENGTH),
        ((Cla.PLAIN, Ins.PERSONALIZE, 0, 0, bytes(80)), Sw.NO_CURSOR),
    ):
        assert channel.send(*header) == (b"", expected)
        assert is_open(channel)
