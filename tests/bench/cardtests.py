"""tear, fuzz, acl and coverage: one run of the tests, watched by coverage.py and JaCoCo (see ``coverage``).

The tests note their figures by ``record_property("figure: …", number)``; nothing is counted a second way here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lxml import etree

from tests.bench import coverage
from tests.bench.rows import NOT_BUILT, Result


def measure() -> dict[str, Result]:
    """Run the tests at the depth that SMARTDM_DEPTH says (quick unless set)."""
    tests = Tests(coverage.run())
    return {"tear": tests.tear(), "fuzz": tests.fuzz(), "acl": tests.acl(), **_coverage(len(tests.failed("")))}


class Tests:
    """What the run of the tests left in its report."""

    def __init__(self, cases: list[etree._Element]) -> None:
        self.cases = cases
        self.figures: Counter[str] = Counter()
        for case in cases:
            for noted in case.iter("property"):
                if noted.get("name", "").startswith("figure: "):
                    self.figures[noted.get("name", "").removeprefix("figure: ")] += int(noted.get("value", "0"))

    def failed(self, module: str) -> list[str]:
        """The tests of the modules whose name ends so that did not pass."""
        return coverage.failures([case for case in self.cases if case.get("classname", "").endswith(module)])

    def tear(self) -> Result:
        """Power cuts of the tear test; each violation is a test that failed."""
        cuts = self.figures["tear: power cuts"]
        points = self.figures["tear: persistent writes at which power was cut"]
        note = f"at every one of {points:,} persistent writes of all commands that change the tree, in all ways"
        return self._noted(cuts, note, "test_tear")

    def fuzz(self) -> Result:
        """Hostile APDUs, as far as the tests say how many."""
        sent = sum(number for name, number in self.figures.items() if name.startswith("fuzz") and "APDU" in name)
        return self._noted(sent, "at the depth of `make test`", "fuzz")

    def acl(self) -> Result:
        """Requests that were decided as the oracle says; each difference is a test that failed."""
        asked = self.figures["acl: requests decided as the oracle says"]
        return self._noted(asked, "at the depth of `make test`, on random trees of ACLs", "test_threat_01_acl")

    def _noted(self, count: int, note: str, module: str) -> Result:
        if not count:
            return Result(None, NOT_BUILT)
        failed = len(self.failed(module))
        return Result(count, f"{note}; {failed} tests failed", fine=failed == 0)


def _coverage(failed: int) -> dict[str, Result]:
    applet, host = coverage.applet(), coverage.host()
    note = f"branches in a run of the tests ({failed} failed)"
    left = ", ".join(f"{place} {number}" for place, number in _by(applet.left, ".").items()) or "none"
    worst = ", ".join(f"{Path(place).stem} {number}" for place, number in _by(host.left, ":").most_common(8))
    return {
        "coverage-applet": Result(
            applet.percent, f"{applet.covered:,} of {applet.total:,} {note}, those of `tests/card`; missed: {left}"
        ),
        "coverage-host": Result(
            host.percent,
            f"{host.covered:,} of {host.total:,} {note}, processes of the command line included; most missed: {worst}",
        ),
    }


def _by(left: dict[str, int], mark: str) -> Counter[str]:
    """Missed branches, by what stands before the mark."""
    found: Counter[str] = Counter()
    for place, number in left.items():
        found[place.rpartition(":")[0].partition(mark)[0]] += number
    return found
