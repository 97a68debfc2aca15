"""The simulated card itself, by an applet that writes, transacts and allocates on command."""

from pathlib import Path

import pytest

from smartdm.errors import TransportError
from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import AID, FRESH, SELECT, Probe, State, transport

BUFFER_FULL = "TransactionException"
WRITTEN = State(9, 9 * 256, True, 9, True, 9, True, True, 9, 0, 0, 0)


# Making cards


def test_install_data_has_the_form_of_a_real_card(card: SimTransport):
    probe = Probe(card).fresh(b"\x80\x01\x10")
    installed = probe.send(0x32)
    assert installed[0] > 0, "install data begin at an offset"
    assert installed[1:] == bytes((len(AID),)) + AID + b"\x01\x00" + b"\x03\x80\x01\x10"


def test_a_fresh_card_knows_nothing_of_the_one_before(probe: Probe):
    probe.stores(0, b"\x05")
    probe.fields(9)
    probe.transients(3)
    probe.fresh()
    assert probe.block() == bytes(16)
    assert probe.state() == FRESH


def test_install_parameters_that_do_not_fit_are_refused(card: SimTransport):
    with pytest.raises(TransportError, match="too long: at most"):
        card.new_card(bytes(200))
    with pytest.raises(TransportError, match="no card"):
        card.transmit(SELECT)


@pytest.mark.parametrize(
    ("wish", "text"),
    [(1, "ISOException 6A80"), (2, "ArrayIndexOutOfBounds.*Bare.install"), (3, "did not register")],
)
def test_a_refused_installation_says_why(folder: Path, wish: int, text: str):
    with transport(folder, "probe.Bare") as card:
        with pytest.raises(TransportError, match=text):
            card.new_card(bytes((wish,)))
        card.new_card(b"\x00")
        assert card.transmit(SELECT) == b"\x90\x00"


def test_a_principal_is_set_until_deselect_or_reset(probe: Probe):
    probe.card.principal(0x0105)
    assert probe.state().principal == 0x0105
    probe.select()
    assert probe.state().principal == 0
    probe.card.principal(5)
    probe.power_up()
    assert probe.state().principal == 0


@pytest.mark.parametrize(("number", "lent", "told"), [(5, None, 2), (5, 0, 0), (0x0105, 0x0F, 0x0F), (0, None, 0)])
def test_proof_bits_are_set_with_the_principal(probe: Probe, number: int, lent: int | None, told: int):
    probe.card.principal(number, lent)
    assert (probe.state().principal, probe.proof()) == (number, told)
    probe.select()
    assert probe.proof() == 0


def test_an_applet_without_principal_is_told(folder: Path):
    with transport(folder, "probe.Bare") as card:
        card.new_card(b"\x00")
        with pytest.raises(TransportError, match="no principal"):
            card.principal(1)


# Power


def test_a_power_cycle_keeps_persistent_memory_and_clears_the_rest(probe: Probe):
    probe.fields(9)
    probe.transients(4)
    assert probe.state().cor == 4
    probe.card.reset()
    assert probe.card.transmit(b"\x80\x31\x00\x00\x00") != b"\x90\x00", "nothing is selected"
    probe.select()
    assert probe.state() == WRITTEN


def test_select_clears_only_clear_on_deselect(probe: Probe):
    probe.transients(4)
    probe.select()
    assert (probe.state().cod, probe.state().cor) == (0, 4)


def test_restoring_a_snapshot_brings_everything_persistent_back(probe: Probe):
    probe.fields(9)
    probe.stores(3, b"\x01\x02")
    kept = probe.card.snapshot()
    probe.fields(0)
    probe.stores(0, bytes(range(100, 116)))
    probe.transients(7)
    probe.card.restore(kept)
    probe.select()
    assert probe.state() == WRITTEN
    assert probe.block()[:6] == b"\x00\x00\x00\x01\x02\x00"


def test_an_unknown_snapshot_is_refused(probe: Probe):
    with pytest.raises(TransportError, match="no snapshot 3"):
        probe.card.restore(3)


# Transactions

DATA = bytes(range(0x41, 0x51))


def assert_untouched(probe: Probe):
    assert probe.block() == bytes(16)
    assert probe.block(300)[:3] == bytes(3)
    assert probe.state() == FRESH


def test_a_commit_keeps_every_kind_of_write(probe: Probe):
    probe.send(0x20, 0, data=DATA)
    assert probe.block() == DATA
    assert probe.block(300)[:3] == b"\x12\x34\x56"
    assert probe.state() == WRITTEN


@pytest.mark.parametrize(
    ("ending", "sw"),
    [(1, 0x9000), (2, 0x6999), (3, 0x6F00), (4, 0x9000)],
    ids=["abort", "status word", "exception", "return"],
)
def test_a_transaction_without_commit_is_rolled_back(probe: Probe, ending: int, sw: int):
    probe.send(0x20, ending, data=DATA, sw=sw)
    assert_untouched(probe)
    probe.send(0x20, 0, data=DATA)  # and the next one works
    assert probe.block() == DATA


def test_transactions_do_not_nest(probe: Probe):
    probe.send(0x21, 0, data=DATA, sw=0x6F00)
    assert "TransactionException" in probe.card.last_failure()
    assert_untouched(probe)


def test_non_atomic_writes_are_not_undone_by_abort(probe: Probe):
    probe.send(0x22, 1, data=DATA)
    assert probe.block() == DATA
    assert probe.state() == FRESH


def test_a_transaction_beyond_the_commit_buffer_is_refused_and_undone(probe: Probe):
    needed = probe.card.counters
    probe.send(0x20, 0, data=DATA)
    size = needed().last_apdu.largest
    probe.fresh()
    probe.card.commit_limit(size - 1)
    probe.send(0x20, 0, data=DATA, sw=0x6F00)
    assert BUFFER_FULL in probe.card.last_failure()
    assert_untouched(probe)
    probe.card.commit_limit(size)
    probe.send(0x20, 0, data=DATA)
    assert probe.block() == DATA


def test_an_atomic_copy_needs_the_commit_buffer_and_a_non_atomic_one_does_not(probe: Probe):
    probe.card.commit_limit(15)
    probe.send(0x11, 0, data=DATA, sw=0x6F00)
    assert BUFFER_FULL in probe.card.last_failure()
    assert probe.block() == bytes(16)
    probe.copy_non_atomic(0, DATA)
    assert probe.block() == DATA


def test_the_commit_capacity_is_384_unless_set_and_the_applet_sees_it(card: SimTransport, folder: Path):
    with transport(folder) as other:
        assert Probe(other).fresh().send(0x34).hex() == "018001800000"
    probe = Probe(card).fresh()
    card.commit_limit(512)
    assert probe.send(0x34).hex() == "020002000000"
