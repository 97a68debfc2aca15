"""The open card: transport, trace and session together.  Imported when a card is used for the first time."""

from __future__ import annotations

import logging
import os
import stat
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.cli.app import PCSC_PREFIX, SIM_PREFIX
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.trace import WARNING, Tracer
from smartdm.codec import catalog
from smartdm.errors import CardBusyError, CardError, NoCardError, PowerLostError, TransportError
from smartdm.session import Session
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Principal, Sw

if TYPE_CHECKING:
    from collections.abc import Callable

    from smartdm.cli.app import App
    from smartdm.cli.simcards import SimCard
    from smartdm.transport.base import Transport


_LOG = logging.getLogger(__name__)

_GRACE, _PAUSE = 1.0, 0.05
"""Seconds that somebody else may have a simulated card before we give up, and between two tries."""


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
        return cls._open_reader(name, app) if name.startswith(PCSC_PREFIX) else cls._open_simulated(name, app)

    @classmethod
    def _open_simulated(cls, name: str, app: App) -> Link:
        if app.shared:
            raise CliError(
                f"--shared is for cards in readers ({PCSC_PREFIX}READER); {name} is a simulated one", Exit.USAGE
            )
        stored = app.sims.get(name.removeprefix(SIM_PREFIX))
        sim = open_simulated(stored, app)
        try:
            transport = WatchedTransport(sim, name, _listener(app), lambda: app.sims.arm(stored.name, None))
            session = Session(Card(Channel(transport)), catalog.by_digest)
            _LOG.info("%s is open in process %d, generation %d", name, sim.pid, session.generation)
            set_principal(sim, session, app.principal)
            return cls(name, transport, session)
        except BaseException:
            sim.close()
            raise

    @classmethod
    def _open_reader(cls, name: str, app: App) -> Link:
        if app.principal is not None:
            raise CliError("--principal works on simulated cards only: a real card decides itself who asks", Exit.USAGE)
        from smartdm.transport.pcsc import PcscTransport  # noqa: PLC0415 - only for those who use a reader

        reader = PcscTransport(name.removeprefix(PCSC_PREFIX), shared=app.shared)
        try:
            transport = WatchedTransport(reader, reader.name, _listener(app), _nothing_to_disarm)
            session = _select(Channel(transport, t0=reader.t0, advice=_REAL_CARD), reader.name)
            _LOG.info("%s is open, T=%d, generation %d", reader.name, not reader.t0, session.generation)
            return cls(reader.name, transport, session)
        except BaseException:
            reader.close()
            raise

    def close(self) -> None:
        """Gives the card back."""
        self.transport.close()


_PRINCIPALS: dict[str, int] = {
    "issuer": Principal.ISSUER,
    "holder": Principal.HOLDER,
    "nobody": Principal.NOBODY,
}
_REAL_CARD: dict[int, str] = {
    Sw.NOT_ALLOWED: "a real card lets nobody in yet, and without that only `smartdm card info` works",
}


def _nothing_to_disarm() -> None:
    """Only simulated cards have a power cut that is armed."""


def _select(channel: Channel, name: str) -> Session:
    try:
        return Session(Card(channel), catalog.by_digest)
    except CardError as error:
        raise NoCardError(f"the card in {name} has no smartdm applet, or a locked one ({error})") from error


def set_principal(sim: SimTransport, session: Session, name: str | None) -> int:
    """Who asks on a simulated card: issuer (None), holder, nobody, or a ServerID that it knows; returns the number."""
    number = _PRINCIPALS.get(name or "issuer")
    if number is None:
        sim.principal(Principal.ISSUER)
        servers = {server_id: number for number, server_id in session.registry.servers.items()}
        number = servers.get(name or "")
    if number is None:
        known = ", ".join(sorted((*_PRINCIPALS, *(name for name in servers if name[0] not in "*#"))))
        raise CliError(
            f"the card knows no server {name!r}; --principal can be {known}, and whoever an ACL on the card names",
            Exit.USAGE,
        )
    sim.principal(number)
    return number


def open_simulated(stored: SimCard, app: App) -> SimTransport:
    """A simulated card out of its file, with the power cut that was armed for it.

    It says what to do about an image that cannot be opened, or parameters that the applet refuses.
    """
    if not stored.image.exists() and not app.making_card:
        name = f"{SIM_PREFIX}{stored.name}"
        raise NoCardError(f"{name}: its image {stored.image} is gone; delete the card and make it again")
    sim = SimTransport()
    try:
        _open_image(sim, stored, 0.0 if app.quiet else _GRACE)
        if stored.cut is not None and not app.quiet:
            sim.arm_cut(stored.cut.at, CutMode[stored.cut.mode.upper()], stored.cut.seed)
    except (CardBusyError, NoCardError, PowerLostError):
        sim.close()
        raise
    except TransportError as error:
        sim.close()
        raise _explained(error, stored, app) from error
    return sim


def _open_image(sim: SimTransport, stored: SimCard, patience: float) -> None:
    """Opens the image.  Who only looks, as `mo changes --watch` does, has it for a moment: that is waited for."""
    end = time.monotonic() + patience
    while True:
        try:
            sim.open_image(stored.image, stored.install_parameters)
        except CardBusyError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _explained(error: TransportError, stored: SimCard, app: App) -> Exception:
    told = str(error).removeprefix("simulated card: ")
    if told.startswith("the applet refused to be installed") and app.making_card:
        return CliError(f"{told}; choose other values for --arena, --nodes, --reserve or --profile", Exit.USAGE)
    if not told.startswith(str(stored.image)):  # as it does for a damaged image; the rest may pass
        return error
    return CliError(
        f"{told}; to start anew: `smartdm sim delete {stored.name}`, make it again with"
        " `smartdm sim new`, and import a backup (`smartdm mo import`)"
    )


def _listener(app: App) -> _Listener:
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
    return _Listener(explain if shown else None, record, Tracer())
