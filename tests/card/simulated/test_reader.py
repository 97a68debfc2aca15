"""The simulated card in a slot of vpcd, as the slot sees it."""

import socket
import time

import pytest

from smartdm.errors import TransportError
from smartdm.transport.sim import CutMode, SimTransport, Slot
from tests.card.applets.probe import SELECT, Probe
from tests.card.simulated.slot import ATR, OFF, ON, RESET, Insert, Vpcd

STATE = b"\x80\x31\x00\x00\x00"
BLOCK = b"\x80\x30\x00\x00\x00"


def test_the_atr_offers_t1_or_t0(insert: Insert):
    t1 = insert().ask(ATR)
    assert t1.hex() == "3b898111fe8057" + b"smartdm".hex() + "40"
    check = 0
    for byte in t1[1:]:
        check ^= byte
    assert check == 0, "TCK"
    assert insert(t0=True).ask(ATR).hex() == "3b098057" + b"smartdm".hex()


def test_commands_are_answered_and_the_pipe_stays_of_use(insert: Insert, probe: Probe):
    slot = insert()
    assert slot.ask(SELECT) == b"\x90\x00"
    probe.card.counters()
    assert slot.ask(b"\x80\x10\x00\x00\x02\x01\x02") == b"\x90\x00"
    assert probe.card.counters().since_read.writes == 2
    assert slot.ask(BLOCK)[:3] == b"\x01\x02\x00"
    probe.card.principal(0x0203)
    assert slot.ask(STATE)[14:16] == b"\x02\x03"


@pytest.mark.parametrize("order", [OFF, ON, RESET])
def test_the_slot_controls_the_power(insert: Insert, order: bytes):
    slot = insert()
    slot.ask(SELECT)
    assert slot.ask(b"\x80\x16\x05\x00") == b"\x90\x00"
    slot.tell(order)
    assert slot.ask(STATE) == b"\x69\x86", "nothing is selected"
    slot.ask(SELECT)
    assert slot.ask(STATE)[12:14] == bytes(2), "transient memory is empty"


def test_unknown_orders_are_passed_over(insert: Insert):
    slot = insert()
    slot.ask(SELECT)
    slot.tell(b"\x77")
    assert slot.ask(STATE)[-2:] == b"\x90\x00", "still selected"


@pytest.mark.parametrize("t0", [False, True], ids=["T=1", "T=0"])
@pytest.mark.parametrize(
    "apdu",
    [
        b"",
        b"\x80\x31",
        b"\x80\x31\x00",
        b"\x80\x10\x00\x00\x05\x01",
        b"\x80\x10\x00\x00\x01\x01\x02\x03",
        b"\x80\x10\x00\x00\x00\x00",
        b"\x80\x10\x00\x00\x00\x00\x01\x05",
        b"\x80\x10\x00\x00" + bytes(40_000),
        bytes(65_535),
    ],
    ids=["empty", "two", "three", "too little", "too much", "half a length", "extended", "long", "longest"],
)
def test_a_malformed_apdu_is_answered_with_6700(insert: Insert, apdu: bytes, t0: bool):
    slot = insert(t0=t0)
    slot.ask(SELECT)
    assert slot.ask(apdu) == b"\x67\x00"
    assert slot.ask(BLOCK if not t0 else b"\x80\x30\x00\x00\x10") == bytes(16) + b"\x90\x00"


def test_no_exchange_waits_for_a_delayed_acknowledgement(insert: Insert):
    slot = insert()
    slot.ask(SELECT)
    best = min(_seconds(slot, 20) for _ in range(5))
    assert best < 20 * 0.02, "the kernel delays acknowledgements by 0.04 s"


