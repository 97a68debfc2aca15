"""A simulated card in a virtual card reader, for as long as the command runs."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.cli.app import SIM_PREFIX
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.link import open_simulated
from smartdm.errors import TransportError
from smartdm.session import Session
from smartdm.transport.sim import SimTransport, Slot
from smartdm.wire import Principal

if TYPE_CHECKING:
    from smartdm.cli.app import App

_PRINCIPALS: dict[str, int] = {
    "issuer": Principal.ISSUER,
    "holder": Principal.HOLDER,
    "nobody": Principal.NOBODY,
}
_LOOK = 0.3
"""Seconds between two looks at the slot."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where vpcd's slot listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """From ``HOST:PORT``, ``HOST`` or ``:PORT``."""
        host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
        if colon and not (port.isdecimal() and 0 < int(port) < 1 << 16):
            raise click.BadParameter(f"{text!r} is not HOST:PORT, like 127.0.0.1:35963", param_hint="'--vpcd'")
        return cls(host or DEFAULT.host, int(port) if colon else DEFAULT.port)


DEFAULT = Address("127.0.0.1", 35963)
"""vpcd's first slot as it is delivered; the second one is a port higher."""


def serve(app: App, name: str, where: Address, *, t0: bool, principal: str) -> None:
    """Puts the card into the slot and keeps it there until Ctrl-C."""
    stored = app.sims.get(name)
    sim = open_simulated(stored, app)
    try:
        _insert(sim, where, principal, t0=t0)
        card, protocol = SIM_PREFIX + name, "T=0" if t0 else "T=1"
        data = {"card": card, "vpcd": str(where), "protocol": protocol, "principal": principal}
        app.out.show(data, f"{card} is in the virtual reader at {where} ({protocol}); Ctrl-C takes it out")
        sys.stdout.flush()
        _watch(sim, app, name)
    except KeyboardInterrupt:
        app.out.note(f"{SIM_PREFIX}{name} is out of the reader")
    finally:
        sim.close()


def _insert(sim: SimTransport, where: Address, who: str, *, t0: bool) -> None:
    try:
        sim.insert(where.host, where.port, t0=t0, principal=_number(sim, who))
    except TransportError as error:
        told = str(error).removeprefix("simulated card: ")
        raise CliError(f"{told}: start pcscd, with vsmartcard-vpcd installed, before the card", Exit.LINK) from error


def _number(sim: SimTransport, who: str) -> int:
    """The number of a principal: issuer, holder, nobody, or a ServerID that the card knows."""
    session = Session(Card(Channel(sim)))
    if who in _PRINCIPALS:
        return _PRINCIPALS[who]
    sim.principal(Principal.ISSUER)
    servers = {server_id: number for number, server_id in session.registry.servers.items()}
    if who not in servers:
        known = ", ".join(sorted((*_PRINCIPALS, *(name for name in servers if name[0] not in "*#"))))
        raise CliError(f"the card knows no server {who!r}; --principal can be {known}", Exit.USAGE)
    return servers[who]


def _watch(sim: SimTransport, app: App, name: str) -> None:
    """Until interrupted: tells when the reader goes and comes, and takes back a cut that has happened."""
    before, cuts = sim.slot()
    while True:
        time.sleep(_LOOK)
        now, counted = sim.slot()
        if counted != cuts:
            app.sims.arm(name, None)
            app.out.note("the power was cut; the card comes back")
        elif now != before:
            app.out.note("the reader is back" if now is Slot.CONNECTED else "the reader is gone; waiting for it")
        before, cuts = now, counted
