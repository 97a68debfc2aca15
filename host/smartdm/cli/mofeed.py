"""``smartdm mo changes|uploads``: what is newer than a generation, and values that are not complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from smartdm.cli import mowatch, view
from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.params import UriType
from smartdm.cli.root import Command
from smartdm.cli.sending import named
from smartdm.session import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.mo.tree import Node
    from smartdm.mo.uri import Uri

_EVERY = 2.0
"""Seconds between two looks, unless told."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is newer than the generation ``since``: (URI, id, node) of each."""

    generation: int
    since: int
    nodes: tuple[tuple[Uri, int, Node], ...]

    def lines(self, *, values: bool) -> Iterator[str]:
        """For people."""
        for uri, _, node in self.nodes:
            yield f"{uri}  {'  '.join(view.details(node, values=values))}"

    def document(self) -> dict[str, object]:
        """For programs."""
        changed = [{"id": number, "node": view.node_document(uri, node)} for uri, number, node in self.nodes]
        return {"generation": self.generation, "since": self.since, "changed": changed}


@click.command(cls=Command)
@click.argument("uri", type=UriType(), default=".")
@click.option("--since", type=click.IntRange(0, 0xFFFFFF), metavar="GENERATION", help="See `card info`.")
@click.option("--values", is_flag=True, help="Show the values too.")
@click.option("--watch", is_flag=True, help="Go on, and show what changes as it happens, until Ctrl-C.")
@click.option("--every", type=click.FloatRange(0.1, 3600), metavar="SECONDS", help="Time between looks.  [default: 2]")
@pass_app
def changes(app: App, *, uri: Uri, since: int | None, values: bool, watch: bool, every: float | None) -> None:
    """List the nodes below URI (default: all) that changed after a generation.

    A node counts as changed when it was added, renamed, or had its value or a property replaced, and when a child of
    it came or went; what was deleted shows in that way only. `mo tree --json` and `card info` tell the generation.

    --watch needs no --since; others can use the card meanwhile. With --json each look that finds something is a
    document on one line.
    """
    if watch:
        app.session.read(uri, 0)  # a node that is not there would never change
        for news in mowatch.looks(app, since, every or _EVERY, lambda known: _find(app, uri, known)):
            if news.nodes:
                app.out.next(news.document(), news.lines(values=values))
        return
    if since is None or every is not None:
        raise click.UsageError("give --since GENERATION, or --watch" if since is None else "--every goes with --watch")
    found = _find(app, uri, since)
    app.out.show(found.document(), lambda: app.out.lines(found.lines(values=values)))


def _find(app: App, uri: Uri, since: int) -> _Found:
    snapshot = app.session.snapshot(uri)
    if since > snapshot.generation:
        raise CliError(f"the card is at generation {snapshot.generation}, which is before {since}", Exit.USAGE)
    newer = app.session.changes(since, uri).items
    # A value in pieces may have been uploaded long before the leaf took it.
    found = ((where, item) for where, item in snapshot.walk(uri) if item.number in newer)
    nodes = tuple((where, item.number, view.item_node(snapshot, item)) for where, item in found)
    return _Found(snapshot.generation, since, nodes)


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
