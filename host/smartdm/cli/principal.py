"""``smartdm principal``: who may work with the card: the servers that its ACLs can name, and who has keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.keysource import KeySource, insecure_option, key_options, require_fitting, source_of
from smartdm.cli.output import counted, printable
from smartdm.cli.root import Group

if TYPE_CHECKING:
    from collections.abc import Container

    from smartdm.card.keys import KeySet
    from smartdm.session import Batch, Session

_OWN = frozenset({"*", "#issuer", "#holder"})
_FIRST_KVN, _LAST_KVN = 0x40, 0x7F


@click.group(cls=Group)
def principal() -> None:
    """Say who may work with the card.

    Issuer and holder are on every card, servers are added. What each may do, the ACLs say (`smartdm mo acl`).
    """


@principal.command("list")
@pass_app
def list_(app: App) -> None:
    """List the servers that the card knows, who has keys, and how many nodes' ACLs name each."""
    from smartdm.card.principals import with_secrets  # noqa: PLC0415 - imported only when a card is used

    named_in, withheld = _users(app.session)
    owners = with_secrets(app.session.card)
    if withheld:
        app.out.note(f"note: not counted: {_hidden(withheld)}, and what is below")
    data = {
        "principals": [
            {"principal": name, "secret": name in owners, "nodes": count} for name, count in named_in.items()
        ],
        "withheld": withheld,
        "generation": app.session.generation,
    }
    rows: list[tuple[str, ...]] = [
        (printable(name), _secret(name) if name in owners else "-", str(count)) for name, count in named_in.items()
    ]
    app.out.show(data, lambda: app.out.table(("principal", "has", "nodes"), rows))


def _secret(name: str) -> str:
    return "PIN" if name == "#holder" else "keys"


@principal.command()
@click.argument("server")
@key_options
@click.option("--mac-only", is_flag=True, help="It may also open channels of level 01, in which all can be read.")
@click.option("--replace", "again", is_flag=True, help="Give it other keys if it has some.")
@insecure_option
@pass_app
def add(app: App, /, *, server: str, mac_only: bool, again: bool, insecure: bool, **new: Any) -> None:
    """Make a server known to the card, and give it keys if they are named.

    Without keys it can be named in ACLs, but cannot ask. The version of its keys must be one that no other key set on
    the card has; without --kvn one is chosen.
    """
    from smartdm.card.principals import give_keys, with_secrets  # noqa: PLC0415 - as above
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.mo.acl import check_id  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    source = source_of(new) if any(new.values()) else None
    check_id(server)
    if server in _OWN:
        raise CliError(f"{server} is on every card")
    known = not app.session.registry.missing_servers([server])
    owner = server in with_secrets(app.session.card)
    if owner and source and not again:
        raise CliError(f"{server} has keys; --replace gives it others", Exit.USAGE)
    if known and source is None:
        raise CliError(f"the card knows {server} already; options that name keys would give it some", Exit.USAGE)
    batch = Batch(time=now())
    keys = _new_keys(app, source, server, insecure=insecure) if source else None
    if keys is None:
        batch.server(server)
    else:
        give_keys(batch, server, keys, mac_only=mac_only)
    with named(f"Add {server}"):
        app.session.apply(batch)
    _tell_added(app, server, keys)


def _new_keys(app: App, source: KeySource, server: str, *, insecure: bool) -> KeySet:
    """The keys under a version that is free; looking for one ends the channel, so a new one is opened after it."""
    from smartdm.card.principals import begun  # noqa: PLC0415 - as above

    card = app.session.card
    issuer = begun(card, 0)
    if issuer is None:
        raise CliError("the card has no keys of the issuer's", Exit.REFUSED)
    kvn = source.kvn
    if kvn and begun(card, kvn):
        raise CliError(f"a key set on the card has the version {kvn:02X} already; choose another --kvn", Exit.USAGE)
    kvn = kvn or next((free for free in range(_FIRST_KVN, _LAST_KVN + 1) if begun(card, free) is None), 0)
    if not kvn:
        raise CliError("no key version is free", Exit.REFUSED)
    keys = source.numbered(kvn).keys(app, server, new=True)(issuer.kdd)
    require_fitting(app, keys, insecure=insecure)
    app.session.refresh()
    return keys


def _tell_added(app: App, server: str, keys: KeySet | None) -> None:
    data = {
        "principal": server,
        "kvn": None if keys is None else f"{keys.kvn:02X}",
        "generation": app.session.generation,
    }
    told = f"added {printable(server)}"
    if keys is not None:
        told += f" with keys of version {keys.kvn:02X}; to ask as it, the file of doors wants: kvn = 0x{keys.kvn:02X}"
    app.out.show(data, told)


@principal.command()
@click.argument("servers", metavar="SERVER...", nargs=-1, required=True)
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@pass_app
def remove(app: App, servers: tuple[str, ...], force: bool) -> None:
    """Remove servers with their keys, and their entries in all ACLs.

    Where nothing else was in an ACL, the node inherits again.
    """
    from smartdm.card.place import server_place  # noqa: PLC0415 - as above
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    named_in, withheld = _users(app.session)
    gone = list(dict.fromkeys(servers))
    for name in gone:
        _require(name, named_in)
    nodes = sum(named_in[name] for name in gone)
    where = [counted(nodes, "node")] * bool(nodes) + [f"perhaps {_hidden(withheld)}"] * bool(withheld)
    if where and not force:
        click.confirm(f"They lose their rights on {' and '.join(where)}. Remove them?", abort=True, err=True)
    batch = Batch(time=now())
    for name in gone:
        batch.delete(server_place(name))
    with named("Remove servers"):
        app.session.apply(batch)
    data = {"removed": gone, "generation": app.session.generation}
    app.out.show(data, "\n".join(f"removed {printable(name)}" for name in gone))


@principal.command()
@click.argument("server")
@click.argument("name")
@pass_app
def rename(app: App, server: str, name: str) -> None:
    """Give SERVER another NAME; its keys and its entries in all ACLs stay."""
    from smartdm.card.principals import rename_server  # noqa: PLC0415 - as above
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    _require(server, app.session.registry.servers.values())
    if name in _OWN:
        raise CliError(f"{name} is on every card: no server can be called so")
    with named(f"Rename {server}"):
        app.session.apply(rename_server(Batch(time=now()), server, name))
    data = {"principal": server, "new_name": name, "generation": app.session.generation}
    app.out.show(data, f"{printable(server)} is {printable(name)} now")


def _require(name: str, known: Container[str]) -> None:
    if name not in known:
        raise CliError(
            f"the card does not know the server {name}; `smartdm principal list` lists those that it knows", Exit.USAGE
        )
    if name in _OWN:
        raise CliError(f"{name} is on every card; it can be neither removed nor renamed")


def _hidden(withheld: int) -> str:
    return f"{counted(withheld, 'node')} that the card withholds"


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
