"""A secure channel as a layer of the channel: it opens itself when it is needed, then wraps all that is sent.

Above it, ``commands`` and ``Session`` send what they always send.  Below it, 61XX and GET RESPONSE belong to the
transport: GET RESPONSE is never wrapped, and one MAC covers the answer that was put together.

SELECT goes out plain, for it ends the channel on the card anyway; the next command opens a new one.  So what SELECT
answers is not protected.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.card.channel import Exchange
from smartdm.card.keys import KeySet
from smartdm.card.scp03 import CHALLENGE_SIZE, Initialized, Level, Scp03, initialize_update
from smartdm.errors import ChannelError, ChannelRefusedError, card_error
from smartdm.wire import Sw

KeysFor = Callable[[Initialized], KeySet]
"""The keys of the card that answers so, as for keys diversified from a master key."""

_SELECT, _BY_NAME, _PROPRIETARY = 0xA4, 0x04, 0x80
_BEGINNING: Final = {
    0x6A88: "it has no keys of version {kvn:02X}; name another version, or 00 for the one that it takes first",
    0x6982: "it lets nobody open one now",
    0x6983: "the keys are blocked",
    0x6985: "it is not in a state to open one",
    0x6D00: "it offers none",
    0x6E00: "it offers none",
}
"""What status words to INITIALIZE UPDATE mean (Amendment D, 7.1.1)."""


class SecureLayer:
    """Wraps and unwraps in the name of a channel; see ``channel.Layer``.

    ``send``: sends a command as it is.  ``keys``: those of the card, or a function that finds them once the card told
    who it is; ``kvn``: which version to ask for then.  ``challenge``: makes host challenges, for tests.
    """

    def __init__(
        self,
        send: Exchange,
        keys: KeySet | KeysFor,
        level: Level = Level.FULL,
        *,
        kvn: int = 0,
        challenge: Callable[[], bytes] = lambda: os.urandom(CHALLENGE_SIZE),
    ) -> None:
        self.level: Final = level
        self._send = send
        self._keys_for: KeysFor = (lambda _card: keys) if isinstance(keys, KeySet) else keys
        self._kvn = keys.kvn if isinstance(keys, KeySet) else kvn
        self._challenge = challenge
        self._channel: Scp03 | None = None
        self._refused: ChannelRefusedError | None = None

    @property
    def room(self) -> int:
        """The most bytes of plain data in one command."""
        return self.level.room

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """Send a command wrapped, opening the channel before if there is none; returns the plain answer.

        WrongKeysError and other ChannelErrors if it cannot be opened, ChannelBrokenError once an answer was lost or
        false: from then on for every command but SELECT.
        """
        if is_select(command):
            self._channel = None
            return self._send(command)
        if self._refused:
            raise ChannelRefusedError(self._refused.sw)  # each opening may cost a try: only ``open`` does it again
        channel = self._channel or self.open()
        return channel.unwrap(self._send(channel.wrap(command)))

    def open(self) -> Scp03:
        """Open a channel now, whatever there was before.  Costs no try of the card's unless it has these keys."""
        self._channel = self._refused = None
        challenge = self._challenge()
        answer = self._send(initialize_update(self._kvn, challenge))
        if answer.sw in {Sw.NOT_PERSONALIZED, Sw.TERMINATED}:
            raise card_error(answer.sw, "INITIALIZE UPDATE")
        if answer.sw != 0x9000:
            told = _BEGINNING.get(answer.sw, "the status word is not one of those that are known for this")
            raise ChannelError(
                f"the card begins no secure channel (INITIALIZE UPDATE answers {answer.sw:04X}):"
                f" {told.format(kvn=self._kvn)}"
            )
        card = Initialized.decode(answer.data)
        channel = Scp03(self._keys_for(card), self.level, challenge, card)
        self._channel = channel  # also while the outcome is open: if it stays so, nothing follows
        try:
            channel.authenticated(self._send(channel.external_authenticate()))
        except ChannelRefusedError as error:
            self._refused = error
            raise
        return channel


def is_select(command: CommandApdu) -> bool:
    """Whether it selects an application, on any logical channel."""
    return command.ins == _SELECT and command.p1 == _BY_NAME and not command.cla & _PROPRIETARY
