"""Threat 11: a wrong cryptogram, MAC or padding tells no more than that: one status word, the same calls and writes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, leaf
from tests.card.device import ISSUER, Device
from tests.card.doors import FULL, HOST_CHALLENGE, closed, initialize_update, initiate, is_open
from tests.oracle.scp03 import Initiator, State, cbc_encrypt, pad, state


@dataclass(frozen=True)
class Cost:
    """What one command was answered, and what the card did for it."""

    answer: bytes
    sw: int
    points: int
    computations: int


def cost(device: Device, command: bytes) -> Cost:
    answer, sw = device.apdu(command)
    last = device.sim.counters().last_apdu
    return Cost(answer, sw, last.points, last.computations)


# EXTERNAL AUTHENTICATE


def begun(device: Device, keys_mac: bytes = ISSUER.mac) -> State:
    """The host's half of a channel that is pending."""
    answer, sw = device.apdu(initialize_update())
    assert sw == Sw.OK
    return state(ISSUER.enc, keys_mac, HOST_CHALLENGE, answer[13:21])


def authenticate(cryptogram: bytes, mac: bytes, level: int = FULL, p2: int = 0) -> bytes:
    return apdu(Ins.EXTERNAL_AUTHENTICATE, cryptogram + mac, level, p2, cla=0x84, le=b"")


def flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))


def attempts(device: Device) -> list[Cost]:
    """One of each kind, on channels that were begun for it."""
    costs = []

    def attempt(command: bytes) -> None:
        costs.append(cost(device, command))

    for bit in (0, 7, 31, 63):
        now = begun(device)
        wrong = flip(now.host_cryptogram, bit)
        attempt(authenticate(wrong, now.command_mac(0x84, 0x82, FULL, 0, wrong)))  # the MAC is right
        now = begun(device)
        attempt(authenticate(now.host_cryptogram, flip(now.command_mac(0x84, 0x82, FULL, 0, now.host_cryptogram), bit)))
    now = begun(device)
    mac = now.command_mac(0x84, 0x82, FULL, 0, now.host_cryptogram)
    begun(device)
    attempt(authenticate(now.host_cryptogram, mac))  # of the channel before
    now = begun(device)
    attempt(authenticate(now.card_cryptogram, now.command_mac(0x84, 0x82, FULL, 0, now.card_cryptogram)))
    now = begun(device)
    attempt(authenticate(now.host_cryptogram, now.command_mac(0x84, 0x82, 0x03, 0, now.host_cryptogram)))
    now = begun(device)
    attempt(authenticate(now.host_cryptogram, now.command_mac(0x84, 0x82, FULL, 0, now.host_cryptogram), p2=1))
    now = begun(device, bytes(16))
    attempt(authenticate(now.host_cryptogram, now.command_mac(0x84, 0x82, FULL, 0, now.host_cryptogram)))
    begun(device)
    attempt(authenticate(bytes(8), bytes(8)))
    return costs


def test_threat_11_every_wrong_cryptogram_costs_the_card_the_same(device: Device):
    costs = attempts(device)
    assert set(costs) == {Cost(b"", Sw.NOT_ALLOWED, 0, costs[0].computations)}
    assert costs[0].computations > 0, "both are looked at"
    device.link.reset()
    assert is_open(initiate(device))


def test_threat_11_a_right_one_costs_no_less(device: Device):
    wrong = attempts(device)[0]
    device.link.reset()
    initiate(device)
    assert device.sim.counters().last_apdu.computations >= wrong.computations - 4, "but for four keys to clear"


# Wrapped commands


def wrapped(channel: Initiator, data: bytes, *, iv: bytes | None = None, raw: bool = False) -> bytes:
    """A BATCH whose encrypted part holds exactly these bytes, padding included; its MAC is right."""
    now = channel.state
    now.counter += 1
    data = data if raw else cbc_encrypt(now.enc, now.command_iv() if iv is None else iv, data)
    mac = now.command_mac(Cla.PLAIN | Cla.SECURE, Ins.BATCH, 0, 0, data)
    return apdu(Ins.BATCH, data + mac, cla=Cla.PLAIN | Cla.SECURE)


