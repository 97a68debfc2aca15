"""``smartdm doctor``: what this machine has, what is missing, and the line that installs it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.failures import Exit
from smartdm.cli.output import printable
from smartdm.cli.paths import data_folder, sim_folder
from smartdm.cli.root import Command, package_version
from smartdm.errors import SmartDmError
from smartdm.wire import VERSION_MAJOR, VERSION_MINOR

OK, NOTE, FAIL = "ok", "note", "fail"
_MARKS = {OK: "ok  ", NOTE: "note", FAIL: "FAIL"}
_JAVA = 17
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.  ``result``: ok, note (something optional is missing) or fail; ``advice``: what to do about it."""

    name: str
    result: str
    found: str
    advice: str = ""


@click.command(cls=Command)
@pass_app
def doctor(app: App) -> int:
    """Check that this machine has what smartdm needs.

    Exit code 0 when simulated cards work. What is marked "note" is optional.
    """
    java = _java()
    checks = [_python(), _package(), _libraries(), java, *_simulator(java), *_data(), _terminal(app), *_readers()]
    usable = all(check.result != FAIL for check in checks)

    def text() -> None:
        width = max(len(check.name) for check in checks)
        for check in checks:
            app.out.line(f"{_MARKS[check.result]}  {check.name:<{width}}  {check.found}")
            if check.advice:
                app.out.line(f"      {'':<{width}}  -> {check.advice}")
        app.out.line("simulated cards work" if usable else "simulated cards do not work yet: see FAIL above")

    documents = [{name: value for name, value in asdict(check).items() if value} for check in checks]
    app.out.show({"usable": usable, "checks": documents}, text)
    return Exit.OK if usable else Exit.LINK


def _python() -> Check:
    return Check("Python", OK, f"{platform.python_version()} ({sys.executable})")


def _package() -> Check:
    place = Path(__file__).resolve().parents[1]
    return Check("smartdm", OK, f"{package_version()}, wire version {VERSION_MAJOR}.{VERSION_MINOR} ({place})")


def _libraries() -> Check:
    found, missing = [], []
    for name in ("click", "cryptography", "lxml", "platformdirs", "rich"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("libraries", FAIL, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Check("libraries", OK, ", ".join(found))


def _java() -> Check:
    advice = f"apt install openjdk-{_JAVA}-jre-headless"
    program = shutil.which("java")
    if program is None:
        return Check("Java", FAIL, "not found", advice)
    try:
        run = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("Java", FAIL, f"{program} does not run: {error}", advice)
    line = printable((run.stderr or run.stdout).partition("\n")[0])
    digits = line.partition('"')[2].partition(".")[0].strip('"')
    major = int(digits) if digits.isdigit() else 0
    good = run.returncode == 0 and major >= _JAVA
    return Check("Java", OK if good else FAIL, f"{line} ({program})", "" if good else advice)


def _simulator(java: Check) -> list[Check]:
    """Starts a card in memory and selects the applet on it."""
    if java.result == FAIL:
        return [Check("simulator", FAIL, "not tried, because it needs Java")]
    from smartdm.card.channel import Channel  # noqa: PLC0415 - a broken installation must not keep doctor from starting
    from smartdm.card.commands import Card  # noqa: PLC0415 - as above
    from smartdm.transport.sim import SimTransport  # noqa: PLC0415 - as above

    try:
        with SimTransport() as sim:
            sim.new_card()
            info = Card(Channel(sim)).select()
    except SmartDmError as error:
        return [Check("simulator", FAIL, printable(str(error)), "run `make setup` in the smartdm folder")]
    version = ".".join(map(str, info.version))
    checks = [Check("simulator", OK, f"starts; a card of {info.arena // 1024} KiB answers")]
    if info.version == (VERSION_MAJOR, VERSION_MINOR):
        return [*checks, Check("applet", OK, f"wire version {version}, as this package")]
    advice = "build the applet again with `make setup`, so that all new functions work"
    return [
        *checks,
        Check("applet", NOTE, f"wire version {version}, this package {VERSION_MAJOR}.{VERSION_MINOR}", advice),
    ]


def _data() -> list[Check]:
    folder, cards = data_folder(), sim_folder()
    try:
        _try_writing(cards)
    except OSError as error:
        found = f"{folder} cannot be written: {error.strerror or error}"
        return [Check("data folder", FAIL, found, "choose another one with $SMARTDM_HOME")]
    if not folder.exists():
        return [Check("data folder", OK, f"{folder} (made with the first card)")]
    open_to_others = [path for path in (cards, *cards.glob("*")) if path.exists() and _mode(path) & 0o077]
    if open_to_others:
        listed = ", ".join(f"{path} ({_mode(path):04o})" for path in open_to_others[:3])
        return [Check("data folder", NOTE, f"others can read {listed}", f"chmod -R go= {cards}")]
    return [Check("data folder", OK, f"{folder}, for your eyes only")]


def _try_writing(folder: Path) -> None:
    """OSError when no file can be made in the folder, or in the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _terminal(app: App) -> Check:
    kind = "terminal" if app.out.to_terminal else "no terminal"
    colours = "no colours (NO_COLOR)" if os.environ.get("NO_COLOR") else "colours on terminals"
    return Check("output", OK, f"{kind}, {sys.stdout.encoding}, {colours}")


def _readers() -> list[Check]:
    """PC/SC: not needed for simulated cards."""
    from smartdm.cli.readers import listed_readers  # noqa: PLC0415 - a broken installation must not keep doctor from starting
    from smartdm.transport.pcsclib import INSTALL  # noqa: PLC0415 - as above

    if importlib.util.find_spec("smartcard") is None:
        python = Check("pyscard", NOTE, "not installed (for card readers)", INSTALL)
    else:
        python = Check("pyscard", OK, metadata.version("pyscard"))
    daemon = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if daemon is None:
        return [python, Check("pcscd", NOTE, "not installed (for card readers)", "apt install pcscd")]
    checks = [python, Check("pcscd", OK, daemon)]
    if python.result != OK:
        return checks
    try:
        readers = listed_readers()
    except SmartDmError as error:
        found, _, advice = printable(str(error)).partition(": ")
        return [*checks, Check("readers", NOTE, found, advice)]
    if not readers:
        return [
            *checks,
            Check("readers", NOTE, "none", "plug one in, and see that pcscd has a driver for it (pcsc_scan)"),
        ]
    listed = ", ".join(f"{reader.name}{'' if reader.present else ' (empty)'}" for reader in readers)
    return [*checks, Check("readers", OK, printable(listed))]
