"""Shell completion: the script that a shell loads, and the URIs of nodes on the card."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class, split_arg_string

from smartdm.cli.app import App, pass_app
from smartdm.cli.root import Command, root

if TYPE_CHECKING:
    from smartdm.mo.uri import Uri

SHELLS = ("bash", "zsh", "fish")

# Readline hands out words cut at the characters of COMP_WORDBREAKS, ':' and '=' among them; so the line itself is
# sent, and what comes back is only the part of each word that readline is going to replace.
_BASH = """\
_smartdm_completion() {
    local type value files=
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("$value") ;;
            nospace) COMPREPLY+=("$value"); compopt -o nospace ;;
            file | dir) files=1 ;;
        esac
    done < <(_SMARTDM_COMPLETE=bash_complete COMP_LINE="${COMP_LINE:0:COMP_POINT}" \\
        COMP_BREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
    if [[ $files ]]; then
        if ((${#COMPREPLY[@]})); then
            while IFS= read -r value; do
                COMPREPLY+=("$(printf %q "$value")")
            done < <(compgen -f -- "$2")
        else
            compopt -o default
        fi
    fi
}

complete -o nosort -F _smartdm_completion smartdm
"""


class BashCompletion(ShellComplete):
    """Bash, with words that hold a ``:`` or ``=``."""

    name = "bash"
    source_template = _BASH

    def source(self) -> str:
        """The script."""
        return _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The complete words of the line before the cursor, and the one to complete."""
        words = split_arg_string(_line())
        incomplete = words.pop() if words and _word() else ""
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """``type,value``: of the value only what stands behind the last place where readline cuts the word."""
        word = _word()
        value = str(item.value)
        if word.startswith("-") and "=" in word and not value.startswith("-"):
            value = f"{word.partition('=')[0]}={value}"
        breaks = [mark for mark in ":=" if mark in os.environ.get("COMP_BREAKS", "")]
        cut = max((word.rfind(mark) + 1 for mark in breaks), default=0)
        quoted = word[:1] in "'\""
        shown = value[cut:] if quoted else re.sub(r"([^\w@%+=:,./~?-])", r"\\\1", value[cut:])
        return f"{item.type},{shown}"


def _line() -> str:
    return os.environ.get("COMP_LINE", "")


def _word() -> str:
    """The word before the cursor as typed."""
    return re.split(r"(?<!\\)\s", _line())[-1]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
@pass_app
def completion(app: App, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash:  eval "$(smartdm completion bash)"          in ~/.bashrc
    zsh:   eval "$(smartdm completion zsh)"           in ~/.zshrc
    fish:  smartdm completion fish | source           in ~/.config/fish/config.fish

    Completes commands, options, files, cards, and the URIs of nodes on a card that nobody else is using.
    """  # noqa: D301 - the backspace is click's mark for lines that stay as they are
    kind = BashCompletion if shell == "bash" else get_completion_class(shell)
    assert kind is not None
    script = kind(root, {}, "smartdm", "_SMARTDM_COMPLETE").source()
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
