"""Shell completion: the script that a shell loads, and the URIs of nodes on the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.root import Command, root

if TYPE_CHECKING:
    from smartdm.mo.uri import Uri

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
@pass_app
def completion(app: App, shell: str) -> None:
    r"""Print the completion script for a shell.

    \b
    bash:  eval "$(smartdm completion bash)"          in ~/.bashrc
    zsh:   eval "$(smartdm completion zsh)"           in ~/.zshrc
    fish:  smartdm completion fish | source           in ~/.config/fish/config.fish

    Completes commands, options, cards, and the URIs of nodes on a card that nobody else is using.
    """
    from click.shell_completion import ShellComplete, get_completion_class  # noqa: PLC0415 - for this command only

    kind = get_completion_class(shell)
    assert kind is not None
    # The base class's method: bash's own also runs bash to look at its version.
    script = ShellComplete.source(kind(root, {}, "smartdm", "_SMARTDM_COMPLETE"))
    app.out.show({"shell": shell, "script": script}, script.rstrip("\n"))


def node_uris(app: App, incomplete: str) -> list[str]:
    """URIs of nodes that begin with what was typed, one level at a time; [] when the card cannot be asked now."""
    try:
        return _node_uris(app, incomplete)
    except Exception:  # noqa: BLE001 - a completion that fails must stay silent, whatever the reason
        return []
    finally:
        app.close()


def _node_uris(app: App, incomplete: str) -> list[str]:
    from smartdm.mo.uri import ROOT, Uri  # noqa: PLC0415 - as above

    folder, slash, _ = incomplete.rpartition("/")
    base = Uri.parse(folder) if slash else ROOT
    app.quiet = True
    children = [base / child.name for child in app.session.read(base, 1).children]
    return [text for uri in children if (text := _as_typed(uri, incomplete)).startswith(incomplete)]


def _as_typed(uri: Uri, incomplete: str) -> str:
    """The URI with ``./`` before it only if the user writes it so."""
    return str(uri) if incomplete.startswith(".") or not incomplete else str(uri).removeprefix("./")
