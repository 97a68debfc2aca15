"""Logical channels through the reader: what T=0 does with them, and who asks on them."""

from __future__ import annotations

import pytest

from tests.card.applets.probe import AID, SELECT
from tests.card.applets.twins import SISTER, Twins, select_apdu
from tests.card.simulated.slot import ON, Insert, Vpcd

ON_1 = select_apdu(AID, 1)
ASK_1 = b"\x81\x31\x00\x00\x01\x00"
FETCH_0, FETCH_1 = b"\x00\xc0\x00\x00\x10", b"\x01\xc0\x00\x00\x10"
LOOK = "63000000"


@pytest.mark.parametrize("t0", [False, True], ids=["T=1", "T=0"])
def test_channels_are_opened_and_closed(insert: Insert, t0: bool):
    slot = insert(t0=t0)
    assert slot.ask(bytes.fromhex("0070000001")) == b"\x01\x90\x00"
    assert slot.ask(bytes.fromhex("0070000000")) == b"\x6c\x01"
    assert slot.ask(bytes.fromhex("0070000200")) == b"\x90\x00"
    assert slot.ask(ON_1) == b"\x90\x00"
    assert slot.ask(b"\x81\x31\x00\x00\x10")[-2:] == b"\x90\x00"
    assert slot.ask(bytes.fromhex("0070800100")) == b"\x90\x00"
    assert slot.ask(b"\x81\x31\x00\x00\x10") == b"\x68\x81"


def test_t0_gives_an_answer_on_the_channel_of_its_command(insert: Insert):
    slot = insert(t0=True)
    slot.ask(ON_1)
    assert slot.ask(ASK_1) == b"\x61\x10"
    assert slot.ask(FETCH_1[:4] + b"\x04")[-2:] == b"\x61\x0c"
    assert slot.ask(b"\x81" + FETCH_1[1:4] + b"\x0c")[-2:] == b"\x90\x00"


@pytest.mark.parametrize("other", [FETCH_0, SELECT, bytes.fromhex("0070000200")])
def test_t0_drops_an_answer_when_another_channel_is_used(insert: Insert, other: bytes):
    slot = insert(t0=True)
    slot.ask(ON_1)
    assert slot.ask(ASK_1) == b"\x61\x10"
    assert slot.ask(other) in {b"\x69\x86", b"\x69\x85", b"\x90\x00"}
    assert slot.ask(FETCH_1) == b"\x6d\x00", "nothing is left to fetch"


def test_t0_repeats_a_command_on_its_own_channel_only(insert: Insert):
    slot = insert(t0=True)
    slot.ask(ON_1)
    assert slot.ask(b"\x81\x31\x00\x00\x00") == b"\x6c\x10"
    assert slot.ask(b"\x80\x31\x00\x00\x10") == b"\x69\x86"
    assert slot.ask(b"\x81\x31\x00\x00\x10")[-2:] == b"\x90\x00"


def test_the_principal_asks_where_the_first_applet_is_selected(twins: Twins, vpcd: Vpcd):
    twins.card.insert("127.0.0.1", vpcd.port, principal=0x0102)
    vpcd.accept()
    vpcd.tell(ON)
    assert vpcd.ask(select_apdu(SISTER)) == b"\x90\x00"
    twins.card.principal(0)
    assert vpcd.ask(select_apdu(AID, 1)) == b"\x90\x00"
    assert twins.look(1).principal == 0x0102
    twins.card.principal(0)
    assert vpcd.ask(select_apdu(SISTER, 2)) == b"\x90\x00"
    assert twins.look(1).principal == 0, "another applet was selected"
    twins.card.pull()