def _seconds(slot: Vpcd, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        slot.ask(STATE)
    return time.perf_counter() - start


def test_the_principal_is_set_again_after_each_select(insert: Insert):
    slot = insert(principal=0x0102, proof=0x05)
    for _ in range(2):
        slot.ask(SELECT)
        assert slot.ask(STATE)[14:16] == b"\x01\x02"
        assert slot.ask(b"\x80\x31\x03\x00\x10")[12] == 0x05
    slot.tell(RESET)
    slot.ask(b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x00\x03")
    slot.ask(SELECT)
    assert slot.ask(STATE)[14:16] == b"\x01\x02"
    plain = insert()
    plain.ask(SELECT)
    assert plain.ask(STATE)[14:16] == bytes(2)


def test_a_cut_takes_the_card_out_for_a_second(insert: Insert, probe: Probe):
    slot = insert()
    slot.ask(SELECT)
    probe.card.arm_cut(2, CutMode.AFTER)
    with pytest.raises((EOFError, ConnectionError)):
        slot.ask(b"\x80\x10\x00\x00\x04\x01\x02\x03\x04")
    start = time.perf_counter()
    slot.accept()
    assert time.perf_counter() - start > 0.4, "pcscd looks every 0.4 s"
    assert probe.card.slot()[1] == 1
    slot.tell(ON)
    slot.ask(SELECT)
    assert slot.ask(BLOCK)[:4] == b"\x01\x02\x00\x00"


def test_the_card_goes_back_into_a_reader_that_was_away(insert: Insert, vpcd: Vpcd, probe: Probe):
    insert()
    assert probe.card.slot() == (Slot.CONNECTED, 0)
    assert vpcd.link is not None
    vpcd.link.close()
    vpcd.accept()
    vpcd.tell(ON)
    assert vpcd.ask(SELECT) == b"\x90\x00"
    assert probe.card.slot() == (Slot.CONNECTED, 0)


def test_a_card_that_is_pulled_stays_out(insert: Insert, vpcd: Vpcd, probe: Probe):
    insert()
    probe.card.pull()
    assert probe.card.slot() == (Slot.NONE, 0)
    with pytest.raises((EOFError, ConnectionError)):
        vpcd.ask(ATR)
    vpcd.server.settimeout(0.3)
    with pytest.raises(TimeoutError):
        vpcd.accept()
    probe.card.pull()
    assert probe.select().state().small == 0


def test_a_slot_that_is_not_there_is_an_error(probe: Probe):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(TransportError, match=rf"no card reader at 127\.0\.0\.1:{port} \(connection refused\)"):
        probe.card.insert("127.0.0.1", port)


def test_there_must_be_a_card_to_put_in(card: SimTransport, vpcd: Vpcd):
    with pytest.raises(TransportError, match="too long"):
        card.new_card(bytes(200))
    with pytest.raises(TransportError, match="no card"):
        card.insert("127.0.0.1", vpcd.port)


def test_a_fault_of_the_simulator_is_6f00(insert: Insert, probe: Probe, tmp_path):
    probe.card.open_image(tmp_path / "a.card")
    slot = insert()
    slot.ask(SELECT)
    assert slot.ask(b"\x80\x40\x00\x00") == b"\x6f\x00", "an object that no image can keep"
    assert slot.ask(b"\x80\x46\x00\x00") == b"\x90\x00"


def test_a_slot_whose_card_could_not_be_made_is_answered_all_the_same(insert: Insert, probe: Probe):
    slot = insert()
    with pytest.raises(TransportError, match="too long"):
        probe.card.new_card(bytes(200))
    slot.tell(RESET)
    assert slot.ask(SELECT) == b"\x6f\x00"
    probe.card.new_card()
    assert slot.ask(SELECT) == b"\x90\x00", "the next card is in the slot"


# T=0: a command has data or an expected length (ISO 7816-3, 12.2)


def test_t0_gives_the_answer_of_a_command_with_data_to_get_response(insert: Insert):
    slot = insert(t0=True)
    assert slot.ask(SELECT) == b"\x90\x00", "no data, nothing to fetch"
    assert slot.ask(b"\x80\x31\x00\x00\x01\x00") == b"\x61\x10"
    assert slot.ask(b"\x00\xc0\x00\x00\x04")[-2:] == b"\x61\x0c"
    assert slot.ask(b"\x00\xc0\x00\x00\x20") == b"\x6c\x0c"
    rest = slot.ask(b"\x00\xc0\x00\x00\x0c")
    assert (len(rest), rest[-2:]) == (14, b"\x90\x00")


def test_t0_tells_the_right_length_and_runs_the_command_once(insert: Insert, probe: Probe):
    slot = insert(t0=True)
    slot.ask(SELECT)
    probe.card.counters()
    assert slot.ask(STATE) == b"\x6c\x10"
    assert len(slot.ask(b"\x80\x31\x00\x00\x10")) == 18
    assert slot.ask(b"\x80\x31\x00\x00\x0f")[-2:] == b"\x61\x01"
    assert slot.ask(b"\x00\xc0\x00\x00\x01")[-2:] == b"\x90\x00"
    assert probe.card.counters().since_read.apdus == 2


def test_t0_forgets_an_answer_that_was_not_fetched(insert: Insert):
    slot = insert(t0=True)
    slot.ask(SELECT)
    slot.ask(STATE)
    assert slot.ask(b"\x80\x30\x00\x00\x10") == bytes(16) + b"\x90\x00"
    assert slot.ask(b"\x00\xc0\x00\x00\x10")[-2:] == b"\x6d\x00", "nothing is left to fetch"
    slot.ask(STATE)
    slot.tell(RESET)
    slot.ask(SELECT)
    assert slot.ask(b"\x00\xc0\x00\x00\x10")[-2:] == b"\x6d\x00"


def test_t0_commands_have_data_or_a_length_never_both(insert: Insert):
    slot = insert(t0=True)
    assert slot.ask(SELECT + b"\x00") == b"\x67\x00"
    assert slot.ask(b"\x80\x31\x00\x00") == b"\x67\x00", "without P3"
