"""PUT KEY: whose keys are replaced by whom, and every way in which it can be wrong."""

from __future__ import annotations

import pytest

from smartdm.card.keys import KeySet, put_key_data
from smartdm.wire import Cla, Ins, Principal, Sw
from tests.card.attack import apdu
from tests.card.device import ISSUER, Device
from tests.card.doors import (
    NEW,
    OTHER,
    SERVER,
    add_server,
    done,
    give_keys,
    initialize_update,
    initiate,
    install_personalized,
    is_open,
    key_set,
    pin,
    put_key,
    replace_keys,
    writes,
)
from tests.oracle.scp03 import Refused

COMPONENT = 1 + 1 + 1 + 16 + 1 + 3
"""Bytes of one key of PUT KEY."""


@pytest.fixture
def servers(device: Device) -> Device:
    """A card with two servers that have keys."""
    channel = initiate(device)
    add_server(channel)
    add_server(channel, b"other", OTHER)
    return device


@pytest.mark.parametrize("size", [16, 24, 32])
def test_an_owner_replaces_his_keys_and_their_version(device: Device, size: int):
    old, new = key_set(0x31, 9, size), key_set(0x44, 8, size)
    install_personalized(device, old)
    channel = initiate(device, old)
    replace_keys(channel, old.kvn, new)
    assert is_open(channel), "the channel goes on"
    assert is_open(initiate(device, new))
    assert device.apdu(initialize_update(old)) == (b"", Sw.NO_KEY)
    with pytest.raises(Refused, match="card cryptogram"):
        initiate(device, KeySet(new.kvn, *old.keys))
    replace_keys(initiate(device, new), new.kvn, KeySet(new.kvn, *old.keys))
    assert is_open(initiate(device, KeySet(new.kvn, *old.keys)))


def test_a_server_replaces_its_own_and_the_issuer_anybodys(servers: Device):
    replace_keys(initiate(servers, SERVER), SERVER.kvn, NEW)
    channel = initiate(servers)
    replace_keys(channel, NEW.kvn, SERVER)
    replace_keys(channel, OTHER.kvn, KeySet(OTHER.kvn, *NEW.keys))
    for keys in (SERVER, KeySet(OTHER.kvn, *NEW.keys), ISSUER):
        assert is_open(initiate(servers, keys))


@pytest.mark.parametrize("victim", [ISSUER, OTHER], ids=["issuer", "another server"])
def test_a_server_replaces_nobody_elses(servers: Device, victim: KeySet):
    for dek in (SERVER.dek, victim.dek):
        channel = initiate(servers, SERVER)
        assert put_key(channel, victim.kvn, put_key_data(NEW, dek)) == (b"", Sw.NOT_ALLOWED)
        assert writes(servers.sim) == 0
    assert put_key(channel, 0, put_key_data(NEW, SERVER.dek)) == (b"", Sw.NOT_ALLOWED), "00 is the issuer's"
    assert is_open(initiate(servers, victim))


@pytest.mark.parametrize("victim", [ISSUER, OTHER], ids=["issuer", "another server"])
def test_a_server_cannot_take_the_version_of_anybody_else(servers: Device, victim: KeySet):
    """Else it would be found first, and its neighbour could not open a channel any more."""
    channel = initiate(servers, SERVER)
    taken = KeySet(victim.kvn, *NEW.keys)
    assert put_key(channel, SERVER.kvn, put_key_data(taken, SERVER.dek)) == (b"", Sw.ALREADY_EXISTS)
    for keys in (SERVER, victim):
        assert is_open(initiate(servers, keys))


def test_the_version_00_stays_the_issuers(servers: Device):
    channel = initiate(servers, SERVER)
    data = b"\x00" + put_key_data(NEW, SERVER.dek)[1:]
    assert put_key(channel, SERVER.kvn, data) == (b"", Sw.ALREADY_EXISTS)
    assert initiate(servers, KeySet(0, *ISSUER.keys)).card[10] == ISSUER.kvn


