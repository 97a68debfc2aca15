"""How the store commits: small atomic writes, no allocation, each superblock slot in turn, generations, damage."""

from __future__ import annotations

import binascii
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from smartdm.errors import CardError, Conflict
from smartdm.mo.uri import ROOT
from smartdm.session import Batch
from smartdm.transport.sim import SimTransport, WriteKind
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.store import PROFILES, branch, leaf, leaves, look, pattern, refusal, uri
from tests.card.tear_commands import COMMANDS, Command, basic, wide

BOTH = pytest.mark.parametrize("profile", PROFILES)
EACH = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
SLOTS = {"default": 8, "small": 4}
BLOCK = 96

REFUSED: dict[str, tuple[Callable[[], Batch], Sw]] = {
    "missing": (lambda: Batch().delete(uri("Dev/Missing")), Sw.NOT_FOUND),
    "late": (lambda: Batch().add(ROOT, branch("A", *leaves(30))).delete(uri("Missing")), Sw.NOT_FOUND),
    "there already": (lambda: Batch().add(uri("Dev"), leaf("Man")), Sw.ALREADY_EXISTS),
    "root": (lambda: Batch().rename(ROOT, "r"), Sw.PERMANENT),
    "below a leaf": (lambda: Batch().add(uri("Dev/Man"), leaf("A")), Sw.NOT_INTERIOR),
    "interior": (lambda: Batch().replace(uri("Dev"), b"1"), Sw.NOT_LEAF),
    "full": (lambda: Batch().add(ROOT, branch("A", *leaves(90, 200))), Sw.CARD_FULL),
}


def install(device: Device, command: Command, profile: str) -> None:
    """The card as it is before the command."""
    device.new(PROFILES[profile] + command.parameters)
    command.prepare(device)
    device.sim.counters()


# Threat 16: the commit buffer of the card


@BOTH
@EACH
@pytest.mark.parametrize("capacity", [384, BLOCK])
def test_threat_16_no_command_needs_a_large_commit_buffer(
    device: Device, command: Command, profile: str, capacity: int
):
    device.sim.commit_limit(capacity)
    install(device, command, profile)
    device.open().apply(command.batch())
    assert device.sim.counters().total.largest == BLOCK <= 128


@BOTH
@EACH
def test_the_only_atomic_write_of_a_batch_is_its_superblock(device: Device, command: Command, profile: str):
    install(device, command, profile)
    device.open().apply(command.batch())
    writes = device.sim.last_writes()  # of the last part, which commits
    assert [(write.kind, write.length) for write in writes if write.kind is not WriteKind.COPY_NON_ATOMIC] == [
        (WriteKind.ARRAY_COPY, BLOCK)
    ]
    assert writes[-1].kind is WriteKind.ARRAY_COPY


# Threat 17: memory that is never given back


@BOTH
@EACH
def test_threat_17_no_command_allocates(device: Device, command: Command, profile: str):
    install(device, command, profile)
    session = device.open()
    session.apply(command.batch())
    session.apply(Batch().get(ROOT, 0).get(ROOT))
    session.read()
    assert device.sim.counters().total.allocations == 0


@BOTH
@pytest.mark.parametrize("name", REFUSED)
def test_threat_17_no_refused_command_allocates_or_leaves_a_trace(device: Device, profile: str, name: str):
    batch, status = REFUSED[name]
    device.new(PROFILES[profile])
    basic(device)
    before = look(device)
    session = device.open()
    device.sim.counters()
    assert refusal(session, batch()) == status
    for raw in ("80FF0000", "90310000010000", "803000000101", "8031FF00", "80320000", "0010000000", "80300001020001"):
        assert device.apdu(raw)[1] != Sw.OK
    counters = device.sim.counters()
    assert counters.total.allocations == 0
    assert not [write for write in device.sim.last_writes() if write.kind is WriteKind.ARRAY_COPY]
    assert look(device) == before


# Wear, and what counts


def slots_written(device: Device, times: int) -> Counter[tuple[int, int]]:
    """Where the superblocks of so many small batches go."""
    session, written = device.open(), Counter[tuple[int, int]]()
    for at in range(times):
        session.apply(Batch().replace(uri("Dev/Ext/A"), pattern(at, at % 9)))
        written.update((w.array, w.offset) for w in device.sim.last_writes() if w.kind is WriteKind.ARRAY_COPY)
    return written


