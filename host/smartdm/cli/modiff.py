"""``smartdm mo diff``: trees in files and on the card, compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import click

from smartdm.card.forms import says_nothing
from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import Entry, read_entries, shown
from smartdm.cli.output import counted
from smartdm.cli.params import CARD_SIDE, SideType, UriType
from smartdm.cli.root import Command
from smartdm.cli.view import change_document, change_line
from smartdm.errors import NotFound
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Change, Node, diff
from smartdm.mo.uri import ROOT, Uri


@click.command("diff", cls=Command)
@click.argument("a", type=SideType(), metavar="A")
@click.argument("b", type=SideType(), metavar="[B]", required=False)
@click.option("--at", type=UriType(), default=".", show_default=True, help="With one FILE: where it was imported.")
@click.option("--all", "everything", is_flag=True, help="Compare Size, TStamp and VerNo too.")
@pass_app
def diff_(app: App, a: str, b: str | None, at: Uri, everything: bool) -> int:
    """Show what differs between A and B: exit code 0 if nothing, 1 if something.

    A and B are files (TNDS or packed; - is stdin) or card:URI, a subtree of the card. With one FILE: each of its
    nodes is compared with the card's node of the same URI.
    """
    if a == b == "-":
        raise click.UsageError("stdin can be read only once")
    sides = _pairs(app, a, b, at)
    ignore = frozenset() if everything else frozenset({"size", "tstamp", "verno"})
    changes = [change for pair in sides for change in _compare(app, pair, ignore)]

    def text() -> None:
        for change in changes:
            app.out.line(change_line(change))

    data = {"a": shown(a), "b": "card" if b is None else shown(b), "equal": not changes}
    app.out.show({**data, "differences": [change_document(change) for change in changes]}, text)
    return Exit.DIFFERENT if changes else Exit.OK


Pair = tuple[Uri, Node | None, Node | None]


def _pairs(app: App, a: str, b: str | None, at: Uri) -> list[Pair]:
    """The subtrees to compare: (URI for the report, old, new)."""
    if b is None:
        if a.startswith(CARD_SIDE):
            raise click.UsageError("name two sides; one alone must be a file")
        entries = read_entries(a)
        return [(uri, entry.node, _on_card(app, uri)) for entry in entries for uri in [at.join(entry.uri)]]
    if not at.is_root:
        raise click.UsageError("--at is for one FILE; with two sides say card:URI")
    if not a.startswith(CARD_SIDE) and not b.startswith(CARD_SIDE):
        return _file_pairs(read_entries(a), read_entries(b))
    (uri, old), (other, new) = _side(app, a), _side(app, b)
    return [(uri or other or ROOT, old, new)]


def _on_card(app: App, uri: Uri) -> Node | None:
    try:
        return app.session.read(uri)
    except NotFound:
        return None


def _side(app: App, text: str) -> tuple[Uri | None, Node]:
    """One side of which the other is on the card: the card's subtree and its URI, or the file's only one."""
    if text.startswith(CARD_SIDE):
        uri = UriType().convert(text.removeprefix(CARD_SIDE) or ".", None, None)
        return uri, app.session.read(uri)
    entries = read_entries(text)
    if len(entries) != 1:
        raise CliError(f"{shown(text)} holds {len(entries)} trees; compare it with `mo diff {text} --at URI`")
    return None, entries[0].node


def _file_pairs(old: list[Entry], new: list[Entry]) -> list[Pair]:
    before, after = ({entry.uri: entry.node for entry in side} for side in (old, new))
    return [(uri, before.get(uri), after.get(uri)) for uri in sorted({*before, *after})]


def _compare(app: App, pair: Pair, ignore: frozenset[str]) -> list[Change]:
    uri, old, new = pair
    if old is None or new is None:
        return [Change(uri, "added" if old is None else "removed", None, old, new)]
    hidden = {place for node in (old, new) for place, inner in node.walk(uri) if inner.withheld}
    if hidden:
        app.out.note(f"note: not compared: {counted(len(hidden), 'node')} that the card withholds")
    # The tops stand at one place by the user's word, whatever their names.
    changes = diff(replace(old, name=""), replace(new, name=""), ignore, uri)
    defined = app.session.registry.known.definitions if any(_defined(old, new)) else {}
    return [
        change
        for change in changes
        if not _is_hidden(change.uri, hidden) and not _goes_without_saying(change, old, new, uri, defined)
    ]


def _is_hidden(uri: Uri, hidden: set[Uri]) -> bool:
    return any(place == uri or place.is_ancestor_of(uri) for place in hidden)


def _defined(*trees: Node) -> Iterator[bool]:
    return (inner.definition is not None for tree in trees for _, inner in tree.walk())


def _goes_without_saying(
    change: Change, old: Node, new: Node, base: Uri, definitions: Mapping[int, Definition]
) -> bool:
    """Whether a title or type is only told on one side, because on the other the definition says the same."""
    if change.prop not in {"title", "type", "format"} or change.kind != "changed":
        return False
    below = Uri(change.uri.segments[base.depth :])
    sides = [node for node in (old.find(below), new.find(below)) if node is not None]
    defined = next((node for node in sides if node.definition in definitions), None)
    other = next((node for node in sides if node is not defined), None)
    if defined is None or other is None or defined.definition is None:
        return False
    definition = definitions[defined.definition]
    usual = {"title": definition.title, "type": next(iter(definition.types), ""), "format": definition.format}
    unsaid = says_nothing(other) if change.prop == "format" else not getattr(other, change.prop)
    return unsaid and getattr(defined, change.prop) == usual[change.prop]


COMMANDS = (diff_,)
