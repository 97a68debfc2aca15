"""``smartdm ddf``: descriptions of management objects, in files and in the catalog; no card needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from smartdm.cli import ddfcard, ddfview
from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import STDIN, read_input, shown
from smartdm.cli.output import printable
from smartdm.cli.params import FileName, UriType
from smartdm.cli.root import Group
from smartdm.errors import CodecError

if TYPE_CHECKING:
    from smartdm.mo.definition import Definition
    from smartdm.mo.uri import Uri
    from smartdm.mo.validate import Fault


class SourceType(FileName):
    """A DDF file, or the name or identifier of an object in the catalog."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names in the catalog, and files."""
        from smartdm.codec import catalog  # noqa: PLC0415 - only when completing

        names = [CompletionItem(name) for name in catalog.names() if incomplete and name.startswith(incomplete)]
        return [*names, *super().shell_complete(ctx, param, incomplete)]


@click.group(cls=Group)
def ddf() -> None:
    """Look at descriptions of management objects (DDF).

    A description says which nodes an object has, their formats and types, and which commands they take. The catalog
    holds those of the usual objects.
    """


@ddf.command()
@click.argument("files", metavar="FILE...", type=FileName(), nargs=-1, required=True)
@pass_app
def check(app: App, files: tuple[str, ...]) -> int:
    """Say what is wrong with DDF files: exit code 0 if nothing, 5 if something.

    Found are documents that cannot be read, descriptions that contradict themselves, and what no card could hold.
    FILE may be - for stdin.
    """
    if files.count(STDIN) > 1:
        raise click.UsageError("stdin can be read only once")
    results = [_check(file) for file in files]

    def text() -> None:
        for result in results:
            for line in _lines(result):
                app.out.line(line)

    good = not any(result["faults"] for result in results)
    app.out.show({"good": good, "files": results}, text)
    return Exit.OK if good else Exit.INPUT


def _check(file: str) -> dict[str, object]:
    """What the JSON document says about one file."""
    from smartdm.mo.validate import definition_faults  # noqa: PLC0415 - as the codecs, when needed

    try:
        tops = read_definitions(file)
    except CliError as error:
        return {"file": shown(file), "faults": [{"message": str(error).removeprefix(f"{shown(file)}: ")}]}
    faults = [fault for top in tops for fault in definition_faults(top)]
    objects = [inner.mo_id for top in tops for _, inner in top.walk() if inner.mo_id]
    return {
        "file": shown(file),
        "nodes": sum(top.count() for top in tops),
        "objects": objects,
        "faults": [fault_document(fault) for fault in faults],
    }


def fault_document(fault: Fault) -> dict[str, object]:
    """A fault as members of a JSON document."""
    data: dict[str, object] = {"uri": str(fault.uri), "message": fault.sentence}
    return {**data, "dm_status": fault.dm_status} if fault.dm_status else data


def _lines(result: dict[str, object]) -> list[str]:
    faults = result["faults"]
    assert isinstance(faults, list)
    if not faults:
        return [f"{result['file']}: {result['nodes']} nodes, no faults"]
    return [f"{result['file']}: " + printable(": ".join(str(part) for part in fault.values())) for fault in faults]


@ddf.command()
@click.argument("source", metavar="SOURCE", type=SourceType())
@click.argument("path", type=UriType(), required=False)
@pass_app
def show(app: App, source: str, path: Uri | None) -> None:
    """Show the properties of the nodes of a description, or of the one at PATH.

    SOURCE is a DDF file, a name that `ddf list` shows, or the identifier of an object. In PATH, * is a node that may
    have any name; . is the object's top.
    """
    from smartdm.mo.uri import ROOT  # noqa: PLC0415 - as above

    tops = find_definitions(source)
    if path is None:
        chosen = [pair for top in tops for pair in top.walk(ROOT)]
    else:
        chosen = [(path, found) for top in tops if (found := top.find(path)) is not None]
        if not chosen:
            raise CliError(f"the description has no node {path}; `ddf tree {source}` shows those it has")

    def text() -> None:
        for number, (place, definition) in enumerate(chosen):
            if number:
                app.out.line()
            app.out.fields(ddfview.fields(place, definition))

    app.out.show({"source": shown(source), "nodes": [ddfview.document(*pair) for pair in chosen]}, text)


@ddf.command()
@click.argument("source", metavar="SOURCE", type=SourceType())
@pass_app
def tree(app: App, source: str) -> None:
    """Draw a description as a tree: format, commands, occurrence, types and title of each node.

    SOURCE is a DDF file, a name that `ddf list` shows, or the identifier of an object. * is a node of any name.
    """
    tops = find_definitions(source)

    def text() -> None:
        for top in tops:
            app.out.tree(ddfview.tree_lines(top))

    data = [ddfview.document(*pair) for top in tops for pair in top.walk()]
    app.out.show({"source": shown(source), "nodes": data}, text)


@ddf.command("list")
@pass_app
def list_(app: App) -> None:
    """List the descriptions in the catalog."""
    from smartdm.codec import catalog  # noqa: PLC0415 - as above

    found = [(name, catalog.load(name)) for name in catalog.names()]
    others: dict[str, list[str]] = {}
    for alias, mo_id in catalog.ALIASES.items():
        others.setdefault(mo_id, []).append(alias)

    def text() -> None:
        rows: list[tuple[str, ...]] = []
        for name, top in found:
            rows += [(name, str(top.count()), mo_id) for mo_id in (top.mo_id, *others.get(top.mo_id, ()))]
        app.out.table(("NAME", "NODES", "OBJECT"), rows)

    data = [
        {
            "name": name,
            "object": top.mo_id,
            "other_ids": others.get(top.mo_id, []),
            "nodes": top.count(),
            "description": top.description,
        }
        for name, top in found
    ]
    app.out.show({"definitions": data}, text)


def read_definitions(file: str) -> list[Definition]:
    """The top definitions in a DDF file, or - for stdin."""
    from smartdm.codec import ddf as codec  # noqa: PLC0415 - lxml is imported only for XML

    try:
        return [top for _, top in codec.decode(read_input(file)).definitions]
    except CodecError as error:
        raise CliError(f"{shown(file)}: {error}") from error
    except OSError as error:
        raise CliError(f"{shown(file)}: {error.strerror or error}") from error


def find_definitions(source: str) -> list[Definition]:
    """The definitions that a user means by a name in the catalog, an identifier, or a file."""
    from smartdm.codec import catalog  # noqa: PLC0415 - as above

    known = catalog.find(source)
    if known is not None:
        return [known]
    if source != STDIN and not Path(source).exists():
        raise CliError(f"{source}: no such file, and the catalog does not have it; see `smartdm ddf list`")
    return read_definitions(source)


for _command in ddfcard.COMMANDS:
    ddf.add_command(_command)
