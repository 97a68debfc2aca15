"""The channel to the card: one place for 61XX, 6CXX and for turning refusals into errors."""

from __future__ import annotations

from typing import Final

from smartdm.card.apdu import MAX_LE, CommandApdu, ResponseApdu
from smartdm.errors import WireError, card_error
from smartdm.transport.base import Transport
from smartdm.wire import Ins, Sw

_GET_RESPONSE: Final = 0xC0
_MORE_BYTES: Final = 0x61
_WRONG_LE: Final = 0x6C
_ROUNDS: Final = 64
"""GET RESPONSEs for one command at most: 16 KiB, far above any answer; a card that loops is cut off here."""

FINE: Final = {
    int(Ins.BATCH): frozenset({Sw.OK, Sw.MORE, Sw.BATCH_FAILED}),
    int(Ins.READ): frozenset({Sw.OK, Sw.MORE}),
    int(Ins.READ_NEXT): frozenset({Sw.OK, Sw.MORE}),
}
"""Status words that are no refusal, by instruction; 9000 alone for all others."""


class Channel:
    """Sends commands over a transport; no command is ever sent twice but for a 6CXX that asks for it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(self, command: CommandApdu, name: str | None = None) -> ResponseApdu:
        """Send one command.

        ``name``: what to call it in errors.  Returns the answer for the status words of FINE;
        CardError for every other one, WireError for nonsense, TransportError if the link fails.
        """
        answer = self._exchange(command)
        if answer.sw not in FINE.get(command.ins, {Sw.OK}):
            raise card_error(answer.sw, name or _name(command))
        return answer

    def _exchange(self, command: CommandApdu) -> ResponseApdu:
        answer = self._transmit(command)
        if answer.sw >> 8 == _WRONG_LE:
            le = answer.sw & 0xFF or MAX_LE
            answer = self._transmit(CommandApdu(command.cla, command.ins, command.p1, command.p2, command.data, le))
        data = answer.data
        for _ in range(_ROUNDS):
            if answer.sw >> 8 != _MORE_BYTES:
                return ResponseApdu(data, answer.sw)
            # GET RESPONSE belongs to the transport: interindustry class, the command's logical channel.
            le = answer.sw & 0xFF or MAX_LE
            answer = self._transmit(CommandApdu(command.cla & 0x03, _GET_RESPONSE, le=le))
            data += answer.data
        raise WireError("the card announces more bytes without end")

    def _transmit(self, command: CommandApdu) -> ResponseApdu:
        return ResponseApdu.decode(self.transport.transmit(command.encode()))


def _name(command: CommandApdu) -> str:
    known = Ins.find(command.ins)
    return known.name.replace("_", " ") if known else f"INS {command.ins:02X}"
