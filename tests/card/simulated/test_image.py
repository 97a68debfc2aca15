"""Cards that live in a file: they outlast processes and crashes, and damaged files are refused."""

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smartdm.errors import CardBusyError, PowerLostError, TransportError
from smartdm.transport.sim import CutMode, SimTransport
from tests.card.applets.probe import FRESH, Probe, State, build, transport

PARAMETERS = b"\x80\x01\x10"
FILLED = State(9, 9 * 256, True, 9, True, 9, True, True, 9, 0, 0, 0)
DATA = bytes(range(0x41, 0x51))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return tmp_path / "one.card"


@contextmanager
def opened(folder: Path, image: Path, parameters: bytes = b"") -> Iterator[Probe]:
    with transport(folder) as card:
        card.open_image(image, parameters)
        yield Probe(card).select()


def filled(card: SimTransport, image: Path) -> None:
    """Makes an image of a card with content, and lets it go."""
    card.open_image(image, PARAMETERS)
    probe = Probe(card).select()
    probe.fields(9)
    probe.copy(0, DATA)
    card.new_card()


def test_a_card_survives_its_process_but_its_transients_do_not(folder: Path, image: Path):
    with opened(folder, image, PARAMETERS) as probe:
        probe.fields(9)
        probe.copy(0, DATA)
        probe.transients(5)
        assert probe.state().cor == 5
    with opened(folder, image) as probe:
        assert probe.state() == FILLED
        assert probe.block() == DATA
        assert probe.send(0x32).endswith(PARAMETERS)


def test_the_file_is_private_and_so_is_its_lock(card: SimTransport, image: Path):
    filled(card, image)
    for path in image.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_commands_that_write_nothing_leave_the_file_alone(folder: Path, image: Path):
    with opened(folder, image) as probe:
        before = image.stat().st_ino
        probe.state()
        probe.transients(1)
        probe.block()
        assert image.stat().st_ino == before
        probe.stores(0, b"\x01")
        assert image.stat().st_ino != before


@pytest.mark.parametrize("mode", list(CutMode))
def test_a_torn_state_is_kept(folder: Path, image: Path, mode: CutMode):
    with opened(folder, image) as probe:
        probe.card.arm_cut(1, mode, seed=5)
        with pytest.raises(PowerLostError):
            probe.copy_non_atomic(0, DATA)
        probe.card.kill()
    with opened(folder, image) as probe:
        torn = probe.block()
    half = DATA[:8] + bytes(8)
    assert {CutMode.BEFORE: bytes(16), CutMode.AFTER: DATA, CutMode.HALF: half}.get(mode, torn) == torn
    assert (mode == CutMode.GARBAGE) == (torn not in {bytes(16), DATA, half})


def test_a_transaction_that_was_open_when_power_went_is_undone_in_the_file(folder: Path, image: Path):
    with opened(folder, image) as probe:
        probe.card.arm_cut(6)
        with pytest.raises(PowerLostError):
            probe.send(0x20, 0, data=DATA)
        probe.card.kill()
    with opened(folder, image) as probe:
        assert probe.state() == FRESH
        assert probe.block() == bytes(16)


def count_until_killed(probe: Probe) -> int:
    """Writes 1, 2, 3 ... until the process is gone; returns the last number that was answered."""
    answered = 0
    while True:
        try:
            probe.copy(0, (answered + 1).to_bytes(2, "big"))
        except TransportError:
            return answered
        answered += 1


@pytest.mark.parametrize("delay", [0.005 + 0.017 * step for step in range(8)])
def test_kill_minus_9_at_any_time_keeps_the_last_answered_command(folder: Path, image: Path, delay: float):
    with opened(folder, image) as probe:
        threading.Timer(delay, os.kill, (probe.card.pid, signal.SIGKILL)).start()
        answered = count_until_killed(probe)
    with opened(folder, image) as probe:
        found = int.from_bytes(probe.block()[:2], "big")
    assert found in {answered, answered + 1}, "the one in flight may have happened"


def test_a_second_process_is_told_who_holds_the_card(folder: Path, card: SimTransport, image: Path):
    with opened(folder, image) as probe:
        with pytest.raises(CardBusyError, match=rf"\(process {os.getpid()}\) is using sim:{image.stem};"):
            card.open_image(image)
        probe.fields(9)
    with opened(folder, image) as probe:
        assert probe.state() == FILLED


def test_the_lock_dies_with_its_process(folder: Path, card: SimTransport, image: Path):
    with opened(folder, image) as probe:
        probe.card.kill()
    card.open_image(image)
    card.new_card()


