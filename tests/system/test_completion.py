"""Shell completion of commands, options, cards and nodes."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.system.running import Cli


def offered(cli: Cli, line: str, **environment: str) -> list[str]:
    words = line.split(" ")
    completing = replace(cli, environment={**cli.environment, **environment, "COMP_WORDS": line})
    result = completing(_SMARTDM_COMPLETE="bash_complete", COMP_CWORD=str(len(words) - 1))
    assert result.err == ""
    assert result.code == 0
    return [text.partition(",")[2] for text in result.out.splitlines() if text]


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
    filled.ok("sim", "new", "b")
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
    holder = subprocess.Popen(
        filled.command("mo", "delete", "./Mail"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=filled.folder,
        env=filled.environment,
    )
    assert holder.stderr is not None
    try:
        assert b"Delete it?" in os.read(holder.stderr.fileno(), 4096)
        assert offered(filled, "smartdm mo get ") == []
    finally:
        holder.communicate(b"n\n", timeout=60)


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
