"""Whatever a command does, an authentication that failed is not sent again: each may cost a try."""

import re

import pytest

from tests.system.running import Cli

LARGE = "x" * 3000
PROFILE = '[profile]\nname = "p"\n[[node]]\nuri = "./New"\ntext = "x"\n[[node]]\nuri = "./Large"\nfile = "large"\n'
COMMANDS = (
    ("mo", "tree"),
    ("mo", "get", "./Mail/Addr"),
    ("mo", "set", "./Mail/Addr", "x"),
    ("mo", "set", "./Mail/Addr", "--file", "large"),
    ("mo", "add", "./A/B/C", "x", "--parents"),
    ("mo", "copy", "./Mail/Addr", "./Copy"),
    ("mo", "batch", "b.dm", "--mode", "plain"),
    ("mo", "batch", "b.dm", "--mode", "atomic"),
    ("mo", "import", "small.xml", "--replace", "--force"),
    ("mo", "changes", "--since", "0"),
    ("mo", "uploads"),
    ("ddf", "load", "DMAcc"),
    ("principal", "list"),
    ("provision", "apply", "p.toml", "--yes"),
    ("credential", "compute", "./Mail", "--nonce", "AAAA"),
    ("card", "reset", "--force"),
)
"""Those that look first, send several batches, or go on after a refusal."""
VERIFY, EXTERNAL_AUTHENTICATE, INITIALIZE_UPDATE = "8020000008", "8482", "8050"


@pytest.fixture
def card(filled: Cli) -> Cli:
    filled.file("large", LARGE)
    filled.file("p.toml", PROFILE)
    filled.file(
        "b.dm", "add ./N --interior\nset ./Mail/Addr y\nset ./Mail/Addr z --format chr\ncopy ./Mail/Addr ./N/M\n"
    )
    filled.environment.update({"WRONG": "0000", "OTHER": "77" * 16})
    return filled


def sent(cli: Cli, *arguments: str) -> tuple[int, list[str]]:
    """(exit code, the commands that went to the card)."""
    result = cli(*arguments, "--trace-file", "t")
    assert result.err.count("ERROR: ") == 1, result.err
    recorded = (cli.folder / "t").read_text()
    (cli.folder / "t").unlink()
    return result.code, re.findall(r"^> (\S+)", recorded, re.MULTILINE)


def count(commands: list[str], start: str) -> int:
    return sum(command.startswith(start) for command in commands)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_wrong_pin_is_sent_once(card: Cli, arguments: tuple[str, ...]):
    code, commands = sent(card, "--as", "holder", "--pin", "env:WRONG", *arguments)
    assert (code, count(commands, VERIFY)) == (4, 1)
    assert card.ok("pin", "status", "--json").document["tries_left"] == 2
    code, commands = sent(card, "--as", "issuer", "--keys", "test", "--pin", "env:WRONG", *arguments)
    assert (code, count(commands, VERIFY), count(commands, EXTERNAL_AUTHENTICATE)) == (4, 1, 1)
    assert card.ok("pin", "status", "--json").document["tries_left"] == 1


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_keys_that_the_card_has_are_shown_once_and_others_never(card: Cli, arguments: tuple[str, ...]):
    code, commands = sent(card, "--keys", "test,level=01", *arguments)
    assert (code, count(commands, EXTERNAL_AUTHENTICATE)) == (4, 1), "the issuer's keys do not allow that level"
    code, commands = sent(card, "--keys", "enc=env:OTHER,mac=env:OTHER,dek=env:OTHER", *arguments)
    assert (code, count(commands, EXTERNAL_AUTHENTICATE)) == (5, 0)
    assert count(commands, INITIALIZE_UPDATE) == 1


@pytest.mark.parametrize("command", ["put", "rotate"])
def test_changing_keys_is_not_tried_again(card: Cli, command: str):
    arguments = ("keys", command, "--test-keys")
    code, commands = sent(card, "--keys", "test,level=01", *arguments)
    assert (code, count(commands, EXTERNAL_AUTHENTICATE)) == (4, 1)
    code, commands = sent(card, "--as", "issuer", "--keys", "test", "--pin", "env:WRONG", *arguments)
    assert (code, count(commands, VERIFY), count(commands, "80D8")) == (4, 1, 0)


def test_the_commands_about_the_pin_send_it_once(card: Cli):
    new = ("--new", "env:CARD_PIN")
    runs = (
        ("verify", "--pin", "env:WRONG"),
        ("change", "--pin", "env:WRONG", *new),
        ("unblock", "--puk", "env:WRONG", *new),
    )
    for run, start in zip(runs, (VERIFY, "80240000", "802C0000"), strict=True):
        code, commands = sent(card, "pin", *run)
        assert (code, count(commands, start)) == (4, 1), run
