"""The help of each command ends with an example, and the examples do what they show."""

import shlex

import pytest

from smartdm.cli.examples import EXAMPLES
from smartdm.cli.reference import leaves
from tests.corpus import caps
from tests.system import logins
from tests.system.running import REPOSITORY, SMALL, Cli

TRACE = "> 80310001\n< 6985\n"
FAILS = {"mo diff": 1, "doctor": None, "applet build": None}
"""Exit codes other than 0: the trees differ; what a machine has is not for a test to say."""
ANSWERED = {"smartdm credential verify ./DMAcc/x/AppAuth/srv"}
"""They show a nonce and wait for what the server says to it."""
ENDLESS = {"sim serve"}
"""Run in tests/interop, where there is a virtual reader to serve."""


def test_every_command_has_an_example():
    assert list(EXAMPLES) == [path for path, _, _ in leaves()]


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_help_shows_the_examples_on_lines_of_their_own(bare: Cli, path: str):
    lines = [line.strip() for line in bare.ok(*path.split(), "--help").out.splitlines()]
    assert [line for line in lines if line in EXAMPLES[path]] == list(EXAMPLES[path])


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path not in ENDLESS])
def test_the_examples_work(bare: Cli, path: str):
    bare.ok("sim", "new", "first")
    bare.environment["SMARTDM_CARD"] = "sim:first"
    bare.environment.update(dict.fromkeys(("MASTER_KEY", "INITIAL_KEY"), bytes(range(16)).hex()))
    if path != "card personalize":
        bare.personalize()
        bare.ok("principal", "add", "srv1")
    else:
        bare.ok(*shlex.split(EXAMPLES[path][0])[1:])
        return
    bare.ok("mo", "import", bare.file("small.xml", SMALL))
    bare.ok("mo", "export", "--out", "tree.xml")
    bare.ok("mo", "set", "./Mail/Addr", "changed")
    bare.file("icon.png", b"\x89PNG")
    bare.file("trace.txt", TRACE)
    bare.file("changes.dm", "set ./Mail/Addr 'mail.example'  # where it is now\nget ./Mail\n")
    for name in ("mail.ddf", "passpoint.xml", "fleet.toml"):
        bare.file(name, (REPOSITORY / "tests" / "corpus" / name).read_bytes())
    bare.file("smartdm-3.0.4.cap", caps.packed(caps.components()))
    if path.startswith("credential "):
        logins.give_account(bare)
        logins.give_files(bare)
    if path == "sim delete":
        bare.ok("sim", "new", "second")
    for example in EXAMPLES[path]:
        program, *arguments = shlex.split(example)
        result = logins.answered(bare, *arguments) if example in ANSWERED else bare(*arguments)
        assert program == "smartdm"
        assert FAILS.get(path, 0) in {None, result.code}, result.out + result.err
