"""Threat 22: a secret that is gone is gone from the card's memory, also when the power went; none is ever told.

The image file of a simulated card is its whole persistent memory, as it is after the last command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartdm.card.keys import KeySet
from smartdm.card.secrecy import key_value
from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, delete, get, leaf, replace, server, source, sourced, text
from tests.card.device import ISSUER, PIN, PUK, SELECT, SMALL, Device, parameters
from tests.card.doors import (
    NAME,
    NEW,
    OTHER,
    SERVER,
    add_server,
    batch,
    done,
    give_keys,
    initiate,
    key_set,
    on_image,
    pin,
    replace_keys,
    terminate,
)
from tests.card.store import fill, uri
from tests.depth import pick

PIECE = 5
"""Bytes of a secret that may not be found: of a key, more than these would be a help."""
NEW_PIN, NEW_PUK = pin(b"86420"), pin(b"97531864")
WAYS = [(CutMode.BEFORE, 0), (CutMode.AFTER, 0)]
WAYS += [(mode, seed) for mode in (CutMode.HALF, CutMode.GARBAGE) for seed in range(pick(2, 4, 20))]
PROFILES = {"default": b"", "small": SMALL, "large granules": parameters(arena=40), "middle": parameters(arena=24)}


def found(path: Path, *secrets: bytes) -> list[str]:
    """Pieces of the secrets that are in the image."""
    image = path.read_bytes()
    pieces = {secret[at : at + PIECE] for secret in secrets for at in range(len(secret) - PIECE + 1)}
    return [piece.hex() for piece in sorted(pieces) if piece in image]


@dataclass(frozen=True)
class Goodbye:
    """A command after which secrets must be gone.  ``old``: which; ``commands`` end with the one that counts."""

    name: str
    old: tuple[bytes, ...]
    run: Callable[[Device], None]
    new: tuple[bytes, ...] = ()


def of(keys: KeySet) -> tuple[bytes, ...]:
    return keys.keys


def put(device: Device) -> None:
    replace_keys(initiate(device), SERVER.kvn, NEW)


def put_own(device: Device) -> None:
    replace_keys(initiate(device), ISSUER.kvn, NEW)


def replace_leaf(device: Device) -> None:
    done(initiate(device), give_keys(NAME, NEW))


def delete_server(device: Device) -> None:
    done(initiate(device), delete(b"?/Srv/" + NAME))


def change(device: Device) -> None:
    device.apdu(SELECT)
    assert device.apdu(apdu(Ins.CHANGE_REFERENCE_DATA, pin() + NEW_PIN, le=b""))[1] == Sw.OK


def unblock(device: Device) -> None:
    device.apdu(SELECT)
    assert device.apdu(apdu(Ins.RESET_RETRY_COUNTER, pin(PUK) + NEW_PIN, le=b""))[1] == Sw.OK


def give_pin(device: Device) -> None:
    done(initiate(device), replace(b"?/Srv/#holder", NEW_PIN + NEW_PUK))


def several(device: Device) -> None:
    done(initiate(device), give_keys(NAME, NEW), delete(b"?/Srv/other"), add(b"", leaf(b"between", b"v")))


def end(device: Device) -> None:
    terminate(initiate(device))


GOODBYES = [
    Goodbye("PUT KEY", of(SERVER), put, of(NEW)),
    Goodbye("PUT KEY of the issuer", of(ISSUER), put_own, of(NEW)),
    Goodbye("replace the leaf", of(SERVER), replace_leaf, of(NEW)),
    Goodbye("delete the server", of(SERVER), delete_server),
    Goodbye("change the PIN", (pin(),), change, (NEW_PIN[:5],)),
    Goodbye("unblock the PIN", (pin(),), unblock, (NEW_PIN[:5],)),
    Goodbye("give a PIN", (pin(), PUK), give_pin, (NEW_PIN[:5], NEW_PUK)),
    Goodbye("several in one batch", of(SERVER) + of(OTHER), several, of(NEW)),
    Goodbye("TERMINATE", of(ISSUER) + of(SERVER) + of(OTHER) + (pin(), PUK), end),
]
ALL = pytest.mark.parametrize("goodbye", GOODBYES, ids=lambda goodbye: goodbye.name)


def prepared(device: Device, path: Path, params: bytes = b"") -> None:
    """Two servers with keys, and leaves with other lengths between them."""
    on_image(device, path, params)
    channel = initiate(device)
    for at, (name, keys) in enumerate(((NAME, SERVER), (b"other", OTHER))):
        done(channel, add(b"", leaf(b"n%d" % at, b"\xee" * (7 * at + 3))))
        done(channel, server(name), give_keys(name, keys), add(b"", leaf(b"m%d" % at, b"\xdd" * 5)))


@pytest.fixture(autouse=True)
def let_go(device: Device):
    """Of the image, for the next test."""
    yield
    device.sim.new_card()


@pytest.mark.parametrize("profile", PROFILES)
@ALL
def test_threat_22_what_is_given_up_is_overwritten(device: Device, tmp_path: Path, goodbye: Goodbye, profile: str):
    path = tmp_path / "card"
    prepared(device, path, PROFILES[profile])
    assert found(path, *goodbye.old), "what is in use can be found"
    goodbye.run(device)
    assert not found(path, *goodbye.old)
    assert len(found(path, *goodbye.new)) >= sum(len(each) - PIECE + 1 for each in goodbye.new)


@pytest.mark.parametrize("profile", PROFILES)
def test_threat_22_personalization_leaves_nothing_of_the_first_keys(device: Device, tmp_path: Path, profile: str):
    path = tmp_path / "card"
    device.sim.open_image(path, PROFILES[profile])
    assert found(path, *KeySet.test().keys)
    device.sim.new_card()
    on_image(device, path, PROFILES[profile])
    assert not found(path, *KeySet.test().keys)


@pytest.mark.search
@ALL
def test_threat_22_after_a_cut_the_next_command_overwrites(device: Device, tmp_path: Path, goodbye: Goodbye):
    """Old and new secret are never both there then; which of them is, the superblock says."""
    path = tmp_path / "card"
    prepared(device, path)
    kept = device.sim.snapshot()
    goodbye.run(device)
    points = device.sim.counters().last_apdu.points
    assert points >= 3
    for at in range(1, points + 1):
        for mode, seed in WAYS:
            device.sim.restore(kept)
            with pytest.raises(PowerLostError):
                cut_the_last(device, goodbye, at, mode, seed)
            device.link.reset()
            assert device.apdu(SELECT)[1] == Sw.OK
            old, new = found(path, *goodbye.old), found(path, *goodbye.new)
            where = f"cut at {at} of {points}, {mode.name} {seed}"
            assert not old or not new, f"{where}: {len(old)} pieces of the old, {len(new)} of the new"
            if goodbye.name == "TERMINATE":
                state = device.apdu(SELECT)[0]
                assert (not old) == (b"\xc2\x01\x7f" in state or state[19] == 0x7F), where
            device.apdu(SELECT)


def cut_the_last(device: Device, goodbye: Goodbye, at: int, mode: CutMode, seed: int) -> None:
    """Run it with the cut in its last command; those before only open a channel and write nothing."""
    device.sim.arm_cut(at, mode, seed)
    goodbye.run(device)


@pytest.mark.search
def test_threat_22_termination_goes_on_after_a_second_cut(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    kept = device.sim.snapshot()
    for first in (2, 3):
        for second in (1, 2):
            for mode, seed in WAYS:
                device.sim.restore(kept)
                device.sim.arm_cut(first, mode, seed)
                try:
                    end(device)
                except PowerLostError:
                    device.link.reset()
                device.sim.arm_cut(second, mode, seed)
                try:
                    device.apdu(SELECT)
                except PowerLostError:
                    device.link.reset()
                device.sim.arm_cut(0)
                assert device.apdu(SELECT)[1] == Sw.OK
                assert not found(path, *ISSUER.keys, *SERVER.keys, pin(), PUK)
                assert device.apdu(apdu(Ins.READ, b"\x00"))[1] == Sw.TERMINATED


# What never became the state


def test_threat_22_a_refused_batch_leaves_nothing_of_its_secret(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    channel = initiate(device)
    assert batch(channel, give_keys(NAME, NEW), delete(b"none"))[1] == Sw.BATCH_FAILED
    device.apdu(SELECT)
    assert not found(path, *NEW.keys)
    assert found(path, *SERVER.keys)


@pytest.mark.parametrize("how", ["select", "reset", "another command", "a plain command"])
def test_threat_22_a_batch_that_is_dropped_leaves_nothing_of_its_secret(device: Device, tmp_path: Path, how: str):
    path = tmp_path / "card"
    prepared(device, path)
    channel = initiate(device)
    # So many that the secret is written out before the batch ends.
    parts = [
        OPTIONS + give_keys(NAME, NEW),
        add(b"", leaf(b"a", bytes(200))),
        add(b"", leaf(b"b", bytes(200))),
        get(b"a"),
    ]
    for number, data in enumerate(parts):
        assert channel.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=bytes((number,)) + data)[1] == Sw.OK
    assert found(path, *NEW.keys), "it was written"
    if how == "reset":
        device.link.reset()
    elif how == "another command":
        channel.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")
    elif how == "a plain command":
        device.apdu(apdu(Ins.READ, b"\x00"))
    device.apdu(SELECT)
    assert not found(path, *NEW.keys)
    assert found(path, *SERVER.keys)


def test_threat_22_a_secret_that_was_refused_for_want_of_a_hole_is_gone(device: Device, tmp_path: Path):
    """Free memory is gathered then, by a commit of its own, which must not forget what was staged."""
    path = tmp_path / "card"
    on_image(device, path, parameters(arena=8, reserve=64))
    in_pieces(device)
    refused = 0
    for at in range(12):
        secret = key_set(1, 50 + at).enc
        data, sw = batch(
            initiate(device), replace(b"?/Srv/#holder", secret), add(b"", leaf(b"y%d" % at, b"\xcc" * 180))
        )
        device.apdu(SELECT)
        if sw == Sw.SEND_AGAIN or data[2:] == Sw.SEND_AGAIN.to_bytes(2):
            refused += 1
            assert not found(path, secret), f"attempt {at}"
    assert refused


@pytest.mark.parametrize("profile", ["default", "large granules"])
def test_threat_22_no_byte_of_a_secret_is_in_the_rest_of_anothers_granule(device: Device, tmp_path: Path, profile: str):
    """Wherever its bytes lie among those that are written together."""
    path = tmp_path / "card"
    on_image(device, path, PROFILES[profile])
    for size in range(4, 224, 20):
        channel = initiate(device)
        done(channel, server(NAME))
        fillers = [add(b"", leaf(b"f%d" % at, bytes(size))) for at in range(2)]
        small = [add(b"", leaf(b"s%d" % at, b"\x01" * at)) for at in range(6)]
        parts = [OPTIONS, *fillers, give_keys(NAME, SERVER), b"".join(small)]
        for number, data in enumerate(parts):
            cla = Cla.PLAIN if data is parts[-1] else Cla.PLAIN | Cla.CHAIN
            assert channel.send(cla, Ins.BATCH, data=bytes((number,)) + data)[1] == Sw.OK
        assert found(path, *SERVER.keys)
        done(channel, delete(b"?/Srv/" + NAME))
        assert not found(path, *SERVER.keys), f"behind {size} bytes"
        done(channel, *(delete(b"f%d" % at) for at in range(2)), *(delete(b"s%d" % at) for at in range(6)))


@pytest.mark.search
def test_threat_22_a_card_whose_end_was_garbled_comes_to_its_end(device: Device, tmp_path: Path):
    """What a cut left of the tree is not looked at any more: it may be anything."""
    path = tmp_path / "card"
    prepared(device, path, PROFILES["large granules"])
    kept = device.sim.snapshot()
    for at in (2, 3):
        for seed in range(pick(25, 100, 1_000)):
            device.sim.restore(kept)
            device.sim.arm_cut(at, CutMode.GARBAGE, seed)
            with pytest.raises(PowerLostError):
                end(device)
            device.link.reset()
            assert device.apdu(SELECT)[1] == Sw.OK, f"seed {seed}: {device.sim.last_failure()}"
            assert not found(path, *ISSUER.keys, *SERVER.keys, *OTHER.keys, pin(), PUK)


def in_pieces(device: Device) -> None:
    """Fill the card, then delete every other leaf."""
    made = fill(device.open(), uri(""), 30)
    channel = initiate(device)
    for place in made[::2]:
        done(channel, delete("/".join(place.segments).encode()))


@pytest.mark.parametrize("profile", ["small", "large granules"])
def test_threat_22_secrets_that_were_moved_are_overwritten_too(device: Device, tmp_path: Path, profile: str):
    path = tmp_path / "card"
    prepared(device, path, PROFILES[profile])
    if profile == "small":
        in_pieces(device)
    channel = initiate(device)
    for at in range(10):
        batch(channel, add(b"", leaf(b"z%d" % at, b"\xcc" * 200)))
    done(channel, delete(b"?/Srv/" + NAME))
    assert not found(path, *SERVER.keys)
    assert found(path, *OTHER.keys)


# Commands that tell


def told(device: Device, keys: KeySet, command: tuple[int, int, int, int, bytes]) -> bytes:
    """All that a command answers, to the end of a long answer."""
    channel = initiate(device, keys)
    data, sw = channel.send(*command)
    number = 0
    while sw == Sw.MORE:
        number += 1
        more, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT, data[3], number)
        data += more
    return data


READERS = {
    "READ of everything": (Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00"),
    "READ of the registry": (Cla.PLAIN, Ins.READ, 0xFF, 0, text(b"?")),
    "READ of the server": (Cla.PLAIN, Ins.READ, 0, 0, text(b"?/Srv/" + NAME)),
    "READ of the holder": (Cla.PLAIN, Ins.READ, 0, 0, text(b"?/Srv/#holder")),
    "changes since the beginning": (Cla.PLAIN, Ins.READ, 0xFF, 1, text(b"?") + bytes(3)),
    "changes of the server": (Cla.PLAIN, Ins.READ, 0xFF, 1, text(b"?/Srv/" + NAME) + bytes(3)),
    "Get in a batch": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + get(b"?", 9)),
    "Get of the server in a batch": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + get(b"?/Srv/" + NAME)),
    "copy to a new leaf": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + source(b"?/Srv/" + NAME)
                           + sourced(add(b"", leaf(b"copy"))) + get(b"copy")),
    "copy of the holder": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + source(b"?/Srv/#holder")
                           + sourced(replace(b"n0", b"")) + get(b"n0")),
}  # fmt: skip


@pytest.mark.parametrize("who", [ISSUER, SERVER, OTHER], ids=["issuer", "its owner", "another server"])
@pytest.mark.parametrize("command", READERS.values(), ids=READERS)
def test_threat_22_no_command_tells_a_secret(
    device: Device, tmp_path: Path, who: KeySet, command: tuple[int, int, int, int, bytes]
):
    path = tmp_path / "card"
    prepared(device, path)
    answer = told(device, who, command)
    for secret in (*ISSUER.keys, *SERVER.keys, *OTHER.keys, PIN, PUK):
        for at in range(len(secret) - 3):
            assert secret[at : at + 4] not in answer
    everything = told(device, ISSUER, READERS["READ of everything"])
    for secret in (*ISSUER.keys, *SERVER.keys, *OTHER.keys):
        assert secret[:4] not in everything


def test_threat_22_a_batch_that_tells_does_not_tell_what_it_just_wrote(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    data, _ = batch(initiate(device), give_keys(NAME, NEW), get(b"?/Srv", 3))
    assert not any(key[:4] in data for key in NEW.keys)
    assert key_value(NEW)[2:6] not in data


def test_threat_22_the_holder_cannot_read_what_was_his(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    device.apdu(SELECT)
    assert device.apdu(apdu(Ins.VERIFY, pin(), le=b""))[1] == Sw.OK
    for command in ((b"\x00", 0xFF, 0), (text(b"?"), 0xFF, 0), (text(b"?") + bytes(3), 0xFF, 1)):
        answer = device.apdu(apdu(Ins.READ, command[0], command[1], command[2]))[0]
        assert PIN not in answer
        assert PUK not in answer


def test_threat_22_a_failure_tells_no_secret(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    add_server(initiate(device), b"third", key_set(0x46, 20))
    data, sw = batch(initiate(device), give_keys(NAME, NEW), source(b"?/Srv/" + NAME), sourced(replace(b"n0", b"")))
    assert (len(data), sw) == (4, Sw.BATCH_FAILED)
