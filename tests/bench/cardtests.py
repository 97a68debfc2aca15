"""tear, fuzz and coverage-applet: one run of the applet's own tests, with JaCoCo watching the simulated card.

The tests note their figures by ``record_property("figure: …", number)``; nothing is counted a second way here.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lxml import etree

from tests.bench.rows import NOT_BUILT, Result
from tests.card.java import JARS, tool

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("test_subset_check.py", "simulated", "test_bench.py")
"""Not about the applet; some of them read what Java prints, and an agent makes it print more."""

SECONDS = 150


def measure() -> dict[str, Result]:
    """Run the tests at the depth that SMARTDM_DEPTH says (quick unless set)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classes = "includes=smartdm.*,excludes=smartdm.sim.*"
        agent = f"-javaagent:{JARS / 'jacoco-agent.jar'}=destfile={folder}/run.exec,{classes}"
        ignored = [f"--ignore-glob=*/{pattern}" for pattern in OTHERS]
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", f"--timeout={SECONDS}", "tests/card", *ignored]
        subprocess.run(
            [*command, f"--junitxml={folder}/tests.xml"],
            cwd=ROOT,
            env={**os.environ, "JAVA_TOOL_OPTIONS": agent},
            check=False,
            capture_output=True,
        )
        cases = etree.parse(folder / "tests.xml").iter("testcase")
        tests = Tests(list(cases))
        return {
            "tear": tests.tear(),
            "fuzz": tests.fuzz(),
            "coverage-applet": _coverage(folder, tests.failed("")),
            "coverage-host": Result(None, "wants coverage.py, which is not among the locked packages"),
        }


class Tests:
    """What the run of the tests left in its report."""

    def __init__(self, cases: list[etree._Element]) -> None:
        self.cases = cases
        self.figures: Counter[str] = Counter()
        for case in cases:
            for noted in case.iter("property"):
                if noted.get("name", "").startswith("figure: "):
                    self.figures[noted.get("name", "").removeprefix("figure: ")] += int(noted.get("value", "0"))

    def failed(self, module: str) -> int:
        """How many tests of the modules whose name ends so did not pass."""
        chosen = (case for case in self.cases if case.get("classname", "").endswith(module))
        return sum(case.find("failure") is not None or case.find("error") is not None for case in chosen)

    def tear(self) -> Result:
        """Power cuts of the tear test; each violation is a test that failed."""
        cuts = self.figures["tear: power cuts"]
        if not cuts:
            return Result(None, NOT_BUILT)
        points = self.figures["tear: persistent writes at which power was cut"]
        failed = self.failed("test_tear")
        note = f"at every one of {points:,} persistent writes of all commands that change the tree, in all ways"
        return Result(cuts, f"{note}; {failed} tests failed", fine=failed == 0)

    def fuzz(self) -> Result:
        """Hostile APDUs, as far as the tests say how many."""
        sent = sum(number for name, number in self.figures.items() if name.startswith("fuzz") and "APDU" in name)
        if not sent:
            return Result(None, "no test notes this figure yet")
        failed = self.failed("fuzz")
        return Result(sent, f"at the depth of `make test`; {failed} tests failed", fine=failed == 0)


def _coverage(folder: Path, failed: int) -> Result:
    command = [tool("java"), "-jar", str(JARS / "jacoco-cli.jar"), "report", str(folder / "run.exec")]
    where = ["--classfiles", str(ROOT / "build" / "sim" / "applet"), "--csv", str(folder / "coverage.csv")]
    subprocess.run([*command, *where], check=True, capture_output=True)
    with (folder / "coverage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missed = {row["CLASS"]: int(row["BRANCH_MISSED"]) for row in rows}
    covered = sum(int(row["BRANCH_COVERED"]) for row in rows)
    left = ", ".join(f"{name} {number}" for name, number in missed.items() if number) or "none"
    total = covered + sum(missed.values())
    note = f"{covered} of {total} branches in the tests of `tests/card` ({failed} failed); missed: {left}"
    return Result(100 * covered / total, note)
