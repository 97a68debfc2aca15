"""The way in: the PIN, and cards that are not ready, with a card that answers as it was told to."""

import pytest

from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.card.channel import command_name
from smartdm.card.door import Doorway
from smartdm.errors import NotPersonalized, PinBlocked, Terminated, WrongPin, card_error
from smartdm.wire import APPLET_AID, Cla, Ins, State, Sw

SELECT = CommandApdu(0x00, 0xA4, 0x04, 0x00, APPLET_AID, 256)
READ = CommandApdu(Cla.PLAIN, Ins.READ, 0, 0, b"\x00", 256)
BATCH = CommandApdu(Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00", 256)
PART = CommandApdu(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, 0, 0, b"\x00", 256)
_FCI = "6F4A8407F0534D444D0101A53FC0020100C101{:02X}C5061040C0F000E0C6020000C203000001C3053CA0100200C404000B0200C718"


class Holder:
    """A card with a PIN; a fake, whose twin is the applet in tests/system/test_pin.py."""

    room = 255

    def __init__(self, pin: bytes, tries: int = 3, state: State = State.PERSONALIZED) -> None:
        self.pin, self.tries, self.state = pin, tries, state
        self.seen: list[str] = []

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == 0xA4:
            return ResponseApdu(bytes.fromhex(_FCI.format(self.state)) + bytes(24), 0x9000)
        verify = command.ins == Ins.VERIFY
        self.seen.append(("verify" if command.data else "tries") if verify else command_name(command))
        if not verify:
            return ResponseApdu(b"", 0x9000)
        if command.data == self.pin.ljust(8, b"\xff") and self.tries:
            self.tries = 3
            return ResponseApdu(b"", 0x9000)
        self.tries -= bool(command.data and self.tries)
        return ResponseApdu(b"", Sw.WRONG_PIN + self.tries if self.tries else Sw.PIN_BLOCKED)


def test_the_pin_is_verified_once_and_again_for_each_further_batch():
    card = Holder(b"1234")
    door = Doorway(card, lambda: b"1234")
    door.exchange(SELECT)
    for command in (READ, READ, PART, BATCH, BATCH, READ):
        door.exchange(command)
    verified = ["tries", "verify", "READ", "READ", "BATCH", "BATCH", "verify", "BATCH", "READ"]
    assert card.seen == verified
    door.exchange(SELECT)
    door.exchange(READ)
    assert card.seen == [*verified, "verify", "READ"]


def test_a_wrong_pin_is_never_sent_again():
    card = Holder(b"1234")
    door = Doorway(card, lambda: b"9999")
    for _ in range(3):
        door.exchange(SELECT)
        with pytest.raises(WrongPin) as caught:
            door.exchange(READ)
        assert caught.value.tries_left == 2
    assert card.seen == ["tries", "verify"]


@pytest.mark.parametrize(("tries", "error"), [(0, PinBlocked), (1, WrongPin)])
def test_nobody_is_asked_for_a_pin_that_would_not_be_sent(tries: int, error: type[Exception]):
    card = Holder(b"1234", tries)
    door = Doorway(card, lambda: pytest.fail("asked"))
    door.exchange(SELECT)
    with pytest.raises(error):
        door.exchange(READ)
    assert (card.seen, card.tries) == (["tries"], tries)


@pytest.mark.parametrize(
    ("state", "fresh", "error"),
    [
        (State.INSTALLED, False, NotPersonalized),
        (State.TERMINATED, False, Terminated),
        (State.TERMINATED, True, Terminated),
    ],
)
def test_a_card_that_is_not_in_use_gets_no_command(state: State, fresh: bool, error: type[Exception]):
    card = Holder(b"1234", state=state)
    door = Doorway(card, fresh=fresh)
    door.exchange(SELECT)
    with pytest.raises(error):
        door.exchange(READ)
    assert not card.seen


def test_a_fresh_card_gets_its_first_command():
    card = Holder(b"1234", state=State.INSTALLED)
    door = Doorway(card, fresh=True)
    door.exchange(SELECT)
    door.exchange(CommandApdu(Cla.PLAIN, Ins.PERSONALIZE, 0, 0, b"x"))
    assert card.seen == ["PERSONALIZE"]


def test_errors_say_what_a_failure_cost_and_what_to_do():
    def told(sw: int, command: str) -> str:
        return str(card_error(sw, command))

    assert "2 tries are left for the PIN; it was not tried again" in told(0x63C2, "VERIFY")
    assert "1 try is left for the PUK" in told(0x63C1, "RESET RETRY COUNTER")
    assert "no try is left for the PIN" in told(0x63C0, "VERIFY")
    assert "smartdm pin unblock" in told(0x6983, "CHANGE REFERENCE DATA")
    assert "the PUK is blocked" in told(0x6983, "RESET RETRY COUNTER")
    assert "smartdm card personalize" in told(0x6AE8, "READ")
    assert "another card" in told(0x6AE9, "READ")
