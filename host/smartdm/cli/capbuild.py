"""Runs Ant on ``build.xml``, which converts and verifies the applet, and reads the result."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from smartdm.cli.app import App
from smartdm.cli.failures import CliError
from smartdm.cli.output import printable
from smartdm.cli.paths import CHECKOUT
from smartdm.cli.sdk import Jdk, Plan
from smartdm.gp import cap
from smartdm.gp.api import JAVA_CARDS, card_needed

_JARS = ("ant.jar", "ant-launcher.jar", "asm.jar", "asm-tree.jar", "asm-analysis.jar", "jcardsim.jar")
_LAUNCHER = "org.apache.tools.ant.launch.Launcher"
_SECONDS = 300

_VERIFIED = re.compile(r"^verifier: .*(Verification completed with 0 warnings and 0 errors)\.?$", re.MULTILINE)
_LIMIT = re.compile(r"^load size: \d+ bytes of (\d+)$", re.MULTILINE)
_REASON = re.compile(r"^\S.*?build\.xml:\d+: (.*)$", re.MULTILINE)
_TOO_LARGE = re.compile(r"^load size: (\d+ bytes of \d+)\nThe CAP file is too large", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Built:
    """A verified CAP file.  ``data``: the file; ``limit``: load size in bytes that ``build.xml`` allows."""

    data: bytes
    cap: cap.Cap
    verifier: str
    limit: int


def build_cap(app: App, plan: Plan, jdk: Jdk) -> Built:
    """Compiles, converts and verifies in a folder of its own; CliError when any of it fails."""
    _check_checkout()
    with tempfile.TemporaryDirectory(prefix="smartdm-cap-") as folder:
        said = _run(app, _command(plan, jdk, Path(folder)))
        verified, limit = _VERIFIED.search(said), _LIMIT.search(said)
        if verified is None or limit is None:
            _tell(app, said)
            raise CliError("the build ended without a word from the verifier, so the CAP file is not used")
        data = Path(folder, "cap", "smartdm.cap").read_bytes()
    built = Built(data, cap.decode(data), verified[1], int(limit[1]))
    needed = card_needed(built.cap.imports)
    if needed is None or JAVA_CARDS.index(needed) > JAVA_CARDS.index(plan.target):
        raise CliError(f"the converter made a CAP file for Java Card {needed}, not for {plan.target}; it is not used")
    return built


def _check_checkout() -> None:
    if not (CHECKOUT / "build.xml").exists():
        raise CliError("the applet's sources are not here: run smartdm from a checkout of it (see its README)")
    missing = [name for name in _JARS if not (CHECKOUT / "build" / "jars" / name).exists()]
    if missing:
        raise CliError(f"build/jars has no {', '.join(missing)}: run `make setup` in {CHECKOUT}")


def _command(plan: Plan, jdk: Jdk, folder: Path) -> list[str]:
    jars = CHECKOUT / "build" / "jars"
    properties = {
        "jc.home": plan.sdk.home.absolute(),
        "cap.target": plan.target,
        "ant.javacard": plan.task.absolute() if plan.task else "none",
        "cap.dir": folder / "cap",
        "classes": folder / "classes",
        "flat": folder / "flat",
        "flat.tool": folder / "flattener",
        "check.classes": folder / "check",
    }
    if plan.exports:
        properties["exports"] = plan.exports.absolute()
    path = os.pathsep.join(str(jars / name) for name in _JARS[:2])
    ant = [str(jdk.java), "-cp", path, _LAUNCHER, "-nouserlib", "-noclasspath", "-noinput", "-e"]
    return [
        *ant,
        "-f",
        str(CHECKOUT / "build.xml"),
        *(f"-D{name}={value}" for name, value in properties.items()),
        "cap",
    ]


def _run(app: App, command: list[str]) -> str:
    """What Ant printed; CliError, after showing it, when it failed."""
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            cwd=CHECKOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CliError(f"the build took more than {_SECONDS // 60} minutes; it was stopped") from error
    said = run.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if run.returncode == 0:
        return said
    if large := _TOO_LARGE.search(said):
        raise CliError(f"the CAP file is too large ({large[1]}): make it smaller, or raise cap.limit in build.xml")
    _tell(app, said)
    reasons = _REASON.findall(said.partition("\nBUILD FAILED\n")[2])  # the innermost is the last
    reason = reasons[-1] if reasons else f"Ant ended with {run.returncode}"
    raise CliError(f"the CAP file was not made: {printable(reason)}")


def _tell(app: App, said: str) -> None:
    """Ant's lines on stderr, without those that only name a target."""
    for line in said.splitlines():
        if line.strip() and not re.fullmatch(r"[a-z-]+:", line):
            app.out.note(printable(line))
