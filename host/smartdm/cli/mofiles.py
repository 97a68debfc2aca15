"""``smartdm mo import|export``: trees in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.failures import CliError
from smartdm.cli.files import KINDS, Entry, encode_tree, read_entries, shown, write_result
from smartdm.cli.output import counted
from smartdm.cli.params import FileName, UriType
from smartdm.cli.root import Command
from smartdm.cli.sending import check_limits, explain_full, interior, missing_above, named, require_parent, total_nodes
from smartdm.errors import CardError, CardFull, CodecError, CommandNotAllowed, NotAllowed, NotFound
from smartdm.mo.logins import check_logins, leaves_of
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.mo.values import value_fault
from smartdm.session import Batch

_FEW: Final = 3
"""So many of equal things are told, the others are counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: delete these, then add those, in one batch."""

    deletes: tuple[tuple[Uri, Node], ...]
    adds: tuple[tuple[Uri, Node], ...]
    """(parent, subtree)"""
    plain: bool = False
    """Whether objects are added without their definitions."""

    @property
    def added(self) -> int:
        """Number of nodes added."""
        return sum(node.count() for _, node in self.adds)

    @property
    def deleted(self) -> int:
        """Number of nodes deleted."""
        return sum(node.count() for _, node in self.deletes)

    @property
    def lost(self) -> list[Uri]:
        """What goes although nobody here can read it, but for leaves that the file brings.

        What an interior node holds that is withheld is not known, so it is lost whatever the file brings.
        """
        added = [found for parent, node in self.adds for found in node.walk(parent / node.name)]
        brought = {uri for uri, node in added if node.is_leaf}
        gone = [found for top, node in self.deletes for found in node.walk(top)]
        return [uri for uri, node in gone if node.withheld and uri not in brought]

    def document(self) -> dict[str, object]:
        """It as members of a JSON document."""
        return {
            "deleted_nodes": self.deleted,
            "added_nodes": self.added,
            "added": [str(parent / node.name) for parent, node in self.adds],
            "deleted": [str(uri) for uri, _ in self.deletes],
            "lost": [str(uri) for uri in self.lost],
        }

    def batch(self, *, together: bool = False) -> Batch:
        """The one batch.

        ``together``: neighbours that come below one node are one command, so that the card writes that node once, and
        leaves no pieces of free memory where its older versions were; but a refusal does not tell which one it is.
        """
        batch = Batch(time=now())
        for uri, _ in self.deletes:
            batch.delete(uri)
        for _, group in groupby(enumerate(self.adds), lambda add: add[1][0] if together else add[0]):
            adds = [add for _, add in group]
            batch.add(adds[0][0], *(node for _, node in adds), plain=self.plain)
        return batch


def make_plan(app: App, entries: list[Entry], at: Uri, *, replacing: bool) -> Plan:
    """Where the subtrees of a file go, and what has to go before them."""
    deletes: list[tuple[Uri, Node]] = []
    adds: list[tuple[Uri, Node]] = []
    for entry in entries:
        uri = at.join(entry.uri)
        if uri.is_root and entry.node.is_leaf:
            raise CliError("the file's leaf has no name; say which node it is with --at")
        there = _on_card(app, uri) if replacing or entry.nameless else None
        merging = entry.nameless and not entry.node.is_leaf and not replacing
        if there is not None and (uri.is_root or merging):
            # The place itself stays, its children come (and go).
            adds += [(uri, child) for child in entry.node.children]
            if replacing:
                deletes += [(uri / child.name, child) for child in there.children]
        else:
            adds.append((uri.parent, replace(entry.node, name=uri.name)))
            if there is not None and replacing:
                deletes.append((uri, there))
    return Plan(tuple(deletes), tuple(adds))


def _on_card(app: App, uri: Uri) -> Node | None:
    """The subtree at ``uri``, a withheld node if it may not be read; None if there is none."""
    try:
        return app.session.read(uri)
    except NotFound:
        return None
    except (NotAllowed, CommandNotAllowed):
        if uri.is_root:
            raise
        return Node(uri.name, Format.NULL, withheld=True)


@click.command("import", cls=Command)
@click.argument("file", type=FileName())
@click.option("--at", type=UriType(), default=".", show_default=True, help="The node below which the file's nodes go.")
@click.option("--replace", "replacing", is_flag=True, help="Delete what is at the same place before.")
@click.option("-f", "--force", is_flag=True, help="Replace also what the card withholds and FILE does not bring.")
@click.option("-p", "--parents", is_flag=True, help="Make missing interior nodes on the way too.")
@click.option("--plain", is_flag=True, help="Add objects without their definitions, even if the card has them.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@pass_app
def import_(
    app: App, *, file: str, at: Uri, replacing: bool, force: bool, parents: bool, plain: bool, dry_run: bool
) -> None:
    """Add the nodes of FILE (TNDS or packed; - is stdin) in one atomic batch.

    Either all of it is on the card afterwards or nothing has changed, even if the power fails. Size, TStamp and
    VerNo are set by the card. An object whose definition is on the card (`ddf loaded`) is held to it, and takes less
    room. --replace stops at what the card withholds from you, as no export of yours could bring it back.
    """
    entries = read_entries(file)
    what = f"Import {shown(file)}"
    with named(what):
        plan = replace(make_plan(app, entries, at, replacing=replacing), plain=plain)
        generation = app.session.generation
        plan = _checked(app, plan, what, parents=parents)
        if not force:
            _check_lost(plan, shown(file))
        unsuited = _unsuited(app, plan)
        check_logins(leaf for parent, node in plan.adds for leaf in leaves_of(parent / node.name, node))
        if not dry_run:
            _send(app, plan, generation)
    for fault in _few(unsuited, "more values that do not suit their Format"):
        app.out.note(f"note: {fault}")
    data = {"file": shown(file), "dry_run": dry_run, **plan.document(), "generation": app.session.generation}
    app.out.show(data, lambda: _tell(app, plan, shown(file), dry_run=dry_run))


def _checked(app: App, plan: Plan, what: str, *, parents: bool) -> Plan:
    """The plan with the interior nodes that it needs; refuses one that cannot fit the card."""
    made: dict[Uri, tuple[Uri, Node]] = {}
    added = {parent / node.name for parent, node in plan.adds}
    for parent in dict.fromkeys(parent for parent, _ in plan.adds):
        if any(uri == parent or uri.is_ancestor_of(parent) for uri in added):
            continue  # an earlier tree of the file brings it
        if parents:
            made |= {uri: interior(uri) for uri in missing_above(app, parent)}
        else:
            require_parent(app, parent, what)
    plan = replace(plan, adds=(*made.values(), *plan.adds))
    check_limits(app.session.info, plan.adds, total_nodes(node for _, node in plan.deletes))
    return plan


def _check_lost(plan: Plan, name: str) -> None:
    """CliError if nodes would be destroyed that nobody here can read."""
    if plan.lost:
        places = ", ".join(_few(plan.lost, "more"))
        raise CliError(
            f"--replace would destroy what the card withholds and {name} may not bring back: {places}; "
            "--force does it all the same"
        )


def _unsuited(app: App, plan: Plan) -> list[str]:
    """What to tell of leaves whose Format, or that of their definition if the file tells none, wants other values.

    The card keeps such values, after a Copy for one; so a file may bring them, too.
    """
    adds: list[tuple[Uri, tuple[Node, ...]]] = [(parent, (node,)) for parent, node in plan.adds]
    if not plan.plain:
        adds = [entry.added for entry in app.session.outgoing(plan.batch()).entries if entry.added]
    leaves = [
        (uri, node)
        for parent, nodes in adds
        for top in nodes
        for uri, node in top.walk(parent / top.name)
        if node.is_leaf and node.value
    ]
    faults = [(uri, value_fault(node.format, node.value)) for uri, node in leaves]
    return [f"{uri}: {fault}" for uri, fault in faults if fault]


def _few(items: Sequence[object], rest: str) -> list[str]:
    """The first of them, and how many others there are."""
    more = len(items) - _FEW
    return [*map(str, items[:_FEW]), *([f"{more} {rest}"] if more > 0 else [])]


def _send(app: App, plan: Plan, generation: int) -> None:
    together, apart = plan.batch(together=True), plan.batch()
    try:
        try:
            app.session.apply(together, expect=generation)
        except CardError:
            if len(together.entries) == len(apart.entries):
                raise
            app.session.apply(apart, expect=generation)  # tells which of them is refused
    except CardFull as error:
        explain_full(error, app.session.info, [node for _, node in plan.adds], replacing=bool(plan.deletes))
        raise


def _tell(app: App, plan: Plan, name: str, *, dry_run: bool) -> None:
    if dry_run:
        for uri, node in plan.deletes:
            app.out.line(f"would delete {uri} ({counted(node.count(), 'node')})")
        for uri in plan.lost:
            app.out.line(f"would lose   {uri} (withheld)")
        for parent, node in plan.adds:
            app.out.line(f"would add    {parent / node.name} ({counted(node.count(), 'node')})")
        return
    before = f" after deleting {plan.deleted}" if plan.deletes else ""
    app.out.line(f"imported {counted(plan.added, 'node')} from {name}{before}")


@click.command(cls=Command)
@click.argument("uri", type=UriType(), default=".")
@click.option("--out", type=FileName(), metavar="FILE", help="Write to FILE; - is stdout, also for packed trees.")
@click.option("--form", "kind", type=click.Choice(KINDS), default="tnds", show_default=True, help="Kind of the file.")
@pass_app
def export(app: App, uri: Uri, out: str | None, kind: str) -> None:
    """Write the tree below URI (default: all of it) as a TNDS document or a packed tree."""
    whole = app.session.read(uri)
    node = whole.readable()
    if node is not whole:
        hidden = counted(whole.count() - node.count(), "node")
        app.out.note(f"note: left out: {hidden} that the card withholds")
    try:
        data = encode_tree(kind, uri, node, app.session.generation)
    except CodecError as error:
        raise CliError(
            f"{error}; a packed tree can hold it: --form packed" if kind == "tnds" else str(error)
        ) from error
    result: dict[str, object] = {"uri": str(uri), "kind": kind, "nodes": node.count(), "size": len(data)}
    if out is not None and out != "-":
        write_result(Path(out), data)
        app.out.show(
            {**result, "out": out}, f"exported {counted(node.count(), 'node')} to {out} ({counted(len(data), 'byte')})"
        )
        return
    if kind == "packed" and out is None and not app.out.as_json and app.out.to_terminal:
        raise CliError("a packed tree is binary; write it with --out FILE, or to this terminal with --out -")
    content = {"content": data.decode("utf-8")} if kind == "tnds" else {"content_hex": data.hex()}
    app.out.show({**result, **content}, lambda: app.out.raw(data))


COMMANDS = (import_, export)
