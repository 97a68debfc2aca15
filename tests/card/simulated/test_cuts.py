"""Power cuts of the simulated card: what each kind of write leaves behind."""

from collections.abc import Callable
from itertools import count

import pytest

from smartdm.errors import PowerLostError, TransportError
from smartdm.transport.sim import CutMode, SimTransport
from tests.card.applets.probe import FRESH, SELECT, Probe, State

OLD = bytes(range(0x11, 0x21))
NEW = bytes(range(0xA1, 0xB1))

Action = Callable[[Probe], object]


@pytest.fixture
def probe(card: SimTransport) -> Probe:
    probe = Probe(card).fresh()
    probe.copy(0, OLD)
    return probe


def cut(probe: Probe, action: Action, at: int, mode: CutMode, seed: int = 0) -> None:
    probe.card.arm_cut(at, mode, seed)
    with pytest.raises(PowerLostError):
        action(probe)
    probe.power_up()


def outcomes(probe: Probe, action: Action, mode: CutMode) -> set[bytes]:
    """The first 16 bytes after a cut at the first write of the action, over 40 seeds."""
    kept = probe.card.snapshot()
    seen = set()
    for seed in range(40):
        probe.card.restore(kept)
        probe.select()
        cut(probe, action, 1, mode, seed)
        seen.add(probe.block())
    return seen


def copy(probe: Probe) -> None:
    probe.copy(0, NEW)


def copy_non_atomic(probe: Probe) -> None:
    probe.copy_non_atomic(0, NEW)


def fill(probe: Probe) -> None:
    probe.fill_non_atomic(0, 16, 0xEE)


def set_short(probe: Probe) -> None:
    probe.set_short(0, 0xA1A2)


def store(probe: Probe) -> None:
    probe.stores(0, NEW)


ATOMIC = [(copy, NEW), (set_short, NEW[:2] + OLD[2:]), (store, NEW[:1] + OLD[1:])]
NON_ATOMIC = [(copy_non_atomic, NEW), (fill, b"\xee" * 16)]


@pytest.mark.parametrize(("action", "done"), ATOMIC + NON_ATOMIC)
def test_a_cut_before_a_write_leaves_the_old_content_and_after_it_the_new(probe: Probe, action: Action, done: bytes):
    assert outcomes(probe, action, CutMode.BEFORE) == {OLD}
    assert outcomes(probe, action, CutMode.AFTER) == {done}


@pytest.mark.parametrize(("action", "done"), ATOMIC)
@pytest.mark.parametrize("mode", [CutMode.HALF, CutMode.GARBAGE])
def test_an_atomic_write_happens_or_not_in_every_mode(probe: Probe, action: Action, done: bytes, mode: CutMode):
    assert outcomes(probe, action, mode) == {OLD, done}


@pytest.mark.parametrize(("action", "done"), NON_ATOMIC)
def test_a_non_atomic_write_can_be_half_done(probe: Probe, action: Action, done: bytes):
    assert outcomes(probe, action, CutMode.HALF) == {done[:8] + OLD[8:]}


@pytest.mark.parametrize(("action", "done"), NON_ATOMIC)
def test_a_non_atomic_write_can_leave_garbage(probe: Probe, action: Action, done: bytes):
    seen = outcomes(probe, action, CutMode.GARBAGE)
    assert len(seen) > 30
    assert not seen & {OLD, done}
    assert outcomes(probe, action, CutMode.GARBAGE) == seen, "the same seeds leave the same garbage"


def test_garbage_stays_inside_the_range_that_was_written(probe: Probe):
    seen = outcomes(probe, lambda p: p.copy_non_atomic(4, NEW[:4]), CutMode.GARBAGE)
    assert {(block[:4], block[8:]) for block in seen} == {(OLD[:4], OLD[8:])}


def test_the_count_chooses_the_write(probe: Probe):
    for at in range(1, 17):
        probe.copy(0, OLD)
        cut(probe, store, at, CutMode.BEFORE)
        assert probe.block() == NEW[: at - 1] + OLD[at - 1 :]


