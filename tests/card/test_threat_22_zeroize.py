"""Threat 22: a secret that is gone is gone from the card's memory, also when the power went; none is ever told.

The image file of a simulated card is its whole persistent memory, as it is after the last command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartdm.card.keys import KeySet
from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode
from smartdm.wire import Ins, Sw
from tests.card.attack import add, apdu, delete, leaf, replace
from tests.card.device import ISSUER, PUK, SELECT, Device, parameters
from tests.card.doors import (
    NAME,
    NEW,
    OTHER,
    SERVER,
    done,
    give_keys,
    initiate,
    on_image,
    pin,
    replace_keys,
    terminate,
)
from tests.card.images import PIECE, PROFILES, WAYS, found, full, prepared
from tests.depth import pick

pytestmark = pytest.mark.usefixtures("let_go")
NEW_PIN, NEW_PUK = pin(b"86420"), pin(b"97531864")


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


@pytest.mark.search
@pytest.mark.parametrize("arena", [8, 40])
def test_threat_22_a_card_whose_end_was_garbled_comes_to_its_end(device: Device, tmp_path: Path, arena: int):
    """What a cut left of the tree is not looked at any more: it may be anything, also near the end of the memory."""
    path = tmp_path / "card"
    prepared(device, path, parameters(arena=arena))
    if arena == 8:
        full(device.open(), 20)
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
