"""Threat 20: what was gained on one logical channel is not there on another, and there is one session at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import APPLET_AID, Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, leaf
from tests.card.channels import CLOSED, MANAGE
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import HOST_CHALLENGE, initiate, is_open, kept_back, pin
from tests.card.jcardsim import simulator_folder
from tests.oracle.scp03 import Initiator

NOT_SELECTED, NO_APPLET = 0x6986, 0x6999
OPEN = apdu(MANAGE, cla=0x00, le=b"\x01")
CHANNELS = (1, 2, 3)


def select(channel: int) -> bytes:
    return bytes((channel, 0xA4, 0x04, 0x00)) + bytes((len(APPLET_AID),)) + APPLET_AID + b"\x00"


def close(channel: int) -> bytes:
    return bytes((0x00, MANAGE, 0x80, channel))


def read(channel: int = 0) -> bytes:
    return apdu(Ins.READ, b"\x00", cla=Cla.PLAIN | channel)


def verify(channel: int = 0) -> bytes:
    return apdu(Ins.VERIFY, pin(), cla=Cla.PLAIN | channel, le=b"")


def elsewhere(device: Device, channel: int) -> Initiator:
    """A secure channel on a logical channel: on the wire it is in the class byte, under the MAC it is not."""
    assert device.apdu(select(channel))[1] == Sw.OK

    def transmit(command: bytes) -> bytes:
        return device.link.transmit(bytes((command[0] | channel,)) + command[1:])

    return Initiator.open(transmit, ISSUER.enc, ISSUER.mac, ISSUER.dek, 0x33, HOST_CHALLENGE, ISSUER.kvn)


@pytest.mark.parametrize("channel", CHANNELS)
def test_threat_20_the_applet_works_on_each_channel(device: Device, channel: int):
    device.link.reset()
    there = elsewhere(device, channel)
    data = b"\x00" + OPTIONS + add(b"", leaf(b"n", b"v"))
    assert there.send(Cla.PLAIN, Ins.BATCH, data=data) == (b"", Sw.OK)
    assert is_open(there)
    assert device.apdu(read(channel))[1] == Sw.NOT_ALLOWED
    assert device.apdu(verify(channel))[1] == Sw.OK
    assert device.apdu(read(channel))[1] == Sw.OK


@pytest.mark.parametrize("channel", CHANNELS)
def test_threat_20_the_applet_is_selected_once(device: Device, channel: int):
    session = initiate(device)
    assert device.apdu(select(channel)) == (b"", NO_APPLET)
    assert device.apdu(read(channel)) == (b"", NO_APPLET)
    assert device.apdu(verify(channel)) == (b"", NO_APPLET)
    assert is_open(session), "and the session there goes on"


@pytest.mark.parametrize("channel", CHANNELS)
def test_threat_20_the_other_way_round_it_is_the_same(device: Device, channel: int):
    device.link.reset()
    there = elsewhere(device, channel)
    assert device.apdu(SELECT) == (b"", NO_APPLET)
    assert device.apdu(read()) == (b"", NOT_SELECTED)
    assert is_open(there)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("door", ["PIN", "SCP03"])
def test_threat_20_a_right_does_not_go_along_to_another_channel(device: Device, channel: int, door: str):
    device.link.reset()
    opened = None
    if door == "PIN":
        device.apdu(select(channel))
        assert device.apdu(verify(channel))[1] == Sw.OK
        assert device.apdu(read(channel))[1] == Sw.OK
    else:
        opened = elsewhere(device, channel)
    other = channel % 3 + 1
    for foreign in (0, other):
        assert device.apdu(read(foreign))[1] in {NOT_SELECTED, CLOSED}
    assert device.apdu(close(channel))[1] == Sw.OK
    assert not any(held for _, held in device.sim.transient_keys())
    for again in (0, channel, other):
        device.apdu(select(again))
        assert device.apdu(read(again))[1] == Sw.NOT_ALLOWED
        if opened:
            assert opened.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")[1] in {Sw.NOT_ALLOWED, CLOSED, NO_APPLET}
        if again:
            device.apdu(close(again))
        else:
            device.link.reset()


def test_threat_20_a_wrapped_command_on_another_channel_is_not_run(device: Device):
    channel = initiate(device)
    sent: list[bytes] = []
    channel.transmit = kept_back(sent)
    channel.send(Cla.PLAIN, Ins.BATCH, data=b"\x00" + OPTIONS + add(b"", leaf(b"evil")))
    for number in CHANNELS:
        moved = bytes((sent[0][0] | number,)) + sent[0][1:]
        assert device.apdu(moved)[1] == CLOSED
    assert device.apdu(OPEN) == (b"\x01", Sw.OK)
    assert device.apdu(bytes((sent[0][0] | 1,)) + sent[0][1:])[1] == NO_APPLET
    assert device.apdu(sent[0])[1] == Sw.OK, "nothing of that was seen by the session"


@pytest.mark.parametrize("how", ["close", "select nothing", "reset"])
def test_threat_20_nothing_survives_the_end_of_a_selection(device: Device, how: str):
    device.link.reset()
    there = elsewhere(device, 1)
    assert there.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=b"\x00" + OPTIONS)[1] == Sw.OK
    if how == "close":
        device.apdu(close(1))
    elif how == "reset":
        device.link.reset()
    else:
        device.apdu(select(1))
    device.apdu(select(1))
    assert there.send(Cla.PLAIN, Ins.BATCH, data=b"\x01" + add(b"", leaf(b"n")))[1] == Sw.NOT_ALLOWED
    assert not any(held for _, held in device.sim.transient_keys())


# Beside another applet of the package

BESIDE = bytes.fromhex("F0534D444D0102")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimTransport]:
    """A process whose cards have the applet twice."""
    folder = simulator_folder(tmp_path_factory.mktemp("two"))
    with SimTransport(folder, others=[("smartdm.DmApplet", BESIDE)]) as card:
        yield card


@pytest.fixture
def beside(two: SimTransport) -> Device:
    """The other one is selected on channel 1, so the runtime clears nothing when ours is deselected on channel 0."""
    device = Device(two)
    device.new()
    device.link.reset()
    device.apdu(SELECT)
    assert device.apdu(select_beside(1))[1] == Sw.OK
    return device


def select_beside(channel: int) -> bytes:
    return bytes((channel, 0xA4, 0x04, 0x00, len(BESIDE))) + BESIDE + b"\x00"


def walk_in(device: Device, door: str) -> None:
    """Through a door; a read is allowed."""
    if door == "PIN":
        assert device.apdu(verify())[1] == Sw.OK
        assert device.apdu(read())[1] == Sw.OK
    else:
        assert is_open(initiate(device))


@pytest.mark.parametrize("door", ["PIN", "SCP03"])
def test_threat_20_a_door_closes_though_the_runtime_clears_nothing(beside: Device, door: str):
    walk_in(beside, door)
    assert any(held for _, held in beside.sim.transient_keys()) == (door == "SCP03")
    asking = beside.sim.transient().deselect // 2
    assert sum(left for size, left in beside.sim.residue() if size == asking) > 0
    # The other one declines, being selected already: ours is deselected, and nothing is selected on channel 0.
    assert beside.apdu(select_beside(0)) == (b"", NO_APPLET)
    assert not any(held for _, held in beside.sim.transient_keys())
    assert [left for size, left in beside.sim.residue() if size == asking] == [0, 0]
    assert beside.apdu(SELECT)[1] == Sw.OK
    assert beside.apdu(read())[1] == Sw.NOT_ALLOWED


def test_threat_20_two_instances_have_nothing_in_common(beside: Device):
    walk_in(beside, "PIN")
    assert beside.apdu(read(1))[1] in {Sw.NOT_ALLOWED, Sw.NOT_PERSONALIZED}
    assert beside.apdu(read())[1] == Sw.OK
