"""Threat 11: a wrong EXTERNAL AUTHENTICATE tells nothing but that: one status word, no write, the same calls.

Compared with each other, all with 16 bytes of data, at levels 03 and 33:
- a wrong host cryptogram behind a MAC that is right for it, in each of its bytes (four bits of each);
- a wrong MAC behind the right host cryptogram, in each of its bytes (four bits of each);
- both wrong, in each pair of bytes at the same place; nothing but zeros; nothing but FF;
- the host cryptogram and MAC of the channel before; the card's cryptogram sent back with a right MAC;
- right data with a MAC for another level, for another P2, or with another MAC key.

Other lengths are refused before or after a MAC that covers less or more: there the length decides, which the attacker
has chosen, and no secret does.  Tested below: what they cost does not depend on keys or on what the data are.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.card.keys import KeySet
from smartdm.wire import Ins, Sw
from tests.card.attack import apdu
from tests.card.costs import Cost, cost
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import FULL, HOST_CHALLENGE, OTHER, SERVER, add_server, initialize_update, initiate, is_open
from tests.oracle.scp03 import State, state

LEVELS = [0x03, FULL]
SIZE = 8
"""Bytes of a cryptogram, and of a MAC."""
BITS = (0, 3, 6, 7)


def begun(device: Device, keys: KeySet = ISSUER, mac: bytes = ISSUER.mac) -> State:
    """The host's half of a channel that is pending; ``mac``: the key that the host takes for the card's.

    Failures are counted, so the power goes before each.
    """
    device.link.reset()
    device.apdu(SELECT)
    answer, sw = device.apdu(initialize_update(keys))
    assert sw == Sw.OK
    return state(keys.enc, mac, HOST_CHALLENGE, answer[13:21])


def authenticate(data: bytes, level: int, p2: int = 0) -> bytes:
    return apdu(Ins.EXTERNAL_AUTHENTICATE, data, level, p2, cla=0x84, le=b"")


def signed(now: State, cryptogram: bytes, level: int, p2: int = 0) -> bytes:
    """With the MAC of this channel."""
    return cryptogram + now.command_mac(0x84, Ins.EXTERNAL_AUTHENTICATE, level, p2, cryptogram)


def flip(data: bytes, place: int, bit: int = 0) -> bytes:
    out = bytearray(data)
    out[place] ^= 1 << bit
    return bytes(out)


def wrong(device: Device, level: int) -> Iterator[tuple[str, bytes]]:
    """Each kind, on a channel that was begun for it."""
    for place in range(SIZE):
        for bit in BITS:
            now = begun(device)
            yield (
                f"cryptogram {place}.{bit}",
                authenticate(signed(now, flip(now.host_cryptogram, place, bit), level), level),
            )
            now = begun(device)
            yield (
                f"MAC {place}.{bit}",
                authenticate(flip(signed(now, now.host_cryptogram, level), SIZE + place, bit), level),
            )
        now = begun(device)
        both = flip(flip(signed(now, now.host_cryptogram, level), place), SIZE + place)
        yield f"both {place}", authenticate(both, level)
    for filler in (b"\x00", b"\xff"):
        begun(device)
        yield f"only {filler.hex()}", authenticate(filler * 2 * SIZE, level)
    now = begun(device)
    begun(device)
    yield "of the channel before", authenticate(signed(now, now.host_cryptogram, level), level)
    now = begun(device)
    yield "the card's cryptogram", authenticate(signed(now, now.card_cryptogram, level), level)
    now = begun(device)
    yield "MAC for another level", authenticate(signed(now, now.host_cryptogram, level ^ 0x30), level)
    now = begun(device)
    yield "MAC for another P2", authenticate(signed(now, now.host_cryptogram, level), level, 1)
    now = begun(device, mac=OTHER.mac)
    yield "another MAC key", authenticate(signed(now, now.host_cryptogram, level), level)


@pytest.mark.parametrize("level", LEVELS)
def test_threat_11_every_wrong_cryptogram_costs_the_card_the_same(device: Device, level: int):
    costs = {name: cost(device, command) for name, command in wrong(device, level)}
    assert len(costs) == SIZE * (2 * len(BITS) + 1) + 7
    first = costs["MAC 0.0"]
    assert {name: each for name, each in costs.items() if each != first} == {}
    assert (first.answer, first.sw, first.points) == (b"", Sw.NOT_ALLOWED, 0)
    assert first.computations > 0, "the MAC is computed"
    device.link.reset()
    assert is_open(initiate(device, level=level))


def test_threat_11_a_right_one_costs_no_less(device: Device):
    now = begun(device)
    bad = cost(device, authenticate(flip(signed(now, now.host_cryptogram, FULL), 0), FULL))
    now = begun(device)
    good = cost(device, authenticate(signed(now, now.host_cryptogram, FULL), FULL))
    assert (good.sw, good.points) == (Sw.OK, 0)
    assert good.computations == bad.computations - 4, "but for four keys to clear"


LENGTHS = [*range(2 * SIZE), *range(2 * SIZE + 1, 41), 255]


@pytest.mark.parametrize("length", LENGTHS)
def test_threat_11_what_another_length_costs_depends_on_no_key(device: Device, length: int):
    add_server(initiate(device))
    costs: set[Cost] = set()
    for keys in (ISSUER, SERVER):
        for data in (bytes(length), b"\xff" * length, bytes(range(length))):
            begun(device, keys)
            costs.add(cost(device, authenticate(data, FULL)))
        now = begun(device, keys)
        right = signed(now, now.host_cryptogram, FULL)
        costs.add(cost(device, authenticate((right + bytes(length))[:length], FULL)))
    (only,) = costs
    assert (only.answer, only.points) == (b"", 0)
    assert only.sw in {Sw.NOT_ALLOWED, Sw.WRONG_LENGTH}