EVIL = b"\x00" + OPTIONS + add(b"", leaf(b"evil-node-by-padding"))
FIT = EVIL + bytes(-len(EVIL) % 16)
SIZE = len(pad(EVIL))

PADDINGS = {
    "none": b"\x11" * SIZE,
    "zeros only": bytes(SIZE),
    "81": EVIL.ljust(SIZE - 1, b"\x00") + b"\x81",
    "01": EVIL.ljust(SIZE - 1, b"\x00") + b"\x01",
    "00": EVIL + bytes(SIZE - len(EVIL)),
    "FF": EVIL + b"\xff" * (SIZE - len(EVIL)),
    "of TLS": EVIL + bytes((SIZE - len(EVIL),)) * (SIZE - len(EVIL)),
    "80 with something behind": EVIL + b"\x80" + bytes(SIZE - len(EVIL) - 2) + b"\x02",
}


def test_threat_11_the_paddings_are_wrong_and_the_command_is_not():
    assert all(len(data) == SIZE for data in PADDINGS.values())
    assert len(PADDINGS) == len(set(PADDINGS.values()))


def test_threat_11_every_wrong_padding_behind_a_good_mac_costs_the_same(device: Device):
    costs = set()
    for data in PADDINGS.values():
        channel = initiate(device)
        costs.add(cost(device, wrapped(channel, data)))
        closed(device, channel)
    channel = initiate(device)
    costs.add(cost(device, wrapped(channel, pad(b"\x22" * (SIZE - 1))[: SIZE - 1] + b"\x33")))
    assert len(costs) == 1
    assert {(each.answer, each.sw, each.points) for each in costs} == {(b"", Sw.NOT_ALLOWED, 0)}
    assert b"evil" not in initiate(device).send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[0]


def test_threat_11_the_mac_is_looked_at_before_the_padding(device: Device):
    """With a wrong MAC neither padding nor the place of the wrong bit makes a difference."""
    costs = set()
    for data in (pad(EVIL), *PADDINGS.values()):
        for place in (0, 15, 16, SIZE - 1, SIZE, SIZE + 7):
            channel = initiate(device)
            command = bytearray(wrapped(channel, data))
            command[5 + place] ^= 1
            costs.add(cost(device, bytes(command)))
    assert len(costs) == 1
    (only,) = costs
    assert (only.answer, only.sw, only.points) == (b"", Sw.NOT_ALLOWED, 0)
    channel = initiate(device)
    assert only.computations < cost(device, wrapped(channel, PADDINGS["none"])).computations, "nothing was decrypted"


def test_threat_11_data_that_are_not_whole_blocks_are_the_same_refusal(device: Device):
    for size in (1, 15, 17, 31):
        channel = initiate(device)
        seen = cost(device, wrapped(channel, bytes(size), raw=True))
        assert (seen.answer, seen.sw, seen.points) == (b"", Sw.NOT_ALLOWED, 0)
        closed(device, channel)


@pytest.mark.parametrize("size", range(8))
def test_threat_11_a_stripped_mac_is_the_same_refusal(device: Device, size: int):
    channel = initiate(device)
    seen = cost(device, apdu(Ins.READ, bytes(size), cla=0x84))
    assert (seen.answer, seen.sw, seen.points) == (b"", Sw.NOT_ALLOWED, 0)
    closed(device, channel)


def test_threat_11_a_right_padding_is_run(device: Device):
    """So what is refused above is refused for its padding."""
    channel = initiate(device)
    assert cost(device, wrapped(channel, pad(EVIL))).sw == Sw.OK
    assert b"evil" in initiate(device).send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[0]
