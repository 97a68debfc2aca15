"""SCP03 on the card against the session of a real card: keys, cryptograms and commands, byte for byte."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from smartdm.card.keys import KeySet
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, apdu
from tests.card.device import SELECT, Device
from tests.card.doors import (
    FULL,
    WITHOUT_MAC,
    initialize_update,
    initiate,
    install,
    install_personalized,
    key_set,
    keys_parameter,
    reopen,
)
from tests.oracle.scp03 import Initiator, Refused, state

# A session of a real card (pySim's test data): its static keys, both challenges, and what was sent.
VECTOR = KeySet(0x30, bytes(range(0x10)), bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30)))
VECTOR_HOST, VECTOR_CARD = bytes.fromhex("fdf38259a1e0de44"), bytes.fromhex("3b1aca81e821f219")
VECTOR_CRYPTOGRAM = bytes.fromhex("081cdc01c26b372d")
VECTOR_AUTHENTICATE = bytes.fromhex("84823300108c36f96bcc00724a4e13ad591d7da3f0")
VECTOR_WRAPPED = bytes.fromhex("84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00")
VECTOR_SESSION_KEYS = (
    bytes.fromhex("bc5689f3a0b783a9ed6da1c5c6bc1f99"),
    bytes.fromhex("0415f56cbb9e488bb171b2b66081f004"),
    bytes.fromhex("1ee185123244e047bc9d68b914bd1fbe"),
)
"""S-ENC, S-MAC, S-RMAC."""


def check_value(key: bytes) -> bytes:
    """Of an AES key (GlobalPlatform Card Specification 2.3.1, B.6)."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(b"\x01" * 16)[:3]


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


@pytest.mark.parametrize("signature", [True, False], ids=["MAC of the card", "MAC by blocks"])
def test_the_session_keys_on_the_card_are_those_of_a_real_card(device: Device, signature: bool):
    """By their check values, as the card tells no key; the first of its key objects is for keys as they are stored."""
    vector(device, signature=signature)
    told = device.sim.check_values()
    assert len(told) == 4
    assert told[1:] == [check_value(key) for key in VECTOR_SESSION_KEYS]
    assert device.apdu(VECTOR_AUTHENTICATE) == (b"", Sw.OK)
    assert device.sim.check_values()[1:] == told[1:], "derived once for a channel"
    device.apdu(VECTOR_WRAPPED)
    assert device.sim.check_values()[1:] == told[1:]


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_session_keys_are_as_long_as_the_static_ones(device: Device, size: int):
    """By the derivation that the second initiator has made for itself."""
    keys = key_set(0x31, 9, size)
    install_personalized(device, keys)
    session = initiate(device, keys).state
    expected = [check_value(key) for key in (session.enc, session.mac, session.rmac)]
    assert device.sim.check_values()[1:] == expected
    assert len({len(session.enc), len(session.mac), len(session.rmac), size}) == 1


def test_session_keys_are_there_from_the_cryptogram_to_the_end_of_the_channel(device: Device):
    device.apdu(SELECT)
    assert [held for _, held in device.sim.transient_keys()] == [False] * 4
    device.apdu(initialize_update())
    assert device.sim.transient_keys() == [(16, True)] * 4
    device.apdu(apdu(Ins.READ, b"\x00"))
    assert [held for _, held in device.sim.transient_keys()] == [False] * 4


def test_before_personalization_a_channel_is_for_one_command(device: Device):
    channel = install(device, VECTOR)
    for ins, data in ((Ins.READ, b"\x00"), (Ins.BATCH, b"\x00" + OPTIONS), (Ins.PUT_KEY, bytes(67))):
        assert channel.send(Cla.PLAIN, ins, 0x30, 0, data)[1] == Sw.NOT_PERSONALIZED
    assert device.apdu(apdu(Ins.VERIFY, le=b""))[1] == Sw.NOT_PERSONALIZED
    with pytest.raises(Refused, match="6a86"):
        reopen(device, VECTOR, 0x01)
