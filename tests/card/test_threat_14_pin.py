"""Threat 14: tries of PIN and PUK are never regained by a power cut; nothing else is ever blocked for good."""

from __future__ import annotations

import pytest

from smartdm.errors import PowerLostError
from smartdm.transport.sim import CutMode
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, apdu, replace
from tests.card.device import PUK, SELECT, Device
from tests.card.doors import SERVER, add_server, batch, done, initiate, is_open, pin, put_key
from tests.card.store import fill, uri
from tests.depth import pick

PIN_TRIES, PUK_TRIES = 3, 10
WRONG, NEW = pin(b"9999"), pin(b"24680")
WRONG_PUK = pin(b"99999999")
STATUS = apdu(Ins.VERIFY, le=b"")
READ = apdu(Ins.READ, b"\x00")
MODES = list(CutMode)
SEEDS = pick(3, 8, 40)


def verify(data: bytes = pin()) -> bytes:
    return apdu(Ins.VERIFY, data, le=b"")


def change(old: bytes, new: bytes) -> bytes:
    return apdu(Ins.CHANGE_REFERENCE_DATA, old + new, le=b"")


def unblock(puk: bytes, new: bytes) -> bytes:
    return apdu(Ins.RESET_RETRY_COUNTER, puk + new, le=b"")


def left(device: Device) -> int:
    """Tries of the PIN."""
    sw = device.apdu(STATUS)[1]
    return 0 if sw == Sw.PIN_BLOCKED else sw - Sw.WRONG_PIN


def puk_left(device: Device) -> int:
    """Tries of the PUK: what a wrong one leaves, on a card that is then as before."""
    kept = device.sim.snapshot()
    sw = device.apdu(unblock(WRONG_PUK, NEW))[1]
    device.sim.restore(kept)
    device.apdu(SELECT)
    if sw != Sw.PIN_BLOCKED:
        return sw - Sw.WRONG_PIN + 1
    sw = device.apdu(unblock(pin(PUK), NEW))[1]
    device.sim.restore(kept)
    device.apdu(SELECT)
    return int(sw == Sw.OK)


def is_pin(device: Device, secret: bytes) -> bool:
    """Whether it is the PIN; the card is then as before."""
    kept = device.sim.snapshot()
    found = device.apdu(verify(secret))[1] == Sw.OK
    device.sim.restore(kept)
    device.apdu(SELECT)
    return found


@pytest.fixture(autouse=True)
def selected(device: Device):
    device.apdu(SELECT)


# Tries


def test_threat_14_wrong_pins_block_it_and_the_puk_unblocks_it(device: Device):
    assert left(device) == PIN_TRIES
    assert [device.apdu(verify(WRONG))[1] for _ in range(5)] == [0x63C2, 0x63C1, *[Sw.PIN_BLOCKED] * 3]
    assert device.apdu(verify())[1] == Sw.PIN_BLOCKED, "also the right one"
    assert device.apdu(change(pin(), NEW))[1] == Sw.PIN_BLOCKED
    device.link.reset()
    device.apdu(SELECT)
    assert device.apdu(STATUS)[1] == Sw.PIN_BLOCKED
    assert device.apdu(unblock(pin(PUK), NEW))[1] == Sw.OK
    assert (left(device), is_pin(device, NEW), is_pin(device, pin())) == (PIN_TRIES, True, False)


def test_threat_14_wrong_puks_block_it_for_good(device: Device):
    told = [device.apdu(unblock(WRONG_PUK, NEW))[1] for _ in range(12)]
    assert told == [*range(0x63C9, 0x63C0, -1), *[Sw.PIN_BLOCKED] * 3]
    assert device.apdu(unblock(pin(PUK), NEW))[1] == Sw.PIN_BLOCKED
    assert device.apdu(verify())[1] == Sw.OK, "the PIN is none of its business"


def test_threat_14_the_issuer_gives_a_new_pin_and_all_tries(device: Device):
    for _ in range(PUK_TRIES):
        device.apdu(unblock(WRONG_PUK, NEW))
    for _ in range(PIN_TRIES):
        device.apdu(verify(WRONG))
    done(initiate(device), replace(b"?/Srv/#holder", NEW + pin(b"87654321")))
    device.apdu(SELECT)
    assert (left(device), puk_left(device), is_pin(device, NEW)) == (PIN_TRIES, PUK_TRIES, True)


