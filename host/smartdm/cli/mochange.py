"""``smartdm mo set|add|delete|rename``: changes of single nodes, each one atomic batch."""

from __future__ import annotations

from contextlib import suppress

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import STDIN, read_input
from smartdm.cli.kinds import LEAF_FORMATS, check_interior, new_kind, unsuited
from smartdm.cli.output import counted
from smartdm.cli.params import FileName, UriType
from smartdm.cli.progress import upload_progress
from smartdm.cli.rights import explained
from smartdm.cli.root import Command, ValueCommand
from smartdm.cli.sending import add_node, named, need, require_own_secret, scattered
from smartdm.cli.view import child_total
from smartdm.errors import CardError, CardFull, CommandNotAllowed, NotAllowed, UriError, retold
from smartdm.mo.acl import Acl, Verb
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri, check_name
from smartdm.session import Batch


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


@click.command("set", cls=ValueCommand)
@click.argument("uri", type=UriType())
@click.argument("value", required=False)
@click.option("--file", type=FileName(), metavar="FILE", help="Take the value from FILE, byte for byte.")
@click.option("--format", "format_", type=click.Choice(LEAF_FORMATS), help="Change the format too.")
@click.option("--type", "type_", metavar="MIME", help="Change the MIME type too.")
@pass_app
def set_(app: App, *, uri: Uri, value: str | None, file: str | None, format_: str | None, type_: str | None) -> None:
    """Replace the value of the leaf at URI.

    VALUE is text; - reads it from stdin. A value above 224 bytes is sent in pieces: until the last one the leaf keeps
    its old value, and after an interruption the same command goes on where it stopped.
    """
    data = _value(value, file)
    if data is None:
        raise click.UsageError("give VALUE, --file FILE, or - for stdin")
    with named(f"Replace {uri}"):
        require_own_secret(app, uri, data)
        kind = _kind_to_set(app, uri, data, Format(format_) if format_ else None, type_)
    try:
        with named(f"Replace {uri}"), explained(app, Verb.REPLACE, uri), upload_progress(app, uri, data) as progress:
            app.session.put_value(uri, data, kind, time=now(), progress=progress)
    except CardFull as error:
        raise _no_room(app, uri, data, error) from error
    result = {"uri": str(uri), "size": len(data), "generation": app.session.generation}
    app.out.show(result, f"set {uri} ({counted(len(data), 'byte')})")


def _kind_to_set(
    app: App, uri: Uri, data: bytes, chosen: Format | None, type_: str | None
) -> tuple[Format, str] | None:
    """Format and Type that go along with the value, None if they stay; CliError for a value that does not suit.

    On the wire the two are kept or given together, so one that is missing is read from the card.
    """
    if chosen is not None and type_ is not None:
        _check(uri, chosen, data)
        return chosen, type_
    try:
        node = app.session.read(uri, 0) if data or chosen or type_ is not None else None
    except (NotAllowed, CommandNotAllowed):
        if chosen or type_ is not None:
            raise
        node = None  # who may not read the leaf may still replace its value: the card judges that alone
    if node is not None and (chosen or not node.withheld):
        _check(uri, chosen or node.format, data)
    if node is None or (chosen is None and type_ is None):
        return None
    return chosen or node.format, node.type if type_ is None else type_


def _no_room(app: App, uri: Uri, data: bytes, error: CardFull) -> CardError:
    """The refusal of a value for lack of memory, told of its leaf, whatever place the card named."""
    told = retold(error, f"Replace {uri}")
    free = app.session.info.free
    told.add_note(f"the value has {counted(len(data), 'byte')}, {free} are free{scattered(_need(uri, data), free)}")
    told.add_note("until the end the old value and the new one need room together")
    with suppress(CardError):  # who may not see the uploads is told the rest
        if app.session.uploads():
            told.add_note("unfinished uploads take room too: `smartdm mo uploads --remove` removes them")
    return told


def _need(uri: Uri, data: bytes) -> int:
    return need([Node(uri.name, Format.BIN, data)])


def _check(uri: Uri, node_format: Format, data: bytes) -> None:
    """CliError for a value that a leaf of that Format cannot have."""
    fault = unsuited(uri, node_format, data)
    if fault:
        raise CliError(fault)


def _kind(app: App, uri: Uri, data: bytes, chosen: str | None, type_: str | None) -> tuple[Format, str]:
    """Format and Type of a new node, see ``kinds``."""
    defined = app.session.definition(uri) if chosen is None or type_ is None else None
    kind = new_kind(defined, data, Format(chosen) if chosen else None, type_)
    _check(uri, kind[0], data)
    if chosen is None and defined is None and kind[0] is Format.BIN:
        app.out.note(f"note: the value for {uri} is binary, so its format is bin")
    return kind


@click.command(cls=ValueCommand)
@click.argument("uri", type=UriType())
@click.argument("value", required=False)
@click.option("--file", type=FileName(), metavar="FILE", help="Take the value from FILE, byte for byte.")
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
    if interior:
        check_interior(data, format_)
    if uri.is_root:
        raise CliError("the root exists always; name the node to add", Exit.USAGE)
    with named(f"Add {uri}"):
        require_own_secret(app, uri, data or b"")
        format_of, type_ = _kind(app, uri, data or b"", Format.NODE if interior else format_, type_)
    node = Node(uri.name, format_of, data or b"", type_, title, Acl.parse(acl) if acl else Acl())
    with explained(app, Verb.ADD, uri.parent):
        made = add_node(app, uri.parent, node, f"Add {uri}", parents=parents)
    result = {"uri": str(uri), "added_nodes": made, "generation": app.session.generation}
    more = f" and {made - 1} above it" if made > 1 else ""
    app.out.show(result, f"added {uri}{more}")


@click.command(cls=Command)
@click.argument("uri", type=UriType())
@click.option("-f", "--force", is_flag=True, help="Do not ask when the node has, or may have, children.")
@pass_app
def delete(app: App, uri: Uri, force: bool) -> None:
    """Delete the node at URI and everything below it."""
    with named(f"Delete {uri}"):
        try:
            node = app.session.read(uri)
        except (NotAllowed, CommandNotAllowed):
            node = None  # who may not read it may still delete it: the card judges that alone
    generation = app.session.generation
    lost = _lost(node)
    if lost and not (force or uri.is_root):
        click.confirm(f"{uri} {lost}. Delete it?", abort=True, err=True)
    with named(f"Delete {uri}"), explained(app, Verb.DELETE, uri):
        app.session.apply(Batch(time=now()).delete(uri), expect=generation)
    count = node.count() if node else None
    result = {"uri": str(uri), "deleted_nodes": count, "generation": app.session.generation}
    app.out.show(result, f"deleted {uri}" + (f" ({counted(count, 'node')})" if count else ", and what was below it"))


def _lost(node: Node | None) -> str:
    """What goes along with a node, as far as that is known; '' if nothing."""
    if node is None:
        return "may not be read; whatever is below it will be lost"
    if not child_total(node):
        return ""
    hidden = " (more if the card withholds some)" if node.readable() is not node else ""
    return f"has {counted(node.count() - 1, 'node')}{hidden} below it, which will be lost"


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
    with named(f"Rename {uri}"), explained(app, Verb.REPLACE, uri):
        app.session.apply(Batch(time=now()).rename(uri, name))
    new = uri.parent / name
    result = {"uri": str(uri), "new_uri": str(new), "generation": app.session.generation}
    app.out.show(result, f"renamed {uri} to {new}")


COMMANDS = (set_, add, delete, rename)
