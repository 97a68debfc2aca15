"""Each test has its own data folder and real simulated cards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.system import logins
from tests.system.running import PIN, PUK, REPOSITORY, SMALL, Cli, passed_on


@pytest.fixture
def bare(tmp_path: Path) -> Cli:
    """The command line without any card."""
    work = tmp_path / "work"
    work.mkdir()
    environment = {
        **passed_on(),
        "SMARTDM_HOME": str(tmp_path / "home"),
        "CARD_PIN": PIN,
        "CARD_PUK": PUK,
        "PYTHONPATH": str(REPOSITORY / "host"),
        "PCSCLITE_CSOCK_NAME": str(tmp_path / "no-pcscd"),  # the machine may have readers; tests/interop has its own
        "PYTHONIOENCODING": "utf-8",
    }
    return Cli(work, environment)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Data folders made once for each test process: copying one is quicker than making it again."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def cli(bare: Cli, templates: Templates) -> Cli:
    """The command line with one empty card, sim:a, personalized: it asks as the issuer."""
    templates.put("empty", bare)
    return bare


@pytest.fixture
def filled(bare: Cli, templates: Templates) -> Cli:
    """The command line with a card, sim:a, that holds the tree of small.xml; srv1 has keys, and a door."""
    templates.put("filled", bare)
    return bare


@pytest.fixture
def account(bare: Cli, templates: Templates) -> Cli:
    """As ``filled``; the card also holds a DM account of srv1, see logins.py."""
    templates.put("account", bare)
    logins.give_files(bare)
    return bare


class Templates:
    """Data folders to copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, cli: Cli) -> None:
        """Gives the command line a copy of a template, which is made when it is first wanted."""
        home = Path(cli.environment["SMARTDM_HOME"])
        template = self.folder / name
        cli.file("small.xml", SMALL)
        if not template.exists():
            cli.ok("sim", "new", "a")
            cli.personalize()
            if name != "empty":
                cli.add_server("srv1", 0x41)
                cli.ok("mo", "import", "small.xml")
                cli.door("holder", 'pin = "env:CARD_PIN"')
            if name == "account":
                logins.give_account(cli)
            shutil.copytree(home, template)
        else:
            shutil.copytree(template, home)
