"""Parameter types: URIs, cards, and their shell completion.  Wrong values are usage errors."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from smartdm.cli.app import PCSC_PREFIX, SIM_PREFIX, app_of
from smartdm.cli.failures import CliError
from smartdm.cli.simcards import check_card_name
from smartdm.errors import SmartDmError

if TYPE_CHECKING:
    from smartdm.mo.uri import Target, Uri

CARD_SIDE = "card:"


class CardName(click.ParamType[str]):
    """``sim:NAME`` or ``pcsc:READER``."""

    name = "card"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, checked for its form only."""
        if ctx is not None and not value.startswith(SIM_PREFIX) and value in _known(ctx):
            return SIM_PREFIX + value
        if value.startswith(PCSC_PREFIX):
            return value
        if not value.startswith(SIM_PREFIX):
            told = f"{value!r}: a card is named sim:NAME or pcsc:READER; `smartdm card list` shows them"
            raise _bad_card(told, param, ctx)
        try:
            check_card_name(value.removeprefix(SIM_PREFIX))
        except CliError as error:
            raise _bad_card(str(error), param, ctx) from error
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """All simulated cards, and the readers with a card in them."""
        del param
        names = [SIM_PREFIX + name for name in _known(ctx)]
        if PCSC_PREFIX.startswith(incomplete[: len(PCSC_PREFIX)]):
            from smartdm.cli.readers import found_readers  # noqa: PLC0415 - as above

            names += [PCSC_PREFIX + reader.name for reader in found_readers() if reader.present]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _known(ctx: click.Context) -> list[str]:
    """The names of the simulated cards; none when the folder cannot be read."""
    with contextlib.suppress(OSError):
        return app_of(ctx).sims.names()
    return []


def _bad_card(message: str, param: click.Parameter | None, ctx: click.Context | None) -> click.BadParameter:
    """The usage error, which names the option or the variable that the name came from."""
    source = ctx.get_parameter_source(param.name) if ctx and param and param.name else None
    from_environment = source is ParameterSource.ENVIRONMENT
    return click.BadParameter(message, ctx, param, "$SMARTDM_CARD" if from_environment else "'--card'")


class Asking(click.ParamType[str]):
    """Who asks: issuer, holder, nobody or a ServerID."""

    name = "principal"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; ``#issuer`` and ``#holder``, as ACLs spell them, are understood too."""
        from smartdm.mo.acl import check_id  # noqa: PLC0415 - only for those who name somebody

        bare = value.removeprefix("#")
        try:
            check_id(bare)
        except SmartDmError as error:
            self.fail(str(error), param, ctx)
        if bare == "*":
            self.fail("* is everybody, who has no keys; name nobody", param, ctx)
        return bare

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Those of every card, and those of the file of doors."""
        del param
        from smartdm.cli.doors import HOLDER, ISSUER, NOBODY, read_doors  # noqa: PLC0415 - only when completing

        names = [ISSUER, HOLDER, NOBODY]
        with contextlib.suppress(CliError, OSError):
            names += [name for name in read_doors(app_of(ctx)) if name not in names]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class KeysText(click.ParamType[dict[str, object]]):
    """What ``--keys`` takes."""

    name = "keys"

    def convert(
        self, value: str | dict[str, object], param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, object]:
        """The table that it spells; see ``doors.parse_keys``."""
        from smartdm.cli.doors import parse_keys  # noqa: PLC0415 - as above

        if isinstance(value, dict):
            return value
        try:
            return parse_keys(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Reference(click.ParamType[str]):
    """A reference to a secret; a secret in its place is refused without being repeated."""

    name = "reference"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same, checked for its form only."""
        from smartdm.cli.secrets import is_reference  # noqa: PLC0415 - as above

        if not is_reference(value):
            self.fail(
                "name where it is kept, as env:NAME, file:PATH, prompt: or keyring:SERVICE/NAME; the command line is"
                " no place for a secret, as others can read it there",
                param,
                ctx,
            )
        return value


class SimName(click.ParamType[str]):
    """``NAME`` of a simulated card; ``sim:NAME`` is understood too."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The bare name, checked for its form only."""
        try:
            return check_card_name(value.removeprefix(SIM_PREFIX))
        except CliError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """All simulated cards."""
        del param
        return [CompletionItem(name) for name in _known(ctx) if name.startswith(incomplete)]


class UriType(click.ParamType["Uri"]):
    """A node's URI, like ``./DMAcc/Srv1``."""

    name = "uri"

    def convert(self, value: str | Uri, param: click.Parameter | None, ctx: click.Context | None) -> Uri:
        """The parsed URI."""
        from smartdm.mo.uri import Uri  # noqa: PLC0415 - as above

        if isinstance(value, Uri):
            return value
        try:
            return Uri.parse(value)
        except SmartDmError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The nodes on the card below what was typed; nothing when the card is busy or anything else goes wrong."""
        del param
        from smartdm.cli.completion import node_uris  # noqa: PLC0415 - only when completing

        return [CompletionItem(uri) for uri in node_uris(app_of(ctx), incomplete)]


class TargetType(click.ParamType["Target"]):
    """A node's URI, perhaps with ``?prop=Name``."""

    name = "target"

    def convert(self, value: str | Target, param: click.Parameter | None, ctx: click.Context | None) -> Target:
        """The parsed target."""
        from smartdm.mo.uri import Target  # noqa: PLC0415 - as above

        if isinstance(value, Target):
            return value
        try:
            return Target.parse(value)
        except SmartDmError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """As for a URI."""
        return UriType().shell_complete(ctx, param, incomplete)


class FileName(click.ParamType[str]):
    """The name of a file, for the sake of its completion; - is stdin or stdout."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Left to the shell."""
        del ctx, param
        return [CompletionItem(incomplete, type="file")]


class SideType(FileName):
    """A side of a comparison: a file or ``card:URI``."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Nodes behind ``card:``, else files."""
        if incomplete.startswith(CARD_SIDE):
            found = UriType().shell_complete(ctx, param, incomplete.removeprefix(CARD_SIDE))
            return [CompletionItem(CARD_SIDE + str(item.value)) for item in found]
        files = super().shell_complete(ctx, param, incomplete)
        offered = incomplete and CARD_SIDE.startswith(incomplete)
        return [CompletionItem(CARD_SIDE, type="nospace"), *files] if offered else files
