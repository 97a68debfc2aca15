"""``smartdm mo changes|uploads``: what is newer than a generation, and values that are not complete."""

from __future__ import annotations

import click

from smartdm.cli import view
from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.params import UriType
from smartdm.cli.root import Command
from smartdm.cli.sending import named
from smartdm.mo.uri import Uri
from smartdm.session import Batch


@click.command(cls=Command)
@click.argument("uri", type=UriType(), default=".")
@click.option("--since", type=click.IntRange(0, 0xFFFFFF), metavar="GENERATION", required=True, help="See `card info`.")
@click.option("--values", is_flag=True, help="Show the values too.")
@pass_app
def changes(app: App, uri: Uri, since: int, values: bool) -> None:
    """List the nodes below URI (default: all) that changed after a generation.

    A node counts as changed when it was added, renamed, or had its value or a property replaced, and when a child of
    it came or went; what was deleted shows in that way only. `mo tree --json` and `card info` tell the generation.
    """
    snapshot = app.session.snapshot(uri)
    if since > snapshot.generation:
        raise CliError(f"the card is at generation {snapshot.generation}, which is before {since}", Exit.USAGE)
    newer = app.session.changes(since, uri).items
    # A value in pieces may have been uploaded long before the leaf took it.
    found = [(where, item) for where, item in snapshot.walk(uri) if item.number in newer]

    def text() -> None:
        for where, item in found:
            node = view.item_node(snapshot, item)
            app.out.line(f"{where}  {'  '.join(view.details(node, values=values))}")

    data = {
        "generation": snapshot.generation,
        "since": since,
        "changed": [
            {"id": item.number, "node": view.node_document(where, view.item_node(snapshot, item))}
            for where, item in found
        ],
    }
    app.out.show(data, text)


@click.command(cls=Command)
@click.option("--remove", is_flag=True, help="Remove them all from the card.")
@pass_app
def uploads(app: App, remove: bool) -> None:
    """List large values that were begun and not finished.

    The same `mo set` that was interrupted goes on with its value and ends it. What nobody goes on with takes room.
    """
    found = app.session.uploads()
    if found and remove:
        batch = Batch(time=now())
        for upload in found:
            batch.delete(upload.place)
        with named("Remove the uploads"):
            app.session.apply(batch)
    data = {
        "uploads": [{"name": upload.name, "pieces": upload.pieces, "size": upload.size} for upload in found],
        "removed": bool(found and remove),
        "generation": app.session.generation,
    }

    def text() -> None:
        for upload in found:
            done = "removed " if remove else ""
            app.out.line(f"{done}{upload.name}  {upload.size} B in {upload.pieces} pieces")
        if not found:
            app.out.note("no value is on its way")

    app.out.show(data, text)


COMMANDS = (changes, uploads)
