"""Power cuts in what doors do: the card's life, keys and PIN; cut at every persistent write, in every way.

After each cut the card holds the old state or the new one, whole: which keys open a channel, which PIN is right, what
the tree is.  Tries of the PIN are another test's (threat 14), and so is what is left of secrets (threat 22).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from smartdm.card.keys import KeySet
from smartdm.card.secrecy import personalization
from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, delete, interior, leaf, rename, replace, server
from tests.card.device import ISSUER, KDD, PIN, PUK, SELECT, Device
from tests.card.doors import (
    NAME,
    NEW,
    SERVER,
    add_server,
    done,
    give_keys,
    initialize_update,
    initiate,
    is_open,
    keys_parameter,
    pin,
    put_key,
    replace_keys,
    terminate,
)
from tests.card.store import PROFILES
from tests.depth import pick
from tests.oracle.scp03 import Refused, state

pytestmark = pytest.mark.search

Record = Callable[[str, object], None]
WAYS = [(CutMode.BEFORE, 0), (CutMode.AFTER, 0)]
WAYS += [(CutMode.HALF, seed) for seed in range(pick(2, 4, 16))]
WAYS += [(CutMode.GARBAGE, seed) for seed in range(pick(3, 12, 100))]
FIRST = KeySet(0x30, *KeySet.test().keys)
NEW_PIN = pin(b"24680")


@dataclass(frozen=True)
class Seen:
    """What can be found out about a card.  ``opens``: versions of key sets; ``pin``: which is right; ``tree``: all."""

    life: int
    opens: tuple[str, ...]
    pin: bytes
    tree: bytes


def look(device: Device) -> Seen:
    """The card is as before afterwards."""
    told, sw = device.apdu(SELECT)
    assert sw == Sw.OK, device.sim.last_failure()
    kept = device.sim.snapshot()
    opens = tuple(name for name, keys in KEYS.items() if opens_with(device, keys))
    right = b""
    for candidate in (pin(), NEW_PIN):
        device.sim.restore(kept)
        device.apdu(SELECT)
        if device.apdu(apdu(Ins.VERIFY, candidate, le=b""))[1] == Sw.OK:
            assert not right, "two PINs are right"
            right = candidate
    device.sim.restore(kept)
    device.apdu(SELECT)
    return Seen(told[19], opens, right, tree(device, opens))


KEYS = {"first": FIRST, "issuer": ISSUER, "server": SERVER, "new": NEW, "new of the issuer": KeySet(0x32, *NEW.keys)}


def opens_with(device: Device, keys: KeySet) -> bool:
    """Whether the card has this key set; costs no attempt."""
    answer, sw = device.apdu(initialize_update(keys))
    if sw in {Sw.NO_KEY, Sw.TERMINATED}:
        return False
    assert sw == Sw.OK
    return state(keys.enc, keys.mac, bytes(range(1, 9)), answer[13:21]).card_cryptogram == answer[21:29]


def tree(device: Device, opens: tuple[str, ...]) -> bytes:
    """Both trees as an issuer sees them."""
    for name in ("issuer", "new of the issuer"):
        if name in opens:
            channel = initiate(device, KEYS[name], 0x03)
            out = b""
            for data in (b"\x00", b"\x01?" + bytes(3)):
                stream, sw = channel.send(Cla.PLAIN, Ins.READ, 0xFF, len(data) // 5, data)
                number = 0
                while sw == Sw.MORE:
                    number += 1
                    more, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT, stream[3], number)
                    stream += more
                assert sw == Sw.OK
                out += stream
            return out
    return b""


@dataclass(frozen=True)
class Door:
    """A command that is cut.  ``begin`` opens what it needs and returns what sends it."""

    name: str
    begin: Callable[[Device], Callable[[], None]]
    prepare: Callable[[Device, bytes], None]


def installed(device: Device, params: bytes) -> None:
    device.sim.new_card(params + keys_parameter(FIRST))


def personalized(device: Device, params: bytes) -> None:
    """With a server that has keys, and a small tree."""
    device.new(params)
    channel = initiate(device)
    add_server(channel)
    done(channel, add(b"", interior(b"A", 2), leaf(b"x", b"1" * 60), leaf(b"y", b"2")))


def personalize(device: Device) -> Callable[[], None]:
    device.sim.seed_random(b"")
    channel = initiate(device, FIRST)
    device.sim.give_random(bytes(range(12)))  # the card's id and epoch, each time the same
    data = personalization(ISSUER, KDD, PIN, PUK)
    return lambda: right(channel.send(Cla.PLAIN, Ins.PERSONALIZE, data=data, le=None))


def right(answer: tuple[bytes, int]) -> None:
    assert answer[1] == Sw.OK, f"{answer[1]:04X} {answer[0].hex()}"


def ending(device: Device) -> Callable[[], None]:
    channel = initiate(device)
    return lambda: terminate(channel)


def verifying(device: Device) -> Callable[[], None]:
    device.apdu(SELECT)
    return lambda: right(device.apdu(apdu(Ins.VERIFY, pin(), le=b"")))


def changing(device: Device) -> Callable[[], None]:
    device.apdu(SELECT)
    return lambda: right(device.apdu(apdu(Ins.CHANGE_REFERENCE_DATA, pin() + NEW_PIN, le=b"")))


def resetting(device: Device) -> Callable[[], None]:
    device.apdu(SELECT)
    return lambda: right(device.apdu(apdu(Ins.RESET_RETRY_COUNTER, pin(PUK) + NEW_PIN, le=b"")))


def new_keys(device: Device) -> Callable[[], None]:
    channel = initiate(device, SERVER)
    return lambda: replace_keys(channel, SERVER.kvn, NEW)


def new_keys_of_the_issuer(device: Device) -> Callable[[], None]:
    channel = initiate(device)
    return lambda: replace_keys(channel, ISSUER.kvn, KEYS["new of the issuer"])


def batches(*elements: bytes) -> Callable[[Device], Callable[[], None]]:
    """One at level 33 by the issuer, in as many parts as there are elements."""

    def begin(device: Device) -> Callable[[], None]:
        channel = initiate(device)

        def send() -> None:
            for number, data in enumerate(parts):
                cla = Cla.PLAIN if number == len(parts) - 1 else Cla.PLAIN | Cla.CHAIN
                right(channel.send(cla, Ins.BATCH, data=bytes((number,)) + data))

        return send

    parts = [OPTIONS + elements[0], *elements[1:]]
    return begin


DOORS = [
    Door("PERSONALIZE", personalize, installed),
    Door("TERMINATE", ending, personalized),
    Door("VERIFY", verifying, personalized),
    Door("CHANGE REFERENCE DATA", changing, personalized),
    Door("RESET RETRY COUNTER", resetting, personalized),
    Door("PUT KEY", new_keys, personalized),
    Door("PUT KEY of the issuer", new_keys_of_the_issuer, personalized),
    Door(
        "a batch at level 33",
        batches(add(b"A", leaf(b"z", b"3" * 100)), replace(b"A/x", b"4" * 120), delete(b"A/y"), rename(b"A", b"B")),
        personalized,
    ),
    Door("a server with keys", batches(server(b"s"), give_keys(b"s", NEW)), personalized),
    Door("other keys for a server", batches(give_keys(NAME, NEW), add(b"A", leaf(b"z"))), personalized),
    Door("a server that goes", batches(delete(b"?/Srv/" + NAME)), personalized),
    Door("a PIN from the issuer", batches(replace(b"?/Srv/#holder", NEW_PIN + pin(PUK))), personalized),
]


def torn(device: Device, send: Callable[[], None], at: int, way: tuple[CutMode, int]) -> None:
    device.sim.arm_cut(at, *way)
    with pytest.raises(PowerLostError):
        send()
    device.link.reset()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_cut_leaves_the_old_door_or_the_new(
    simulator: SimTransport, door: Door, profile: str, record_property: Record
):
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    device = Device(simulator)
    door.prepare(device, PROFILES[profile])
    old, kept = look(device), simulator.snapshot()
    send = door.begin(device)
    simulator.counters()
    send()
    points = simulator.counters().since_read.points
    new = look(device)
    assert (old != new) == (door.name != "VERIFY")
    assert points >= 2
    found = set()
    for at in range(1, points + 1):
        for way in WAYS:
            simulator.restore(kept)
            torn(device, door.begin(device), at, way)
            seen = look(device)
            assert seen in (old, new), f"cut at {at} of {points}, {way}: {seen.life:02X} {seen.opens} {seen.pin!r}"
            found.add(seen)
            goes_on(device, seen)
    assert found == {old, new}
    record_property("figure: tear: power cuts", points * len(WAYS))
    record_property("figure: tear: persistent writes at which power was cut", points)


def goes_on(device: Device, seen: Seen) -> None:
    """The next command works: the same once more or, where it was done, another."""
    if seen.life == 0x7F:
        assert device.apdu(initialize_update())[1] == Sw.TERMINATED
    elif seen.life == 0x03:
        assert is_open_for_personalization(device)
    else:
        keys = KEYS["issuer" if "issuer" in seen.opens else "new of the issuer"]
        channel = initiate(device, keys)
        done(channel, add(b"", leaf(b"next", b"v")))
        done(channel, delete(b"next"))
        assert is_open(channel)
        with pytest.raises(Refused):
            initiate(device, KeySet(keys.kvn, *FIRST.keys))


def is_open_for_personalization(device: Device) -> bool:
    channel = initiate(device, FIRST)
    return put_key(channel, FIRST.kvn, bytes(67))[1] == Sw.NOT_PERSONALIZED
