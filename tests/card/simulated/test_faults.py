"""Randomness of the simulated card, and what it answers when something is wrong."""

from pathlib import Path

import pytest

from smartdm.errors import NoCardError, TransportError
from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import FRESH, SELECT, Probe, build, transport

# Randomness


def test_seeded_randomness_repeats_with_the_card_and_differs_by_seed(probe: Probe):
    first = [probe.random(), probe.random()]
    assert first[0] != first[1]
    probe.fresh()
    assert [probe.random(), probe.random()] == first
    probe.card.seed_random(b"other")
    assert probe.fresh().random() not in first


def test_secure_randomness_does_not_repeat(probe: Probe):
    probe.card.secure_random()
    drawn = {probe.fresh().random() for _ in range(20)}
    assert len(drawn) == 20


# Faults


def test_an_exception_of_the_applet_is_6f00_and_can_be_explained(probe: Probe):
    probe.send(0x42, sw=0x6F00)
    told = probe.card.last_failure()
    assert "ArrayIndexOutOfBoundsException" in told
    source = Path(__file__).parents[1] / "applets" / "probe" / "Probe.java"
    line = next(n for n, text in enumerate(source.read_text().splitlines(), 1) if "block[(short) 600]" in text)
    assert f"probe.Probe.trouble:{line}" in told
    assert probe.card.counters().last_apdu.writes == 0, "a store out of bounds is none"
    probe.state()
    assert probe.card.last_failure() == ""


def test_endless_recursion_leaves_the_process_alive(probe: Probe):
    probe.send(0x44, sw=0x6F00)
    assert probe.state() == FRESH


@pytest.mark.parametrize(
    "apdu",
    [
        b"",
        b"\x80",
        b"\x80\x10\x00",
        b"\x80\x10\x00\x00\x05\x01",
        b"\x80\x10\x00\x00\x01\x01\x02\x03",
        b"\x80\x10\x00\x00\x00\x00",
    ],
    ids=["empty", "one byte", "three bytes", "too little data", "too much data", "half an extended length"],
)
def test_a_malformed_apdu_is_an_error_and_the_card_lives_on(probe: Probe, apdu: bytes):
    with pytest.raises(TransportError, match="malformed APDU"):
        probe.card.transmit(apdu)
    assert probe.state() == FRESH


def test_an_extended_apdu_is_answered(probe: Probe):
    assert probe.card.transmit(b"\x80\x10\x00\x00\x00\x00\x01\x05") == b"\x67\x00"


@pytest.mark.parametrize(
    ("op", "body", "text"),
    [
        (0x55, b"", "unknown operation"),
        (0x07, b"\x00", "1 bytes where 9"),
        (0x06, bytes(9), "9 bytes where 4"),
        (0x04, b"\x00\x09/tmp", "too short"),
        (0x0A, b"\x01\x02", "2 bytes where 3"),
        (0x0F, b"\x01\x00", "too short"),
        (0x0F, b"\x02\x00\x00\x00\x00\x01localhost", "cannot speak T=2"),
    ],
)
def test_a_malformed_frame_is_an_error_and_the_process_lives_on(probe: Probe, op: int, body: bytes, text: str):
    with pytest.raises(TransportError, match=text):
        probe.card._process.call(op, body)
    assert probe.state() == FRESH


def test_an_oversized_frame_is_read_over_and_refused(probe: Probe):
    with pytest.raises(TransportError, match="frame of more than"):
        probe.card._process.call(0x02, bytes((1 << 20) + 1))
    assert probe.state() == FRESH


def test_a_command_that_never_ends_is_stopped_by_the_timeout(folder: Path):
    with transport(folder, timeout=3.0) as card:
        probe = Probe(card).fresh()
        with pytest.raises(TransportError, match="no answer from the simulated card in 3 s"):
            probe.send(0x43)
        assert not card.alive
        with pytest.raises(TransportError, match="closed"):
            card.reset()


def test_a_killed_process_is_reported(folder: Path):
    with transport(folder) as card:
        card.new_card()
        card._process._child.kill()
        with pytest.raises(TransportError, match="ended: exit code"):
            card.transmit(SELECT)


def test_an_unknown_applet_class_is_reported(folder: Path):
    with (
        transport(folder, "probe.Missing") as card,
        pytest.raises(TransportError, match=r"no applet class probe\.Missing"),
    ):
        card.new_card()


def test_what_is_missing_is_named(folder: Path, tmp_path: Path):
    with pytest.raises(NoCardError, match=r"not built .*make setup"):
        SimTransport(tmp_path / "sim")
    with pytest.raises(NoCardError, match="Java 17"):
        SimTransport(folder, java="no-such-java")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("Util.arrayFillNonAtomic(", "Util.arrayFill(", r"probe\.Probe\.write calls Util\.arrayFill, which"),
        (
            "small = value;",
            "small = value; wide = value;",
            r"probe\.Probe\.writeFields writes the field wide of a type",
        ),
    ],
    ids=["unknown method", "long field"],
)
def test_what_cannot_be_modelled_stops_the_build(tmp_path: Path, old: str, new: str, text: str):
    changes = {old: new, "private byte small;": "private byte small; private long wide;"}
    with pytest.raises(AssertionError, match=text):
        build(tmp_path, changes)


def test_a_state_with_a_pin_object_cannot_be_kept(tmp_path: Path):
    pin = "private final javacard.framework.OwnerPIN pin = new javacard.framework.OwnerPIN((byte) 3, (byte) 4);"
    with transport(build(tmp_path, {"private byte small;": "private byte small; " + pin})) as card:
        Probe(card).fresh()
        with pytest.raises(TransportError, match="key and PIN objects"):
            card.snapshot()
