"""``smartdm mo acl|title|copy``: properties of single nodes, and values of other nodes."""

from __future__ import annotations

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.doors import ISSUER
from smartdm.cli.failures import CliError
from smartdm.cli.output import printable
from smartdm.cli.params import UriType
from smartdm.cli.rights import effective, explained
from smartdm.cli.root import Command
from smartdm.cli.sending import add_node, missing_above, named, require_parent
from smartdm.errors import CardError, NotFound
from smartdm.mo.acl import Acl, Verb
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch

_ISSUER = "#issuer"


def _one_of(value: str | None, *, remove: bool, what: str) -> None:
    if value is not None and remove:
        raise click.UsageError(f"give {what} or --remove, not both")


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.argument("acl", required=False)
@click.option("--remove", is_flag=True, help="Take the node's own ACL away: it inherits from the nodes above.")
@pass_app
def acl(app: App, uri: Uri, acl: str | None, remove: bool) -> None:
    """Show who may do what with the node at URI, or give it another ACL.

    An ACL is like Get=*&Replace=srv1+srv2: commands (Add, Delete, Exec, Get, Replace) with the servers that may give
    them. * is anybody, #issuer the issuer, #holder the holder. A node without one has that of the nearest node above
    it. Servers that the card does not know yet are made known to it.
    """
    _one_of(acl, remove=remove, what="ACL")
    if acl is None and not remove:
        _show_acl(app, uri)
        return
    if uri.is_root and remove:
        raise CliError("the root must have an ACL; give another one instead, like 'Add=*&Get=*'")
    new = Acl.parse(acl) if acl else Acl()
    if acl is not None and not new:
        raise click.UsageError("the ACL is empty; --remove takes the node's own ACL away")
    with named(f"Replace {uri}?prop=ACL"), explained(app, Verb.REPLACE, uri if uri.is_root else uri.parent):
        unknown = app.session.registry.missing_servers(server_id for server_id, _ in new.entries)
        lost = _lost(app, uri, new)
        app.session.apply(Batch(time=now()).acl(uri, new))
    for server_id in unknown:
        app.out.note(f"note: new server {printable(server_id)}")
    if lost:
        app.out.note(f"note: the issuer has no {' and no '.join(lost)} there any more")
    result = {"uri": str(uri), "acl": str(new), "generation": app.session.generation}
    told = f"the ACL of {uri} is {printable(str(new))}" if new else f"{uri} has no ACL of its own any more"
    app.out.show(result, told)


def _lost(app: App, uri: Uri, new: Acl) -> list[str]:
    """Which of Replace and Get the issuer, who asks, has at the node and will not have with its new ACL."""
    if app.link.who != ISSUER:
        return []
    missing = [verb for verb in (Verb.REPLACE, Verb.GET) if not new.allows(verb, _ISSUER)]
    if not missing:
        return []
    try:
        own = app.session.read(uri, 0).acl
        _, before = effective(app, uri, own)
        after = new or effective(app, uri, new)[1]
    except CardError:
        return []  # what he could not read he did not have
    return [verb.title for verb in missing if before.allows(verb, _ISSUER) and not after.allows(verb, _ISSUER)]


def _show_acl(app: App, uri: Uri) -> None:
    """The node's own ACL, and the one that counts, which may be that of a node above."""
    own = app.session.read(uri, 0).acl
    place, found = effective(app, uri, own)
    data = {"uri": str(uri), "acl": str(own), "effective": str(found), "from": str(place)}
    inherited = "" if place == uri else f"  (inherited from {place})"
    app.out.show(data, f"{printable(str(found))}{inherited}")


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.argument("title", required=False)
@click.option(
    "--remove", is_flag=True, help="Take the title away; that of the definition shows again, if there is one."
)
@pass_app
def title(app: App, uri: Uri, title: str | None, remove: bool) -> None:
    """Show the title of the node at URI, or give it another one."""
    _one_of(title, remove=remove, what="TITLE")
    if title is None and not remove:
        found = app.session.read(uri, 0).title
        app.out.show({"uri": str(uri), "title": found}, printable(found))
        return
    with named(f"Replace {uri}?prop=Title"), explained(app, Verb.REPLACE, uri):
        app.session.apply(Batch(time=now()).title(uri, title or ""))
    result = {"uri": str(uri), "title": title or "", "generation": app.session.generation}
    app.out.show(result, f'the title of {uri} is "{printable(title)}"' if title else f"{uri} has no title of its own")


@click.command(cls=Command)
@click.argument("source", type=UriType())
@click.argument("target", type=UriType())
@click.option("-p", "--parents", is_flag=True, help="Make missing interior nodes on the way to TARGET too.")
@pass_app
def copy(app: App, source: Uri, target: Uri, parents: bool) -> None:
    """Give the leaf TARGET the value of the leaf SOURCE.

    A leaf that is there already keeps its format, type, title and ACL. If there is none, it is added with the format
    and type of SOURCE.
    """
    if ROOT in {source, target}:
        raise CliError("the root has no value; name two leaves")
    what = f"Copy {source} to {target}"
    try:
        with named(what):
            app.session.copy(source, target, now())
    except NotFound as error:
        if not (parents and missing_above(app, target.parent)):
            require_parent(app, target.parent, what)
            raise error from None
        _copy_below(app, source, target, what)
    result = {"source": str(source), "target": str(target), "generation": app.session.generation}
    app.out.show(result, f"copied {source} to {target}")


def _copy_below(app: App, source: Uri, target: Uri, what: str) -> None:
    """The copy of a leaf as a new one, with the nodes that are missing above it."""
    with named(what):
        node = app.session.read(source)
    leaf = Node(target.name, node.format, node.value, node.type)
    add_node(app, target.parent, leaf, what, parents=True)


COMMANDS = (acl, title, copy)
