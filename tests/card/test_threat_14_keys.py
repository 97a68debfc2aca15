"""Threat 14: keys and accounts are not blocked by anybody; failures write nothing."""

from __future__ import annotations

import pytest

from smartdm.wire import Ins, Sw
from tests.card.attack import OPTIONS, apdu
from tests.card.device import SELECT, Device
from tests.card.doors import SERVER, add_server, batch, initiate, is_open, put_key


@pytest.fixture(autouse=True)
def selected(device: Device):
    device.apdu(SELECT)


def test_threat_14_no_failures_block_a_key(device: Device):
    add_server(initiate(device))
    for attempt in range(60):
        keys = SERVER.kvn if attempt % 2 else 0
        device.apdu(apdu(Ins.INITIALIZE_UPDATE, bytes(8), keys))
        device.apdu(apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), 0x33, cla=0x84, le=b""))
        device.apdu(apdu(Ins.READ, bytes(24), cla=0x84))
        if attempt % 20 == 19:
            device.link.reset()
            device.apdu(SELECT)
    assert device.sim.counters().since_read.points > 0
    for keys in (0x31, SERVER.kvn):
        device.link.reset()
        device.apdu(SELECT)
        assert device.apdu(apdu(Ins.INITIALIZE_UPDATE, bytes(8), keys))[1] == Sw.OK
    assert is_open(initiate(device))
    assert is_open(initiate(device, SERVER))


def test_threat_14_failures_write_nothing(device: Device):
    device.sim.counters()
    for attempt in range(20):
        device.apdu(apdu(Ins.INITIALIZE_UPDATE, bytes(8), attempt % 2 * 0x31))
        device.apdu(apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), (0x33, 0x03, 0x00)[attempt % 3], cla=0x84, le=b""))
        device.apdu(apdu(Ins.BATCH, bytes(24), cla=0x84))
        device.apdu(apdu(Ins.BATCH, b"\x00" + OPTIONS))
        device.apdu(apdu(Ins.TERMINATE, le=b""))
        device.apdu(apdu(Ins.PUT_KEY, bytes(80), 0x31, 0x81))
        device.apdu(apdu(Ins.PERSONALIZE, bytes(80)))
    assert device.sim.counters().since_read.points == 0


def test_threat_14_a_wrong_key_of_put_key_can_be_sent_for_ever(device: Device):
    channel = initiate(device)
    for _ in range(50):
        assert put_key(channel, 0x31, bytes(67))[1] == Sw.BAD_ELEMENT
    assert batch(channel)[1] in {Sw.OK, Sw.BATCH_FAILED}
    assert is_open(channel)
