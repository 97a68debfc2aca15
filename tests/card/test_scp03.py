"""SCP03 on the card: the vector of a real card, every length of keys, every level, and a second initiator."""

from __future__ import annotations

import pytest

from smartdm.card.keys import KeySet
from smartdm.card.secrecy import key_value
from smartdm.transport.sim import Algorithm
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, get, leaf, server, text
from tests.card.device import ISSUER, KDD, SELECT, Device
from tests.card.doors import (
    FULL,
    HOST_CHALLENGE,
    NAME,
    SERVER,
    add_server,
    batch,
    closed,
    done,
    initialize_update,
    initiate,
    install,
    install_personalized,
    is_open,
    key_set,
    keys_parameter,
    reopen,
    writes,
)
from tests.oracle.scp03 import Initiator, Refused, state

# A session of a real card (pySim's test data): its static keys, both challenges, and what was sent.
VECTOR = KeySet(0x30, bytes(range(0x10)), bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30)))
VECTOR_HOST, VECTOR_CARD = bytes.fromhex("fdf38259a1e0de44"), bytes.fromhex("3b1aca81e821f219")
VECTOR_CRYPTOGRAM = bytes.fromhex("081cdc01c26b372d")
VECTOR_AUTHENTICATE = bytes.fromhex("84823300108c36f96bcc00724a4e13ad591d7da3f0")
VECTOR_WRAPPED = bytes.fromhex("84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00")

LEVELS = {0x01, 0x03, 0x33}
SIZES = (16, 24, 32)
WITHOUT_MAC = (Algorithm.SIGNATURE, 18)
"""ALG_AES_MAC_128_NOPAD: without it, MACs are made block by block."""


def vector(device: Device, *, signature: bool = True) -> bytes:
    """A card with the vector's keys, asked for its cryptogram with the vector's challenges."""
    device.sim.without(*([] if signature else [WITHOUT_MAC]))
    device.sim.new_card(keys_parameter(VECTOR))
    device.sim.without()
    assert device.apdu(SELECT)[1] == Sw.OK
    device.sim.give_random(VECTOR_CARD)
    data, sw = device.apdu(apdu(Ins.INITIALIZE_UPDATE, VECTOR_HOST, VECTOR.kvn))
    assert sw == Sw.OK
    return data


# The vector


@pytest.mark.parametrize("signature", [True, False], ids=["MAC of the card", "MAC by blocks"])
def test_the_session_of_a_real_card_is_the_same_byte_for_byte(device: Device, signature: bool):
    answer = vector(device, signature=signature)
    assert answer[10:13] == bytes((0x30, 0x03, 0x60))
    assert answer[13:] == VECTOR_CARD + VECTOR_CRYPTOGRAM
    assert device.apdu(VECTOR_AUTHENTICATE) == (b"", Sw.OK)
    # The instruction is none of ours, which is told only behind a good MAC; and the channel goes on.
    assert device.apdu(VECTOR_WRAPPED) == (b"", Sw.INS_UNKNOWN)
    session = state(VECTOR.enc, VECTOR.mac, VECTOR_HOST, VECTOR_CARD)
    session.level = FULL
    session.command_mac(0x84, 0x82, FULL, 0, session.host_cryptogram)
    session.command_mac(0x84, 0xE2, 0x91, 0, VECTOR_WRAPPED[5:21])
    session.counter = 1
    channel = Initiator(device.link.transmit, session, VECTOR.dek, answer)
    assert channel.send(Cla.PLAIN, Ins.TERMINATE) == (b"", Sw.NOT_PERSONALIZED)
    assert channel.send(0x80, 0xE2, 0x91, 0, bytes.fromhex("BF3E035C015A")) == (b"", Sw.INS_UNKNOWN)


@pytest.mark.parametrize("place", [5, 12, 20, 21, 28])
def test_one_wrong_bit_in_the_command_of_a_real_card_closes_the_channel(device: Device, place: int):
    vector(device)
    assert device.apdu(VECTOR_AUTHENTICATE) == (b"", Sw.OK)
    wrong = bytearray(VECTOR_WRAPPED)
    wrong[place] ^= 1
    assert device.apdu(bytes(wrong)) == (b"", Sw.NOT_ALLOWED)
    assert device.apdu(VECTOR_WRAPPED) == (b"", Sw.NOT_ALLOWED)