@BOTH
@pytest.mark.parametrize("commits", [80, 300, 1000])
def test_each_superblock_slot_is_written_as_often_as_the_others(device: Device, profile: str, commits: int):
    device.new(PROFILES[profile])
    basic(device)
    written = slots_written(device, commits)
    assert sum(written.values()) == commits
    assert len(written) == SLOTS[profile]
    assert len({array for array, _ in written}) == 1
    assert max(written.values()) <= -(-commits // SLOTS[profile])
    assert max(written.values()) - min(written.values()) <= 1


@BOTH
def test_the_generation_counts_batches_that_change_something_and_nothing_else(device: Device, profile: str):
    session = device.new(PROFILES[profile])
    basic(device)
    session = device.open()
    for at in range(300):  # over the carry into the second byte
        session.apply(Batch().replace(uri("Dev/Man"), pattern(at, 3)).delete(uri("Dev/Ext")) if at == 7 else touch(at))
        assert session.refresh().generation == 4 + at
        session = device.open()
    for batch, _ in REFUSED.values():
        with pytest.raises(CardError):
            session.apply(batch())
    session.apply(Batch().get(ROOT).get(uri("Dev"), 0))
    session.read()
    with pytest.raises(Conflict):
        session.apply(touch(0), expect=5)
    assert session.refresh().generation == 303
    device.open().apply(touch(0), expect=303)
    assert device.power_cycle().generation == 304


def touch(number: int) -> Batch:
    """A small change."""
    return Batch().replace(uri("Dev/Man"), pattern(number, number % 5))


@BOTH
def test_the_state_survives_power_cycles_between_and_after_changes(device: Device, profile: str):
    device.new(PROFILES[profile])
    wide(device)
    before = look(device)
    for _ in range(20):
        device.power_cycle()
        assert look(device) == before
    for at in range(20):
        device.power_cycle().apply(touch(at).add(uri("Scratch"), leaf(f"N{at}", pattern(at, at))))
    device.power_cycle()
    scratch = look(device).tree.find(uri("Scratch"))
    assert scratch is not None
    assert [child.value for child in scratch.children] == [pattern(at, at) for at in range(20)]


# Damage: superblocks in an image file, which is then sealed again


def superblocks(image: bytes) -> dict[int, int]:
    """The valid superblocks of a young card: commit number to place in the file."""
    found = {}
    for at in range(len(image) - BLOCK):
        block = image[at : at + BLOCK]
        young = block[:2] == b"\0\0" and block[4:6] == b"\0\0" and block[3] > 0 and block[6] > 0
        if young and binascii.crc_hqx(block[:-2], 0xFFFF) == int.from_bytes(block[-2:]):
            found[int.from_bytes(block[:4])] = at
    return found


def aged(image: bytes, commits: int, generations: int) -> bytes:
    """The same image after so many more commits and generations; slots stay what they are for multiples of 8."""
    content = bytearray(image)
    for place in superblocks(image).values():
        content[place : place + 4] = (int.from_bytes(content[place : place + 4]) + commits).to_bytes(4)
        content[place + 4 : place + 7] = (int.from_bytes(content[place + 4 : place + 7]) + generations).to_bytes(3)
        content[place + 94 : place + 96] = binascii.crc_hqx(content[place : place + 94], 0xFFFF).to_bytes(2)
    return bytes(content)


def damage(path: Path, image: bytes, *places: int) -> None:
    """Change a byte at each place and make the file's own check sum fit again."""
    content = bytearray(image)
    for place in places:
        content[place] ^= 0x5A
    content[-4:] = zlib.crc32(content[:-4]).to_bytes(4)
    path.write_bytes(content)


@BOTH
def test_a_damaged_superblock_is_passed_over_and_without_any_the_card_says_so(
    simulator: SimTransport, tmp_path: Path, profile: str
):
    device, path = Device(simulator), tmp_path / "card"
    simulator.open_image(path, PROFILES[profile])
    basic(device)
    for at in range(20):
        device.open().apply(touch(at))
    before = look(device)
    device.open().apply(touch(20))
    after = look(device)
    simulator.new_card()  # lets go of the file
    image = path.read_bytes()
    blocks = superblocks(image)
    assert len(blocks) == SLOTS[profile]
    newest = blocks[max(blocks)]
    for place in range(BLOCK):
        damage(path, image, newest + place)
        simulator.open_image(path)
        assert look(device) == before, f"byte {place} of the newest superblock"
    oldest = blocks[min(blocks)]
    damage(path, image, oldest)
    simulator.open_image(path)
    assert look(device) == after
    damage(path, image, *blocks.values())
    simulator.open_image(path)
    for apdu in ("00A4040007F0534D444D010100", "8031FF00010000", "803000000400C001C5"):
        assert device.apdu(apdu)[1] == Sw.STORE_DAMAGED
    simulator.new_card()


@BOTH
def test_commit_number_and_generation_may_wrap(simulator: SimTransport, tmp_path: Path, profile: str):
    device, path = Device(simulator), tmp_path / "card"
    simulator.open_image(path, PROFILES[profile])
    basic(device)
    for at in range(10):
        device.open().apply(touch(at))
    simulator.new_card()
    damage(path, aged(path.read_bytes(), 0xFFFFFFE8, 0xFFFFE8))
    simulator.open_image(path)
    start = look(device).generation
    assert start > 0xFFFFE8
    for at in range(40):
        device.power_cycle().apply(touch(at))
        seen = look(device)
        assert seen.generation == (start + at + 1) % (1 << 24)
        man = seen.tree.find(uri("Dev/Man"))
        assert man is not None
        assert man.value == pattern(at, at % 5)
    simulator.new_card()
