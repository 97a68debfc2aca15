"""A card in a reader of this machine, over PC/SC.

Exclusive unless told otherwise: nobody else gets at the card.  Shared means that other programs may have it open,
too; from the first command to the end they wait all the same, because everything here is one step of several
commands: an applet that somebody else deselects forgets who is asking.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, NamedTuple, Self

from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.transport import pcsclib
from smartdm.transport.patience import OutOfTimeError, in_time
from smartdm.transport.pcscholders import busy_text
from smartdm.transport.pcsclib import Context, PcscError

WAIT = 10.0
"""Seconds that another program may keep a shared card before we give up."""

_GRACE, _PAUSE = 1.0, 0.1
"""Programs that look at every card that is put in have it for a moment; so long we try again, in seconds."""

_GONE = frozenset({pcsclib.NO_SMARTCARD, pcsclib.REMOVED})


class _Taken(NamedTuple):
    """An open card that is ours."""

    context: Context
    card: Any
    protocol: int


class PcscTransport:
    """The card in the reader whose name holds ``reader`` (``pcsclib.choose``).

    ``shared``: do not insist on having the card alone.  ``wait``: seconds for others to let go of a shared card.
    NoCardError when there is no such reader, no card in it, no service or no pyscard; CardBusyError when another
    program has it.  The card is reset when it is given back, so that nobody finds doors open.
    """

    def __init__(self, reader: str = "", *, shared: bool = False, wait: float = WAIT) -> None:
        self._context = Context()
        self._scard = self._context.scard
        self._shared = shared
        self._wait = wait
        self._card: Any = None
        self._protocol = 0
        try:
            self._reader = pcsclib.choose(self._context.readers(), reader).name
            self._connect()
        except BaseException:
            self._context.release()
            raise

    @property
    def name(self) -> str:
        """``pcsc:`` and the reader's full name."""
        return f"pcsc:{self._reader}"

    @property
    def t0(self) -> bool:
        """Whether the card speaks T=0: a command then has data or an expected length, not both (``card.channel``)."""
        return bool(self._protocol == self._scard.SCARD_PROTOCOL_T0)

    def transmit(self, apdu: bytes) -> bytes:
        """Sends one command APDU and returns the response.

        PowerLostError when it is not known what became of it; NoCardError or TransportError when the card was taken
        out or reset before, so that nothing was done.  After any of them ``reset`` starts anew.
        """
        if self._card is None:
            raise TransportError(f"{self.name} was lost or closed; reset it, or open it again")
        scard = self._scard
        pci = scard.SCARD_PCI_T0 if self.t0 else scard.SCARD_PCI_T1
        code, answer = scard.SCardTransmit(self._card, pci, list(apdu))
        if code != pcsclib.SUCCESS:
            raise self._failed(code & 0xFFFFFFFF)
        if not answer:  # what some drivers make of a card that was pulled
            self._drop()
            raise PowerLostError(f"the card in {self._reader} did not answer")
        return bytes(byte & 0xFF for byte in answer)

    def reset(self) -> None:
        """Power off and on again; after a failure the card is looked for anew, in the same reader."""
        if self._card is not None:
            scard = self._scard
            mode, protocols = self._mode()
            code, protocol = scard.SCardReconnect(self._card, mode, protocols, scard.SCARD_UNPOWER_CARD)
            if code == pcsclib.SUCCESS:
                self._protocol = protocol
                return
            self._drop()
        self._connect()

    def close(self) -> None:
        """Gives the card back, without power."""
        self._drop()
        self._context.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mode(self) -> tuple[int, int]:
        scard = self._scard
        mode = scard.SCARD_SHARE_SHARED if self._shared else scard.SCARD_SHARE_EXCLUSIVE
        return mode, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1

    def _connect(self) -> None:
        """Opens the card and has it to itself, which may mean waiting for others."""
        try:
            taken = in_time(self._take, self._give_back, self._wait)
        except OutOfTimeError as late:
            self._context = Context()  # the old one belongs to the thread that still waits
            how = f"has for {self._wait:g} s been busy with"
            raise CardBusyError(busy_text(self._reader, how, shared=self._shared)) from late
        except PcscError as error:
            raise self._refused(error) from error
        self._card, self._protocol = taken.card, taken.protocol

    def _take(self) -> _Taken:
        context, scard = self._context, self._scard
        mode, protocols = self._mode()
        failed = f"the card in {self._reader} cannot be opened"
        end = time.monotonic() + min(self._wait, _GRACE)
        while True:
            try:
                found = context.run(failed, lambda it: scard.SCardConnect(it, self._reader, mode, protocols))
                break
            except PcscError as error:
                if error.code != pcsclib.SHARING_VIOLATION or time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
        taken = _Taken(context, *found)
        code = scard.SCardBeginTransaction(taken.card)
        if code != pcsclib.SUCCESS:
            scard.SCardDisconnect(taken.card, scard.SCARD_LEAVE_CARD)
            pcsclib.check(code, failed)
        return taken

    def _give_back(self, taken: _Taken) -> None:
        self._scard.SCardDisconnect(taken.card, self._scard.SCARD_LEAVE_CARD)
        taken.context.release()

    def _refused(self, error: PcscError) -> TransportError:
        if error.code == pcsclib.SHARING_VIOLATION:
            return CardBusyError(busy_text(self._reader, "has", shared=self._shared))
        if error.code in _GONE:
            return NoCardError(f"there is no card in {self._reader}: put it in")
        if error.code in {pcsclib.UNRESPONSIVE, pcsclib.UNPOWERED}:
            return NoCardError(f"the card in {self._reader} does not answer: take it out and see which way it goes in")
        if error.code == pcsclib.UNKNOWN_READER:
            return NoCardError(f"the reader {self._reader} is gone: plug it in")
        return error

    def _failed(self, code: int) -> TransportError:
        reader = self._reader
        self._drop()
        told = PcscError(code, f"the card in {reader} did not answer")
        if code == pcsclib.REMOVED:
            return NoCardError(f"the card was taken out of {reader}; nothing of this command was done")
        if code in {pcsclib.RESET, pcsclib.UNPOWERED}:
            return TransportError(f"another program reset the card in {reader}; nothing of this command was done")
        if code == pcsclib.NO_SMARTCARD:
            return PowerLostError(f"the card was taken out of {reader} before it answered")
        if code in pcsclib.STALE:
            return PowerLostError("the smart card service stopped before the card answered")
        return PowerLostError(str(told))

    def _drop(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            # A service that is gone fails both; it has let go of the card by itself.
            self._scard.SCardEndTransaction(card, self._scard.SCARD_LEAVE_CARD)
            self._scard.SCardDisconnect(card, self._scard.SCARD_RESET_CARD)