@pytest.mark.parametrize("place", range(5, 21))
def test_one_wrong_bit_in_external_authenticate_is_refused(device: Device, place: int):
    vector(device)
    wrong = bytearray(VECTOR_AUTHENTICATE)
    wrong[place] ^= 0x80
    assert device.apdu(bytes(wrong)) == (b"", Sw.NOT_ALLOWED)
    assert device.apdu(VECTOR_AUTHENTICATE) == (b"", Sw.NO_CURSOR)


def test_session_keys_are_there_from_the_cryptogram_to_the_end_of_the_channel(device: Device):
    device.apdu(SELECT)
    assert [held for _, held in device.sim.transient_keys()] == [False] * 4
    device.apdu(initialize_update())
    assert device.sim.transient_keys() == [(16, True)] * 4
    device.apdu(READ_PLAIN)
    assert [held for _, held in device.sim.transient_keys()] == [False] * 4


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


# Which keys


def test_the_version_says_whose_keys(device: Device):
    channel = initiate(device)
    add_server(channel)
    add_server(channel, b"other", key_set(0x42, 2))
    for keys in (ISSUER, SERVER, key_set(0x42, 2)):
        assert initiate(device, keys).card[10] == keys.kvn
    assert initiate(device, KeySet(0, *ISSUER.keys)).card[10] == ISSUER.kvn
    for kvn in {*range(1, 0x100)} - {ISSUER.kvn, SERVER.kvn, 0x42}:
        assert device.apdu(apdu(Ins.INITIALIZE_UPDATE, HOST_CHALLENGE, kvn)) == (b"", Sw.NO_KEY)
    with pytest.raises(Refused, match="card cryptogram"):
        initiate(device, KeySet(SERVER.kvn, *ISSUER.keys))


def test_a_server_is_who_its_keys_say(device: Device):
    channel = initiate(device)
    add_server(channel)
    add_server(channel, b"other", key_set(0x42, 2))
    for name, keys in ((NAME, SERVER), (b"other", key_set(0x42, 2))):
        done(initiate(device, keys), add(b"", bytes.fromhex("0500") + text(b"of-" + name) + b"\x00"))
    stream, sw = initiate(device).send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")
    assert sw == Sw.OK
    assert NAME in stream
    assert b"other" in stream
    assert batch(initiate(device, SERVER), bytes.fromhex("c3") + text(b"of-other"))[0][2:] == b"\x69\x82"


def test_a_server_that_was_removed_opens_nothing_any_more(device: Device):
    channel = initiate(device)
    add_server(channel)
    done(channel, bytes.fromhex("c3") + text(b"?/Srv/" + NAME))
    assert device.apdu(initialize_update(SERVER)) == (b"", Sw.NO_KEY)


def test_initialize_update_writes_nothing_whoever_sends_it(device: Device):
    add_server(initiate(device))
    device.sim.counters()
    for number in range(50):
        device.apdu(initialize_update(SERVER if number % 2 else ISSUER, bytes((number,)) * 8))
        device.apdu(apdu(Ins.INITIALIZE_UPDATE, bytes(8), 0x7E))
    assert device.sim.counters().since_read.points == 0


def test_sixteen_failures_stop_channels_until_the_next_reset_and_no_longer(device: Device):
    sw = [0] * 17
    for at in range(17):
        sw[at] = device.apdu(initialize_update())[1]
        device.apdu(apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), FULL, cla=0x84, le=b""))
    assert sw == [Sw.OK] * 16 + [Sw.NO_CURSOR]
    device.apdu(SELECT)
    assert device.apdu(initialize_update())[1] == Sw.NO_CURSOR, "selecting again gives no attempts back"
    device.link.reset()
    assert is_open(initiate(device))


def test_before_personalization_a_channel_is_for_one_command(device: Device):
    channel = install(device, VECTOR)
    for ins, data in ((Ins.READ, b"\x00"), (Ins.BATCH, b"\x00" + OPTIONS), (Ins.PUT_KEY, bytes(67))):
        assert channel.send(Cla.PLAIN, ins, 0x30, 0, data)[1] == Sw.NOT_PERSONALIZED
    assert device.apdu(apdu(Ins.VERIFY, le=b""))[1] == Sw.NOT_PERSONALIZED
    with pytest.raises(Refused, match="6a86"):
        reopen(device, VECTOR, 0x01)
