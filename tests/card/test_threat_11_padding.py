"""Threat 11: a wrapped command with a wrong MAC or padding tells nothing but that: one status word, the same calls.

Compared with each other, all of one length: a wrong MAC, in each of its bytes; right MACs of commands of which then one
byte was changed, each of INS, P1, P2 and of the encrypted data; of each the data end in a right padding or in a wrong
one.  Then, behind a right MAC, every kind of wrong padding.

A MAC that is not there or not whole, and encrypted data that are not whole blocks: there the length decides, which the
attacker has chosen, and no secret does.  Tested below: what they cost does not depend on keys.
"""

from __future__ import annotations

import pytest

from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, leaf
from tests.card.costs import cost
from tests.card.device import ISSUER, Device
from tests.card.doors import SERVER, add_server, closed, initiate
from tests.oracle.scp03 import Initiator, cbc_encrypt, pad


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


PLACES = [1, 2, 3, *range(5, 5 + SIZE + 8)]
"""Of the command's bytes all but CLA and Lc: INS, P1, P2, the encrypted data, the MAC."""


@pytest.mark.parametrize("padding", ["right", "none", "80 with something behind"])
def test_threat_11_the_mac_is_looked_at_before_the_padding(device: Device, padding: str):
    """With a wrong MAC neither padding nor the place of the wrong bit makes a difference."""
    data = pad(EVIL) if padding == "right" else PADDINGS[padding]
    costs = set()
    for place in PLACES:
        channel = initiate(device)
        command = bytearray(wrapped(channel, data))
        command[place] ^= 1
        costs.add(cost(device, bytes(command)))
    assert len(costs) == 1
    (only,) = costs
    assert (only.answer, only.sw, only.points) == (b"", Sw.NOT_ALLOWED, 0)
    channel = initiate(device)
    behind = cost(device, wrapped(channel, PADDINGS["none"]))
    assert only.computations < behind.computations, "nothing was decrypted"


@pytest.mark.parametrize("size", [1, 15, 17, 31])
def test_threat_11_data_that_are_not_whole_blocks_cost_the_same_with_any_key(device: Device, size: int):
    """Behind a right MAC, which only who has the keys can make."""
    add_server(initiate(device))
    costs = set()
    for keys in (ISSUER, SERVER):
        for filler in (b"\x00", b"\x80", b"\xff"):
            channel = initiate(device, keys)
            costs.add(cost(device, wrapped(channel, filler * size, raw=True)))
            closed(device, channel)
    (only,) = costs
    assert (only.answer, only.sw, only.points) == (b"", Sw.NOT_ALLOWED, 0)


@pytest.mark.parametrize("size", range(8))
def test_threat_11_a_stripped_mac_costs_the_same_with_any_key(device: Device, size: int):
    add_server(initiate(device))
    costs = set()
    for keys in (ISSUER, SERVER):
        for filler in (b"\x00", b"\x80", b"\xff"):
            channel = initiate(device, keys)
            costs.add(cost(device, apdu(Ins.READ, filler * size, cla=0x84)))
            closed(device, channel)
    (only,) = costs
    assert (only.answer, only.sw, only.points) == (b"", Sw.NOT_ALLOWED, 0)


def test_threat_11_a_right_padding_is_run(device: Device):
    """So what is refused above is refused for its padding."""
    channel = initiate(device)
    assert cost(device, wrapped(channel, pad(EVIL))).sw == Sw.OK
    assert b"evil" in initiate(device).send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")[0]
