"""Logical channels of the simulated card (JCRE 2.2.1, chapter 4): opened, closed, and what is heard on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import SELECT, transport
from tests.card.applets.twins import SISTER, TWIN, Habit, Note, Twins, select_apdu

OPEN_ANY = "0070000001"
ABSENT = bytes.fromhex("A0000000030000")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[SimTransport]:
    """A card with two applets that are not multiselectable."""
    with transport(folder, others=[("probe.Bare", SISTER)]) as running:
        yield running


# Opening and closing


def test_the_card_has_four_channels_and_gives_the_lowest_that_is_free(twins: Twins):
    assert [twins.raw(OPEN_ANY) for _ in range(4)] == ["019000", "029000", "039000", "6a81"]
    twins.close(2)
    assert twins.raw(OPEN_ANY) == "029000"


def test_a_channel_can_be_opened_by_its_number(twins: Twins):
    twins.open(3)
    twins.open(3, sw=0x6A86)
    assert twins.raw(OPEN_ANY) == "019000"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0070000000", "6c01"),
        ("0070000002", "6c01"),
        ("00700000", "6c01"),
        ("00700004", "6a81"),
        ("00700100", "6a81"),
        ("0070800000", "6a81"),
        ("0070800400", "6a81"),
        ("0070800200", "6200"),
        ("0470000001", "6882"),
        ("0170000001", "6881"),
        ("0170800200", "6881"),
        ("007000010100", "6700"),
    ],
)
def test_what_manage_channel_refuses(twins: Twins, command: str, answer: str):
    twins.select(TWIN)
    assert twins.raw(command) == answer
    assert twins.raw(OPEN_ANY) == "019000", "nothing was opened"


def test_manage_channel_is_not_the_applets(twins: Twins):
    twins.select(TWIN)
    before = twins.notes()
    twins.open(1)
    twins.close(1)
    assert before == [(Note.SELECT, 0)]
    assert twins.notes() == []
    assert twins.raw("8070000001") == "6d00", "of another class it is"


def test_a_channel_that_is_not_open_hears_nothing(twins: Twins):
    twins.select(TWIN)
    for cla in (0x01, 0x02, 0x03, 0x11, 0x81, 0x93, 0xA2):
        assert twins.raw(f"{cla:02x}63000000") == "6881"
    for cla in (0x80, 0x84, 0x90, 0xB1, 0xC2, 0xFF):
        assert twins.look(cla=cla).cla == cla, "the basic channel"


def test_on_a_channel_without_an_applet_nothing_is_selected(twins: Twins):
    twins.open(1)
    assert twins.raw("8163000000") == "6999"
    assert twins.raw("8063000000") == "6986", "the basic channel, as ever"
    assert twins.card.transmit(select_apdu(ABSENT, 1)) == b"\x6a\x82"
    assert twins.card.transmit(select_apdu(ABSENT)) == b"\x69\x99"


def test_opened_from_the_basic_channel_it_has_no_applet(twins: Twins):
    twins.select(TWIN)
    assert twins.raw(OPEN_ANY) == "019000"
    assert twins.raw("8163000000") == "6999"


def test_opened_from_another_channel_it_has_that_ones_applet(twins: Twins):
    twins.select(SISTER, 2)
    assert twins.raw("0270000001") == "019000"
    twins.open(3, origin=2)
    assert twins.notes(1) == [(Note.SELECT, 2), (Note.SELECT_AGAIN, 1), (Note.SELECT_AGAIN, 3)]
    assert {twins.look(channel).aid for channel in (1, 2, 3)} == {2}


def test_opened_from_a_channel_without_an_applet_it_has_none(twins: Twins):
    twins.open(1)
    twins.open(2, origin=1)
    assert twins.raw("8263000000") == "6999"


@pytest.mark.parametrize("habit", [Habit.DECLINE, Habit.THROW])
def test_a_channel_whose_applet_declines_is_closed_again(twins: Twins, habit: Habit):
    twins.select(TWIN, 1)
    twins.behave(habit, 1)
    twins.open(2, origin=1, sw=0x6999)
    assert twins.raw("0170000001") == "6999"
    assert twins.raw("8263000000") == "6881"


def test_closing_deselects_and_a_channel_can_close_itself(twins: Twins):
    twins.select(TWIN)
    twins.select(SISTER, 1)
    twins.close(1, origin=1)
    assert twins.raw("8163000000") == "6881"
    twins.select(SISTER)
    assert twins.notes() == [(Note.SELECT_BESIDE, 1), (Note.DESELECT_BESIDE, 1), (Note.SELECT, 0)]


def test_a_reset_closes_all_channels(twins: Twins):
    twins.select(TWIN, 1)
    twins.open(2)
    twins.card.reset()
    assert [twins.raw(f"8{channel}63000000") for channel in range(4)] == ["6986", "6881", "6881", "6881"]
    twins.select(TWIN)
    assert twins.notes() == [(Note.SELECT, 1), (Note.SELECT, 0)], "nobody is told of the reset"


# SELECT


@pytest.mark.parametrize("channel", [1, 2, 3])
def test_select_opens_a_channel_and_the_applet_knows_where_it_is(twins: Twins, channel: int):
    twins.select(TWIN, channel)
    for cla in (0x80, 0x90, 0xA0, 0x84, 0x10):
        look = twins.look(channel, cla)
        assert (look.cla, look.cla_channel, look.assigned) == (cla | channel, channel, channel)
    assert twins.raw("8063000000") == "6986"


def test_an_unknown_aid_is_the_selected_applets_matter(twins: Twins):
    twins.select(TWIN, 1)
    assert twins.card.transmit(select_apdu(ABSENT, 1)) == b"\x6d\x00"
    assert twins.look(1).aid == 1
    assert twins.card.transmit(select_apdu(ABSENT, 2)) == b"\x6a\x82"
    assert twins.raw("8263000000") == "6999", "the channel stays open"


def test_each_channel_has_its_own_applet(twins: Twins):
    twins.select(TWIN)
    twins.select(SISTER, 1)
    assert (twins.look(0).aid, twins.look(1).aid) == (1, 2)
    twins.select(TWIN, 1)
    assert (twins.look(0).aid, twins.look(1).aid) == (1, 1)


def test_an_applet_that_is_not_multiselectable_is_selected_on_one_channel(plain: SimTransport):
    plain.new_card(b"\x00")
    assert plain.transmit(SELECT) == b"\x90\x00"
    for aid in (TWIN, SISTER):
        assert plain.transmit(select_apdu(aid, 1)) == b"\x69\x85"
    assert plain.transmit(b"\x81\x31\x00\x00\x00") == b"\x69\x99", "the channel stays open"
    assert plain.transmit(b"\x80\x31\x00\x00\x00")[-2:] == b"\x90\x00"
    assert plain.transmit(SELECT) == b"\x90\x00", "on the same channel it may be selected again"
    assert plain.transmit(select_apdu(SISTER)) == b"\x90\x00"
    assert plain.transmit(select_apdu(TWIN, 1)) == b"\x69\x85"


def test_an_applet_that_is_not_multiselectable_cannot_be_taken_to_another_channel(plain: SimTransport):
    plain.new_card(b"\x00")
    assert plain.transmit(select_apdu(TWIN, 1)) == b"\x90\x00"
    assert plain.transmit(bytes.fromhex("0170000001")) == b"\x69\x85"
    assert plain.transmit(b"\x82\x31\x00\x00\x00") == b"\x68\x81", "the channel is closed"
    assert plain.transmit(bytes.fromhex("0070800100")) == b"\x90\x00"
    assert plain.transmit(SELECT) == b"\x90\x00"
