"""Runs the command and turns errors into one line and an exit code, at this one place."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App
from smartdm.cli.failures import Exit, Failure, failure_of
from smartdm.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "smartdm"
COMPLETE_VARIABLE = "_SMARTDM_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Runs ``smartdm`` with these arguments and returns the exit code."""
    app = App()
    try:
        code = _run(list(arguments), app)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has left, as in `smartdm mo tree | head`.  Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    return code


def _run(arguments: list[str], app: App) -> int:
    try:
        try:
            return _invoke(arguments, app)
        finally:
            app.close()
    except BrokenPipeError:
        raise
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except KeyboardInterrupt:
        app.out.note("ERROR: interrupted")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the border where errors become exit codes
        return _explain(error, arguments, app)


def _invoke(arguments: list[str], app: App) -> int:
    instruction = os.environ.get(COMPLETE_VARIABLE)
    if instruction:
        from click.shell_completion import add_completion_class, shell_complete  # noqa: PLC0415 - only when completing

        from smartdm.cli.completion import BashCompletion  # noqa: PLC0415 - as above

        add_completion_class(BashCompletion)
        return shell_complete(root, {"obj": app}, PROGRAM, COMPLETE_VARIABLE, instruction)
    with root.make_context(PROGRAM, list(arguments), obj=app) as context:
        result = root.invoke(context)
    return int(result) if isinstance(result, int) else Exit.OK


def _explain(error: Exception, arguments: list[str], app: App) -> int:
    app.out.as_json = app.out.as_json or "--json" in _before_dashes(arguments)
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not app.out.as_json:
        app.out.note(error.format_message())
        return Exit.USAGE
    failure = failure_of(error)
    if failure is None:
        import traceback  # noqa: PLC0415 - for bugs only

        traceback.print_exception(error)
        app.out.note("ERROR: this is a bug in smartdm; please report it with the lines above")
        return Exit.BUG
    if isinstance(error, click.UsageError) and error.ctx is not None:
        app.out.command = " ".join(error.ctx.command_path.split()[1:])
    return _report(app, failure)


def _report(app: App, failure: Failure) -> int:
    if app.out.as_json:
        error = {"kind": failure.kind, "message": failure.message, "exit_code": int(failure.exit_code), **failure.facts}
        app.out.document({"error": error})
    else:
        app.out.note(f"ERROR: {failure.message}")
    return failure.exit_code


def _before_dashes(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments
