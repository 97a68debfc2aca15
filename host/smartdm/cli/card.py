"""``smartdm card``: the card as a whole."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import PCSC_PREFIX, SIM_PREFIX, App, now, pass_app
from smartdm.cli.cardlife import COMMANDS as LIFE
from smartdm.cli.doors import chosen_door
from smartdm.cli.keysource import KeySource
from smartdm.cli.output import printable
from smartdm.cli.root import Group
from smartdm.wire import State

if TYPE_CHECKING:
    from smartdm.card.principals import Identity
    from smartdm.transport.pcsclib import ReaderState

_STATES: dict[int, str] = {
    State.INSTALLED: "installed",
    State.PERSONALIZED: "personalized",
    State.TERMINATED: "terminated",
}
_MEANS: dict[int, str] = {
    State.INSTALLED: "installed: it waits for its keys (smartdm card personalize)",
    State.TERMINATED: "terminated: it answers nothing any more",
}


@click.group(cls=Group)
def card() -> None:
    """List, inspect, personalize and erase cards."""


@card.command("list")
@pass_app
def list_(app: App) -> None:
    """List the cards that --card can name.

    Those are the simulated cards and what is in the card readers of this machine.
    """
    from smartdm.cli.readers import found_readers  # noqa: PLC0415 - imported only when a card is used

    holders = {SIM_PREFIX + name: app.sims.user_of(name) for name in app.sims.names()}
    data: list[dict[str, object]] = [
        {"card": name, "kind": "simulated", "used_by": holder} for name, holder in holders.items()
    ]
    rows = [name if holder is None else f"{name}  (in use by process {holder})" for name, holder in holders.items()]
    for reader in found_readers():
        name = PCSC_PREFIX + reader.name
        atr = reader.atr.hex().upper()
        data.append({"card": name, "kind": "reader", "present": reader.present, "in_use": reader.in_use, "atr": atr})
        rows.append(f"{printable(name)}  ({_in_words(reader)})")

    def text() -> None:
        if not rows:
            app.out.note(
                "no cards; make a simulated one with `smartdm sim new NAME` (for card readers see `smartdm doctor`)"
            )
        for row in rows:
            app.out.line(row)

    app.out.show({"cards": data}, text)


def _in_words(reader: ReaderState) -> str:
    if not reader.present:
        return "empty"
    if reader.mute:
        return "the card does not answer"
    return f"ATR {reader.atr.hex(' ').upper()}" + (", in use by another program" if reader.in_use else "")


@card.command()
@pass_app
def info(app: App) -> None:
    """Show what the card is and how full it is.

    Card id, epoch and key diversification data are told to issuer and holder: to whoever is named by --as, or opens a
    simulated card with the test keys.
    """
    found = app.session.info
    own = _identity(app)
    data = {
        "card": app.link.name,
        "wire_version": ".".join(map(str, found.version)),
        "state": _STATES.get(found.state, f"{found.state:02X}"),
        "card_id": own.card_id.hex().upper() if own else None,
        "epoch": own.epoch.hex().upper() if own else None,
        "kdd": own.kdd.hex().upper() if own else None,
        "generation": found.generation,
        "nodes": found.nodes,
        "node_limit": found.node_limit,
        "free_bytes": found.free,
        "arena_bytes": found.arena,
        "reserve_bytes": found.reserve,
        "limits": {
            "max_depth": found.max_depth,
            "max_segment_bytes": found.max_seg_len,
            "max_uri_bytes": found.max_tot_len,
            "max_children": found.max_children,
            "max_value_bytes": found.max_value,
        },
    }
    text = {
        "Card": data["card"],
        "Wire version": data["wire_version"],
        "State": _MEANS.get(found.state, data["state"]),
        **({"Card id": data["card_id"], "Epoch": data["epoch"], "Diversification data": data["kdd"]} if own else {}),
        "Generation": found.generation,
        "Nodes": f"{found.nodes} of {found.node_limit}",
        "Memory": f"{found.free} of {found.arena} bytes free, {found.reserve} more for deleting",
        "Deepest node": f"{found.max_depth} names",
        "Longest name": f"{found.max_seg_len} bytes",
        "Longest URI": f"{found.max_tot_len} bytes",
        "Most children": found.max_children,
        "Longest value": f"{found.max_value} bytes in one piece, {found.max_value * found.max_children:,} in all",
    }
    app.out.show(data, lambda: app.out.fields(text))


def _identity(app: App) -> Identity | None:
    """What the card was given at its personalization, for those whom it tells that; None for others."""
    from smartdm.card.principals import identity  # noqa: PLC0415 - imported only when a card is used
    from smartdm.errors import NotAllowed, WrongKeysError  # noqa: PLC0415 - as above

    if app.session.info.state != State.PERSONALIZED:
        return None
    if app.who or app.keys:
        with suppress(NotAllowed):
            return identity(app.session.card)
        return None
    door = chosen_door(app, app.chosen_card())
    if isinstance(door.keys, KeySource) and door.keys.test:  # else somebody may have to be asked for a secret
        with suppress(NotAllowed, WrongKeysError):
            return identity(app.session.card)
    return None


@card.command()
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--all", "everything", is_flag=True, help="Erase the definitions, servers and unfinished values too.")
@pass_app
def reset(app: App, force: bool, everything: bool) -> None:
    """Erase the whole tree in one step.

    The root stays, with its own ACL. If the power fails, the whole tree is there or none of it.
    """
    from smartdm.cli.principal import empty_registry  # noqa: PLC0415 - imported only when a card is used
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.mo.uri import ROOT  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    tree = app.session.read(ROOT)
    generation = app.session.generation
    lost = tree.count() - 1
    batch = Batch(time=now())
    if lost:
        batch.erase()
    others = empty_registry(app.session, batch) if everything else 0
    if batch.entries and not force:
        names = ", ".join(str(ROOT / child.name) for child in tree.children) or "nothing of the tree"
        more = f", and {others} definitions, servers and unfinished values" if others else ""
        app.out.note(f"This erases {lost} nodes from {app.link.name}: {names}{more}")
        click.confirm("They cannot be brought back. Erase them?", abort=True, err=True)
    if batch.entries:
        with named("Delete everything"):
            app.session.apply(batch, expect=generation)
    data = {
        "card": app.link.name,
        "deleted_nodes": lost,
        "deleted_others": others,
        "generation": app.session.generation,
    }
    told = f"erased {lost} nodes" + (f" and {others} other things" if others else "")
    app.out.show(data, told if batch.entries else "nothing to erase: the tree is empty")


for command in LIFE:
    card.add_command(command)
