"""``smartdm card``: the card as a whole."""

from __future__ import annotations

import click

from smartdm.cli.app import SIM_PREFIX, App, now, pass_app
from smartdm.cli.root import Group

_STATES = {0x03: "installed"}


@click.group(cls=Group)
def card() -> None:
    """List, inspect and erase cards."""


@card.command("list")
@pass_app
def list_(app: App) -> None:
    """List the cards that --card can name."""
    holders = {SIM_PREFIX + name: app.sims.user_of(name) for name in app.sims.names()}
    data = [{"card": name, "kind": "simulated", "used_by": holder} for name, holder in holders.items()]

    def text() -> None:
        if not holders:
            app.out.note("no cards; make a simulated one with `smartdm sim new NAME`")
        for name, holder in holders.items():
            app.out.line(name if holder is None else f"{name}  (in use by process {holder})")

    app.out.show({"cards": data}, text)


@card.command()
@pass_app
def info(app: App) -> None:
    """Show what the card is and how full it is."""
    found = app.session.info
    data = {
        "card": app.link.name,
        "wire_version": ".".join(map(str, found.version)),
        "state": _STATES.get(found.state, f"{found.state:02X}"),
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
        "State": data["state"],
        "Generation": found.generation,
        "Nodes": f"{found.nodes} of {found.node_limit}",
        "Memory": f"{found.free} of {found.arena} bytes free, {found.reserve} more for deleting",
        "Deepest node": f"{found.max_depth} names",
        "Longest name": f"{found.max_seg_len} bytes",
        "Longest URI": f"{found.max_tot_len} bytes",
        "Most children": found.max_children,
        "Longest value": f"{found.max_value} bytes",
    }
    app.out.show(data, lambda: app.out.fields(text))


@card.command()
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@pass_app
def reset(app: App, force: bool) -> None:
    """Erase the whole tree in one step.

    The root stays, with its own ACL. If the power fails, the whole tree is there or none of it.
    """
    from smartdm.cli.sending import named  # noqa: PLC0415 - imported only when a card is used
    from smartdm.mo.uri import ROOT  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    tree = app.session.read(ROOT)
    generation = app.session.generation
    lost = tree.count() - 1
    if lost and not force:
        names = ", ".join(str(ROOT / child.name) for child in tree.children)
        app.out.note(f"This erases {lost} nodes from {app.link.name}: {names}")
        click.confirm("They cannot be brought back. Erase them?", abort=True, err=True)
    if lost:
        with named("Delete everything"):
            app.session.apply(Batch(time=now()).erase(), expect=generation)
    data = {"card": app.link.name, "deleted_nodes": lost, "generation": app.session.generation}
    app.out.show(data, f"erased {lost} nodes" if lost else "nothing to erase: the tree is empty")
