"""Threat 14: tries of PIN and PUK are never regained by a power cut."""

from __future__ import annotations

import pytest

from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode
from smartdm.wire import Sw
from tests.card.device import PUK, SELECT, Device
from tests.card.doors import pin
from tests.card.pins import (
    NEW,
    PIN_TRIES,
    PUK_TRIES,
    READ,
    WRONG,
    WRONG_PUK,
    change,
    is_pin,
    left,
    puk_left,
    unblock,
    verify,
)
from tests.depth import pick

MODES = list(CutMode)
SEEDS = pick(3, 8, 40)


@pytest.fixture(autouse=True)
def selected(device: Device):
    device.apdu(SELECT)


FAILING = {"VERIFY": verify(WRONG), "CHANGE": change(WRONG, NEW), "RESET": unblock(WRONG_PUK, NEW)}
RIGHT = {"VERIFY": verify(), "CHANGE": change(pin(), NEW), "RESET": unblock(pin(PUK), NEW)}


def points(device: Device, command: bytes) -> int:
    """Where the command can be cut; the card is then as before."""
    kept = device.sim.snapshot()
    device.apdu(command)
    found = device.sim.counters().last_apdu.points
    device.sim.restore(kept)
    device.apdu(SELECT)
    return found


def torn(device: Device, command: bytes, at: int, mode: CutMode, seed: int) -> None:
    """Cut at that point; power comes back."""
    device.sim.arm_cut(at, mode, seed)
    with pytest.raises(PowerLostError):
        device.apdu(command)
    device.link.reset()
    device.apdu(SELECT)


@pytest.mark.search
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("command", FAILING)
def test_threat_14_a_wrong_guess_that_is_cut_gives_no_try_back(device: Device, command: str, mode: CutMode):
    which = puk_left if command == "RESET" else left
    full = PUK_TRIES if command == "RESET" else PIN_TRIES
    assert points(device, FAILING[command]) == 1
    start = device.sim.snapshot()
    for used in range(full):
        for seed in range(SEEDS):
            device.sim.restore(start)
            device.apdu(SELECT)
            for _ in range(used):
                device.apdu(FAILING[command])
            torn(device, FAILING[command], 1, mode, seed)
            # Either nothing was compared yet, or the try is gone.
            assert which(device) in {full - used, full - used - 1}
            if mode is CutMode.AFTER:
                assert which(device) == full - used - 1
            assert is_pin(device, pin()) or left(device) == 0


@pytest.mark.search
@pytest.mark.parametrize("mode", MODES)
def test_threat_14_guessing_with_cuts_is_not_faster(device: Device, mode: CutMode):
    """An attacker who cuts whenever a write begins learns nothing, and one who is late has lost the try."""
    for seed in range(SEEDS * 20):
        before = left(device)
        device.sim.arm_cut(1, mode, seed)
        with pytest.raises(PowerLostError):
            device.apdu(verify(WRONG))
        device.link.reset()
        device.apdu(SELECT)
        assert left(device) <= before
        assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
        if left(device) == 0:
            break
    assert (left(device) > 0) == (mode is CutMode.BEFORE)


@pytest.mark.search
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("command", RIGHT)
def test_threat_14_a_right_one_that_is_cut_has_the_old_pin_or_the_new(device: Device, command: str, mode: CutMode):
    device.apdu(verify(WRONG))
    device.apdu(unblock(WRONG_PUK, NEW))
    start = device.sim.snapshot()
    device.apdu(SELECT)
    assert (left(device), puk_left(device)) == (PIN_TRIES - 1, PUK_TRIES - 1)
    count = points(device, RIGHT[command])
    assert count >= (2 if command == "VERIFY" else 5)
    for at in range(1, count + 1):
        for seed in range(SEEDS):
            device.sim.restore(start)
            device.apdu(SELECT)
            torn(device, RIGHT[command], at, mode, seed)
            fresh = is_pin(device, NEW)
            assert fresh != is_pin(device, pin())
            assert fresh is False or command != "VERIFY"
            # Tries are all there only when the secret was right and this was written; never one more than that.
            assert left(device) in {PIN_TRIES - 2, PIN_TRIES - 1, PIN_TRIES}
            assert puk_left(device) in {PUK_TRIES - 2, PUK_TRIES - 1, PUK_TRIES}
            if at == 1:
                assert (left(device) <= PIN_TRIES - 1, fresh) == (True, False)
                assert puk_left(device) <= PUK_TRIES - 1
            assert device.apdu(verify(NEW if fresh else pin()))[1] == Sw.OK
            assert device.apdu(unblock(pin(PUK), pin()))[1] == Sw.OK, "the PUK is the old one"
