"""Shell completion of commands, options, cards and nodes."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.system.running import Cli


def offered(cli: Cli, line: str, **environment: str) -> list[str]:
    completing = replace(cli, environment={**cli.environment, **environment, "COMP_LINE": line})
    result = completing(_SMARTDM_COMPLETE="bash_complete")
    assert result.err == ""
    assert result.code == 0
    return [text.partition(",")[2] for text in result.out.splitlines() if text]


class Shell:
    """A bash at a terminal of its own, in which ``smartdm`` tells its arguments instead of running."""

    def __init__(self, cli: Cli) -> None:
        program = cli.folder.parent / "bin" / "smartdm"
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/sh\n[ -n "$_SMARTDM_COMPLETE" ] && exec "{sys.executable}" -m smartdm.cli "$@"\n'
            'printf "RAN"; printf " <%s>" "$@"; echo " END"\n'
        )
        program.chmod(0o755)
        script = cli.file("completion.bash", cli.ok("completion", "bash").out)
        path = f"{program.parent}:{os.environ['PATH']}"
        self.process, self.terminal = self._start(cli.folder, {**cli.environment, "PATH": path, "TERM": "dumb"})
        os.write(self.terminal, f"bind 'set enable-bracketed-paste off'; . ./{script}\r".encode())

    @staticmethod
    def _start(folder: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
        terminal, inside = pty.openpty()
        process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(inside)
        return process, terminal

    def completed(self, line: str) -> list[str]:
        """The arguments with which ``smartdm`` runs when this is typed, tabs included."""
        os.write(self.terminal, f"smartdm {line}\r".encode())
        told = b""
        while not (found := re.search(rb"RAN (.*) END", told)):
            assert select.select([self.terminal], [], [], 60)[0], told
            told += os.read(self.terminal, 4096)
        return re.findall(r"<([^>]*)>", found[1].decode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture
def shell(filled: Cli) -> Iterator[Shell]:
    shell = Shell(filled)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "arguments"),
    [
        ("mo exp\t", ["mo", "export"]),
        ("--card sim:\t", ["--card", "sim:a"]),
        ("--card s\t", ["--card", "sim:a"]),
        ("--card=sim:\t", ["--card=sim:a"]),
        ("--card=s\t", ["--card=sim:a"]),
        ("--card sim:a mo get ./M\t", ["--card", "sim:a", "mo", "get", "./Mail"]),
        ("--card=sim:a mo get ./Mail/A\t", ["--card=sim:a", "mo", "get", "./Mail/Addr"]),
        ("mo diff card:./M\t", ["mo", "diff", "card:./Mail"]),
        ("mo diff smal\t card\t./Mail/I\t", ["mo", "diff", "small.xml", "card:./Mail/Icon"]),
        ("mo import smal\t --at ./M\t", ["mo", "import", "small.xml", "--at", "./Mail"]),
        ("mo export --out smal\t", ["mo", "export", "--out", "small.xml"]),
        ("mo export --out=smal\t", ["mo", "export", "--out=small.xml"]),
        ("--trace-file smal\t", ["--trace-file", "small.xml"]),
        ("decode smal\t", ["decode", "small.xml"]),
    ],
)
def test_a_real_bash_completes_words(shell, typed, arguments):
    assert shell.completed(typed) == arguments


def test_a_name_with_characters_of_the_shell_is_quoted(filled):
    filled.ok("mo", "add", "./Mail/A&B", "x")
    assert offered(filled, "smartdm mo get ./Mail/A") == ["./Mail/Addr", "./Mail/A\\&B"]
    assert offered(filled, "smartdm mo get './Mail/A&") == ["./Mail/A&B"]


def test_commands_and_options(bare):
    assert offered(bare, "smartdm m") == ["mo"]
    assert offered(bare, "smartdm mo re") == ["rename"]
    assert "--levels" in offered(bare, "smartdm mo tree --")


def test_cards(cli):
    cli.ok("sim", "new", "b")
    assert offered(cli, "smartdm --card ") == ["sim:a", "sim:b"]
    assert offered(cli, "smartdm mo tree --card sim:b") == ["sim:b"]
    assert offered(cli, "smartdm sim delete ") == ["a", "b"]


def test_nodes(filled):
    assert offered(filled, "smartdm mo get ") == ["./Mail"]
    assert offered(filled, "smartdm mo get ./Mail/") == ["./Mail/Addr", "./Mail/Icon", "./Mail/Empty"]
    assert offered(filled, "smartdm mo get Mail/A") == ["Mail/Addr"]
    assert offered(filled, "smartdm mo delete ./Mail/I") == ["./Mail/Icon"]


def test_nodes_of_the_card_that_was_named(filled):
    filled.new_card("b")
    filled.ok("--card", "sim:b", "mo", "add", "./Other", "x")
    assert offered(filled, "smartdm mo get --card sim:b ") == ["./Other"]
    assert offered(filled, "smartdm mo get ") == []
    assert offered(filled, "smartdm mo get ", SMARTDM_CARD="sim:a") == ["./Mail"]


@pytest.mark.parametrize("incomplete", ["./Nix/", "./Mail/Addr/", "./A//", "%zz/", "?"])
def test_nothing_is_offered_and_nothing_said_when_there_is_nothing(filled, incomplete):
    assert offered(filled, f"smartdm mo get {incomplete}") == []


def test_a_broken_installation_is_no_reason_to_speak(filled):
    assert offered(filled, "smartdm mo get ", PATH="/nonexistent") == []
    assert offered(filled, "smartdm mo get ", SMARTDM_HOME="/nonexistent") == []


def test_completing_leaves_an_armed_power_cut_alone(filled):
    filled.ok("sim", "cut", "a", "--at", "1")
    assert offered(filled, "smartdm mo get ") == ["./Mail"]
    assert "at write 1" in filled.ok("sim", "list").out


def test_a_busy_card_is_not_waited_for(filled):
    with filled.asking(b"Delete it?", "mo", "delete", "./Mail"):
        assert offered(filled, "smartdm mo get ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_name_the_program(bare, shell):
    script = bare.ok("completion", shell).out
    assert f"{shell}_complete" in script
    assert "smartdm" in script


def test_the_bash_script_is_accepted_by_bash(bare):
    bash = shutil.which("bash")
    assert bash is not None
    script = bare.ok("completion", "bash").out
    run = subprocess.run([bash, "-c", script + "\ncomplete -p smartdm"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "smartdm" in run.stdout
