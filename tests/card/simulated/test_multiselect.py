"""Several applets of a package on several channels: who is told, what RAM they share, and when it is cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.errors import PowerLostError, TransportError
from smartdm.transport.sim import CutMode, SimTransport
from tests.card.applets.probe import transport
from tests.card.applets.twins import SISTER, TWIN, Habit, Note, Twins, select_apdu


def residue(twins: Twins) -> list[bool]:
    """Whether anything is left in Twin's and Sister's arrays: cod, cor, cod, cor."""
    return [left != 0 for _, left in twins.card.residue()]


def keys(twins: Twins) -> list[bool]:
    return [held for _, held in twins.card.transient_keys()]


# Who is told


def test_the_first_and_the_last_selection_are_plain(twins: Twins):
    twins.select(TWIN)
    twins.select(TWIN)
    assert twins.notes() == [(Note.SELECT, 0), (Note.DESELECT, 0), (Note.SELECT, 0)]


def test_the_applet_itself_is_already_active(twins: Twins):
    twins.select(TWIN)
    twins.select(TWIN, 1)
    twins.close(1)
    assert twins.notes() == [(Note.SELECT, 0), (Note.SELECT_AGAIN, 1), (Note.DESELECT_AGAIN, 1)]


def test_another_applet_of_the_package_is_active(twins: Twins):
    twins.select(SISTER, 1)
    twins.select(TWIN)
    twins.select(TWIN)
    assert twins.notes() == [(Note.SELECT_BESIDE, 0), (Note.DESELECT_BESIDE, 0), (Note.SELECT_BESIDE, 0)]
    twins.close(1)
    twins.select(TWIN)
    assert twins.notes() == [(Note.DESELECT, 0), (Note.SELECT, 0)]


@pytest.mark.parametrize("habit", [Habit.DECLINE, Habit.THROW])
@pytest.mark.parametrize("beside", [True, False])
def test_an_applet_may_decline_and_then_none_is_selected(twins: Twins, habit: Habit, beside: bool):
    if beside:
        twins.select(SISTER, 1)
    twins.select(TWIN)
    twins.behave(habit)
    twins.select(TWIN, sw=0x6999)
    assert twins.raw("8063000000") == "6986"
    twins.select(TWIN, 2, sw=0x6999)
    assert twins.raw("8263000000") == "6999", "the channel is open"


def test_what_select_leaves_open_is_rolled_back(twins: Twins):
    twins.select(TWIN)
    twins.behave(Habit.LEAVE_OPEN)
    twins.select(TWIN)
    look = twins.look()
    assert (look.cod, look.kept) == (Habit.LEAVE_OPEN, 0)


def test_an_exception_in_deselect_changes_nothing(twins: Twins):
    twins.select(TWIN)
    twins.fill(7)
    twins.behave(Habit.THROW)
    twins.select(SISTER)
    assert "ISOException" in twins.card.last_failure()
    assert twins.look().aid == 2
    assert residue(twins) == [False, True, False, False]


@pytest.mark.parametrize("point", [1, 3], ids=["deselect", "select"])
def test_power_can_go_while_an_applet_is_told(twins: Twins, point: int):
    twins.select(TWIN)
    twins.fill(7)
    twins.card.arm_cut(point, CutMode.AFTER)
    with pytest.raises(PowerLostError):
        twins.card.transmit(select_apdu(SISTER))
    twins.card.reset()
    assert twins.raw("8063000000") == "6986"
    assert residue(twins) == [False] * 4
    twins.select(SISTER)
    assert twins.notes() == [(Note.SELECT, 0)], "the place was noted, but not that it is used"


# What they share


def test_a_lone_applet_is_cleared_when_it_is_deselected(twins: Twins):
    twins.select(TWIN)
    twins.fill(7)
    assert (residue(twins), keys(twins)) == ([True, True, False, False], [True, False])
    twins.select(SISTER)
    assert (residue(twins), keys(twins)) == ([False, True, False, False], [False, False])


def test_nothing_is_cleared_while_another_applet_of_the_package_is_selected(twins: Twins):
    twins.select(SISTER, 1)
    twins.select(TWIN)
    twins.fill(7)
    twins.select(TWIN)
    look = twins.look()
    assert (look.cod, look.cor, look.key) == (7, 7, True), "deselected and selected again, not cleared"
    twins.close(1)
    assert keys(twins) == [True, False]
    twins.select(TWIN)
    look = twins.look()
    assert (look.cod, look.cor, look.key) == (0, 7, False)


def test_nothing_is_cleared_while_the_applet_is_selected_elsewhere(twins: Twins):
    twins.select(TWIN)
    twins.select(TWIN, 2)
    twins.fill(7, 2)
    twins.close(2)
    assert twins.look().cod == 7, "all channels of an applet share its RAM"
    twins.select(SISTER, 3)
    twins.select(SISTER)
    assert (residue(twins)[0], keys(twins)[0]) == (True, True)
    twins.close(3)
    twins.select(SISTER)
    assert (residue(twins)[0], keys(twins)[0]) == (False, False)


def test_what_an_applet_left_when_it_declined_is_cleared(twins: Twins):
    twins.select(TWIN)
    twins.behave(Habit.DECLINE)
    twins.select(TWIN, sw=0x6999)
    assert residue(twins) == [False] * 4


def test_a_reset_clears_on_all_channels(twins: Twins):
    twins.select(SISTER, 1)
    twins.select(TWIN)
    twins.fill(7)
    twins.fill(8, 1)
    twins.card.reset()
    assert (residue(twins), keys(twins)) == ([False] * 4, [False] * 2)


# Several applets on a card


def test_the_install_parameters_are_the_first_applets(pair: SimTransport):
    pair.new_card(b"\x01\x02\x03")
    twins = Twins(pair)
    twins.select(TWIN)
    assert twins.look().parameters == 3
    twins.select(SISTER)
    assert twins.look().parameters == 0


def test_snapshots_hold_all_applets(twins: Twins):
    twins.select(TWIN)
    twins.select(SISTER, 1)
    kept = twins.card.snapshot()
    twins.notes()
    twins.notes(1)
    twins.card.restore(kept)
    twins.select(TWIN)
    assert twins.notes() == [(Note.SELECT, 0), (Note.SELECT, 0)]
    twins.select(SISTER)
    assert twins.notes() == [(Note.SELECT_BESIDE, 1), (Note.SELECT, 0)]


def test_images_hold_all_applets(folder: Path, pair: SimTransport, tmp_path: Path):
    image = tmp_path / "one.card"
    pair.open_image(image, b"\x01\x02")
    twins = Twins(pair)
    twins.select(SISTER)
    pair.new_card()
    with transport(folder, "probe.Twin", others=[("probe.Sister", SISTER)]) as other:
        other.open_image(image)
        again = Twins(other)
        again.select(SISTER)
        assert again.notes() == [(Note.SELECT, 0), (Note.SELECT, 0)], "then and now"
        again.select(TWIN)
        assert again.look().parameters == 2
    with transport(folder, "probe.Twin") as alone, pytest.raises(TransportError, match="layout has changed"):
        alone.open_image(image)


def test_the_principal_is_the_first_applets(twins: Twins):
    twins.select(SISTER)
    twins.select(TWIN, 1)
    twins.card.principal(0x0102)
    assert (twins.look().principal, twins.look(1).principal) == (0, 0x0102)


@pytest.mark.parametrize(
    ("applet", "others", "text"),
    [
        ("probe.Twin", [("probe.Bare", SISTER)], r"MultiSelectable or none is: probe\.Bare is not"),
        ("probe.Bare", [("probe.Twin", SISTER)], r"MultiSelectable or none is: probe\.Bare is not"),
        ("probe.Twin", [("probe.Missing", SISTER)], r"no applet class probe\.Missing"),
        ("probe.Twin", [("javacard.framework.Applet", SISTER)], r"of another package than probe\.Twin"),
    ],
)
def test_applets_that_cannot_be_together_are_refused(
    folder: Path, applet: str, others: list[tuple[str, bytes]], text: str
):
    with transport(folder, applet, others=others) as card, pytest.raises(TransportError, match=text):
        card.new_card()


def test_two_applets_with_one_aid_are_refused(folder: Path):
    with (
        transport(folder, "probe.Twin", others=[("probe.Sister", TWIN)]) as card,
        pytest.raises(TransportError, match="the same AID"),
    ):
        card.new_card()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_part_of_an_aid_and_none_take_the_lowest(folder: Path, reverse: bool):
    first, second = (SISTER, TWIN) if reverse else (TWIN, SISTER)
    with transport(folder, "probe.Sister", aid=first, others=[("probe.Twin", second)]) as card:
        card.new_card()
        twins = Twins(card)
        assert twins.raw("00a4040000") == "9000"
        assert twins.look().aid == TWIN[-1]
        twins.select(SISTER)
        twins.select(TWIN[:-1])
        assert twins.look().aid == TWIN[-1]
