"""Threat 21: of a door that was open nothing is left after a selection or a reset: keys, chain, counter, PIN."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from smartdm.card.keys import put_key_data
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, interior, leaf
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import (
    FULL,
    NEW,
    SERVER,
    add_server,
    done,
    initialize_update,
    initiate,
    is_open,
    pin,
    put_key,
    reopen,
)
from tests.oracle.scp03 import Initiator

Residue = list[tuple[int, int]]
READ = apdu(Ins.READ, b"\x00")
WRONG = apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), FULL, cla=0x84, le=b"")
FAILURES = 16
"""Attempts until the next reset: the one thing that a selection must leave."""


def select(device: Device) -> None:
    device.apdu(SELECT)


def reset(device: Device) -> None:
    device.link.reset()
    device.apdu(SELECT)


BOTH = pytest.mark.parametrize("again", [select, reset])


# What is used before


def full(device: Device) -> None:
    channel = initiate(device)
    done(channel, add(b"", leaf(b"n", b"value")))
    is_open(channel)


def plain_answers(device: Device) -> None:
    is_open(initiate(device, level=0x03))


def pending(device: Device) -> None:
    device.apdu(initialize_update())


def holder(device: Device) -> None:
    assert device.apdu(apdu(Ins.VERIFY, pin(), le=b""))[1] == Sw.OK
    device.apdu(READ)


def holder_in_channel(device: Device) -> None:
    assert initiate(device).send(Cla.PLAIN, Ins.VERIFY, 0, 0, pin())[1] == Sw.OK


def new_keys(device: Device) -> None:
    channel = initiate(device)
    add_server(channel)
    assert put_key(channel, SERVER.kvn, put_key_data(NEW, ISSUER.dek))[1] == Sw.OK


def wrong_keys(device: Device) -> None:
    assert put_key(initiate(device), ISSUER.kvn, put_key_data(NEW, SERVER.dek))[1] == Sw.BAD_ELEMENT


def new_pin(device: Device) -> None:
    assert device.apdu(apdu(Ins.CHANGE_REFERENCE_DATA, pin() + pin(b"24680"), le=b""))[1] == Sw.OK


def part_of_a_secret(device: Device) -> None:
    """In the middle of a key set that is to be a server's."""
    channel = initiate(device)
    done(channel, add(b"?/Srv", leaf(b"srv")))
    begun = bytes((0xC2, 9)) + b"?/Srv/srv" + b"\x0f\x00\x32" + bytes(range(1, 30))
    assert channel.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=b"\x00" + OPTIONS + begun) == (b"", Sw.OK)


def part_of_an_answer(device: Device) -> None:
    channel = initiate(device)
    for at in range(4):
        done(channel, add(b"", leaf(b"n%d" % at, b"\xa5" * 200)))
    assert channel.send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[1] == Sw.MORE


USES: list[Callable[[Device], None]] = [
    full, plain_answers, pending, holder, holder_in_channel, new_keys, wrong_keys, new_pin, part_of_a_secret,
    part_of_an_answer,
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_threat_21_a_selection_leaves_no_more_of_a_door_than_a_reset(device: Device, use: Callable[[Device], None]):
    use(device)
    held: Residue = device.sim.residue()
    device.apdu(SELECT)
    if use is part_of_a_secret:
        device.apdu(SELECT)  # the first one overwrote the secret, which is a commit, and so left its superblock
    left = device.sim.residue()
    assert not any(there for _, there in device.sim.transient_keys())
    device.link.reset()
    assert not any(number for _, number in device.sim.residue())
    device.apdu(SELECT)
    assert left == device.sim.residue()
    assert held != left


@pytest.mark.parametrize("use", [full, plain_answers, pending, holder_in_channel, new_keys, part_of_a_secret])
def test_threat_21_the_keys_of_a_channel_are_there_while_it_is(device: Device, use: Callable[[Device], None]):
    use(device)
    assert all(there for _, there in device.sim.transient_keys())
    device.link.reset()
    assert not any(there for _, there in device.sim.transient_keys())


@BOTH
@pytest.mark.parametrize("level", [0x03, FULL])
def test_threat_21_a_channel_is_not_resumed(device: Device, again: Callable[[Device], None], level: int):
    channel = initiate(device, level=level)
    assert is_open(channel)
    again(device)
    assert channel.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00") == (b"", Sw.NOT_ALLOWED)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


@BOTH
def test_threat_21_a_pending_channel_is_not_opened(device: Device, again: Callable[[Device], None]):
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        if command[1] == Ins.EXTERNAL_AUTHENTICATE:
            again(device)
        return device.link.transmit(command)

    device.apdu(SELECT)
    with pytest.raises(Exception, match="6985"):
        Initiator.open(transmit, ISSUER.enc, ISSUER.mac, ISSUER.dek, FULL, bytes(8))
    assert device.apdu(sent[-1])[1] == Sw.NO_CURSOR


@BOTH
def test_threat_21_a_chain_does_not_go_on_in_another_channel(device: Device, again: Callable[[Device], None]):
    first = initiate(device)
    assert first.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=b"\x00" + OPTIONS)[1] == Sw.OK
    again(device)
    second = reopen(device)
    part = b"\x01" + add(b"", interior(b"evil"))
    assert second.send(Cla.PLAIN, Ins.BATCH, data=part)[1] == Sw.CHAIN_BROKEN
    assert b"evil" not in second.send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[0]


@BOTH
def test_threat_21_an_answer_does_not_go_on_in_another_channel(device: Device, again: Callable[[Device], None]):
    part_of_an_answer(device)
    again(device)
    second = reopen(device)
    assert second.send(Cla.PLAIN, Ins.READ_NEXT, 6, 1)[1] == Sw.NO_CURSOR


@BOTH
def test_threat_21_the_holder_is_nobody_again(device: Device, again: Callable[[Device], None]):
    holder(device)
    again(device)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_21_failures_outlive_a_selection_and_not_a_reset(device: Device):
    for _ in range(FAILURES):
        device.apdu(SELECT)
        device.apdu(initialize_update())
        assert device.apdu(WRONG)[1] == Sw.NOT_ALLOWED
    device.apdu(SELECT)
    assert device.apdu(initialize_update())[1] == Sw.NO_CURSOR
    reset(device)
    assert device.apdu(initialize_update())[1] == Sw.OK
