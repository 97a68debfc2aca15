"""The README's commands work as they stand there, one after the other."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.system.running import REPOSITORY, Cli

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(bare: Cli) -> dict[str, str]:
    """The environment of a shell in which ``smartdm`` is this package."""
    program = bare.folder.parent / "bin" / "smartdm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smartdm.cli "$@"\n')
    program.chmod(0o755)
    return {**bare.environment, "PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_the_tour_works(bare, shell):
    assert len(BLOCKS) >= 5
    shutil.copytree(REPOSITORY / "tests" / "corpus", bare.folder / "tests" / "corpus")
    (bare.folder / "build").mkdir()  # as `make demo` leaves it
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)],
        capture_output=True,
        text=True,
        cwd=bare.folder,
        env=shell,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    errors = [line for line in run.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 3, errors
    assert "DM 405" in errors[0]
    assert "lost power" in errors[1]
    assert "DM 405" in errors[2], "the secret is sealed"
    assert "withholds" not in run.stderr, "an export would lack what --replace then destroys"
    assert "refused\n" in run.stdout
    assert re.search(r"^[A-Za-z0-9+/]{22}==$", run.stdout, re.MULTILINE), "the credential"
    assert "sealed\n" in run.stdout
    assert "exit code 3" in run.stdout
    assert "they differ\n" in run.stdout
    assert "Hello again" in run.stdout
    assert "READ_NEXT" in run.stdout or "READ ., all levels" in run.stdout
    assert {path.name for path in bare.folder.iterdir()} == {"tests", "build"}, "the tour leaves files in the checkout"
    assert not list((bare.folder.parent / "home" / "sim").iterdir())


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / target).exists(), target
