"""``smartdm decode``: files of this field as text, without a card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from smartdm.cli import view
from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import CliError
from smartdm.cli.files import entries_of, kind_of, read_input, shown
from smartdm.cli.params import FileName
from smartdm.cli.root import Command
from smartdm.errors import CodecError

if TYPE_CHECKING:
    from smartdm.cli.files import Entry

_TRACE_LINE = re.compile(rb"#|[<>][ \t]*(?:[0-9A-Fa-f]{2}[ \t]*)+")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command and its answer; ``answer`` is None where the recording has none, as after a power cut."""

    command: bytes
    answer: bytes | None


@click.command(cls=Command)
@click.argument("file", type=FileName())
@click.option(
    "--form", "kind", type=click.Choice(["tnds", "packed", "trace"]), help="What FILE is.  [default: found out]"
)
@pass_app
def decode(app: App, file: str, kind: str | None) -> None:
    """Show TNDS documents, packed trees and APDU traces as text.

    Traces are what --trace and --trace-file write: lines of > and < with hexadecimal bytes (spaces allowed), and
    comments behind #. FILE may be - for stdin.
    """
    data = read_input(file)
    try:
        if (kind or _find_out(data)) == "trace":
            _show_trace(app, file, parse_trace(data))
        else:
            _show_trees(app, file, kind or kind_of(data), data)
    except CodecError as error:
        raise CliError(f"{shown(file)}: {error}") from error


def _find_out(data: bytes) -> str:
    first = next((line for line in data[:4096].splitlines() if line.strip()), b"")
    if _TRACE_LINE.match(first) and (first.startswith(b"#") or _TRACE_LINE.fullmatch(first.strip())):
        return "trace"
    try:
        return kind_of(data)
    except CodecError as error:
        raise CodecError("neither TNDS (XML) nor a packed tree nor a trace; say which with --as", 0) from error


def _show_trees(app: App, file: str, kind: str, data: bytes) -> None:
    entries = entries_of(data, kind)

    def text() -> None:
        for entry in entries:
            app.out.tree(view.tree_lines(entry.uri, entry.node, values=True))

    app.out.show({"file": shown(file), "kind": kind, "trees": [_document(entry) for entry in entries]}, text)


def _document(entry: Entry) -> dict[str, object]:
    return view.node_document(entry.uri, entry.node)


def parse_trace(data: bytes) -> list[Exchange]:
    """The exchanges in a recording; CodecError naming the line."""
    exchanges: list[Exchange] = []
    waiting: bytes | None = None
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        mark, rest = line.strip()[:1], line.strip()[1:]
        if mark in ("", "#"):
            continue
        if mark not in (">", "<"):
            raise CodecError(f"line {number}: a line of a trace begins with '>', '<' or '#'")
        try:
            apdu = bytes.fromhex(rest)
        except ValueError:
            raise CodecError(f"line {number}: the bytes behind {mark!r} are not hexadecimal") from None
        if mark == ">":
            if waiting is not None:
                exchanges.append(Exchange(waiting, None))
            waiting = apdu
        elif waiting is None:
            raise CodecError(f"line {number}: an answer without a command before it")
        else:
            exchanges.append(Exchange(waiting, apdu))
            waiting = None
    if waiting is not None:
        exchanges.append(Exchange(waiting, None))
    if not exchanges:
        raise CodecError("the trace holds no command")
    return exchanges


def _show_trace(app: App, file: str, exchanges: list[Exchange]) -> None:
    from smartdm.cli.trace import Tracer  # noqa: PLC0415 - imports the codecs

    tracer = Tracer()
    explained = []
    for exchange in exchanges:
        lines = tracer.command(exchange.command)
        lines += tracer.lost() if exchange.answer is None else tracer.answer(exchange.command, exchange.answer)
        explained.append(lines)

    def text() -> None:
        for lines in explained:
            for line in lines:
                app.out.line(line)

    data = [
        {
            "command": exchange.command.hex().upper(),
            "answer": None if exchange.answer is None else exchange.answer.hex().upper(),
            "explanation": [line.removeprefix("# ") for line in lines if line.startswith("#")],
        }
        for exchange, lines in zip(exchanges, explained, strict=True)
    ]
    app.out.show({"file": shown(file), "kind": "trace", "exchanges": data}, text)
