"""The command line as a whole: options anywhere, quick start, exit codes, documentation that is true."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from smartdm.cli import root
from smartdm.cli.failures import EXIT_MEANINGS, CliError, Exit, failure_of
from smartdm.cli.reference import leaves, render
from smartdm.errors import (
    ChannelBrokenError,
    ChannelError,
    ChannelRefusedError,
    PowerLostError,
    SmartDmError,
    WrongKeysError,
)
from tests.system.running import REPOSITORY


def test_global_options_are_understood_anywhere(filled):
    lines = [
        ["--json", "--card", "sim:a", "mo", "get", "./Mail"],
        ["mo", "--json", "--card", "sim:a", "get", "./Mail"],
        ["mo", "get", "--card", "sim:a", "./Mail", "--json"],
        ["mo", "get", "./Mail", "--json", "--card=sim:a"],
    ]
    assert len({filled.ok(*line).raw for line in lines}) == 1


def test_words_behind_two_dashes_are_no_options(filled):
    assert filled("mo", "get", "--", "--json").err.startswith("ERROR: ")


def test_an_option_overrules_the_environment(filled):
    assert filled("mo", "tree", "--card", "sim:a", SMARTDM_CARD="sim:nix").code == 0
    assert filled("mo", "tree", SMARTDM_CARD="sim:nix").code == 3


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_needs_neither_card_nor_java(bare, word):
    for path in ["", *(path for path, _, _ in leaves())]:
        result = bare(*path.split(), word, PATH="/nonexistent")
        assert result.code == 0, path
        assert result.out.startswith("Usage: smartdm"), path


def test_version(bare):
    assert re.fullmatch(r"smartdm \S.*\n", bare.ok("--version").out)


def test_arguments_are_checked_before_the_card_is_opened(bare):
    assert "prop" in bare.fails(2, "mo", "get", "./A?prop=Nix")
    assert "segment" in bare.fails(2, "mo", "tree", "./A//B")
    assert "nix" in bare.fails(5, "mo", "import", "nix")
    assert "--file" in bare.fails(2, "mo", "set", "./A")


def test_help_imports_nothing_that_is_slow():
    code = (
        "import sys; from smartdm.cli.main import main; main(['--help']);"
        "slow = {'rich', 'lxml', 'subprocess', 'cryptography', 'logging', 'platformdirs', 'smartdm.session'};"
        "sys.stderr.write(repr(sorted(slow & set(sys.modules))))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == "[]"


def test_the_table_of_commands_says_what_the_commands_say():
    context = click.Context(root.root)
    for name, (_, text) in root.COMMANDS.items():
        command = root.root.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200).rstrip(".") == text.rstrip(".")


def test_every_command_takes_the_global_options():
    for path, command, parent in leaves():
        names = {option for parameter in command.get_params(parent) for option in parameter.opts}
        assert {"--json", "--card", "--trace", "--trace-file", "--as", "-v"} <= names, path


def test_every_error_of_the_package_has_an_exit_code():
    def all_below(kind: type[SmartDmError]) -> set[type[SmartDmError]]:
        return {kind}.union(*(all_below(sub) for sub in kind.__subclasses__()))

    for kind in all_below(SmartDmError):
        error = kind.__new__(kind)
        error.__dict__.update(
            sw=0x6A82, command="x", index=1, offset=3, dm_status=404
        ) if kind is not SmartDmError else None
        failure = failure_of(error)
        assert failure is not None
        assert failure.exit_code in EXIT_MEANINGS


def test_errors_of_the_secure_channel_tell_what_became_of_the_card():
    wrong, refused = failure_of(WrongKeysError("x")), failure_of(ChannelRefusedError(0x6983))
    broken, other = failure_of(ChannelBrokenError("x")), failure_of(ChannelError("x"))
    assert wrong is not None
    assert wrong.exit_code is Exit.INPUT
    assert refused is not None
    assert (refused.exit_code, refused.facts) == (Exit.REFUSED, {"status_word": "6983"})
    assert broken is not None
    assert broken.exit_code is Exit.LINK
    assert "before this command or the state after it" in broken.message
    assert other is not None
    assert other.exit_code is Exit.LINK


def test_the_log_says_what_happened_and_no_value(filled):
    assert filled.ok("mo", "get", "./Mail/Addr").err == ""
    err = filled.ok("-v", "mo", "get", "./Mail/Addr").err
    assert "INFO" in err
    assert "generation" in err
    err = filled.ok("mo", "get", "./Mail/Addr", "--log-level", "debug").err
    assert "80310" in err
    assert b"mail.example".hex() not in err
    assert "mail.example" not in err


def test_bugs_are_not_taken_for_expected_failures():
    assert failure_of(ValueError("x")) is None
    assert failure_of(TypeError("x")) is None
    power, own = failure_of(PowerLostError("x")), failure_of(CliError("x", Exit.USAGE))
    assert power is not None
    assert own is not None
    assert (power.exit_code, own.exit_code) == (3, 2)


def test_a_bug_shows_its_traceback_and_says_so(bare):
    code = (
        "import sys; from smartdm.cli import main, root;"
        "root.root.callback = lambda: 1 / 0;"
        "sys.exit(main.main(['doctor']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=bare.environment, check=False
    )
    assert run.returncode == 70
    assert "ZeroDivisionError" in run.stderr
    assert "bug" in run.stderr


def test_the_reference_is_current():
    text = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    assert text == render(), "run: python -m smartdm.cli.reference docs/cli.md"


def test_only_the_command_line_prints_prompts_and_reads_the_environment():
    banned = re.compile(r"\b(print|input)\(|\bos\.environ\b|\bsys\.argv\b|\bimport click\b|\bsys\.std(out|err)\b")
    package = REPOSITORY / "host" / "smartdm"
    for path in package.rglob("*.py"):
        if "cli" in path.relative_to(package).parts or path.name == "render.py":
            continue
        code = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
        assert not banned.search(code), path


def test_doctor_finds_this_machine_usable(bare):
    out = bare.ok("doctor").out
    for word in ("Python", "Java", "simulator", "applet", "data folder", "pyscard", "pcscd"):
        assert word in out
    assert "FAIL" not in out


def test_doctor_names_what_is_missing(bare):
    result = bare("doctor", PATH="/nonexistent")
    assert result.code == 3
    assert "openjdk" in result.out
    assert "make setup" not in result.out


def test_doctor_says_when_no_card_can_be_kept(bare):
    result = bare("doctor", SMARTDM_HOME="/proc/nix")
    assert result.code == 3
    assert "cannot be written" in result.out


def test_an_interrupt_while_the_program_is_still_loading_is_quiet(bare):
    code = (
        "import sys; from smartdm.cli.main import main\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'smartdm.cli.failures': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt()); sys.exit(main(['doctor']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=bare.environment, check=False
    )
    assert (run.returncode, run.stderr) == (130, "ERROR: interrupted\n")


def test_help_keeps_the_lines_that_belong_together(bare):
    assert re.search(r'^ *zsh: +eval "\$\(smartdm completion zsh\)"', bare.ok("completion", "--help").out, re.MULTILINE)
    assert "\\b" not in render()


def test_doctor_sees_cards_that_others_can_read(cli):
    folder = Path(cli.environment["SMARTDM_HOME"]) / "sim"
    (folder / "a.card").chmod(0o644)
    out = cli.ok("doctor").out
    assert "a.card (0644)" in out
    assert "chmod" in out


@pytest.mark.timeout(300)
def test_the_demo_shows_what_it_says():
    run = subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "All " in run.stdout


def test_a_group_without_a_command_shows_its_help(bare):
    result = bare("mo")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: smartdm mo [OPTIONS] COMMAND")
    document = bare("--json", "mo").document
    assert document["error"]["message"] == "a command is missing (see smartdm mo --help)"
