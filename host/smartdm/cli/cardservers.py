"""``smartdm card servers``: the ServerIDs that ACLs on the card can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.output import counted, printable
from smartdm.cli.root import Command

if TYPE_CHECKING:
    from smartdm.session import Batch, Session

_OWN = frozenset({"*", "#issuer", "#holder"})


@click.command(cls=Command)
@click.option("--remove", "removed", metavar="SERVER", multiple=True, help="Forget this server; may be repeated.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@pass_app
def servers(app: App, removed: tuple[str, ...], force: bool) -> None:
    """List the servers that the card knows, and the nodes whose ACLs name them; or remove some.

    ACLs that name a server which the card does not know make it known. A server that is removed loses its entries in
    all ACLs; where nothing else was in one, the node inherits again.
    """
    named_in, withheld = _users(app.session)
    hidden = f"{counted(withheld, 'node')} that the card withholds" if withheld else ""
    if removed:
        _remove(app, removed, named_in, hidden, force=force)
    elif hidden:
        app.out.note(f"note: not counted: {hidden}, and what is below")
    gone = list(dict.fromkeys(removed))
    data = {
        "servers": [{"server": name, "nodes": count} for name, count in named_in.items() if name not in removed],
        "withheld": withheld,
        "removed": gone,
        "generation": app.session.generation,
    }

    def text() -> None:
        for name in gone:
            app.out.line(f"removed {printable(name)}")
        if not removed:
            app.out.table(("server", "nodes"), [(printable(name), str(count)) for name, count in named_in.items()])

    app.out.show(data, text)


def _remove(app: App, names: tuple[str, ...], named_in: dict[str, int], hidden: str, *, force: bool) -> None:
    """Remove servers.  ``hidden``: how many nodes have ACLs that cannot be looked at, in words."""
    from smartdm.card.place import server_place  # noqa: PLC0415 - imported only when a card is used
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    for name in names:
        if name not in named_in:
            raise CliError(f"the card does not know the server {name}", Exit.USAGE)
        if name in _OWN:
            raise CliError(f"{name} is on every card; it cannot be removed")
    nodes = sum(named_in[name] for name in set(names))
    where = [counted(nodes, "node")] * bool(nodes) + [f"perhaps {hidden}"] * bool(hidden)
    if where and not force:
        click.confirm(f"They lose their rights on {' and '.join(where)}. Remove them?", abort=True, err=True)
    batch = Batch(time=now())
    for name in dict.fromkeys(names):
        batch.delete(server_place(name))
    with named("Remove servers"):
        app.session.apply(batch)


def _users(session: Session) -> tuple[dict[str, int], int]:
    """(ServerID -> how many nodes of the tree name it in their own ACL, how many nodes do not tell theirs)."""
    names = list(session.registry.servers.values())
    counts = dict.fromkeys(names, 0)
    withheld = 0
    for _, node in session.read().walk():
        withheld += node.withheld
        for server_id, _ in node.acl.entries:
            counts[server_id] = counts.get(server_id, 0) + 1
    return counts, withheld


def empty_registry(session: Session, batch: Batch) -> int:
    """Adds to a batch that empties the tree what removes all definitions, servers and uploads; returns how many."""
    from smartdm.card.place import REGISTRY, server_place  # noqa: PLC0415 - as above

    before = len(batch.entries)
    for root in session.registry.roots.values():
        batch.delete(REGISTRY / root.digest)
    for name in session.registry.servers.values():
        if name not in _OWN:
            batch.delete(server_place(name))
    for upload in session.uploads():
        batch.delete(upload.place)
    return len(batch.entries) - before
