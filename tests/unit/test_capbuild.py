"""What is said when the CAP file is not made, however the build ends; real builds are in tests/system."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.cli import capbuild
from smartdm.cli.app import App
from smartdm.cli.failures import CliError


def run(script: str) -> str:
    return capbuild._run(App(), ["sh", "-c", script])


def test_what_a_build_prints_is_returned():
    assert run("printf 'cap:\\r\\nverifier: fine\\n'; echo oh >&2") == "cap:\nverifier: fine\noh\n"


def test_a_build_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(capbuild, "_SECONDS", 0.2)
    with pytest.raises(CliError, match=r"the build took more than 0\.0 minutes; it was stopped"):
        run("exec sleep 60")


def test_a_failure_shows_what_was_printed_and_its_innermost_reason(capfd: pytest.CaptureFixture[str]):
    lines = "compile:\\nsource gone\\n\\nBUILD FAILED\\n/x/build.xml:7: outer\\n/x/build.xml:9: no source \\033[2J\\n"
    with pytest.raises(CliError, match=r"^the CAP file was not made: no source \\x1b\[2J$"):
        run(f"printf '{lines}'; exit 1")
    told = capfd.readouterr().err
    assert told.startswith("source gone\nBUILD FAILED\n"), "names of targets are left out"
    assert "\x1b" not in told


def test_a_failure_without_a_reason_tells_the_exit_code():
    with pytest.raises(CliError, match=r"^the CAP file was not made: Ant ended with 3$"):
        run("exit 3")


def test_a_file_above_the_limit_is_told_with_its_size():
    # As applet/check/smartdm/check/CapReport.java prints it.
    with pytest.raises(CliError, match=r"^the CAP file is too large \(30000 bytes of 24576\): make it smaller"):
        run("printf 'load size: 30000 bytes of 24576\\nThe CAP file is too large: …\\n'; exit 1")


def test_outside_of_a_checkout_nothing_is_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(capbuild, "CHECKOUT", tmp_path)
    with pytest.raises(CliError, match="the applet's sources are not here: run smartdm from a checkout"):
        capbuild._check_checkout()
    (tmp_path / "build.xml").touch()
    with pytest.raises(CliError, match=rf"build/jars has no ant.jar, .*: run `make setup` in {tmp_path}"):
        capbuild._check_checkout()
