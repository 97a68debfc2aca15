"""What the simulated card counts: writes, transactions, allocations, transient memory."""

import pytest

from smartdm.errors import TransportError
from smartdm.transport.sim import Transient, Write, WriteKind
from tests.card.applets.probe import Probe

DATA = bytes(range(0x41, 0x51))


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
