"""The channel to the card: one place for 61XX, 6CXX and for turning refusals into errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from smartdm.card.apdu import MAX_DATA, MAX_LE, CommandApdu, ResponseApdu
from smartdm.errors import WireError, card_error
from smartdm.transport.base import Transport
from smartdm.wire import Ins, Sw

_GET_RESPONSE: Final = 0xC0
_MORE_BYTES: Final = 0x61
_WRONG_LE: Final = 0x6C
_FURTHER: Final = 0x40
"""Set in the class of commands on the channels 4 to 19."""
_SECURE, _FURTHER_SECURE = 0x0C, 0x20
"""Where the class says secure messaging of any kind, also others than SCP03's; on the channels 4 to 19."""
_ROUNDS: Final = 64
"""GET RESPONSEs for one command at most: 16 KiB, far above any answer; a card that loops is cut off here."""

FINE: Final = {
    int(Ins.BATCH): frozenset({Sw.OK, Sw.MORE, Sw.BATCH_FAILED}),
    int(Ins.READ): frozenset({Sw.OK, Sw.MORE}),
    int(Ins.READ_NEXT): frozenset({Sw.OK, Sw.MORE}),
}
"""Status words that are no refusal, by instruction; 9000 alone for all others."""

Exchange = Callable[[CommandApdu], ResponseApdu]
"""Sends a command and gives the whole answer, whatever its status word says."""


class Layer(Protocol):
    """What may stand between the commands and their way to the card, such as a secure channel."""

    @property
    def room(self) -> int:
        """The most bytes of data that a command may have."""

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """As ``Exchange``: takes the plain command, gives the plain answer."""


class Channel:
    """Sends commands over a transport; no command is ever sent twice but for a 6CXX that asks for it.

    ``t0``: the card speaks T=0.  ``advice``: what to do about a status word, added to the error as a note.
    ``layer``: makes what protects the commands, given the way on which they then go to the card; None = they go plain.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        t0: bool = False,
        advice: Mapping[int, str] | None = None,
        layer: Callable[[Exchange], Layer] | None = None,
    ) -> None:
        self.transport = transport
        self._t0 = t0
        self._advice = advice or {}
        self._layer = layer(self.exchange) if layer else None

    @property
    def room(self) -> int:
        """The most bytes of data that a command may have."""
        return self._layer.room if self._layer else MAX_DATA

    def send(self, command: CommandApdu, name: str | None = None) -> ResponseApdu:
        """Send one command.

        ``name``: what to call it in errors.  Returns the answer for the status words of FINE;
        CardError for every other one, WireError for nonsense, TransportError if the link fails.
        """
        answer = self._layer.exchange(command) if self._layer else self.exchange(command)
        if answer.sw not in FINE.get(command.ins, {Sw.OK}):
            error = card_error(answer.sw, name or command_name(command))
            if answer.sw in self._advice:
                error.add_note(self._advice[answer.sw])
            raise error
        return answer

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """Send one command past any layer: 61XX is fetched, 6CXX answered, every other status word is returned."""
        answer = self._with_right_le(command)
        data = answer.data
        for _ in range(_ROUNDS):
            if answer.sw >> 8 != _MORE_BYTES:
                return ResponseApdu(data, answer.sw)
            # GET RESPONSE belongs to the transport: interindustry class, the command's logical channel.
            fetch = CommandApdu(_channel(command.cla), _GET_RESPONSE, le=answer.sw & 0xFF or MAX_LE)
            answer = self._with_right_le(fetch)
            data += answer.data
        raise WireError("the card announces more bytes without end")

    def _with_right_le(self, command: CommandApdu) -> ResponseApdu:
        """Sends a command, and once more when the card tells the length it wants to give.

        Not a wrapped one: it counts for the card, so the same bytes again would be taken for an attack and end the
        secure channel, and wrapped anew it might be done twice.  Not one that wants no data either: so is everything
        that proves something, as VERIFY and EXTERNAL AUTHENTICATE, of which each may cost a try.  6CXX is then an
        error status like others.
        """
        answer = self._transmit(command)
        if answer.sw >> 8 == _WRONG_LE and command.le is not None and not _is_wrapped(command.cla):
            answer = self._transmit(replace(command, le=answer.sw & 0xFF or MAX_LE))
        return answer

    def _transmit(self, command: CommandApdu) -> ResponseApdu:
        raw = command.encode_t0() if self._t0 else command.encode()
        return ResponseApdu.decode(self.transport.transmit(raw))


def _channel(cla: int) -> int:
    """The plain interindustry class on the command's logical channel, which is in the same bits (ISO 7816-4, 5.4.1)."""
    return _FURTHER | cla & 0x0F if cla & _FURTHER else cla & 0x03


def _is_wrapped(cla: int) -> bool:
    """Whether the class says secure messaging (ISO 7816-4, 5.4.1)."""
    return bool(cla & (_FURTHER_SECURE if cla & _FURTHER else _SECURE))


def command_name(command: CommandApdu) -> str:
    """What errors call a command."""
    known = Ins.find(command.ins)
    return known.name.replace("_", " ") if known else f"INS {command.ins:02X}"
