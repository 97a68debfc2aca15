"""What people at a terminal see: questions, drawn trees, and refusals to print what would garble the screen."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from smartdm.codec import packed
from smartdm.mo.tree import Format, Node
from tests.system.running import Cli

CTRL_C = b"\x03"


def at_terminal(cli: Cli, *arguments: str, typed: bytes = b"", **environment: str) -> tuple[int, str]:
    """Runs a command on a terminal of its own; returns exit code and all that it showed."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        # Test runners let their workers ignore Ctrl-C, and children inherit that.
        ["env", "--default-signal=INT", *cli.command(*arguments)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=cli.folder,
        env={**cli.environment, "TERM": "xterm", "COLUMNS": "100", **environment},
        start_new_session=True,
    )
    os.close(follower)
    shown = b""
    interrupting = False
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if (
                interrupting and b"ERROR" not in shown
            ):  # more than once: a signal just before the child waits for input does not wake it
                child.send_signal(signal.SIGINT)
            if not select.select([leader], [], [], 0.3)[0]:
                continue
            shown += os.read(leader, 4096)
            if typed and shown.endswith(b"[y/N]: "):
                interrupting = typed == CTRL_C
                os.write(leader, b"" if interrupting else typed)
                typed = b""
    except OSError:  # Linux ends the reading of a terminal that nobody holds any more with EIO
        pass
    finally:
        os.close(leader)
    return child.wait(60), shown.decode("utf-8")


def test_a_tree_has_colours(filled):
    code, shown = at_terminal(filled, "mo", "tree")
    assert code == 0
    assert "└── " in shown
    assert "\x1b[" in shown


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}])
def test_no_color_is_honoured(filled, variable):
    _, shown = at_terminal(filled, "mo", "tree", **variable)
    assert "\x1b[3" not in shown
    assert "Addr" in shown


def test_long_lines_are_cut_at_the_edge(filled):
    filled.ok("mo", "set", "./Mail/Addr", "v" * 200)
    _, shown = at_terminal(filled, "mo", "tree", "--values", COLUMNS="60")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert "…" in shown
    assert all(len(line) <= 60 for line in lines)


def test_a_text_value_ends_with_a_line_end(filled):
    assert at_terminal(filled, "mo", "get", "./Mail/Addr") == (0, "mail.example.org\r\n")


def test_a_binary_value_is_not_printed(filled):
    code, shown = at_terminal(filled, "mo", "get", "./Mail/Icon")
    assert code == 5
    assert "--out" in shown
    assert at_terminal(filled, "mo", "export", "--form", "packed")[0] == 5
    code, shown = at_terminal(filled, "mo", "get", "./Mail/Icon", "--json")
    assert code == 0
    assert "value_base64" in shown


def test_text_that_could_command_the_terminal_is_binary(filled):
    escape = packed.encode(Node("Escape", Format.CHR, b"a\x1b[2Jb"))
    filled.ok("mo", "import", filled.file("escape.packed", escape), "--at", "./Mail")
    assert at_terminal(filled, "mo", "get", "./Mail/Escape")[0] == 5


def test_a_question_is_answered_with_yes_or_nothing_happens(filled):
    code, shown = at_terminal(filled, "card", "reset", typed=b"n\n")
    assert code == 2
    assert "erases 4 nodes" in shown
    assert filled.ok("mo", "get", ".").out == "Mail\n"
    code, _ = at_terminal(filled, "card", "reset", typed=b"y\n")
    assert code == 0
    assert filled.ok("mo", "get", ".").out == ""


def test_ctrl_c_at_a_question_changes_nothing(filled):
    code, shown = at_terminal(filled, "mo", "delete", "./Mail", typed=CTRL_C)
    assert code in {2, 130}
    assert "Traceback" not in shown
    assert filled.ok("mo", "get", ".").out == "Mail\n"


def test_a_large_value_shows_how_far_it_is(filled):
    filled.file("big", bytes(9000))
    code, shown = at_terminal(filled, "mo", "set", "./Mail/Icon", "--file", "big")
    assert code == 0
    assert "./Mail/Icon" in shown
    assert "9.0/9.0 kB" in shown
    assert shown.rstrip().endswith("set ./Mail/Icon (9000 bytes)")
