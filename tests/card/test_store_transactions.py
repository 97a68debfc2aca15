"""How the store commits: small atomic writes, no allocation, each superblock slot in turn, generations, damage."""

from __future__ import annotations

import binascii
import zlib
from collections import Counter
from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport, WriteKind
from smartdm.wire import Sw
from tests.card.asking import assert_sw
from tests.card.device import personalize
from tests.card.judge import Judge, State
from tests.card.store import PROFILES
from tests.card.tear_cards import basic, leaves, pattern, wide
from tests.card.tear_commands import COMMANDS, Command
from tests.oracle.commands import Add, Delete, Get, Rename, Replace
from tests.oracle.commands import Command as Dm
from tests.oracle.nodes import branch, leaf
from tests.oracle.writing import Options

BOTH = pytest.mark.parametrize("profile", PROFILES)
EACH = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
SLOTS = {"default": 8, "small": 4}
BLOCK = 96

REFUSED: dict[str, tuple[list[Dm], Sw]] = {
    "missing": ([Delete(("Dev", "Missing"))], Sw.NOT_FOUND),
    "late": ([Add((), branch("A", *leaves(30))), Delete(("Missing",))], Sw.NOT_FOUND),
    "there already": ([Add(("Dev",), leaf("Man"))], Sw.ALREADY_EXISTS),
    "root": ([Rename((), "r")], Sw.PERMANENT),
    "below a leaf": ([Add(("Dev", "Man"), leaf("A"))], Sw.NOT_INTERIOR),
    "interior": ([Replace(("Dev",), b"1")], Sw.NOT_LEAF),
    "full": ([Add((), branch("A", *leaves(90, 200)))], Sw.CARD_FULL),
}


def install(simulator: SimTransport, command: Command, profile: str) -> Judge:
    """The card as it is before the command."""
    judge = Judge.new(simulator, PROFILES[profile] + command.parameters)
    command.prepare(judge)
    judge.select()
    judge.ask_as(command.who)
    simulator.counters()
    return judge


def run(judge: Judge, command: Command) -> None:
    """The command, which works."""
    assert_sw(judge.run(command.batch, command.options).sw, Sw.OK)


@pytest.fixture(params=PROFILES)
def judge(simulator: SimTransport, request: pytest.FixtureRequest) -> Judge:
    """A card of each profile with the basic tree."""
    judge = Judge.new(simulator, PROFILES[request.param])
    basic(judge)
    return judge


# Threat 16: the commit buffer of the card


@BOTH
@EACH
@pytest.mark.parametrize("capacity", [384, BLOCK])
def test_threat_16_no_command_needs_a_large_commit_buffer(
    simulator: SimTransport, command: Command, profile: str, capacity: int
):
    simulator.commit_limit(capacity)
    run(install(simulator, command, profile), command)
    assert simulator.counters().total.largest == BLOCK <= 128
    simulator.commit_limit(384)


@BOTH
@EACH
def test_the_only_atomic_write_of_a_batch_is_its_superblock(simulator: SimTransport, command: Command, profile: str):
    run(install(simulator, command, profile), command)
    writes = simulator.last_writes()  # of the last part, which commits
    assert [(write.kind, write.length) for write in writes if write.kind is not WriteKind.COPY_NON_ATOMIC] == [
        (WriteKind.ARRAY_COPY, BLOCK)
    ]
    assert writes[-1].kind is WriteKind.ARRAY_COPY


# Threat 17: memory that is never given back


@BOTH
@EACH
def test_threat_17_no_command_allocates(simulator: SimTransport, command: Command, profile: str):
    judge = install(simulator, command, profile)
    run(judge, command)
    judge.run([Get((), 0), Get(())])
    judge.state()
    assert simulator.counters().total.allocations == 0


@pytest.mark.parametrize("name", REFUSED)
def test_threat_17_no_refused_command_allocates_or_leaves_a_trace(judge: Judge, name: str):
    batch, status = REFUSED[name]
    before = judge.state()
    judge.sim.counters()
    assert_sw(judge.run(batch).sw, status)
    for raw in ("80FF0000", "90310000010000", "803000000101", "8031FF00", "80320000", "0010000000", "80300001020001"):
        assert judge.send(bytes.fromhex(raw))[1] != Sw.OK
    assert judge.sim.counters().total.allocations == 0
    assert not [write for write in judge.sim.last_writes() if write.kind is WriteKind.ARRAY_COPY]
    assert judge.state() == before


# Wear, and what counts


def slots_written(judge: Judge, times: int) -> Counter[tuple[int, int]]:
    """Where the superblocks of so many small batches go."""
    written = Counter[tuple[int, int]]()
    for at in range(times):
        assert_sw(judge.run([Replace(("Dev", "Ext", "A"), pattern(at, at % 9))]).sw, Sw.OK)
        written.update((w.array, w.offset) for w in judge.sim.last_writes() if w.kind is WriteKind.ARRAY_COPY)
    return written


