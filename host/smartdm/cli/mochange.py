"""``smartdm mo set|add|delete|rename``: changes of single nodes, each one atomic batch."""

from __future__ import annotations

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import STDIN, read_input
from smartdm.cli.params import UriType
from smartdm.cli.root import Command
from smartdm.cli.view import child_total
from smartdm.errors import NotFound, UriError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri, check_name
from smartdm.session import Batch

LEAF_FORMATS = tuple(str(item) for item in Format if item is not Format.NODE)
_DEFAULT_TYPES = {Format.BIN: "application/octet-stream", Format.XML: "application/xml"}


def _value(value: str | None, file: str | None) -> bytes | None:
    """The bytes that VALUE or --file mean; None when neither was given."""
    if value is not None and file is not None:
        raise click.UsageError("give VALUE or --file, not both")
    if value == STDIN:
        return read_input(STDIN)
    if file is not None:
        return read_input(file)
    if value is None:
        return None
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:  # bytes of the command line that are no UTF-8
        raise CliError("VALUE is not valid UTF-8; give binary values with --file") from error


@click.command("set", cls=Command)
@click.argument("uri", type=UriType())
@click.argument("value", required=False)
@click.option("--file", metavar="FILE", help="Take the value from FILE, byte for byte.")
@click.option("--format", "format_", type=click.Choice(LEAF_FORMATS), help="Change the format too.")
@click.option("--type", "type_", metavar="MIME", help="Change the MIME type too.")
@pass_app
def set_(app: App, *, uri: Uri, value: str | None, file: str | None, format_: str | None, type_: str | None) -> None:
    """Replace the value of the leaf at URI.

    VALUE is text; - reads it from stdin.
    """
    data = _value(value, file)
    if data is None:
        raise click.UsageError("give VALUE, --file FILE, or - for stdin")
    if (format_ is None) != (type_ is None):
        # On the wire the two are kept or given together, so the missing one is read from the card.
        node = app.session.read(uri, 0)
        format_, type_ = format_ or str(node.format), node.type if type_ is None else type_
    batch = Batch(time=now()).replace(uri, data, None if format_ is None else Format(format_), type_)
    app.session.apply(batch)
    result = {"uri": str(uri), "size": len(data), "generation": app.session.generation}
    app.out.show(result, f"set {uri} ({len(data)} bytes)")


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.argument("value", required=False)
@click.option("--file", metavar="FILE", help="Take the value from FILE, byte for byte.")
@click.option("--format", "format_", type=click.Choice(LEAF_FORMATS), help="Format of the leaf.  [default: chr]")
@click.option("--type", "type_", metavar="TYPE", help="MIME type of a leaf, MO identifier of an interior node.")
@click.option("--title", default="", help="Title, for people.")
@click.option("--acl", default="", metavar="ACL", help="Access control list, like Get=*&Replace=srv1.")
@click.option("--interior", is_flag=True, help="Make an interior node, which can have children.")
@click.option("-p", "--parents", is_flag=True, help="Make missing interior nodes on the way too.")
@pass_app
def add(
    app: App,
    *,
    uri: Uri,
    value: str | None,
    file: str | None,
    format_: str | None,
    type_: str | None,
    title: str,
    acl: str,
    interior: bool,
    parents: bool,
) -> None:
    """Add a node at URI: a leaf with VALUE, or an interior node.

    VALUE is text; - reads it from stdin. A leaf without VALUE is empty.
    """
    data = _value(value, file)
    if interior and not (data is None and format_ is None):
        raise click.UsageError("an interior node has neither VALUE nor --format")
    if uri.is_root:
        raise CliError("the root exists always; name the node to add", Exit.USAGE)
    format_of = Format.NODE if interior else Format(format_ or "chr")
    if type_ is None:
        type_ = "" if interior else _DEFAULT_TYPES.get(format_of, "text/plain")
    node = Node(uri.name, format_of, data or b"", type_, title, Acl.parse(acl) if acl else Acl())
    parent = uri.parent
    if parents:
        parent, node = _with_parents(app, parent, node)
    app.session.apply(Batch(time=now()).add(parent, node))
    made = node.count()
    result = {"uri": str(uri), "added_nodes": made, "generation": app.session.generation}
    more = f" and {made - 1} above it" if made > 1 else ""
    app.out.show(result, f"added {uri}{more}")


def _with_parents(app: App, parent: Uri, node: Node) -> tuple[Uri, Node]:
    """The nearest parent that exists, and the node wrapped in the interior nodes missing below it."""
    while not parent.is_root:
        try:
            app.session.read(parent, 0)
        except NotFound:
            node = Node(parent.name, Format.NODE, children=(node,))
            parent = parent.parent
        else:
            break
    return parent, node


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.option("-f", "--force", is_flag=True, help="Do not ask when the node has children.")
@pass_app
def delete(app: App, uri: Uri, force: bool) -> None:
    """Delete the node at URI and everything below it."""
    node = app.session.read(uri)
    generation = app.session.generation
    if not force and not uri.is_root and child_total(node):
        lost = node.count() - 1
        what = f"{lost} node{'s' if lost > 1 else ''}"
        click.confirm(f"{uri} has {what} below it, which will be lost. Delete it?", abort=True, err=True)
    app.session.apply(Batch(time=now()).delete(uri), expect=generation)
    result = {"uri": str(uri), "deleted_nodes": node.count(), "generation": app.session.generation}
    app.out.show(result, f"deleted {uri} ({node.count()} node{'s' if node.count() > 1 else ''})")


def _new_name(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        check_name(value)
    except UriError as error:
        raise click.BadParameter(str(error)) from error
    return value


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.argument("name", callback=_new_name)
@pass_app
def rename(app: App, uri: Uri, name: str) -> None:
    """Give the node at URI another name. It keeps its place, value and children."""
    app.session.apply(Batch(time=now()).rename(uri, name))
    new = uri.parent / name
    result = {"uri": str(uri), "new_uri": str(new), "generation": app.session.generation}
    app.out.show(result, f"renamed {uri} to {new}")


COMMANDS = (set_, add, delete, rename)
