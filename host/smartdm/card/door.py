"""The way in: what happens between SELECT and the first command, so that the card knows who is asking.

A layer of the channel above the secure one, if there is one.  SELECT ends every door, so each is opened again after it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from smartdm.card.apdu import MAX_DATA, CommandApdu, ResponseApdu
from smartdm.card.channel import Exchange, Layer, command_name
from smartdm.card.commands import Card, CardInfo
from smartdm.card.secrecy import pin_block
from smartdm.card.secure import is_select
from smartdm.errors import CardError, PinBlocked, WireError, WrongPin, card_error
from smartdm.wire import Cla, Ins, State, Sw

_LAST_TRY: Final = 1


class PlainLayer:
    """No protection: commands go as they are."""

    room: Final = MAX_DATA

    def __init__(self, send: Exchange) -> None:
        self._send = send

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """As ``Exchange``."""
        return self._send(command)


class Doorway:
    """Refuses on this side what a card without keys, or at its end, would refuse; and verifies the holder's PIN.

    ``pin``: gives the PIN when it is wanted, None = nobody verifies one.  The proof is good for one batch, so each
    further batch verifies it again.  ``fresh``: the card is about to be personalized.
    """

    def __init__(self, inner: Layer, pin: Callable[[], bytes] | None = None, *, fresh: bool = False) -> None:
        self._inner = inner
        self._pin = pin
        self._fresh = fresh
        self._state: int = State.PERSONALIZED
        self._block = b""
        self._proven = self._spent = False
        self._failed: CardError | None = None

    @property
    def room(self) -> int:
        """The most bytes of data that a command may have."""
        return self._inner.room

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """As ``Exchange``; NotPersonalized, Terminated, WrongPin and PinBlocked before the command goes out."""
        if is_select(command):
            return self._selected(self._inner.exchange(command))
        self._look(command)
        batch = command.ins == Ins.BATCH
        if self._pin and (not self._proven or (batch and self._spent)) and command.ins != Ins.READ_NEXT:
            self._verify(self._pin)
        if batch:
            self._spent = not command.cla & Cla.CHAIN
        return self._inner.exchange(command)

    def _selected(self, answer: ResponseApdu) -> ResponseApdu:
        self._proven = self._spent = False
        self._state = State.PERSONALIZED
        with suppress(WireError):  # whoever asked for it will say so
            self._state = CardInfo.decode(answer.data).state
        return answer

    def _look(self, command: CommandApdu) -> None:
        if self._state == State.TERMINATED:
            raise card_error(Sw.TERMINATED, command_name(command))
        if self._state == State.INSTALLED and not self._fresh:
            raise card_error(Sw.NOT_PERSONALIZED, command_name(command))

    def _verify(self, pin: Callable[[], bytes]) -> None:
        """Once; what failed is never sent again."""
        if self._failed:
            raise self._failed
        try:
            if not self._block:
                self._require_tries()
                self._block = pin_block(pin())
            self._send(self._block)
        except CardError as error:
            self._failed = error
            raise
        self._proven, self._spent = True, False

    def _require_tries(self) -> None:
        """Whoever has a stored PIN that is wrong must not block it unseen."""
        try:
            self._send(b"")
        except WrongPin as told:
            if told.tries_left == _LAST_TRY:
                told.add_note("the PIN was not sent, as a wrong one would be blocked now: `smartdm pin verify` first")
                raise

    def _send(self, block: bytes) -> None:
        answer = self._inner.exchange(_verify(block))
        if answer.sw != Sw.OK:
            raise card_error(answer.sw, "VERIFY")


def _verify(block: bytes) -> CommandApdu:
    return CommandApdu(Cla.PLAIN, Ins.VERIFY, 0, 0, block)


def tries_left(card: Card) -> int | None:
    """How many tries the card gives for the PIN; None if it has no PIN.  Asking costs none."""
    try:
        card.verify()
    except WrongPin as told:
        return told.tries_left
    except PinBlocked:
        return 0
    except CardError as error:
        if error.sw != Sw.NO_KEY:
            raise
    return None
