"""SCP03 on the card: whose keys open a channel, who is asking in it, and what that costs."""

from __future__ import annotations

import pytest

from smartdm.card.keys import KeySet
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import add, apdu, text
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import (
    FULL,
    HOST_CHALLENGE,
    NAME,
    SERVER,
    add_server,
    batch,
    done,
    initialize_update,
    initiate,
    is_open,
    key_set,
)
from tests.oracle.scp03 import Refused

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