def test_another_card_in_the_same_process_frees_the_image(folder: Path, card: SimTransport, image: Path):
    card.open_image(image)
    card.open_image(image)
    assert card.name == f"sim:{image}"
    card.new_card()
    assert card.name == "sim"
    with opened(folder, image):
        pass


def test_a_restored_snapshot_is_written_too(folder: Path, card: SimTransport, image: Path):
    card.open_image(image)
    probe = Probe(card).select()
    probe.fields(9)
    kept = card.snapshot()
    probe.fields(0)
    card.restore(kept)
    card.new_card()
    with opened(folder, image) as probe:
        assert probe.state() == FILLED


def truncated(content: bytes) -> bytes:
    return content[:-7]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[:200] + bytes((content[200] ^ 1,)) + content[201:]


def longer(content: bytes) -> bytes:
    return content + b"\x00"


def foreign(content: bytes) -> bytes:
    return b"PK" + content[2:]


def empty(content: bytes) -> bytes:
    return content[:0]


def newer(content: bytes) -> bytes:
    return content[:8] + b"\x00\x63" + content[10:]


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (truncated, "damaged"),
        (half, "damaged"),
        (flipped, "damaged"),
        (longer, "damaged"),
        (foreign, "not the image"),
        (empty, "not the image"),
        (newer, "image format 99"),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(
    card: SimTransport, image: Path, damage: Callable[[bytes], bytes], text: str
):
    filled(card, image)
    image.write_bytes(damage(image.read_bytes()))
    damaged = image.read_bytes()
    with pytest.raises(TransportError, match=f"{image}.*{text}"):
        card.open_image(image)
    assert image.read_bytes() == damaged
    with pytest.raises(TransportError, match="no card"):
        card.reset()


def test_other_parameters_than_the_cards_own_are_refused(card: SimTransport, image: Path):
    filled(card, image)
    with pytest.raises(TransportError, match="other install parameters"):
        card.open_image(image, b"\x80\x01\x20")
    card.open_image(image, PARAMETERS)
    card.new_card()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("private short counter;", "private short counter; private short added;"),
        ("private byte[] current;", "private Object current;"),
    ],
    ids=["field added", "type changed"],
)
def test_an_image_of_another_layout_is_refused(card: SimTransport, image: Path, tmp_path: Path, old: str, new: str):
    filled(card, image)
    before = image.read_bytes()
    changed = build(tmp_path / "changed", {old: new})
    with transport(changed) as other, pytest.raises(TransportError, match="another version of the applet"):
        other.open_image(image)
    assert image.read_bytes() == before


def test_an_image_with_arrays_of_another_size_is_refused(card: SimTransport, image: Path, tmp_path: Path):
    filled(card, image)
    changed = build(tmp_path / "changed", {"new byte[600]": "new byte[601]"})
    with transport(changed) as other, pytest.raises(TransportError, match="layout has changed"):
        other.open_image(image)


def test_code_may_change_under_an_image(card: SimTransport, image: Path, tmp_path: Path):
    filled(card, image)
    changed = build(tmp_path / "changed", {"(short) 16": "(short) 15"})
    with opened(changed, image) as probe:
        assert probe.block() == DATA[:15]


def test_an_object_made_after_install_cannot_be_kept_in_the_file(card: SimTransport, image: Path):
    card.open_image(image)
    probe = Probe(card).select()
    with pytest.raises(TransportError, match="made after install"):
        probe.send(0x40)
    probe.send(0x46)  # given up again: all is well
    card.new_card()


def test_a_folder_that_does_not_exist_is_named(card: SimTransport, tmp_path: Path):
    with pytest.raises(TransportError, match=f"{tmp_path}/nowhere/a.card"):
        card.open_image(tmp_path / "nowhere" / "a.card")
    with pytest.raises(TransportError, match="give a file"):
        card.open_image(tmp_path)


def test_a_link_to_an_image_stays_a_link(card: SimTransport, image: Path, tmp_path: Path):
    filled(card, image)
    link = tmp_path / "link.card"
    link.symlink_to(image)
    card.open_image(link)
    Probe(card).select().fields(0)
    card.new_card()
    assert link.is_symlink()
    card.open_image(image)
    assert not Probe(card).select().state().flag
    card.new_card()


def test_a_card_in_a_file_draws_fresh_random_numbers_in_each_process(folder: Path, image: Path):
    drawn = set()
    for _ in range(2):
        with opened(folder, image) as probe:
            drawn.add(probe.random())
    assert len(drawn) == 2
