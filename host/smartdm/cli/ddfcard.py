"""``smartdm ddf load|unload|loaded``: the definitions on the card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import STDIN
from smartdm.cli.output import printable
from smartdm.cli.params import FileName
from smartdm.cli.root import Command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smartdm.card.registry import Root
    from smartdm.errors import CardError
    from smartdm.mo.definition import Definition


@click.command(cls=Command)
@click.argument("sources", metavar="NAME|FILE...", type=FileName(), nargs=-1, required=True)
@pass_app
def load(app: App, sources: tuple[str, ...]) -> None:
    """Put definitions on the card, in one atomic batch.

    NAME is one of the catalog (`ddf list`) or an object's identifier; FILE is a DDF. From then on the card holds
    objects of that type to their definition: formats, types, how many, which commands. Objects that are on the card
    already stay free. What is loaded already is left alone.
    """
    from smartdm.cli.ddf import find_definitions  # noqa: PLC0415 - ddf imports this module
    from smartdm.cli.sending import named  # noqa: PLC0415 - imported only when a card is used
    from smartdm.codec import packed  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    wanted = {packed.digest(found): found for source in sources for found in find_definitions(source)}
    there = {root.digest for root in app.session.registry.roots.values()}
    new = {digest: found for digest, found in wanted.items() if digest not in there}
    _require_names(wanted.values())
    batch = Batch()  # no time: nobody asks when a definition came, and 4 bytes of each node are saved
    for definition in new.values():
        batch.define(definition)
    if new:
        with named("Load definitions"):
            app.session.apply(batch)
    data = {
        "loaded": [_document(digest, found) for digest, found in new.items()],
        "already_there": [_document(digest, found) for digest, found in wanted.items() if digest in there],
        "generation": app.session.generation,
    }

    def text() -> None:
        for digest, found in wanted.items():
            done = "already there" if digest in there else "loaded"
            app.out.line(f"{done}: {_title(found)} ({found.count()} nodes)")

    app.out.show(data, text)


def _require_names(definitions: Iterable[Definition]) -> None:
    for definition in definitions:
        if definition.is_leaf or not definition.mo_id:
            raise CliError(
                f"the definition of {definition.name or 'the top node'} names no object: its top node needs a DDFName,"
                " by which the card knows the objects of that type"
            )


@click.command(cls=Command)
@click.argument("names", metavar="NAME|FILE...", type=FileName(), nargs=-1, required=True)
@pass_app
def unload(app: App, names: tuple[str, ...]) -> None:
    """Take definitions off the card. No object of that type may be left.

    NAME is an object's identifier or the digest that `ddf loaded` shows, or a name of the catalog; FILE is a DDF.
    """
    from smartdm.card.place import REGISTRY  # noqa: PLC0415 - imported only when a card is used
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.errors import CommandNotAllowed  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    found = {root.digest: root for name in names for root in _named_on_card(app, name)}
    batch = Batch()
    for digest in found:
        batch.delete(REGISTRY / digest)
    try:
        with named("Unload " + ", ".join(names)):
            app.session.apply(batch)
    except CommandNotAllowed as error:
        raise _in_use(app, list(found.values()), error) from error
    data = {
        "unloaded": [_document(root.digest, root.definition) for root in found.values()],
        "generation": app.session.generation,
    }

    def text() -> None:
        for root in found.values():
            app.out.line(f"unloaded {_title(root.definition)}")

    app.out.show(data, text)


def _in_use(app: App, roots: list[Root], error: CardError) -> CardError:
    """The refusal to unload one of these, told by its name and with one of the objects that use it."""
    from smartdm.errors import retold  # noqa: PLC0415 - imported only when a card is used

    if error.index is None:
        return error
    root = roots[error.index]
    told = retold(error, f"Unload {_title(root.definition)}")
    users = (uri for uri, node in app.session.read().walk() if node.definition == root.number)
    if user := next(users, None):
        told.add_note(f"one of them is {user}")
    return told


def _named_on_card(app: App, name: str) -> list[Root]:
    """The definitions that a name or a file means; a file's own by their digests, else those of its objects."""
    from smartdm.cli.ddf import read_definitions  # noqa: PLC0415 - ddf imports this module
    from smartdm.codec import catalog  # noqa: PLC0415 - lxml is imported only for XML

    roots = list(app.session.registry.roots.values())
    digests = {digest for digest, known in catalog.DIGESTS.items() if known.lower() == name.lower()}
    found = [root for root in roots if name in {root.digest, root.definition.mo_id} or root.digest in digests]
    if not found and (name == STDIN or Path(name).is_file()):
        found = [root for top in read_definitions(name) for root in _like(roots, top)]
    if not found:
        raise CliError(f"{name} is not on the card; `smartdm ddf loaded` shows what is", Exit.USAGE)
    return found


def _like(roots: list[Root], top: Definition) -> list[Root]:
    from smartdm.codec import packed  # noqa: PLC0415 - imported only when a card is used

    digest = packed.digest(top)
    same = [root for root in roots if root.digest == digest]
    return same or [root for root in roots if root.definition.mo_id == top.mo_id != ""]


@click.command(cls=Command)
@pass_app
def loaded(app: App) -> None:
    """List the definitions on the card and how many objects each has."""
    roots = app.session.registry.roots
    counts = dict.fromkeys(roots, 0)
    if roots:
        for _, node in app.session.read().walk():
            if node.definition in counts:
                counts[node.definition] += 1
    data = [{**_document(root.digest, root.definition), "objects": counts[number]} for number, root in roots.items()]

    def text() -> None:
        if not roots:
            app.out.note("no definitions; put some on the card with `smartdm ddf load NAME`")
            return
        rows: list[tuple[str, ...]] = [
            (printable(root.definition.mo_id), str(root.definition.count()), str(counts[number]), root.digest)
            for number, root in roots.items()
        ]
        app.out.table(("object", "nodes", "objects", "digest"), rows)

    app.out.show({"definitions": data, "generation": app.session.generation}, text)


def _title(definition: Definition) -> str:
    return printable(definition.mo_id or definition.name or "a definition")


def _document(digest: str, definition: Definition) -> dict[str, object]:
    return {
        "object": definition.mo_id,
        "title": definition.title,
        "nodes": definition.count(),
        "digest": digest,
    }


COMMANDS = (load, unload, loaded)