def test_of_two_key_sets_with_one_version_the_first_is_found(servers: Device):
    """Only the issuer can make this, and undo it."""
    done(initiate(servers), give_keys(b"other", KeySet(SERVER.kvn, *OTHER.keys)))
    assert is_open(initiate(servers, SERVER))
    with pytest.raises(Refused, match="card cryptogram"):
        initiate(servers, KeySet(SERVER.kvn, *OTHER.keys))
    done(initiate(servers), give_keys(b"other", OTHER))
    assert is_open(initiate(servers, OTHER))


def test_nobody_replaces_keys_outside_a_channel(servers: Device):
    data = apdu(Ins.PUT_KEY, put_key_data(NEW, SERVER.dek), SERVER.kvn, 0x81)
    assert servers.apdu(data) == (b"", Sw.NOT_ALLOWED)
    servers.open()
    servers.sim.principal(Principal.FIRST_SERVER)
    assert servers.apdu(data) == (b"", Sw.NOT_ALLOWED)
    servers.apdu(apdu(Ins.VERIFY, pin(), le=b""))
    assert servers.apdu(data) == (b"", Sw.NOT_ALLOWED)
    assert is_open(initiate(servers, SERVER))


def test_level_01_is_not_enough(device: Device):
    add_server(initiate(device), mac_only=True)
    channel = initiate(device, SERVER, 0x01)
    assert put_key(channel, SERVER.kvn, put_key_data(NEW, SERVER.dek)) == (b"", Sw.NOT_ALLOWED)
    replace_keys(initiate(device, SERVER, 0x03), SERVER.kvn, NEW)
    assert is_open(initiate(device, NEW, 0x01)), "what level will do is kept"


def test_the_holder_has_no_keys_to_replace(device: Device):
    channel = initiate(device)
    assert put_key(channel, 0x7F, put_key_data(NEW, ISSUER.dek)) == (b"", Sw.NO_KEY)


GOOD = put_key_data(NEW, SERVER.dek)


def changed(at: int, value: int) -> bytes:
    """The right data with another byte."""
    return GOOD[:at] + bytes((value,)) + GOOD[at + 1 :]


WRONG = {
    **{
        f"check value {number}": changed(number * COMPONENT + 20 + byte, 0xA5) for number in range(3) for byte in (1, 3)
    },
    **{f"key {number}": changed(number * COMPONENT + 10, 0xA5) for number in range(3)},
    "type": changed(1, 0x80),
    "type of the last": changed(1 + 2 * COMPONENT, 0x89),
    "no length": changed(2, 0),
    "length that is too short": changed(2, 0x10),
    "length of another kind of key": changed(2, 0x21),
    "length that goes beyond the data": changed(2, 0xFF),
    "size of another kind of key": changed(3, 24),
    "size 0": changed(3, 0),
    "no check value": changed(COMPONENT - 3, 0),
    "check value that is too long": changed(COMPONENT - 3, 4),
    "another DEK": put_key_data(NEW, ISSUER.dek),
    "keys of another length": put_key_data(key_set(NEW.kvn, 5, 32), SERVER.dek),
    "more behind the last key": GOOD + b"\x00",
    "another key behind the last key": GOOD + GOOD[-COMPONENT:],
    "one key of 176 bytes": GOOD[:2] + bytes((177, 16)) + bytes(177) + b"\x03" + bytes(3) + GOOD[-20:],
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_wrong_data_change_nothing(servers: Device, data: bytes):
    channel = initiate(servers, SERVER)
    answer, sw = put_key(channel, SERVER.kvn, data)
    assert (answer, sw in {Sw.BAD_ELEMENT, Sw.TRUNCATED}) == (b"", True)
    assert writes(servers.sim) == 0
    assert is_open(channel)
    assert is_open(initiate(servers, SERVER))


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_data_that_are_cut_short_change_nothing(servers: Device, length: int):
    channel = initiate(servers, SERVER)
    expected = {Sw.WRONG_LENGTH} if length < 67 else {Sw.BAD_ELEMENT, Sw.TRUNCATED}
    sw = channel.send(Cla.PLAIN, Ins.PUT_KEY, SERVER.kvn, 0x81, GOOD[:length])[1]
    assert sw in expected
    assert writes(servers.sim) == 0
