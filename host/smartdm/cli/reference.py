"""Renders ``docs/cli.md`` from the commands themselves: ``python -m smartdm.cli.reference docs/cli.md``.

The file is committed; a test renders it again and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartdm.cli.failures import EXIT_MEANINGS
from smartdm.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100

_INTRO = """\
<!-- Rendered by `python -m smartdm.cli.reference docs/cli.md`; edit the commands, not this file. -->
# The command line

`smartdm GROUP COMMAND [OPTIONS] ARGUMENTS`. Results are on stdout, everything else (questions, notes, errors,
`--trace`) on stderr, so that output can be piped. The global options may stand anywhere before or after the
command. Arguments are checked before the card is opened; `--help` never needs a card.

## Which card
`--card sim:NAME`, or `--card pcsc:READER` for a card in a reader ([pcsc.md](pcsc.md)), else `$SMARTDM_CARD`, else the
only card there is. A simulated card is the real applet in a simulator (a Java process that lives as long as the
command). Its memory is `NAME.card` in the data folder, with `NAME.toml` beside it for how it was made. The folder is
`$SMARTDM_HOME/sim`, or the user's data folder of the platform (`smartdm doctor` tells). One process uses a card at a
time; another one is told which process that is.

## Who is asking
`--as NAME` (or `$SMARTDM_AS`) opens a door: `issuer`, a ServerID, `holder` or `nobody`. Without it a simulated card is
asked as its issuer, with the test keys; any other card as nobody. Issuer and servers open a secure channel (SCP03) with
their keys, the holder verifies the PIN. `--pin REF` verifies the PIN inside somebody else's channel, too.

Secrets are never given, only named: `env:NAME`, `file:PATH` (which others must not be able to read), `prompt:`, or
`keyring:SERVICE/NAME` (`pip install keyring`). The file of doors says where those of each name are. It is
`--doors FILE`, else `$SMARTDM_DOORS`, else `doors.toml` in `$SMARTDM_HOME` or the user's configuration folder:

```toml
[issuer]
enc = "keyring:smartdm/enc"
mac = "keyring:smartdm/mac"
dek = "keyring:smartdm/dek"

["mgmt.example"]
master = "file:/etc/smartdm/master.key"   # the card's keys are derived from it
diversify = "kdf3"                        # or emv
kvn = 0x40                                # their version on the card; the issuer needs none
level = "33"                              # or 03; 01 where the issuer allows it

["lab.example"]
test = true                               # the test keys
kvn = 0x41

[holder]
pin = "prompt:"
```

`--keys` names keys past that file: `--keys enc=env:E,mac=env:M,dek=env:D`, `--keys master=file:m,diversify=kdf3`, or
`--keys test`, each perhaps with `,kvn=41` or `,level=03`. Wrong keys are found before the card counts anything; a wrong
PIN costs one try, of which the error tells how many are left. Nothing is ever tried again by itself, and the last try
for a PIN is left to `smartdm pin verify`.

## When the card refuses (6982)
The card says only that it does not allow a command. What would help is told as far as who asks can see it: the right
that was wanted, the ACL that counts and whose it is, and what the definition wants proven besides. To look further:

- **Who asks**: `--as`, `--keys`, `--pin`. Nobody and the holder have few rights; issuer and servers open a channel.
- **The ACL**: `smartdm mo acl URI`. The node's own counts, else that of the nearest node above it.
- **The right**: [store.md](store.md), "Who may". Add is asked of the parent, the ACL of a leaf is the parent's to
  Replace, `credential compute` asks for Exec on the login.
- **Proof**: `smartdm ddf show`, [definitions.md](definitions.md). `HOLDER` is given by `--pin`, `LIVE` and `BOUND` by a
  secure channel, `LOGGED` by a DM session with a MAC. Who is nobody does not see definitions.
- **The command**: definitions, the keys of others, the root's ACL and the end of a card are the issuer's alone.

`credential verify` also answers 6982 to a wrong digest, and 6A88 if no server on the card has the account's ServerID:
`smartdm principal add`.

## Power cuts
`smartdm sim cut NAME --at N` cuts the power of a simulated card at the N-th persistent write of a later command.
Every command counts from 1 again. The cut is used up when it happens. A command that makes fewer writes leaves it
armed; `--off` takes it back. The command that meets it ends with exit code 3; the card then holds the old state
or the new one, nothing in between.

## Exit codes
{codes}

An expected failure is one line `ERROR: …` on stderr. A traceback is a bug (exit code 70): please report it.

## JSON
With `--json` every command prints exactly one document on stdout, also when it fails:

```json
{{"schema_version": "1.0", "command": "mo rename", "uri": "./A", "new_uri": "./B", "generation": 7}}
{{"schema_version": "1.0", "command": "mo get", "error": {{"kind": "refused", "message": "…", "exit_code": 4}}}}
```

The JSON Schemas are in [`docs/schema/`](schema/), one for each command (`mo-get.json`), one for errors (`error.json`).
`kind` of an error is `usage`, `aborted`, `link`, `power`, `refused` or `input`. A refusal also has `status_word`
(hexadecimal) and `dm_status`, a damaged input `offset` where it is known. Values that are UTF-8 text are in `value`,
others in `value_base64`. `schema_version` changes in its first number when a member goes or changes its meaning.

## Traces
`--trace` explains each command and answer on stderr by name; `--trace-file FILE` records the bytes alone. Both are
trace files, which `smartdm decode` reads: `> hex` is a command, `< hex` an answer, `#` begins a comment. They hold
values. What goes through a secure channel is shown as it is inside of it; PINs and keys are shown as zeros.

## Environment
| variable | meaning |
|---|---|
| `SMARTDM_CARD` | the card to use, as `--card` |
| `SMARTDM_AS` | who asks, as `--as` |
| `SMARTDM_DOORS` | the file of doors, as `--doors` |
| `SMARTDM_HOME` | the data folder; the file of doors is looked for in it, too |
| `JC_HOME` | Oracle's Java Card SDK, for `applet build` |
| `JAVA_HOME` | the JDK, for `applet build` |
| `NO_COLOR` | no colours |

"""


def render() -> str:
    """The text of ``docs/cli.md``."""
    codes = "\n".join(
        ["| code | meaning |", "|---|---|", *(f"| {int(c)} | {text} |" for c, text in EXIT_MEANINGS.items())]
    )
    parts = [_INTRO.format(codes=codes), "## Global options\n", _help(root, None), "## Commands\n"]
    parts += [text for path, command, parent in leaves() for text in (f"### `{path}`\n", _help(command, parent))]
    return "\n".join(parts).rstrip() + "\n"


def leaves() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Each command that does something: (its words, itself, the context of its group)."""
    top = _context(root, None)
    for name in root.list_commands(top):
        command = root.get_command(top, name)
        assert command is not None
        if not isinstance(command, click.Group):
            yield name, command, top
            continue
        inner = _context(command, top)
        for inner_name in command.list_commands(inner):
            leaf = command.get_command(inner, inner_name)
            assert leaf is not None
            yield f"{name} {inner_name}", leaf, inner


def _context(command: click.Command, parent: click.Context | None) -> click.Context:
    name = command.name if parent else "smartdm"
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    return click.Context(command, info_name=name, parent=parent, **settings)


def _help(command: click.Command, parent: click.Context | None) -> str:
    text = command.get_help(_context(command, parent))
    if command.epilog:
        text = text.removesuffix(f"  {command.epilog}").rstrip()
    return f"```\n{text}\n```\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
