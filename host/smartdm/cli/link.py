"""The open card: transport, trace and session together.  Imported when a card is used for the first time."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.cli.app import SIM_PREFIX
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.trace import WARNING, Tracer
from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.session import Session
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from smartdm.cli.app import App
    from smartdm.cli.simcards import SimCard
    from smartdm.transport.base import Transport


_LOG = logging.getLogger(__name__)


@dataclass
class _Listener:
    """What happens besides the traffic: explained on stderr, recorded in a file."""

    explain: Callable[[list[str]], None] | None
    record: IO[str] | None
    tracer: Tracer

    def command(self, apdu: bytes) -> None:
        if self.explain:
            self.explain(self.tracer.command(apdu))
        self._write(">", apdu)

    def answer(self, command: bytes, apdu: bytes) -> None:
        if self.explain:
            self.explain(self.tracer.answer(command, apdu))
        self._write("<", apdu)

    def lost(self) -> None:
        if self.explain:
            self.explain(self.tracer.lost())

    def _write(self, mark: str, apdu: bytes) -> None:
        if self.record:
            # Each line at once, so that the recording is complete when the process is killed.
            self.record.write(f"{mark} {apdu.hex().upper()}\n")
            self.record.flush()


class WatchedTransport:
    """Passes everything on, tells the listener, and reports a power cut."""

    def __init__(self, inner: Transport, name: str, listener: _Listener, power_lost: Callable[[], None]) -> None:
        self._inner = inner
        self._listener = listener
        self._power_lost = power_lost
        self.name = name

    def transmit(self, apdu: bytes) -> bytes:
        """Sends one command APDU and returns the response."""
        self._listener.command(apdu)
        try:
            answer = self._inner.transmit(apdu)
        except TransportError as error:
            self._listener.lost()
            if isinstance(error, PowerLostError):
                self._power_lost()
            raise
        self._listener.answer(apdu, answer)
        # Sizes and status only: values never reach the log.
        _LOG.debug("%s, %d bytes -> %s, %d bytes", apdu[:4].hex(), len(apdu), answer[-2:].hex(), len(answer))
        return answer

    def reset(self) -> None:
        """Power off and on again."""
        self._inner.reset()

    def close(self) -> None:
        """Gives the card back."""
        self._inner.close()
        if self._listener.record:
            self._listener.record.close()


@dataclass
class Link:
    """A card in use."""

    name: str
    transport: WatchedTransport
    session: Session

    @classmethod
    def open(cls, app: App) -> Link:
        """Opens the chosen card and selects the applet."""
        name = app.chosen_card()
        stored = app.sims.get(name.removeprefix(SIM_PREFIX))
        if not stored.image.exists() and not app.making_card:
            raise NoCardError(f"{name}: its image {stored.image} is gone; delete the card and make it again")
        sim = SimTransport()
        try:
            _open(sim, stored, app)
            transport = WatchedTransport(sim, name, _listener(app), lambda: app.sims.arm(stored.name, None))
            _arm(sim, stored, app)
            session = Session(Card(Channel(transport)))
            _LOG.info("%s is open in process %d, generation %d", name, sim.pid, session.generation)
            if app.principal == "issuer":
                sim.principal(Principal.ISSUER)
            return cls(name, transport, session)
        except BaseException:
            sim.close()
            raise

    def close(self) -> None:
        """Gives the card back."""
        self.transport.close()


def _open(sim: SimTransport, stored: SimCard, app: App) -> None:
    """Opens the image; says what to do about one that cannot be opened, or parameters that the applet refuses."""
    try:
        sim.open_image(stored.image, stored.install_parameters)
    except (CardBusyError, NoCardError, PowerLostError):
        raise
    except TransportError as error:
        told = str(error).removeprefix("simulated card: ")
        if told.startswith("the applet refused to be installed") and app.making_card:
            raise CliError(
                f"{told}; choose other values for --arena, --nodes, --reserve or --profile",
                Exit.USAGE,
            ) from error
        if not told.startswith(str(stored.image)):  # as it does for a damaged image; the rest may pass
            raise
        raise CliError(
            f"{told}; to start anew: `smartdm sim delete {stored.name}`, make it again with"
            " `smartdm sim new`, and import a backup (`smartdm mo import`)"
        ) from error


def _arm(sim: SimTransport, stored: SimCard, app: App) -> None:
    if stored.cut is not None and not app.quiet:
        sim.arm_cut(stored.cut.at, CutMode[stored.cut.mode.upper()], stored.cut.seed)


def _listener(app: App) -> _Listener:
    def explain(lines: list[str]) -> None:
        for line in lines:
            app.out.note(line)

    record = None
    if app.trace_file is not None and not app.quiet:
        descriptor = os.open(app.trace_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # values are in it, also when the file was there before
        record = os.fdopen(descriptor, "w", encoding="ascii")
    shown = app.trace and not app.quiet
    if shown:
        explain(list(WARNING))
    return _Listener(explain if shown else None, record, Tracer())
