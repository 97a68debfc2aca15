"""``smartdm mo validate``: objects in a file or on the card against their definitions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.ddf import SourceType, fault_document, find_definitions
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import read_entries, shown
from smartdm.cli.output import counted, printable
from smartdm.cli.params import CARD_SIDE, SideType, UriType
from smartdm.cli.root import Command

if TYPE_CHECKING:
    from smartdm.mo.definition import Definition, Registry
    from smartdm.mo.tree import Node
    from smartdm.mo.uri import Uri

Found = tuple["Uri", "Node", "Definition"]


@click.command(cls=Command)
@click.argument("side", metavar="FILE|URI", type=SideType())
@click.option(
    "--ddf",
    "source",
    type=SourceType(),
    metavar="SOURCE",
    help="Take the definitions from this file, or this one of the catalog.  [default: the catalog]",
)
@pass_app
def validate(app: App, side: str, source: str | None) -> int:
    """Say what breaks the definition of an object: exit code 0 if nothing, 5 if something.

    All objects in FILE (TNDS or packed; - is stdin), or in the card's tree below URI (or card:URI, should there be a
    file of that name), are held to the definitions that `ddf list` shows. An object is known by the Type of its top
    node; with --ddf, and no such Type in the tree, the top of the tree is taken for the object.
    """
    from smartdm.mo.validate import faults  # noqa: PLC0415 - the codecs are imported when needed

    objects = _objects(app, side, source)
    found = [fault for uri, node, definition in objects for fault in faults(node, definition, uri)]

    def text() -> None:
        for fault in found:
            app.out.line(printable(str(fault)))
        if not found:
            for uri, node, definition in objects:
                rule = printable(definition.mo_id) or "the definition"
                count = node.count()
                app.out.line(f"{uri}: {counted(count, 'node')} {'keeps' if count == 1 else 'keep'} to {rule}")

    data = {
        "side": shown(side),
        "valid": not found,
        "objects": [{"uri": str(uri), "object": rule.mo_id, "nodes": node.count()} for uri, node, rule in objects],
        "faults": [fault_document(fault) for fault in found],
    }
    app.out.show(data, text)
    return Exit.INPUT if found else Exit.OK


def _objects(app: App, side: str, source: str | None) -> list[Found]:
    """The objects to judge, each with its definition."""
    trees = _trees(app, side)
    registry, only = _registry(source)
    objects = [found for uri, tree in trees for found in registry.objects(tree, uri)]
    if objects:
        return objects
    if only is not None:
        return [(uri, tree, only) for uri, tree in trees]
    raise CliError(
        f"{shown(side)}: no node has the Type of an object that the {'catalog' if source is None else 'file'} defines; "
        "name its definition with --ddf"
    )


def _trees(app: App, side: str) -> list[tuple[Uri, Node]]:
    if side.startswith(CARD_SIDE) or (side.startswith(".") and not Path(side).is_file()):
        uri = UriType().convert(side.removeprefix(CARD_SIDE) or ".", None, None)
        return [(uri, app.session.read(uri))]
    return [(entry.uri, entry.node) for entry in read_entries(side)]


def _registry(source: str | None) -> tuple[Registry, Definition | None]:
    """The definitions, and the one to use where no Type tells."""
    if source is None:
        from smartdm.codec import catalog  # noqa: PLC0415 - as above

        return catalog.registry(), None
    from smartdm.codec.catalog import ALIASES  # noqa: PLC0415 - as above
    from smartdm.mo.definition import Registry  # noqa: PLC0415 - as above

    tops = find_definitions(source)
    return Registry(tops, ALIASES), tops[0] if len(tops) == 1 else None
