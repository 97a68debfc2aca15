"""The tour of ``make demo``: the real command line on a simulated card, in a folder of its own.

Each step is one line saying what was shown, under the commands that showed it.  The tour checks what it
says: it ends with exit code 1 at the first thing that is not as said.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PASSPOINT = ROOT / "tests" / "corpus" / "passpoint.xml"
REFERENCE = ROOT / "tests" / "corpus" / "reference.xml"
CARD = "demo"
SHOWN_LINES = 18


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Wrong(Exception):
    """Something is not as the tour says."""


class Tour:
    """Runs commands in a folder and tells what they showed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps = 0
        self.environment = {
            **os.environ,
            "SMARTDM_HOME": str(folder / "home"),
            "SMARTDM_CARD": f"sim:{CARD}",
            "PYTHONPATH": str(ROOT / "host"),
            "PYTHONIOENCODING": "utf-8",
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        """Runs ``smartdm`` with these arguments, shows it, and returns what it printed."""
        say(f"\n  $ smartdm {shlex.join(arguments)}")
        result = subprocess.run(
            [sys.executable, "-m", "smartdm.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        lines = (result.stdout + result.stderr).splitlines()
        for line in lines[:SHOWN_LINES]:
            say(f"    {line}")
        if len(lines) > SHOWN_LINES:
            say(f"    … {len(lines) - SHOWN_LINES} more lines")
        if result.returncode:
            say(f"    (exit code {result.returncode})")
        if result.returncode != code:
            raise Wrong(f"exit code {result.returncode} where {code} was expected")
        return result.stdout

    def shown(self, text: str) -> None:
        """Ends a step."""
        self.steps += 1
        say(f"\n{self.steps}. {text}")


def expect(condition: bool, text: str) -> None:
    """Wrong, with this text, unless the condition holds."""
    if not condition:
        raise Wrong(text)


def make_and_fill(tour: Tour) -> None:
    tour.run("sim", "new", CARD, "--arena", "32", "--nodes", "1000")
    tour.run("card", "info")
    tour.shown("A simulated card was made: the real applet, its memory in a file between commands.")

    tour.run("mo", "add", "./Demo", "--interior")
    tour.run("mo", "import", str(PASSPOINT), "--at", "./Demo")
    tour.run("mo", "import", str(REFERENCE))
    tour.run("mo", "diff", str(PASSPOINT), "--at", "./Demo")
    tour.run("mo", "diff", str(REFERENCE))
    tour.shown("A Passpoint subscription and the reference tree were imported; the card's nodes equal the files'.")

    tour.run("mo", "tree", "--levels", "2")
    tour.run("mo", "tree", "./Demo", "--values")
    tour.shown("The tree was drawn: names, formats, sizes, types and access control lists.")


def change(tour: Tour) -> None:
    tour.run("mo", "add", "./Demo/Notes/First", "Hello, card", "--parents", "--acl", "Get=*")
    tour.run("mo", "set", "./Demo/Notes/First", "Hello again")
    tour.run("mo", "rename", "./Demo/Notes", "Remarks")
    value = tour.run("mo", "get", "./Demo/Remarks/First")
    expect(value == "Hello again", "the value read is not the value written")
    version = tour.run("mo", "get", "./Demo/Remarks/First?prop=VerNo")
    tour.shown(f"Nodes were added, changed and renamed from the command line (VerNo is now {version.strip()}).")


def cut_power(tour: Tour) -> None:
    again = ("mo", "import", str(PASSPOINT), "--at", "./Second")
    tour.run("mo", "add", "./Second", "--interior")
    tour.run("mo", "export", "--out", "before.xml")
    tour.run("sim", "cut", CARD, "--at", "5", "--mode", "half")
    tour.run(*again, code=3)
    difference = tour.run("mo", "diff", "before.xml", "card:.")
    expect(not difference, "the power cut changed the tree")
    tour.shown("The power was cut in the middle of an import: the card holds exactly what it held before.")

    tour.run(*again)
    tour.run("mo", "diff", "card:./Demo/PerProviderSubscription", "card:./Second/PerProviderSubscription")
    tour.shown("The same import then went through.")


def export(tour: Tour) -> None:
    tour.run("mo", "export", "--out", "all.xml")
    tour.run("mo", "export", "--as", "packed", "--out", "all.packed")
    tour.run("mo", "diff", "all.xml", "all.packed")
    tour.run("card", "reset", "--force")
    tour.run("mo", "import", "all.packed")
    difference = tour.run("mo", "diff", "all.xml", "card:.")
    expect(not difference, "the tree is not the one exported")
    tour.shown("The tree was exported, erased and brought back: the difference is empty.")


def main() -> int:
    """Runs the tour; 0 when everything was as said."""
    with tempfile.TemporaryDirectory(prefix="smartdm-demo-") as folder:
        tour = Tour(Path(folder))
        try:
            for part in (make_and_fill, change, cut_power, export):
                part(tour)
        except Wrong as error:
            sys.stderr.write(f"\nThe demo failed: {error}\n")
            return 1
        say(f"\nAll {tour.steps} steps were as said.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