@pytest.mark.parametrize("commits", [80, 300, 1000])
def test_each_superblock_slot_is_written_as_often_as_the_others(judge: Judge, commits: int):
    written = slots_written(judge, commits)
    slots = SLOTS["default" if judge.model.max_depth > 10 else "small"]
    assert sum(written.values()) == commits
    assert len(written) == slots
    assert len({array for array, _ in written}) == 1
    assert max(written.values()) <= -(-commits // slots)
    assert max(written.values()) - min(written.values()) <= 1


def test_the_generation_counts_batches_that_change_something_and_nothing_else(judge: Judge):
    first = judge.select().generation
    for at in range(300):  # over the carry into the second byte
        judge.run([*touch(at), Delete(("Dev", "Ext"))] if at == 7 else touch(at))
        assert judge.select().generation == first + at + 1
    for batch, status in REFUSED.values():
        assert_sw(judge.run(batch).sw, status)
    judge.run([Get(()), Get(("Dev",), 0)])
    judge.read()
    assert_sw(judge.run(touch(0), Options(generation=5)).sw, Sw.CONFLICT)
    assert judge.select().generation == first + 300
    assert_sw(judge.run(touch(0), Options(generation=first + 300)).sw, Sw.OK)
    judge.sim.reset()
    assert judge.select().generation == first + 301


def touch(number: int) -> list[Dm]:
    """A small change."""
    return [Replace(("Dev", "Man"), pattern(number, number % 5))]


@BOTH
def test_the_state_survives_power_cycles_between_and_after_changes(simulator: SimTransport, profile: str):
    judge = Judge.new(simulator, PROFILES[profile])
    wide(judge)
    before = judge.state()
    for _ in range(20):
        judge.power_cycle()
        assert judge.state() == before
    for at in range(20):
        judge.power_cycle()
        judge.done(*touch(at), Add(("Scratch",), leaf(f"N{at}", pattern(at, at))))
    judge.power_cycle()
    judge.look()
    judge.audit()
    scratch = judge.model.find(("Scratch",))
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


def on_file(simulator: SimTransport, path: Path, profile: str) -> Judge:
    """A card with the basic tree whose image is in a file."""
    simulator.open_image(path, PROFILES[profile])
    personalize(simulator)
    judge = Judge.of(simulator)
    basic(judge)
    return judge


def opened(judge: Judge, path: Path) -> State:
    """What is in a file."""
    judge.sim.open_image(path)
    return judge.state()


@BOTH
def test_a_damaged_superblock_is_passed_over_and_without_any_the_card_says_so(
    simulator: SimTransport, tmp_path: Path, profile: str
):
    path = tmp_path / "card"
    judge = on_file(simulator, path, profile)
    for at in range(20):
        judge.done(*touch(at))
    before = judge.state()
    judge.done(*touch(20))
    after = judge.state()
    simulator.new_card()  # lets go of the file
    image = path.read_bytes()
    blocks = superblocks(image)
    assert len(blocks) == SLOTS[profile]
    newest = blocks[max(blocks)]
    for place in range(BLOCK):
        damage(path, image, newest + place)
        assert opened(judge, path) == before, f"byte {place} of the newest superblock"
    oldest = blocks[min(blocks)]
    damage(path, image, oldest)
    assert opened(judge, path) == after
    damage(path, image, *blocks.values())
    simulator.open_image(path)
    for apdu in ("00A4040007F0534D444D010100", "8031FF00010000", "803000000400C001C5"):
        assert judge.send(bytes.fromhex(apdu))[1] == Sw.STORE_DAMAGED
    simulator.new_card()


@BOTH
def test_commit_number_and_generation_may_wrap(simulator: SimTransport, tmp_path: Path, profile: str):
    path = tmp_path / "card"
    judge = on_file(simulator, path, profile)
    for at in range(10):
        judge.done(*touch(at))
    simulator.new_card()
    damage(path, aged(path.read_bytes(), 0xFFFFFFE8, 0xFFFFE8))
    start = opened(judge, path).told.generation
    assert start > 0xFFFFE8
    for at in range(40):
        judge.power_cycle()
        assert_sw(judge.run(touch(at)).sw, Sw.OK)
        assert judge.state().told.generation == (start + at + 1) % (1 << 24)
        judge.model = judge.model.after(touch(at), judge.who)
        judge.model.generation = (start + at + 1) % (1 << 24)
        answer = judge.run([Get(("Dev", "Man"), 0)])
        judge.agree([Get(("Dev", "Man"), 0)], answer, None, judge.model)
    simulator.new_card()
