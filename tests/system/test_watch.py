"""mo changes --watch: what is told while others change the card, and how it ends."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.system.running import Cli
from tests.system.test_json import check

OFTEN = ("--every", "0.1")


@contextmanager
def watching(cli: Cli, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command after its first word, so that it has the card no longer."""
    with cli.start("mo", "changes", "--watch", *OFTEN, *arguments) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"watching sim:a from generation ")
        yield process


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode()


def interrupted(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_changes_are_told_as_they_happen_until_ctrl_c(filled: Cli):
    with watching(filled, "--values") as process:
        filled.ok("mo", "set", "./Mail/Addr", "new")
        assert line(process) == './Mail/Addr  chr  3 B  "new"  text/plain  "Where it is"\n'
        filled.ok("mo", "add", "./Mail/Empty/X", "y")
        assert line(process).startswith("./Mail/Empty  node  (1 below)")
        assert line(process).startswith('./Mail/Empty/X  chr  1 B  "y"')
        assert interrupted(process) == (0, b"", b"")


def test_what_came_before_is_told_first_and_others_places_are_not(filled: Cli):
    since = filled.ok("card", "info", "--json").document["generation"]
    filled.ok("mo", "set", "./Mail/Addr", "one")
    with watching(filled, "./Mail/Addr", "--since", str(since)) as process:
        assert line(process).startswith("./Mail/Addr  chr  3 B")
        filled.ok("mo", "title", "./Mail/Icon", "not looked at")
        filled.ok("mo", "set", "./Mail/Addr", "second")
        assert line(process).startswith("./Mail/Addr  chr  6 B")
        assert interrupted(process) == (0, b"", b"")


def test_programs_get_a_document_a_line(filled: Cli):
    with watching(filled, "--json") as process:
        before = filled.ok("card", "info", "--json").document["generation"]
        for value in ("one", "two"):
            filled.ok("mo", "set", "./Mail/Addr", value)
            document = json.loads(line(process))
            check("mo-changes", document)
            assert (document["since"], document["generation"]) == (before, before + 1)
            assert [entry["node"]["value"] for entry in document["changed"]] == [value]
            before += 1
        assert interrupted(process) == (0, b"", b"")


def test_a_card_that_is_in_use_is_looked_at_afterwards(filled: Cli):
    with watching(filled) as process, filled.asking(b"Delete it?", "mo", "delete", "./Mail") as other:
        # Its image is told to be another one, so that the watcher wants to look while the card is in use.
        (filled.folder.parent / "home" / "sim" / "a.card").touch()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        other.communicate(b"y\n", timeout=60)
        assert line(process).startswith(".  node")
        assert interrupted(process) == (0, b"", b"")


def test_a_trace_goes_on_at_each_look(filled: Cli):
    with watching(filled, "--trace-file", "trace") as process:
        for value in ("one", "two"):
            filled.ok("mo", "set", "./Mail/Addr", value)
            line(process)
        assert interrupted(process)[0] == 0
    recorded = (filled.folder / "trace").read_text()
    assert recorded.count("> 00A4") == 3, "at the start, and after each change"
    filled.ok("decode", "trace")


def test_a_card_that_goes_away_ends_it(filled: Cli):
    with watching(filled) as process:
        filled.ok("sim", "delete", "a", "--force")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, b"")
    assert err.startswith((b"ERROR: there is no simulated card 'a'", b"ERROR: sim:a: its image"))


def test_another_card_in_its_place_ends_it(filled: Cli):
    image = filled.folder.parent / "home" / "sim" / "a.card"
    older = image.read_bytes()
    with watching(filled) as process:
        filled.ok("mo", "set", "./Mail/Addr", "new")
        assert line(process).startswith("./Mail/Addr")
        image.write_bytes(older)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, b"")
    assert b"it is another card, or an older state of this one" in err


def test_what_cannot_be_watched_is_refused(filled: Cli):
    assert "--every goes with --watch" in filled.fails(2, "mo", "changes", "--since", "1", "--every", "1")
    assert "which is before 9999" in filled.fails(2, "mo", "changes", "--watch", "--since", "9999")
    assert "0.1<=x<=3600" in filled.fails(2, "mo", "changes", "--watch", "--every", "0")


def test_a_node_that_is_not_there_is_not_watched(filled: Cli):
    told = filled.fails(4, "mo", "changes", "--watch", "./Nope")
    assert told == filled.fails(4, "mo", "changes", "--since", "0", "./Nope")
    assert "6A82" in told
