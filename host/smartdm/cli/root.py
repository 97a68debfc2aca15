"""The root command: lazily loaded groups, and global options that are understood anywhere after it.

The global options are parameters of every command.  Each has a callback that writes into the App,
so ``smartdm --json mo tree`` and ``smartdm mo tree --json`` are the same.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, app_of
from smartdm.cli.examples import EXAMPLES
from smartdm.cli.params import Asking, CardName, KeysText, Reference

if TYPE_CHECKING:
    from collections.abc import Callable

LOG_LEVELS = ("ERROR", "WARNING", "INFO", "DEBUG")

COMMANDS = {
    "card": ("smartdm.cli.card:card", "List, inspect, personalize and erase cards."),
    "pin": ("smartdm.cli.pin:pin", "Verify, change, unblock and set the holder's PIN."),
    "keys": ("smartdm.cli.keys:keys", "List, change and derive the keys of secure channels."),
    "principal": ("smartdm.cli.principal:principal", "Say who may work with the card."),
    "mo": ("smartdm.cli.mo:mo", "Read and change the management objects on a card."),
    "ddf": ("smartdm.cli.ddf:ddf", "Look at descriptions of management objects (DDF)."),
    "credential": (
        "smartdm.cli.credential:credential",
        "Compute and verify DM 1.2 credentials on the card, whose secrets never leave it.",
    ),
    "provision": ("smartdm.cli.provision:provision", "Bring a card to what a profile says."),
    "sim": ("smartdm.cli.sim:sim", "Make and delete simulated cards."),
    "applet": ("smartdm.cli.applet:applet", "Build the applet for real cards, and look at CAP files."),
    "decode": ("smartdm.cli.decode:decode", "Show TNDS documents, packed trees and APDU traces as text."),
    "doctor": ("smartdm.cli.doctor:doctor", "Check that this machine has what smartdm needs."),
    "completion": ("smartdm.cli.completion:completion", "Print the completion script for a shell."),
}
"""Command -> where it is, and its short help, so that ``smartdm --help`` imports none of them."""


def _into_app(attribute: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def callback(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
        if value:
            setattr(app_of(ctx), attribute, value)

    return callback


def _as_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        app_of(ctx).out.as_json = True


def _log(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    if not value or ctx.resilient_parsing:
        return
    import logging  # noqa: PLC0415 - only for those who ask for a log

    name = str(value) if parameter.name == "log_level" else ("INFO", "DEBUG")[min(int(str(value)), 2) - 1]
    logging.basicConfig(level=name, format="%(levelname)s %(name)s: %(message)s", force=True)


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"smartdm {package_version()}")
        ctx.exit()


def package_version() -> str:
    """The version of the installed package."""
    from importlib import metadata  # noqa: PLC0415 - slow to import

    try:
        return metadata.version("smartdm")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """The options that every command understands.  Hidden in the help of commands; the root's help shows them."""
    return [
        click.Option(
            ["--card", "card_name"],
            type=CardName(),
            metavar="CARD",
            envvar=None if hidden else "SMARTDM_CARD",
            show_envvar=not hidden,
            expose_value=False,
            hidden=hidden,
            callback=_into_app("card_name"),
            help="The card to use: sim:NAME, or pcsc: and a part of the reader's name. "
            "May be left out while there is only one simulated card.",
        ),
        click.Option(
            ["--shared"],
            is_flag=True,
            expose_value=False,
            hidden=hidden,
            callback=_into_app("shared"),
            help="Take a card in a reader also when other programs have it open.",
        ),
        click.Option(
            ["--as", "who"],
            type=Asking(),
            metavar="NAME",
            envvar=None if hidden else "SMARTDM_AS",
            show_envvar=not hidden,
            expose_value=False,
            hidden=hidden,
            callback=_into_app("who"),
            help="Who asks: issuer, holder, nobody, or a ServerID; opens that door with what the file of doors says."
            "  [default: issuer of a simulated card, with its test keys; nobody else]",
        ),
        click.Option(
            ["--doors"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            envvar=None if hidden else "SMARTDM_DOORS",
            show_envvar=not hidden,
            expose_value=False,
            hidden=hidden,
            callback=_into_app("doors"),
            help="The file that says where keys and PINs are, by who asks.",
        ),
        click.Option(
            ["--keys"],
            type=KeysText(),
            metavar="SPEC",
            expose_value=False,
            hidden=hidden,
            callback=_into_app("keys"),
            help="The keys of who asks, past that file: enc=REF,mac=REF,dek=REF or master=REF,diversify=kdf3 or test, "
            "each perhaps with ,kvn=HEX and ,level=03.",
        ),
        click.Option(
            ["--pin"],
            type=Reference(),
            metavar="REF",
            expose_value=False,
            hidden=hidden,
            callback=_into_app("pin"),
            help="Where the holder's PIN is (prompt:, env:NAME, file:PATH); also verified beside keys.",
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            hidden=hidden,
            callback=_as_json,
            help="Print one JSON document.",
        ),
        click.Option(
            ["--trace"],
            is_flag=True,
            expose_value=False,
            hidden=hidden,
            callback=_into_app("trace"),
            help="Explain all traffic with the card on stderr. Shows values.",
        ),
        click.Option(
            ["--trace-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            expose_value=False,
            hidden=hidden,
            callback=_into_app("trace_file"),
            help="Record all traffic with the card in a file. Holds values.",
        ),
        click.Option(
            ["--log-level"],
            type=click.Choice(LOG_LEVELS, case_sensitive=False),
            expose_value=False,
            hidden=hidden,
            callback=_log,
            help="Log to stderr from this level on.",
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            hidden=hidden,
            callback=_log,
            help="Log more: -v is INFO, -vv is DEBUG.",
        ),
    ]


_NEGATIVE = re.compile(r"-[0-9.][0-9.eE+-]*")
_HELP = {"help_option_names": ["-h", "--help"]}
_EPILOG = "The global options of `smartdm --help` work here too."


class Command(click.Command):
    """A command that understands the global options."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("epilog", _EPILOG)
        kwargs["context_settings"] = {**_HELP, **_mapping(kwargs.get("context_settings"))}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # click's own signature, passed through

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Shows how the command is used, each example on a line of its own."""
        lines = EXAMPLES.get(" ".join(ctx.command_path.split()[1:]), ())
        with formatter.section("Examples" if len(lines) > 1 else "Example"):
            for line in lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
        super().format_epilog(ctx, formatter)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters and the global ones, but for those whose name it uses itself."""
        own = super().get_params(ctx)
        taken = {name for parameter in own for name in parameter.opts}
        return [*own, *(option for option in global_options(hidden=True) if taken.isdisjoint(option.opts))]

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command after telling the output its name."""
        app_of(ctx).out.command = " ".join(ctx.command_path.split()[1:])
        return super().invoke(ctx)


class ValueCommand(Command):
    """A command whose arguments may be negative numbers."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As usual, but ``-5`` is an argument; for other unknown options ``--`` is recommended."""
        ctx.ignore_unknown_options = any(_NEGATIVE.fullmatch(word) for word in args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hint = f"{error.format_message().rstrip('.')}; a value that begins with - goes behind --"
            raise click.UsageError(hint, ctx) from error


class Group(click.Group):
    """A group whose commands, like itself, understand the global options."""

    command_class = Command

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs["context_settings"] = {**_HELP, **_mapping(kwargs.get("context_settings"))}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # click's own signature, passed through

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names in the order in which the commands were added."""
        return list(self.commands)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The group's own parameters and the global ones."""
        return [*super().get_params(ctx), *global_options(hidden=True)]


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


class Root(click.Group):
    """The root group; imports a command only when it runs."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The global options, visible here."""
        return [*super().get_params(ctx), *global_options(hidden=False)]


@click.group(cls=Root, context_settings=_HELP)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.pass_context
def root(ctx: click.Context) -> None:
    """Work with smart cards that carry a device's OMA DM management objects.

    The options below may stand before or after the command.
    """
    app_of(ctx)


__all__ = ["COMMANDS", "App", "Command", "Group", "package_version", "root"]
