"""``smartdm mo batch``: several DM commands at once, from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartdm.cli import view
from smartdm.cli.app import App, pass_app
from smartdm.cli.batchfile import FaultyFile, Line, parse
from smartdm.cli.batchrun import run
from smartdm.cli.batchwords import Get
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.files import read_input, shown
from smartdm.cli.output import counted
from smartdm.cli.params import FileName
from smartdm.cli.root import Command
from smartdm.cli.sending import named
from smartdm.errors import CardError, Conflict, TransportError
from smartdm.session import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartdm.mo.tree import Node
    from smartdm.session import Outcome

_UNDONE = {215: "not executed", 216: "rolled back"}


@click.command(cls=Command)
@click.argument("file", type=FileName())
@click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.ATOMIC),
    show_default=True,
    help="What becomes of the others when a command is refused: atomic: none is done; sequence, plain: all are.",
)
@click.option(
    "--expect",
    type=click.IntRange(0, 0xFFFFFF),
    metavar="GENERATION",
    help="Only if the card is at it; `card info` tells.",
)
@pass_app
def batch(app: App, file: str, mode: str, expect: int | None) -> int:
    """Run the DM commands in FILE (- is stdin), one a line.

    \b
    add URI [VALUE] [--interior --format F --type TYPE --title T
                     --acl ACL --base64]
    set URI VALUE [--format F --type MIME --base64]
    delete URI
    rename URI NAME
    copy SOURCE TARGET
    acl URI ACL | acl URI --remove
    title URI TITLE
    get URI [--levels N]

    They mean what `smartdm mo` means by them. Words are quoted as in a shell, # begins a comment. VALUE is text, or
    with --base64 any bytes. delete takes along what is below the node and does not ask; an empty TITLE takes the title
    away. An atomic batch has its gets last, 8 at most.
    """  # noqa: D301 - click's mark for lines that stay as they are
    lines = _read(app, file, atomic=mode == Mode.ATOMIC)
    outcome = _run(app, lines, Mode(mode), expect)
    app.out.show(
        {
            "file": file,
            "mode": mode,
            "ok": outcome.ok,
            "generation": app.session.generation,
            "commands": [_document(at, line, outcome) for at, line in enumerate(lines)],
        },
        lambda: _show(app, shown(file), lines, outcome),
    )
    if outcome.ok:
        return Exit.OK
    if not app.out.as_json:
        raise CliError(f"{shown(file)}: {_refused(lines, outcome, Mode(mode))}", Exit.REFUSED)
    return Exit.REFUSED


def _read(app: App, file: str, *, atomic: bool) -> list[Line]:
    """The commands of the file; CliError when anything is wrong with it, told line by line."""
    try:
        return parse(read_input(file), shown(file), atomic=atomic)
    except FaultyFile as error:
        if app.out.as_json or len(error.faults) == 1:
            raise CliError(str(error)) from error
        for fault in error.faults:
            app.out.note(str(fault))
        raise CliError(f"{shown(file)}: {len(error.faults)} faults; nothing was sent") from error


def _run(app: App, lines: Sequence[Line], mode: Mode, expect: int | None) -> Outcome:
    session = app.session
    try:
        with named("the batch"):
            return run(app, [line.command for line in lines], mode, expect)
    except Conflict as error:
        error.add_note(f"it is at {session.refresh().generation}, not {expect}: see what changed with `mo changes`")
        raise
    except (CardError, TransportError) as error:
        if mode is Mode.ATOMIC:
            raise
        told = "a batch that is not atomic may be done in part: see with `smartdm mo tree`"
        if isinstance(error, CardError):
            error.add_note(told)
            raise
        raise TransportError(f"{error}; {told}") from error


def _show(app: App, file: str, lines: Sequence[Line], outcome: Outcome) -> None:
    """What gets found, on stdout; then all is well, or each command that was not done, on stderr."""
    for at, line in enumerate(lines):
        if isinstance(line.command, Get) and at in outcome.nodes:
            app.out.tree(view.tree_lines(line.command.uri, outcome.nodes[at], values=True))
    if outcome.ok:
        app.out.line(f"done: {counted(len(lines), 'command')}, generation {app.session.generation}")
        return
    for at, (line, status) in enumerate(zip(lines, outcome.statuses, strict=True)):
        if at in outcome.errors:
            app.out.note(f"{file}:{line.number}: {status} {_reason(outcome, at)}")
        elif status in _UNDONE:
            app.out.note(f"{file}:{line.number}: {status} {line.command}: {_UNDONE[status]}")


def _reason(outcome: Outcome, at: int) -> str:
    error = outcome.errors[at]
    return "; ".join([str(error), *getattr(error, "__notes__", [])])


def _refused(lines: Sequence[Line], outcome: Outcome, mode: Mode) -> str:
    refused = [lines[at].number for at in sorted(outcome.errors)]
    if mode is Mode.ATOMIC:
        return f"the command of line {refused[0]} was refused, so nothing was changed"
    count = f"{len(refused)} of {counted(len(lines), 'command')}"
    others = "the others were done" if len(refused) < len(lines) else "nothing was changed"
    return f"{count} {'was' if len(refused) == 1 else 'were'} refused; {others}"


def _document(at: int, line: Line, outcome: Outcome) -> dict[str, object]:
    status = outcome.statuses[at] if outcome.statuses else 200
    data: dict[str, object] = {"line": line.number, "name": str(line.command), "dm_status": status}
    if at in outcome.errors:
        data |= {"status_word": f"{outcome.errors[at].sw:04X}", "message": _reason(outcome, at)}
    node: Node | None = outcome.nodes.get(at)
    if node is not None and isinstance(line.command, Get):
        data["node"] = view.node_document(line.command.uri, node)
    return data
