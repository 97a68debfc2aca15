"""smartdm doctor on machines where something is missing, old or broken."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path

import pytest

from smartdm.cli import doctor, readers
from smartdm.cli.doctor import Check
from smartdm.errors import NoCardError
from smartdm.transport.pcsclib import ReaderState
from smartdm.wire import VERSION_MAJOR, VERSION_MINOR
from tests.system.running import Cli

JAVA = Check("Java", doctor.OK, "as it is")


def with_java(cli: Cli, script: str) -> str:
    """A PATH that begins with another ``java``."""
    folder = cli.folder / "bin"
    folder.mkdir()
    (folder / "java").write_text(script)
    (folder / "java").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("no program", "does not run: "),
        ("#!/bin/sh\necho 'openjdk version \"11.0.1\"' >&2\n", 'FAIL  Java         openjdk version "11.0.1"'),
        ("#!/bin/sh\necho 'openjdk version \"17\"' >&2\nexit 1\n", 'FAIL  Java         openjdk version "17"'),
        ("#!/bin/sh\necho 'What?'\n", "FAIL  Java         What?"),
    ],
)
def test_a_java_that_will_not_do_is_named_with_what_to_install(bare: Cli, script: str, told: str):
    result = bare("doctor", PATH=with_java(bare, script))
    assert result.code == 3
    assert told in result.out
    assert "-> apt install openjdk-17-jre-headless" in result.out
    assert "FAIL  simulator    not tried, because it needs Java" in result.out


def test_a_simulator_that_does_not_start_is_told_in_its_own_words(bare: Cli):
    script = (
        "#!/bin/sh\n[ \"$1\" = -version ] && echo 'java version \"21\"' && exit\necho 'no such class' >&2\nexit 1\n"
    )
    result = bare("doctor", PATH=with_java(bare, script))
    assert result.code == 3
    assert "FAIL  simulator    the simulated card ended: no such class" in result.out
    assert "-> run `make setup` in the smartdm folder" in result.out


def test_an_applet_of_another_version_is_to_be_built_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "VERSION_MINOR", VERSION_MINOR + 1)
    simulator, applet = doctor._simulator(JAVA)
    assert simulator.result == doctor.OK
    assert (applet.result, applet.name) == (doctor.NOTE, "applet")
    assert applet.found.endswith(f"this package {VERSION_MAJOR}.{VERSION_MINOR + 1}")
    assert "build the applet again" in applet.advice


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    version = metadata.version

    def without_lxml(name: str) -> str:
        if name == "lxml":
            raise metadata.PackageNotFoundError
        return version(name)

    monkeypatch.setattr(metadata, "version", without_lxml)
    assert doctor._libraries() == Check("libraries", doctor.FAIL, "missing: lxml", "pip install lxml")


def found_readers(monkeypatch: pytest.MonkeyPatch, answer: list[ReaderState] | NoCardError) -> Check:
    """What is said about readers where pcscd is installed and answers so."""

    def listed() -> list[ReaderState]:
        if isinstance(answer, NoCardError):
            raise answer
        return answer

    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/sbin/{name}")
    monkeypatch.setattr(readers, "listed_readers", listed)
    pyscard, pcscd, last = doctor._readers()
    assert (pyscard.result, pcscd) == (doctor.OK, Check("pcscd", doctor.OK, "/usr/sbin/pcscd"))
    return last


def test_readers_are_named_and_their_lack_explained(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("smartcard")
    states = [ReaderState("Gem", present, b"", in_use=False, mute=False) for present in (True, False)]
    assert found_readers(monkeypatch, states) == Check("readers", doctor.OK, "Gem, Gem (empty)")
    none = found_readers(monkeypatch, [])
    assert (none.result, none.found) == (doctor.NOTE, "none")
    assert "plug one in" in none.advice
    dead = found_readers(monkeypatch, NoCardError("the service does not run: start pcscd"))
    assert dead == Check("readers", doctor.NOTE, "the service does not run", "start pcscd")


def test_without_a_service_readers_are_not_looked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda _name, path=None: path and None)
    assert doctor._readers()[-1] == Check("pcscd", doctor.NOTE, "not installed (for card readers)", "apt install pcscd")


def test_a_data_folder_that_is_not_there_yet_is_no_fault(bare: Cli, tmp_path: Path):
    told = bare("doctor", SMARTDM_HOME=str(tmp_path / "new" / "home")).out
    assert f"ok    data folder  {tmp_path}/new/home (made with the first card)" in told
    assert not (tmp_path / "new").exists()
