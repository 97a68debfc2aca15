"""Threat 13: challenges of the card never come again, neither after a tear nor without a random source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdm.errors import PowerLostError
from smartdm.transport.sim import Algorithm, CutMode, SimTransport
from smartdm.wire import Ins, Sw
from tests.card.attack import apdu
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import HOST_CHALLENGE, initialize_update, initiate, is_open, pin
from tests.card.jcardsim import simulator_folder
from tests.depth import pick

COUNT = 100_000
NO_RANDOM = (Algorithm.RANDOM, 2)
"""ALG_SECURE_RANDOM."""


def challenge(device: Device) -> bytes:
    answer, sw = device.apdu(initialize_update())
    assert sw == Sw.OK
    return answer[13:21]


@pytest.fixture
def without_random(simulator: SimTransport) -> Iterator[Device]:
    """A personalized card that has no random source."""
    simulator.without(NO_RANDOM)
    device = Device(simulator)
    try:
        device.new()
        yield device
    finally:
        simulator.without()


def test_threat_13_challenges_are_all_different(tmp_path_factory: pytest.TempPathFactory):
    """A hundred thousand of them, by the random source of the operating system."""
    with SimTransport(simulator_folder(tmp_path_factory.mktemp("simulator"))) as simulator:
        simulator.secure_random()
        device = Device(simulator)
        device.new()
        seen = {challenge(device) for _ in range(COUNT)}
        assert simulator.counters().since_read.apdus >= COUNT
    assert len(seen) == COUNT
    # And they look like random ones: each bit is set in about half of them.
    for bit in range(64):
        ones = sum(int.from_bytes(each) >> bit & 1 for each in seen)
        assert abs(ones - COUNT / 2) < 5 * (COUNT / 4) ** 0.5, f"bit {bit}: {ones} of {COUNT}"


def test_threat_13_a_challenge_is_drawn_for_each_channel_and_not_before(device: Device):
    device.sim.give_random(bytes(range(24)))
    device.apdu(SELECT)
    assert [challenge(device) for _ in range(3)] == [bytes(range(at, at + 8)) for at in (0, 8, 16)]


def test_threat_13_a_challenge_is_good_for_one_attempt(device: Device):
    device.sim.give_random(bytes(8))
    channel = initiate(device)
    assert is_open(channel)
    device.sim.give_random(bytes(8))
    with_it = apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), 0x33, cla=0x84, le=b"")
    device.apdu(initialize_update())
    assert device.apdu(with_it)[1] == Sw.NOT_ALLOWED
    assert device.apdu(with_it)[1] == Sw.NO_CURSOR


def test_threat_13_a_reset_between_challenge_and_answer_forgets_the_challenge(device: Device):
    device.sim.give_random(bytes(8))
    answer = device.apdu(initialize_update())[0]
    device.link.reset()
    device.apdu(SELECT)
    assert answer[13:21] == bytes(8)
    assert device.apdu(apdu(Ins.EXTERNAL_AUTHENTICATE, bytes(16), 0x33, cla=0x84, le=b""))[1] == Sw.NO_CURSOR
    assert device.sim.counters().last_apdu.points == 0


# Without a random source


@pytest.mark.search
def test_threat_13_counted_challenges_are_all_different(without_random: Device):
    """Over many power sessions, and more of them in one than a byte counts."""
    seen: set[bytes] = set()
    drawn = 0
    for session in range(pick(20, 200, 2_000)):
        without_random.link.reset()
        without_random.apdu(SELECT)
        for _ in range(700 if session % 20 == 0 else 5):
            seen.add(challenge(without_random))
            drawn += 1
    assert len(seen) == drawn


def test_threat_13_counting_writes_once_in_a_power_session(without_random: Device):
    points = []
    for _ in range(3):
        without_random.link.reset()
        without_random.apdu(SELECT)
        for _ in range(5):
            challenge(without_random)
            points.append(without_random.sim.counters().last_apdu.points)
    assert points == [1, 0, 0, 0, 0] * 3


def test_threat_13_counted_challenges_differ_with_the_challenge_of_the_host(without_random: Device):
    """So an attacker who tears at each write cannot collect those of later sessions."""
    sim = without_random.sim
    kept = sim.snapshot()
    seen = set()
    for number in range(8):
        sim.restore(kept)
        without_random.apdu(SELECT)
        answer, sw = without_random.apdu(initialize_update(ISSUER, bytes((number,)) * 8))
        assert sw == Sw.OK
        seen.add(answer[13:21])
    assert len(seen) == 8


@pytest.mark.parametrize("mode", list(CutMode))
def test_threat_13_no_challenge_comes_again_after_a_tear(without_random: Device, mode: CutMode):
    seen: list[bytes] = []
    for seed in range(12):
        for cut in (1, 2):
            without_random.link.reset()
            without_random.apdu(SELECT)
            without_random.sim.arm_cut(cut, mode, seed)
            try:
                seen.append(challenge(without_random))
                without_random.apdu(apdu(Ins.VERIFY, pin(), le=b""))
            except PowerLostError:
                without_random.link.reset()
                without_random.apdu(SELECT)
            without_random.sim.arm_cut(0)
            seen += [challenge(without_random) for _ in range(3)]
    assert len(seen) > 60
    assert len(set(seen)) == len(seen)
    assert HOST_CHALLENGE not in seen


def test_threat_13_a_card_without_random_source_is_personalized_and_works(without_random: Device):
    assert is_open(initiate(without_random))
