"""Files of DM commands for ``smartdm mo batch``.  Pure: bytes in, commands or all that is wrong with them out.

One command a line, in words quoted as in a shell; a word that begins with ``#`` begins a comment.  Commands and options
are called as those of ``smartdm mo``, and understood by the same parser.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import click

from smartdm.cli.batchwords import Add, Copy, Delete, DmCommand, Get, Rename, Set, SetAcl, SetTitle, append
from smartdm.cli.kinds import LEAF_FORMATS, check_interior, unsuited
from smartdm.cli.output import printable
from smartdm.cli.params import UriType
from smartdm.cli.root import ValueCommand
from smartdm.codec import packed
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from smartdm.session import Batch
from smartdm.wire import Limit

_BLANK = " \t\r\n"
"""What shlex takes for the space between words."""
_WORDS = re.compile(rf"""(?:[{_BLANK}]++|(?!\#)(?:[^{_BLANK}'"\\]|\\.|'[^']*+'|"(?:[^"\\]|\\.)*+")++)*+""")
"""Whole words and blanks, up to a comment or the end.  shlex itself would find comments inside of words, too."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A command of the file.  ``number``: its line, from 1."""

    number: int
    command: DmCommand


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, and what to do about it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class FaultyFile(CodecError):
    """A file with which something is wrong.  ``faults``: all of it, by line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def parse(data: bytes, file: str, *, atomic: bool) -> list[Line]:
    """The commands of a file; FaultyFile with everything that is wrong.

    ``file``: what faults call it; ``atomic``: the commands are to be one batch on the card.
    """
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, raw in enumerate(data.removeprefix(_BOM).split(b"\n"), 1):
        try:
            words = _split(raw)
            if words:
                lines.append(Line(number, _command(words)))
        except (CodecError, click.UsageError) as error:
            faults.append(Fault(file, number, _told(error)))
    if atomic:
        faults += [Fault(file, line.number, message) for line, message in _not_atomic(lines)]
    if faults:
        raise FaultyFile(sorted(faults, key=lambda fault: fault.line))
    return lines


def _split(raw: bytes) -> list[str]:
    """The words of a line."""
    try:
        text = raw.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise CodecError("not UTF-8; give binary values in base64, with --base64", error.start) from error
    match = _WORDS.match(text)
    end = match.end() if match else 0
    try:
        return shlex.split(text[:end] if text[end : end + 1] == "#" else text)
    except ValueError as error:
        advice = "close it on the same line; give values of several lines in base64, with --base64"
        if "quot" not in str(error):
            advice = "write \\\\ for a backslash, or put it between single quotes"
        raise CodecError(f"{str(error).lower()}: {advice}") from error


def _command(words: list[str]) -> DmCommand:
    verb, *rest = words
    if verb not in _GRAMMAR:
        raise CodecError(f"{verb!r} is no command; use one of {', '.join(USAGE)}")
    command = _GRAMMAR[verb].read(rest)
    # Whatever no card can take is found now: properties that are too long, the deletion of the root.
    append(Batch(), command).parts()
    return command


def _told(error: Exception) -> str:
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        verb = str(error.ctx.info_name)
        text = f"{text.rstrip('.')}; write {verb} {USAGE[verb]}"
    return printable(" ".join(text.split()))


def _not_atomic(lines: list[Line]) -> Iterator[tuple[Line, str]]:
    """What one batch on the card cannot do: its Gets come last, and they are few."""
    first = next((at for at, line in enumerate(lines) if isinstance(line.command, Get)), len(lines))
    gets = [line for line in lines if isinstance(line.command, Get)]
    for line in lines[first:]:
        if not isinstance(line.command, Get):
            where = lines[first].number
            yield line, f"an atomic batch has its gets last: move this before line {where}, or use --mode sequence"
    for line in gets[Limit.GETS :]:
        yield line, f"an atomic batch has at most {int(Limit.GETS)} gets: take this one out, or use --mode sequence"


# The commands.


class _Grammar(ValueCommand):
    """The words of one command: without the options that every command of the program has, and without help."""

    def __init__(self, verb: str, make: Callable[..., DmCommand], *params: click.Parameter) -> None:
        super().__init__(verb, params=list(params), add_help_option=False)
        self._make = make

    def get_params(self, _ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters alone."""
        return self.params

    def read(self, words: list[str]) -> DmCommand:
        """The command; UsageError or CodecError for wrong words."""
        context = self.make_context(self.name, list(words))
        with context.scope(cleanup=False):
            try:
                return self._make(**context.params)
            except click.UsageError as error:
                error.ctx = context
                raise


def _add(
    *,
    uri: Uri,
    value: str | None,
    interior: bool,
    format_: str | None,
    type_: str | None,
    title: str,
    acl: str,
    base64_: bool,
) -> Add:
    if interior:
        check_interior(value, format_)
    if uri.is_root:
        raise CodecError("the root exists always; name the node to add")
    data = _bytes(value, in_base64=base64_)
    node_format = Format.NODE if interior else _format(uri, format_, data)
    return Add(uri, data, node_format, type_, title, Acl.parse(acl))


def _set(*, uri: Uri, value: str, format_: str | None, type_: str | None, base64_: bool) -> Set:
    data = _bytes(value, in_base64=base64_)
    packed.encode_value_length(data)
    if type_ is not None:
        packed.encode_type(type_)
    return Set(uri, data, _format(uri, format_, data), type_)


def _bytes(value: str | None, *, in_base64: bool) -> bytes:
    if not in_base64:
        return (value or "").encode()
    if value is None:
        raise click.UsageError("--base64 says how VALUE is written, but there is none")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise CodecError(f"VALUE is not base64 ({error}); leave out --base64 if it is text") from error


def _format(uri: Uri, chosen: str | None, data: bytes) -> Format | None:
    if chosen is None:
        return None
    fault = unsuited(uri, Format(chosen), data)
    if fault:
        raise CodecError(fault)
    return Format(chosen)


def _copy(*, source: Uri, target: Uri) -> Copy:
    if source.is_root or target.is_root:
        raise CodecError("the root has no value; name two leaves")
    return Copy(source, target)


def _delete(*, uri: Uri) -> Delete:
    if uri.is_root:
        raise CodecError("the root cannot be deleted; name a node below it")
    return Delete(uri)


def _acl(*, uri: Uri, acl: str | None, remove: bool) -> SetAcl:
    if remove == (acl is not None):
        raise click.UsageError("give either ACL or --remove")
    if uri.is_root and remove:
        raise CodecError("the root must have an ACL; give another one instead, like 'Add=*&Get=*'")
    found = Acl.parse(acl or "")
    if not found and not remove:
        raise CodecError("the ACL is empty; --remove takes the node's own ACL away")
    return SetAcl(uri, found)


def _argument(name: str, type_: click.ParamType[object] | None = None, *, required: bool = True) -> click.Argument:
    return click.Argument([name], type=type_, required=required)


def _flag(name: str, *names: str) -> click.Option:
    return click.Option([f"--{name}", *names], is_flag=True)


def _kind() -> list[click.Parameter]:
    """The options of what has a value, anew for each command."""
    return [
        click.Option(["--format", "format_"], type=click.Choice(LEAF_FORMATS)),
        click.Option(["--type", "type_"]),
        _flag("base64", "base64_"),
    ]


def _uri(name: str = "uri") -> click.Argument:
    return click.Argument([name], type=UriType())


_EXTRAS = (click.Option(["--title"], default=""), click.Option(["--acl"], default=""))
_LEVELS = click.Option(["--levels"], type=click.IntRange(0, 254))

USAGE: Final = {
    "add": "URI [VALUE] [--interior --format F --type TYPE --title T --acl ACL --base64]",
    "set": "URI VALUE [--format F --type MIME --base64]",
    "delete": "URI",
    "rename": "URI NAME",
    "copy": "SOURCE TARGET",
    "acl": "URI ACL, or acl URI --remove",
    "title": "URI TITLE",
    "get": "URI [--levels N]",
}
_GRAMMAR: Final = {
    str(grammar.name): grammar
    for grammar in (
        _Grammar("add", _add, _uri(), _argument("value", required=False), _flag("interior"), *_kind(), *_EXTRAS),
        _Grammar("set", _set, _uri(), _argument("value"), *_kind()),
        _Grammar("delete", _delete, _uri()),
        _Grammar("rename", Rename, _uri(), _argument("name")),
        _Grammar("copy", _copy, _uri("source"), _uri("target")),
        _Grammar("acl", _acl, _uri(), _argument("acl", required=False), _flag("remove")),
        _Grammar("title", SetTitle, _uri(), _argument("title")),
        _Grammar("get", Get, _uri(), _LEVELS),
    )
}
