"""Parameter types: URIs, cards, and their shell completion.  Wrong values are usage errors."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from smartdm.cli.app import SIM_PREFIX, app_of
from smartdm.cli.failures import CliError
from smartdm.cli.simcards import check_card_name
from smartdm.errors import SmartDmError

if TYPE_CHECKING:
    from smartdm.mo.uri import Target, Uri


class CardName(click.ParamType[str]):
    """``sim:NAME``."""

    name = "card"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, checked for its form only."""
        if not value.startswith(SIM_PREFIX):
            self.fail(f"{value!r}: a card is named sim:NAME; `smartdm card list` shows them", param, ctx)
        try:
            check_card_name(value.removeprefix(SIM_PREFIX))
        except CliError as error:
            self.fail(str(error), param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """All simulated cards."""
        del param
        with contextlib.suppress(OSError, SmartDmError, CliError):
            names = (SIM_PREFIX + name for name in app_of(ctx).sims.names())
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return []


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
        with contextlib.suppress(OSError, SmartDmError, CliError):
            return [CompletionItem(name) for name in app_of(ctx).sims.names() if name.startswith(incomplete)]
        return []


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
