"""Each test has its own data folder and real simulated cards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.system.running import REPOSITORY, SMALL, Cli


@pytest.fixture
def bare(tmp_path: Path) -> Cli:
    """The command line without any card."""
    work = tmp_path / "work"
    work.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "LANG") if name in os.environ}
    environment = {
        **kept,
        "SMARTDM_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(REPOSITORY / "host"),
        "PYTHONIOENCODING": "utf-8",
    }
    return Cli(work, environment)


@pytest.fixture
def cli(bare: Cli) -> Cli:
    """The command line with one empty card, sim:a."""
    bare.ok("sim", "new", "a")
    return bare


@pytest.fixture
def filled(cli: Cli) -> Cli:
    """The command line with a card that holds a small tree."""
    cli.ok("mo", "import", cli.file("small.xml", SMALL))
    return cli
