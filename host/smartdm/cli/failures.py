"""Errors as the user sees them: one line, an exit code, and the same facts for ``--json``.

``failure_of`` is the only place that knows which error leads to which exit code.  ``ValueError``
and ``TypeError`` are not in it: they are bugs, and a bug shows its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from smartdm.errors import (
    CardError,
    ChannelBrokenError,
    ChannelRefusedError,
    CodecError,
    PowerLostError,
    SmartDmError,
    UriError,
    WrongKeysError,
    WrongPin,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """Exit codes of every command; ``docs/cli.md`` lists them."""

    OK = 0
    DIFFERENT = 1
    USAGE = 2
    LINK = 3
    REFUSED = 4
    INPUT = 5
    PENDING = 6
    BUG = 70
    INTERRUPTED = 130
    PIPE_CLOSED = 141


EXIT_MEANINGS = {
    Exit.OK: "done; for `mo diff`: no difference",
    Exit.DIFFERENT: "`mo diff` found a difference",
    Exit.USAGE: "the command line is wrong, or a question was not answered with yes; nothing was done",
    Exit.LINK: "no card, the card is in use, the link failed, or the power was cut",
    Exit.REFUSED: "the card refused; nothing was changed, but by `mo batch --mode sequence` or `plain`",
    Exit.INPUT: "a file or value given is damaged, missing or not usable; nothing was changed",
    Exit.PENDING: "`provision plan --check` found something to do",
    Exit.BUG: "a bug in smartdm",
    Exit.INTERRUPTED: "interrupted from the keyboard",
    Exit.PIPE_CLOSED: "the program that read the output went away",
}


class CliError(Exception):
    """An expected failure that the command line itself found; ``exit_code`` says of which kind."""

    def __init__(self, message: str, exit_code: Exit = Exit.INPUT) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told about an error.  ``facts``: further members of the JSON document's ``error``."""

    kind: str
    message: str
    exit_code: Exit
    facts: Mapping[str, object] = field(default_factory=dict)


POWER_HINT = (
    "The card holds the state before this command or the state after it, nothing in between. "
    "See which with `smartdm mo tree` or `smartdm mo diff FILE`, then repeat the command if needed."
)


def failure_of(error: BaseException) -> Failure | None:
    """The failure behind an error, or None when it is a bug."""
    if isinstance(error, SmartDmError):
        return _of_package(error)
    if isinstance(error, CliError):
        return Failure(_kind(error.exit_code), str(error), error.exit_code)
    if isinstance(error, click.Abort):
        return Failure("aborted", "stopped at the question; nothing was changed", Exit.USAGE)
    if isinstance(error, click.ClickException):
        return Failure("usage", _usage(error), Exit.USAGE)
    if isinstance(error, OSError):
        # Files and folders that the user named; everything about cards raises TransportError.
        return Failure("input", f"{error.filename or 'file system'}: {error.strerror or error}", Exit.INPUT)
    return None


def _of_package(error: SmartDmError) -> Failure:
    found = _of_kind(error)
    return replace(found, message="; ".join([found.message, *getattr(error, "__notes__", [])]))


def _of_kind(error: SmartDmError) -> Failure:
    if isinstance(error, CardError):
        facts: dict[str, object] = {"status_word": f"{error.sw:04X}", "dm_status": error.dm_status}
        if error.index is not None:
            facts["command_index"] = error.index
        if isinstance(error, WrongPin):
            facts["tries_left"] = error.tries_left
        return Failure("refused", str(error), Exit.REFUSED, facts)
    if isinstance(error, CodecError):
        facts = {} if error.offset is None else {"offset": error.offset}
        if isinstance(error, UriError):
            facts["dm_status"] = error.dm_status
        return Failure("input", str(error), Exit.INPUT, facts)
    if isinstance(error, WrongKeysError):
        return Failure("input", str(error), Exit.INPUT)
    if isinstance(error, ChannelRefusedError):
        return Failure("refused", str(error), Exit.REFUSED, {"status_word": f"{error.sw:04X}"})
    if isinstance(error, PowerLostError | ChannelBrokenError):
        kind = "power" if isinstance(error, PowerLostError) else "link"
        return Failure(kind, f"{error}. {POWER_HINT}", Exit.LINK)
    return Failure("link", str(error), Exit.LINK)


def _kind(code: Exit) -> str:
    return {Exit.USAGE: "usage", Exit.LINK: "link", Exit.REFUSED: "refused"}.get(code, "input")


def _usage(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        text = "a command is missing"
    else:
        text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text.rstrip('.')} (see {error.ctx.command_path} --help)"
    return text
