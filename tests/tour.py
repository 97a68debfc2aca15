"""What the tour of ``make demo`` runs its commands with: each is shown with what it printed, and ends as expected."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from smartdm.wire import Sw

ROOT = Path(__file__).resolve().parents[1]
CARD = "demo"
SHOWN_LINES = 18
DM_SECRET = "a secret of 22 letters"
"""Of the demo's DM account; the profile refers to it."""


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
            "DEMO_PIN": "4711",
            "DEMO_PUK": "87654321",
            "DEMO_DM_SECRET": DM_SECRET,
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

    def refused(self, status: str, *arguments: str) -> None:
        """Runs ``smartdm``, whose batch the card must refuse: ``status`` is what it answers, in hex."""
        trace = self.folder / "refused.trace"
        self.run(*arguments, "--trace-file", trace.name, code=4)
        answer = f"{status}{Sw.BATCH_FAILED:04X}"
        expect(f"\n< {answer}\n" in trace.read_text(encoding="ascii"), f"the card did not answer {answer}")

    def shown(self, text: str) -> None:
        """Ends a step."""
        self.steps += 1
        say(f"\n{self.steps}. {text}")


def expect(condition: bool, text: str) -> None:
    """Wrong, with this text, unless the condition holds."""
    if not condition:
        raise Wrong(text)
