"""``make coverage``: the tests with coverage.py and JaCoCo watching; what they saw is in build/coverage.

``applet`` and ``host`` are pages, ``applet.txt`` and ``host.txt`` the same as text, with what no test reaches.
The applet is measured as its sources have it, on a simulated card of its own: the one class that a card gets tells no
lines.
The command line runs in processes of its own: coverage.py starts in each of them (its .pth file and two variables of
the environment, which ``tests/system`` passes on).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tests.bench.report import say
from tests.card.java import JARS, tool

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "coverage"
SIMULATOR = FOLDER / "sim"
SECONDS = 300
"""For one test."""

OTHERS = (
    "tests/card/test_flat.py",
    "tests/card/test_subset_check.py",
    "tests/card/simulated",
    "tests/card/test_bench.py",
)
"""Not about the applet; some of them read what Java prints, and an agent makes it print more."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of something was reached.  ``left``: where branches were missed, and how many."""

    covered: int
    total: int
    left: dict[str, int]

    @property
    def percent(self) -> float:
        """Of all branches."""
        return 100 * self.covered / self.total


def run() -> list[etree._Element]:
    """Run all tests, those of the applet first, at the depth that SMARTDM_DEPTH says; returns their cases."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _build_simulator()
    classes = "includes=smartdm.*,excludes=smartdm.sim.*"
    agent = f"-javaagent:{JARS / 'jacoco-agent.jar'}=destfile={FOLDER}/applet.exec,{classes}"
    ignored = [f"--ignore={path}" for path in OTHERS]
    applet = _pytest("applet", ["tests/card", *ignored], JAVA_TOOL_OPTIONS=agent, SMARTDM_SIMULATOR=str(SIMULATOR))
    return applet + _pytest("others", ["tests", "--ignore=tests/card/test_bench.py", *_but(OTHERS)])


def _build_simulator() -> None:
    """The simulated card with the classes of the sources, in SIMULATOR."""
    launcher = os.pathsep.join(str(JARS / name) for name in ("ant.jar", "ant-launcher.jar"))
    ant = [tool("java"), "-cp", launcher, "org.apache.tools.ant.launch.Launcher"]
    wanted = {
        "sim.from": ROOT / "build" / "applet" / "classes",
        "sim.classes": SIMULATOR / "host",
        "sim.applet": SIMULATOR / "applet",
    }
    command = [*ant, "-S", *(f"-D{name}={value}" for name, value in wanted.items()), "simulator"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _but(others: tuple[str, ...]) -> list[str]:
    """The tests of the applet are not run again, but for the others in their folder."""
    again = {ROOT / path for path in others}
    found = {path for path in (ROOT / "tests" / "card").iterdir() if path.name.startswith("test_")}
    return [f"--ignore={path.relative_to(ROOT)}" for path in sorted(found - again)]


def _pytest(name: str, arguments: list[str], **environment: str) -> list[etree._Element]:
    """The test cases of one run."""
    report = FOLDER / f"{name}.xml"
    watched = {"COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"), "COVERAGE_FILE": str(FOLDER / "host.data")}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", f"--timeout={SECONDS}", f"--junitxml={report}"]
    with (FOLDER / f"{name}.log").open("wb") as log:
        subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, **watched, **environment},
            check=False,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return list(etree.parse(report).iter("testcase"))


def applet() -> Share:
    """Of the applet; writes its reports."""
    command = [tool("java"), "-jar", str(JARS / "jacoco-cli.jar"), "report", str(FOLDER / "applet.exec")]
    sources = ["--classfiles", str(SIMULATOR / "applet"), "--sourcefiles", str(ROOT / "applet" / "src")]
    made = ["--html", str(FOLDER / "applet"), "--xml", str(FOLDER / "jacoco.xml")]
    subprocess.run([*command, *sources, *made], check=True, capture_output=True)
    report = etree.parse(FOLDER / "jacoco.xml", etree.XMLParser(load_dtd=False, no_network=True)).getroot()
    left = {place: missed for place, missed, _ in _lines(report) if missed}
    total = sum(branches for _, _, branches in _lines(report))
    share = Share(total - sum(left.values()), total, left)
    _write("applet.txt", share)
    return share


def _lines(report: etree._Element) -> Iterator[tuple[str, int, int]]:
    """(class, method and line; branches missed; all branches) of each line that branches."""
    for file in report.iter("sourcefile"):
        name = file.get("name", "")
        methods = sorted(
            (int(method.get("line", "0")), f"{owner.get('name', '').rpartition('/')[2]}.{method.get('name', '')}")
            for owner in report.iter("class")
            if owner.get("sourcefilename") == name
            for method in owner.iter("method")
        )
        for line in file.iter("line"):
            number, missed, covered = (int(line.get(key, "0")) for key in ("nr", "mb", "cb"))
            if missed + covered:
                owner = [method for first, method in methods if first <= number][-1]
                yield f"{owner}:{number}", missed, missed + covered


def host() -> Share:
    """Of the host; writes its reports."""
    environment = {**os.environ, "COVERAGE_FILE": str(FOLDER / "host.data")}

    def command(*arguments: str) -> None:
        done = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(done, cwd=ROOT, env=environment, check=True, capture_output=True)

    command("combine", "--quiet")
    command("html", "--quiet", f"--directory={FOLDER / 'host'}")
    command("xml", "--quiet", "-o", str(FOLDER / "cobertura.xml"))
    share = _host_share(etree.parse(FOLDER / "cobertura.xml").getroot())
    _write("host.txt", share)
    return share


def _host_share(report: etree._Element) -> Share:
    left: dict[str, int] = {}
    covered = total = 0
    for file in report.iter("class"):
        for line in file.iter("line"):
            if line.get("branch") == "true":
                done, _, of = line.get("condition-coverage", "").partition("(")[2].rstrip(")").partition("/")
                covered, total = covered + int(done), total + int(of)
                if done != of:
                    left[f"{file.get('filename')}:{line.get('number')}"] = int(of) - int(done)
    return Share(covered, total, left)


def _write(name: str, share: Share) -> None:
    lines = [f"{share.covered} of {share.total} branches, {share.percent:.2f} %; missed:"]
    lines += [f"{number:3} {place}" for place, number in share.left.items()]
    (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def failures(cases: list[etree._Element]) -> list[str]:
    """The tests that did not pass."""
    bad = (case for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return [f"{case.get('classname', '').replace('.', '/')}::{case.get('name', '')}" for case in bad]


def main() -> int:
    """Run the tests, write the reports, say what came out."""
    failed = failures(run())
    for name, share in (("applet", applet()), ("host", host())):
        say(f"{name}: {share.percent:.2f} % of {share.total:,} branches; {FOLDER.relative_to(ROOT)}/{name}.txt")
    for test in failed:
        say(f"failed: {test}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
