"""``smartdm mo``: the group, and the commands that only read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from smartdm.cli import mobatch, mochange, modiff, mofeed, mofiles, moprops, movalidate, view
from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import write_result
from smartdm.cli.output import printable
from smartdm.cli.params import FileName, TargetType, UriType
from smartdm.cli.rights import explained
from smartdm.cli.root import Group
from smartdm.mo.acl import Verb
from smartdm.mo.tree import Node
from smartdm.mo.uri import Target, Uri


@click.group(cls=Group)
def mo() -> None:
    """Read and change the management objects on a card.

    A URI names a node: . is the root, ./DMAcc/Srv1 a node below it.
    """


@mo.command()
@click.argument("uri", type=UriType(), default=".")
@click.option("--levels", type=click.IntRange(0, 254), metavar="N", help="Only N levels below URI.")
@click.option("--values", is_flag=True, help="Show the values too.")
@click.option("--flat", is_flag=True, help="One line per node: URI, format, size, type and ACL between tabs.")
@pass_app
def tree(app: App, uri: Uri, levels: int | None, values: bool, flat: bool) -> None:
    """Draw the tree below URI (default: all of it)."""
    node = app.session.read(uri, levels)

    def text() -> None:
        if flat:
            for line in view.flat_lines(uri, node):
                app.out.line(line)
        else:
            app.out.tree(view.tree_lines(uri, node, values=values))

    data = {"generation": app.session.generation, "nodes": node.count(), "tree": view.node_document(uri, node)}
    app.out.show(data, text)


@mo.command()
@click.argument("target", metavar="URI", type=TargetType())
@click.option(
    "--out", type=FileName(), metavar="FILE", help="Write the value to FILE; - is stdout, also for binary values."
)
@pass_app
def get(app: App, target: Target, out: str | None) -> None:
    """Print the value of the node at URI, or the names of its children.

    URI?prop=NAME prints a property: ACL, Format, Name, Size, Title, TStamp, Type or VerNo.
    """
    if target.listing is not None:
        raise CliError(f"?list={target.listing} is for servers; use `mo tree` or `mo export`", Exit.USAGE)
    if target.prop is not None:
        _property(app, target.uri, target.prop, out)
        return
    with explained(app, Verb.GET, target.uri):
        node = app.session.read(target.uri, 1)
    if node.is_leaf:
        _leaf(app, target.uri, node, out)
        return
    names = [str(Uri((child.name,))).removeprefix("./") for child in node.children]
    data = {"uri": str(target.uri), "format": "node", "children": [child.name for child in node.children]}
    _give(app, data, "".join(f"{name}\n" for name in names).encode(), out)


def _property(app: App, uri: Uri, prop: str, out: str | None) -> None:
    if prop not in view.PROPERTIES:
        raise CliError(f"there is no property {prop!r}; use one of {', '.join(view.PROPERTIES)}", Exit.USAGE)
    value = view.property_text(app.session.read(uri, 0), prop)
    data = {"uri": str(uri), "property": prop, "value": value}
    _give(app, data, value.encode("utf-8"), out, text=printable(value))


def _leaf(app: App, uri: Uri, node: Node, out: str | None) -> None:
    data = {
        "uri": str(uri),
        "format": str(node.format),
        "type": node.type,
        "size": node.size,
        **view.value_members(node.value),
    }
    if out is None and not app.out.as_json and app.out.to_terminal and view.is_binary(node):
        raise CliError(f"the value of {uri} is binary; write it with --out FILE, or to this terminal with --out -")
    _give(app, data, node.value, out)


def _give(app: App, data: Mapping[str, object], raw: bytes, out: str | None, text: str | None = None) -> None:
    """A result that is bytes: to a file, or to stdout; on a terminal a line end follows."""
    if out is not None and out != "-":
        write_result(Path(out), raw)
        app.out.show({**data, "out": out}, f"wrote {len(raw)} bytes to {out}")
        return

    def plain() -> None:
        shown = raw if text is None else text.encode("utf-8")
        needs_end = app.out.to_terminal and shown and not shown.endswith(b"\n")
        app.out.raw(shown + b"\n" if needs_end else shown)

    app.out.show(data, plain)


for _command in (
    *mochange.COMMANDS,
    *moprops.COMMANDS,
    mobatch.batch,
    *mofiles.COMMANDS,
    *modiff.COMMANDS,
    movalidate.validate,
    *mofeed.COMMANDS,
):
    mo.add_command(_command)
