"""With a card in a reader, all that the tests of the card send goes through that reader."""

from collections.abc import Callable, Iterator

import pytest

from smartdm.transport.sim import SimTransport
from tests.card.attack import attacker
from tests.card.device import SELECT, CardInReader, Device, fresh_card, in_reader, past_the_reader
from tests.card.jcardsim import simulator_folder
from tests.card.judge import Judge
from tests.card.store import Watch
from tests.interop.pcscd import Pcscd


@pytest.fixture(scope="module")
def in_slot(pcscd: Pcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardInReader]:
    with in_reader(pcscd, simulator_folder(tmp_path_factory.mktemp("in_slot"))) as card:
        yield card


@pytest.fixture(autouse=True)
def no_pipe(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SimTransport, "transmit", past_the_reader)


WAYS: dict[str, Callable[[CardInReader], object]] = {
    "judge": lambda card: Judge.new(card).power_cycle(),
    "device": lambda card: Device(card).new().read(),
    "device after a reset": lambda card: Device(card).power_cycle(),
    "attacker": lambda card: attacker(Device(card)),
    "watch": lambda card: Watch(card).open().read(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_command_goes_through_the_reader(in_slot: CardInReader, way: Callable[[CardInReader], object]):
    fresh_card(in_slot)
    in_slot.counters()
    way(in_slot)
    assert in_slot.counters().since_read.apdus


def test_a_command_that_goes_past_the_reader_fails(in_slot: CardInReader):
    with pytest.raises(pytest.fail.Exception, match="went past the reader: 00a4"):
        SimTransport.transmit(in_slot, SELECT)


def test_power_cuts_are_skipped(in_slot: CardInReader):
    in_slot.arm_cut(0)
    with pytest.raises(pytest.skip.Exception):
        in_slot.arm_cut(1)
