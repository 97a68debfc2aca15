"""The open card: transport, trace and session together.  Imported when a card is used for the first time."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.cli.app import PCSC_PREFIX, SIM_PREFIX
from smartdm.cli.doors import NOBODY, chosen_door
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.watched import WatchedTransport, watched
from smartdm.codec import catalog
from smartdm.errors import CardBusyError, CardError, NoCardError, PowerLostError, TransportError
from smartdm.session import Session
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Sw

if TYPE_CHECKING:
    from collections.abc import Callable

    from smartdm.card.channel import Layer
    from smartdm.cli.app import App
    from smartdm.cli.doors import Door
    from smartdm.cli.simcards import SimCard


_LOG = logging.getLogger(__name__)

_GRACE, _PAUSE = 1.0, 0.05
"""Seconds that somebody else may have a simulated card before we give up, and between two tries."""


@dataclass
class Link:
    """A card in use."""

    name: str
    transport: WatchedTransport
    session: Session
    who: str
    """Who is asking: issuer, holder, nobody or a ServerID."""

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
        door = app.door or chosen_door(app, name)
        stored = app.sims.get(name.removeprefix(SIM_PREFIX))
        sim = open_simulated(stored, app)
        try:
            listener, wrap = watched(app)
            transport = WatchedTransport(sim, name, listener, lambda: app.sims.arm(stored.name, None))
            session = Session(Card(_channel(transport, app, door, wrap)), catalog.by_digest)
            _LOG.info("%s is open in process %d, generation %d", name, sim.pid, session.generation)
            return cls(name, transport, session, door.who)
        except BaseException:
            sim.close()
            raise

    @classmethod
    def _open_reader(cls, name: str, app: App) -> Link:
        from smartdm.transport.pcsc import PcscTransport  # noqa: PLC0415 - only for those who use a reader

        door = app.door or chosen_door(app, name)
        reader = PcscTransport(name.removeprefix(PCSC_PREFIX), shared=app.shared)
        try:
            listener, wrap = watched(app)
            transport = WatchedTransport(reader, reader.name, listener, _nothing_to_disarm)
            session = _select(_channel(transport, app, door, wrap, t0=reader.t0), reader.name)
            _LOG.info("%s is open, T=%d, generation %d", reader.name, not reader.t0, session.generation)
            return cls(reader.name, transport, session, door.who)
        except BaseException:
            reader.close()
            raise

    def close(self) -> None:
        """Gives the card back."""
        self.transport.close()


_NOT_IN: dict[int, str] = {
    Sw.NOT_ALLOWED: "nobody in particular is asking: say with --as who does",
}


def _channel(
    transport: WatchedTransport, app: App, door: Door, wrap: Callable[[Layer], Layer], *, t0: bool = False
) -> Channel:
    """The channel by which commands reach the card, through a door."""
    advice = _NOT_IN if door.who == NOBODY else None
    return Channel(transport, t0=t0, advice=advice, layer=door.layer(app, wrap))


def _nothing_to_disarm() -> None:
    """Only simulated cards have a power cut that is armed."""


def _select(channel: Channel, name: str) -> Session:
    try:
        return Session(Card(channel), catalog.by_digest)
    except CardError as error:
        raise NoCardError(f"the card in {name} has no smartdm applet, or a locked one ({error})") from error


def open_simulated(stored: SimCard, app: App) -> SimTransport:
    """A simulated card out of its file, with the power cut that was armed for it.

    It says what to do about an image that cannot be opened, or parameters that the applet refuses.
    """
    if not stored.image.exists() and app.making is None:
        name = f"{SIM_PREFIX}{stored.name}"
        raise NoCardError(f"{name}: its image {stored.image} is gone; delete the card and make it again")
    sim = SimTransport()
    try:
        parameters = stored.install_parameters if app.making is None else app.making
        _open_image(sim, stored, parameters, 0.0 if app.quiet else _GRACE)
        if stored.cut is not None and not app.quiet:
            sim.arm_cut(stored.cut.at, CutMode[stored.cut.mode.upper()], stored.cut.seed)
    except (CardBusyError, NoCardError, PowerLostError):
        sim.close()
        raise
    except TransportError as error:
        sim.close()
        raise _explained(error, stored, app) from error
    return sim


def _open_image(sim: SimTransport, stored: SimCard, parameters: bytes, patience: float) -> None:
    """Opens the image.  Who only looks, as `mo changes --watch` does, has it for a moment: that is waited for."""
    end = time.monotonic() + patience
    while True:
        try:
            sim.open_image(stored.image, parameters)
        except CardBusyError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _explained(error: TransportError, stored: SimCard, app: App) -> Exception:
    told = str(error).removeprefix("simulated card: ")
    if told.startswith("the applet refused to be installed") and app.making is not None:
        return CliError(f"{told}; choose other values for --arena, --nodes, --reserve or --profile", Exit.USAGE)
    if not told.startswith(str(stored.image)):  # as it does for a damaged image; the rest may pass
        return error
    return CliError(
        f"{told}; to start anew: `smartdm sim delete {stored.name}`, make it again with"
        " `smartdm sim new`, and import a backup (`smartdm mo import`)"
    )