def test_threat_14_a_right_pin_gives_the_tries_back(device: Device):
    for _ in range(20):
        assert device.apdu(verify(WRONG))[1] == 0x63C2
        assert device.apdu(verify(WRONG))[1] == 0x63C1
        assert device.apdu(verify())[1] == Sw.OK
        assert left(device) == PIN_TRIES


@pytest.mark.parametrize("place", range(8))
def test_threat_14_each_byte_counts(device: Device, place: int):
    wrong = bytearray(pin())
    wrong[place] ^= 1
    device.apdu(verify(bytes(wrong)))
    calls = device.sim.counters().last_apdu
    assert left(device) == PIN_TRIES - 1
    device.apdu(verify(WRONG))
    assert device.sim.counters().last_apdu.points == calls.points == 1, "the place of the wrong byte is not told"


@pytest.mark.parametrize("size", [*range(1, 8), *range(9, 20), 255])
def test_threat_14_other_lengths_are_refused_and_cost_nothing(device: Device, size: int):
    for ins in (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER):
        if size == 16 and ins != Ins.VERIFY:
            continue
        secret = pin(PUK) if ins == Ins.RESET_RETRY_COUNTER else pin()
        assert device.apdu(apdu(ins, (secret * 32)[:size], le=b""))[1] == Sw.WRONG_LENGTH
        assert device.sim.counters().last_apdu.points == 0
    assert (left(device), puk_left(device)) == (PIN_TRIES, PUK_TRIES)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_14_asking_for_the_tries_costs_none(device: Device):
    device.apdu(verify(WRONG))
    for _ in range(20):
        assert device.apdu(STATUS)[1] == 0x63C2
        assert device.sim.counters().last_apdu.points == 0


def test_threat_14_a_wrong_pin_takes_away_what_the_holder_had(device: Device):
    assert device.apdu(verify())[1] == Sw.OK
    assert device.apdu(READ)[1] == Sw.OK
    assert device.apdu(verify(WRONG))[1] == 0x63C2
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    device.apdu(verify())
    assert device.apdu(change(WRONG, NEW))[1] == 0x63C2
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    assert not is_pin(device, NEW)


# Power cuts

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


# What the PIN is good for


def test_threat_14_the_pin_makes_the_holder(device: Device):
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED
    device.apdu(verify())
    assert device.apdu(READ)[1] == Sw.OK
    device.apdu(SELECT)
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_14_a_pin_in_a_channel_adds_to_it_and_a_plain_one_ends_it(device: Device):
    channel = initiate(device)
    assert channel.send(Cla.PLAIN, Ins.VERIFY, 0, 0, pin())[1] == Sw.OK
    assert channel.send(Cla.PLAIN, Ins.VERIFY, 0, 0, WRONG) == (b"", 0x63C2), "with a MAC"
    assert is_open(channel)
    device.apdu(verify())
    assert device.apdu(READ)[1] == Sw.OK
    assert channel.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")[1] == Sw.NOT_ALLOWED


def test_threat_14_secure_messaging_without_a_channel_is_refused_to_the_holder_too(device: Device):
    """There is somebody who asks, and no key."""
    device.apdu(verify())
    for size in (0, 8, 16, 24):
        device.apdu(verify())
        command = apdu(Ins.READ, bytes(size), cla=0x84)
        assert device.apdu(command) == (b"", Sw.NOT_ALLOWED), device.sim.last_failure()
    assert device.apdu(READ)[1] == Sw.NOT_ALLOWED


def test_threat_14_pin_and_puk_change_on_a_full_card(device: Device):
    """A right one is never lost for want of room."""
    fill(device.open(), uri(""), 200, 50, 10, 0)
    device.apdu(SELECT)
    for _ in range(6):
        assert device.apdu(change(pin(), NEW))[1] == Sw.OK
        assert device.apdu(unblock(pin(PUK), pin()))[1] == Sw.OK
    assert (left(device), puk_left(device)) == (PIN_TRIES, PUK_TRIES)


# Keys and accounts are not blocked by anybody


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
