"""The simulated card itself, by an applet that writes, transacts and allocates on command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartdm.errors import NoCardError, TransportError
from smartdm.transport.sim import SimTransport, Transient, Write, WriteKind
from tests.card.applets.probe import AID, FRESH, SELECT, Probe, State, build, transport

BUFFER_FULL = "TransactionException"
WRITTEN = State(9, 9 * 256, True, 9, True, 9, True, True, 9, 0, 0, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def card(folder: Path) -> Iterator[SimTransport]:
    with transport(folder) as running:
        yield running


@pytest.fixture
def probe(card: SimTransport) -> Probe:
    card.commit_limit(384)
    card.seed_random(b"")
    return Probe(card).fresh()


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
    probe.card.principal(5)
    assert probe.state().principal == 5
    probe.select()
    assert probe.state().principal == 0
    probe.card.principal(5)
    probe.power_up()
    assert probe.state().principal == 0


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


# Counters


def test_each_kind_of_write_is_counted_and_listed(probe: Probe):
    first = probe.send  # the block is one of the arrays; which one the list itself says
    first(0x10, 5, data=b"\x01\x02")
    writes = probe.card.last_writes()
    block = writes[0].array
    assert block > 0
    assert writes == [Write(WriteKind.ELEMENT, 1, block, at, conditional=False) for at in (5, 6)]
    probe.copy(7, b"abc")
    probe_writes = [probe.card.last_writes()]
    probe.copy_non_atomic(8, b"abcd")
    probe_writes.append(probe.card.last_writes())
    probe.fill_non_atomic(9, 5, 0xFF)
    probe_writes.append(probe.card.last_writes())
    probe.set_short(10, 0x0102)
    probe_writes.append(probe.card.last_writes())
    kinds = (WriteKind.ARRAY_COPY, WriteKind.COPY_NON_ATOMIC, WriteKind.FILL_NON_ATOMIC, WriteKind.SET_SHORT)
    expected = zip(kinds, (3, 4, 5, 2), (7, 8, 9, 10), strict=True)
    assert probe_writes == [[Write(kind, length, block, at, conditional=False)] for kind, length, at in expected]


def test_fields_and_elements_of_every_type_are_counted(probe: Probe):
    probe.fields(9)
    kinds = [(write.kind, write.length) for write in probe.card.last_writes()]
    field, element = WriteKind.FIELD, WriteKind.ELEMENT
    in_fields = [(field, 1), (field, 2), (field, 1), (WriteKind.STATIC_FIELD, 2), (field, 2)]
    assert kinds == [*in_fields, (element, 2), (element, 1), (element, 2), (element, 1)]
    last = probe.card.counters().last_apdu
    assert (last.writes, last.bytes, last.largest) == (9, 14, 2)


def test_transient_arrays_and_the_apdu_buffer_are_not_counted(probe: Probe):
    probe.transients(4)
    probe.block()
    probe.state()
    total = probe.card.counters().total
    assert (total.writes, total.points, total.bytes) == (0, 0, 0)


def test_a_transaction_is_one_write_counted_at_its_commit(probe: Probe):
    probe.send(0x20, 0, data=DATA)
    last = probe.card.counters().last_apdu
    size = len(DATA) + 2 + 1 + 14
    assert (last.writes, last.bytes, last.largest) == (1, size, size)
    assert last.points == 3 + 9 + 1
    writes = probe.card.last_writes()
    assert all(write.conditional for write in writes[:-1])
    assert writes[-1] == Write(WriteKind.COMMIT, size, 0, 0, conditional=False)
    probe.send(0x20, 1, data=DATA)
    assert probe.card.counters().last_apdu.writes == 0, "an aborted one is none"


def test_views_cover_the_last_apdu_since_reading_and_since_the_card_was_made(probe: Probe):
    probe.stores(0, b"\x01\x02\x03")
    probe.stores(0, b"\x01")
    views = probe.card.counters()
    assert (views.last_apdu.writes, views.since_read.writes, views.total.writes) == (1, 4, 4)
    assert (views.since_read.apdus, views.total.apdus) == (3, 3), "SELECT counts"
    probe.stores(0, b"\x01")
    views = probe.card.counters()
    assert (views.since_read.writes, views.total.writes, views.since_read.apdus) == (1, 5, 1)


def test_allocations_after_install_are_counted(probe: Probe):
    assert probe.card.counters().total.allocations == 0
    probe.send(0x40)
    assert probe.card.counters().last_apdu.allocations == 1
    probe.send(0x41)
    assert probe.card.counters().last_apdu.allocations == 3, "an object and two transient arrays"
    probe.state()
    assert probe.card.counters().last_apdu.allocations == 0


def test_transient_arrays_are_summed_up_by_what_clears_them(probe: Probe):
    assert probe.card.transient() == Transient(reset=4, deselect=4)
    probe.send(0x41)
    assert probe.card.transient() == Transient(reset=8, deselect=8)
    probe.card.counters()
    assert probe.fresh().card.transient() == Transient(reset=4, deselect=4)


def test_a_state_with_an_object_made_after_install_cannot_be_kept(probe: Probe):
    probe.card.snapshot()
    probe.send(0x40)
    with pytest.raises(TransportError, match="made after install"):
        probe.card.snapshot()
    probe.send(0x46)
    probe.card.snapshot()


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
    source = Path(__file__).with_name("applets") / "probe" / "Probe.java"
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