def test_fields_written_before_the_cut_stay_and_later_ones_do_not(probe: Probe):
    cut(probe, lambda p: p.fields(9), 3, CutMode.BEFORE)
    assert probe.state() == State(9, 9 * 256, False, 7, False, 0, False, False, 1, 0, 0, 0)
    cut(probe, lambda p: p.fields(9), 3, CutMode.AFTER)
    assert probe.state().flag
    assert probe.state().shared == 7


def test_every_kind_of_field_can_be_the_one_that_just_happened(probe: Probe):
    done = State(9, 9 * 256, True, 9, True, 9, True, True, 9, 0, 0, 0)
    seen = []
    for at in range(1, 10):
        probe.fields(0)
        cut(probe, lambda p: p.fields(9), at, CutMode.AFTER)
        seen.append(probe.state())
    assert len(set(seen)) == 9
    assert seen[-1] == done


@pytest.mark.parametrize("mode", list(CutMode))
def test_a_transaction_cut_anywhere_is_all_or_nothing(probe: Probe, mode: CutMode):
    kept = probe.card.snapshot()
    for at in count(1):
        probe.card.restore(kept)
        probe.select()
        probe.card.arm_cut(at, mode)
        try:
            probe.send(0x20, 0, data=NEW)
        except PowerLostError:
            probe.power_up()
            whole = (probe.block(), probe.state())
            if whole[0] == OLD:
                assert whole[1] == FRESH
            else:
                assert at == 13, "only the commit itself can complete"
                assert whole[0] == NEW
                assert whole[1].counter == 9 * 256
        else:
            break
    assert at == 14


def test_a_cut_before_the_commit_undoes_and_after_it_keeps(probe: Probe):
    cut(probe, lambda p: p.send(0x20, 0, data=NEW), 13, CutMode.BEFORE)
    assert probe.block() == OLD
    cut(probe, lambda p: p.send(0x20, 0, data=NEW), 13, CutMode.AFTER)
    assert probe.block() == NEW


def test_a_torn_non_atomic_write_inside_a_transaction_stays_torn(probe: Probe):
    cut(probe, lambda p: p.send(0x22, 0, data=NEW), 1, CutMode.HALF)
    assert probe.block() == NEW[:8] + OLD[8:]
    assert probe.state() == FRESH


def test_handlers_that_run_during_the_loss_of_power_change_nothing(probe: Probe):
    cut(probe, lambda p: p.send(0x45), 1, CutMode.BEFORE)
    assert probe.block() == OLD


def test_a_card_without_power_answers_only_after_a_power_up(probe: Probe):
    probe.card.arm_cut(1)
    with pytest.raises(PowerLostError):
        copy(probe)
    for _ in range(2):
        with pytest.raises(TransportError, match="no power") as caught:
            probe.card.transmit(SELECT)
        assert not isinstance(caught.value, PowerLostError)
    probe.power_up()
    assert probe.block() == OLD


def test_a_cut_happens_once_and_counts_over_commands(probe: Probe):
    probe.card.arm_cut(3)
    probe.stores(0, b"\x01\x02")
    with pytest.raises(PowerLostError):
        probe.stores(0, b"\x03\x04")
    probe.power_up()
    probe.stores(0, b"\x05\x06\x07\x08")
    assert probe.block()[:4] == b"\x05\x06\x07\x08"


@pytest.mark.parametrize(
    "disarm", [lambda p: p.card.arm_cut(0), lambda p: p.card.restore(p.card.snapshot()), Probe.fresh]
)
def test_a_cut_can_be_taken_back(probe: Probe, disarm: Action):
    probe.card.arm_cut(1)
    disarm(probe)
    probe.select()
    copy(probe)
    assert probe.block() == NEW


def test_writes_of_a_torn_command_are_counted_up_to_the_cut(probe: Probe):
    probe.card.counters()
    cut(probe, store, 5, CutMode.BEFORE)
    assert probe.card.counters().since_read.points == 5


def test_an_unknown_mode_is_refused(probe: Probe):
    with pytest.raises(TransportError, match="mode of 0 to 3"):
        probe.card._process.call(0x07, b"\x00\x00\x00\x01\x09\x00\x00\x00\x00")
