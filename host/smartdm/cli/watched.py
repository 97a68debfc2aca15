"""The traffic with a card as it is explained, recorded and logged: in a secure channel as it is inside of it."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from smartdm.card.secure import is_select
from smartdm.cli.masking import Mask
from smartdm.cli.trace import WARNING, Tracer
from smartdm.errors import PowerLostError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from smartdm.card.apdu import CommandApdu, ResponseApdu
    from smartdm.card.channel import Layer
    from smartdm.card.secure import SecureLayer
    from smartdm.cli.app import App
    from smartdm.transport.base import Transport

_LOG = logging.getLogger(__name__)


@dataclass
class Listener:
    """What happens besides the traffic: explained on stderr, recorded in a file, logged; never with a secret in it."""

    explain: Callable[[list[str]], None] | None
    record: IO[str] | None
    mask: Mask
    tracer: Tracer = field(default_factory=Tracer)
    inside: bool = False
    """A command is on its way in a secure channel: it was told already."""

    def command(self, apdu: bytes) -> None:
        """A command, before it goes out."""
        shown = self.mask.command(apdu)
        if self.explain:
            self.explain(self.tracer.command(shown))
        self._write(">", shown)

    def answer(self, command: bytes, apdu: bytes) -> None:
        """Its answer."""
        shown = self.mask.answer(apdu)
        if self.explain:
            self.explain(self.tracer.answer(command, shown))
        self._write("<", shown)
        # Sizes and status only: values never reach the log.
        _LOG.debug("%s, %d bytes -> %s, %d bytes", command[:4].hex(), len(command), apdu[-2:].hex(), len(apdu))

    def lost(self) -> None:
        """No answer came."""
        if self.explain:
            self.explain(self.tracer.lost())

    def close(self) -> None:
        """The recording is complete."""
        if self.record:
            self.record.close()

    def _write(self, mark: str, apdu: bytes) -> None:
        if self.record:
            # Each line at once, so that the recording is complete when the process is killed.
            self.record.write(f"{mark} {apdu.hex().upper()}\n")
            self.record.flush()


class WatchedTransport:
    """Passes everything on, tells the listener, and reports a power cut."""

    def __init__(self, inner: Transport, name: str, listener: Listener, power_lost: Callable[[], None]) -> None:
        self._inner = inner
        self._listener = listener
        self._power_lost = power_lost
        self.name = name

    def transmit(self, apdu: bytes) -> bytes:
        """Sends one command APDU and returns the response."""
        told = not self._listener.inside
        if told:
            self._listener.command(apdu)
        try:
            answer = self._inner.transmit(apdu)
        except TransportError as error:
            self._listener.lost()
            if isinstance(error, PowerLostError):
                self._power_lost()
            raise
        if told:
            self._listener.answer(apdu, answer)
        return answer

    def reset(self) -> None:
        """Power off and on again."""
        self._inner.reset()

    def close(self) -> None:
        """Gives the card back."""
        self._inner.close()
        self._listener.close()


class WatchedChannel:
    """A secure channel whose commands the listener is told as they are inside."""

    def __init__(self, inner: SecureLayer, listener: Listener) -> None:
        self._inner = inner
        self._listener = listener
        self._open = False

    @property
    def room(self) -> int:
        """The most bytes of plain data in one command."""
        return self._inner.room

    def exchange(self, command: CommandApdu) -> ResponseApdu:
        """As ``SecureLayer.exchange``."""
        if is_select(command):
            self._open = False
            return self._inner.exchange(command)
        if not self._open:
            self._open = True  # also if that fails: it is the inner one's to go on or not
            self._inner.open()
        apdu = command.encode()
        self._listener.command(apdu)
        self._listener.inside = True
        try:
            answer = self._inner.exchange(command)
        finally:
            self._listener.inside = False
        self._listener.answer(apdu, answer.data + answer.sw.to_bytes(2))
        return answer


def watched(app: App) -> tuple[Listener, Callable[[Layer], Layer]]:
    """The listener that the user asked for, and what puts it around a secure channel."""
    listener = _listener(app)
    return listener, lambda layer: WatchedChannel(layer, listener)


def _listener(app: App) -> Listener:
    def explain(lines: list[str]) -> None:
        for line in lines:
            app.out.note(line)

    record = None
    if app.trace_file is not None and not app.quiet:
        begin = os.O_APPEND if app.traced else os.O_TRUNC
        descriptor = os.open(app.trace_file, os.O_WRONLY | os.O_CREAT | begin, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # values are in it, also when the file was there before
        record = os.fdopen(descriptor, "w", encoding="ascii")
    shown = app.trace and not app.quiet
    if shown and not app.traced:
        explain(list(WARNING))
    app.traced = True
    return Listener(explain if shown else None, record, Mask(lambda: app.hidden))
