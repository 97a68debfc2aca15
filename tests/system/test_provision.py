"""Profiles on the command line: plan, apply, again; interruptions, questions, refusals."""

import re
import shutil
from pathlib import Path

import pytest

from smartdm.cli.run import run as run_here
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.provision import plan as planning
from smartdm.provision.plan import Plan
from smartdm.provision.profile import Profile
from smartdm.session import Batch, Session
from tests.system.running import REPOSITORY, Cli
from tests.system.test_terminal import at_terminal

CORPUS = REPOSITORY / "tests" / "corpus"
PROFILE = '[profile]\nname = "p"\n'
LARGE = '[[node]]\nuri = "./Mail/Text"\nfile = "text"\nacl = "Get=*"\n[[node]]\nuri = "./Mail/Addr"\ntext = "new"\n'


@pytest.fixture
def fleet(cli: Cli) -> Cli:
    """An empty card, and the example of the documentation."""
    for name in ("fleet.toml", "passpoint.xml", "mail.ddf"):
        shutil.copy(CORPUS / name, cli.folder)
    return cli


def test_the_example_of_the_documentation_works(fleet: Cli):
    text = (REPOSITORY / "docs" / "provisioning.md").read_text("utf-8")
    example = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0]
    fleet.file("fleet.toml", example)
    assert fleet("provision", "plan", "fleet.toml", "--check").code == 6
    assert fleet.ok("provision", "apply", "fleet.toml", "--yes").out == (
        "done: 2 definitions loaded, 51 nodes added, 0 changed, 0 removed\n"
    )
    assert fleet.ok("mo", "get", "./Truck/Number").out == "4711"
    assert fleet.ok("mo", "get", "./Post/driver?prop=Title").out == "Mail of the driver"
    assert "backup.example" in fleet.ok("principal", "list").out
    fleet.ok("mo", "validate", ".")
    assert fleet.ok("provision", "plan", "fleet.toml", "--check").out == (
        "nothing to do: the card is as fleet.toml wants it\n"
    )
    generation = fleet.ok("card", "info", "--json").document["generation"]
    fleet.ok("provision", "apply", "fleet.toml")
    assert fleet.ok("card", "info", "--json").document["generation"] == generation


def test_the_example_is_that_of_the_tests():
    text = (REPOSITORY / "docs" / "provisioning.md").read_text("utf-8")
    assert f"```toml\n{(CORPUS / 'fleet.toml').read_text('utf-8')}```" in text


def test_a_plan_shows_what_comes_goes_and_changes_and_why(filled: Cli):
    text = '[[remove]]\nuri = "./Mail/Icon"\n[[node]]\nuri = "./Mail/Addr"\ntext = "new"\ntitle = ""\n'
    text += '[[node]]\nuri = "./Mail/Empty/A/B"\nvalue = 5\n[[node]]\nuri = "./Mail"\nacl = "Get=*"\n'
    filled.file("p.toml", PROFILE + text)
    before = filled.content()
    lines = filled.ok("provision", "plan", "p.toml").out.splitlines()
    assert lines[:-1] == [
        "- ./Mail/Icon  [p.toml [[remove]] 1]",
        "+ ./Mail/Empty/A (2 nodes)  [needed for ./Mail/Empty/A/B]",
        '~ ./Mail/Addr  value: "mail.example.org" -> "new"  [p.toml [[node]] 1]',
        '~ ./Mail/Addr  title: "Where it is" -> -  [p.toml [[node]] 1]',
        '~ ./Mail  acl: "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv1" -> "Get=*"  [p.toml [[node]] 3]',
        "2 nodes to add, 2 to change, 1 to remove",
    ]
    assert re.fullmatch(r"1 APDU, \d+ bytes; about \d+ bytes of memory needed, \d+ free", lines[-1])
    assert filled.content() == before


def test_the_commands_of_a_plan_are_those_that_are_sent(fleet: Cli):
    lines = fleet.ok("provision", "plan", "fleet.toml", "--apdus").out.splitlines()
    assert [line for line in lines if line.startswith("# commit")] == [
        "# commit 1 of 2: definitions",
        "# commit 2 of 2: changes",
    ]
    assert any("./Truck/Number" in line for line in lines if line.startswith("#"))
    shown = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
    fleet.ok("provision", "apply", "fleet.toml", "--yes", "--trace-file", "trace")
    traced = (fleet.folder / "trace").read_text("ascii").splitlines()
    sent = [line.removeprefix("> ") for line in traced if re.match(r"> [89]030", line)]
    assert len(shown) == len(sent)
    time = slice(5 * 2 + 2 * 2 + 2 * 2 + 3 * 2, None)
    for one, other in zip(shown, sent, strict=True):
        assert len(one) == len(other)
        assert one == other or one[time][8:] == other[time][8:]


def test_nothing_is_done_without_a_yes(fleet: Cli):
    result = fleet("provision", "apply", "fleet.toml")
    assert result.code == 2
    assert "2 definitions to load, 51 nodes to add, 0 to change, 0 to remove. Go on? [y/N]" in result.err
    assert "stopped at the question" in result.err
    assert fleet.ok("mo", "get", ".").out == ""
    code, shown = at_terminal(fleet, "provision", "apply", "fleet.toml", typed=b"n\n")
    assert (code, fleet.ok("mo", "get", ".").out) == (2, "")
    code, shown = at_terminal(fleet, "provision", "apply", "fleet.toml", typed=b"y\n")
    assert code == 0
    assert "definitions ...\r\n" in shown
    assert "changes ...\r\n" in shown
    assert fleet.fails(5, "provision", "apply", "nix.toml", "--yes") == "ERROR: nix.toml: No such file or directory\n"


@pytest.mark.parametrize("at", [1, 9, 20])
def test_a_run_that_is_cut_is_finished_by_the_same_command(filled: Cli, at: int):
    filled.file("text", "x" * 5000)
    filled.file("p.toml", 'definitions = ["FUMO"]\n' + PROFILE + LARGE)
    filled.ok("mo", "acl", "./Mail", "Add=#issuer&Get=*&Replace=#issuer")
    filled.ok("sim", "cut", "a", "--at", str(at))
    error = filled.fails(3, "provision", "apply", "p.toml", "--yes")
    assert "run the same command again" in error
    filled.ok("provision", "apply", "p.toml", "--yes")
    assert filled.ok("provision", "plan", "p.toml", "--check").out.startswith("nothing to do")
    assert filled.ok("mo", "get", "./Mail/Text").out == "x" * 5000
    assert filled.ok("mo", "get", "./Mail/Text?prop=ACL").out == "Get=*"


def test_an_upload_goes_on_and_shows_how_far_it_is(filled: Cli):
    filled.file("text", "x" * 5000)
    filled.file("p.toml", PROFILE + LARGE)
    filled.ok("mo", "acl", "./Mail", "Add=#issuer&Get=*&Replace=#issuer")
    first = filled.ok("provision", "plan", "p.toml", "--json").document
    assert first["commits"] == 4
    filled.ok("sim", "cut", "a", "--at", "20")
    filled.fails(3, "provision", "apply", "p.toml", "--yes")
    again = filled.ok("provision", "plan", "p.toml", "--json").document
    assert again["commits"] < first["commits"]
    assert again["apdus"] < first["apdus"]
    code, shown = at_terminal(filled, "provision", "apply", "p.toml", "--yes")
    assert code == 0
    assert re.search(r"upload \./Mail/Text: \d+ of 5000 bytes\r\n", shown)


def test_a_refusal_is_one_line_that_explains_it(filled: Cli):
    filled.file("p.toml", PROFILE + '[[node]]\nuri = "./Mail/Addr"\ntext = "new"\n')
    filled.ok("mo", "acl", "./Mail", "Get=*&Replace=srv1")
    error = filled.fails(4, "provision", "apply", "p.toml", "--yes")
    assert "./Mail/Addr: Replace on ./Mail/Addr is wanted; what counts there is the ACL of ./Mail: " in error
    assert filled.ok("mo", "get", "./Mail/Addr").out == "mail.example.org"
    filled.ok("provision", "apply", "p.toml", "--yes", "--as", "srv1")
    assert filled.ok("mo", "get", "./Mail/Addr").out == "new"
    filled.fails(4, "provision", "apply", "p.toml", "--yes", "--as", "nobody")


def test_all_faults_are_shown_and_nothing_is_sent(cli: Cli):
    text = 'definitions = ["FUMO"]\n' + PROFILE + '[[node]]\nuri = "./A"\nformat = "int"\ntext = "x"\n'
    text += '[[mo]]\nuri = "./F"\ntype = "urn:oma:mo:oma-fumo:1.0"\nnodes = [{ name = "Nix", text = "" }]\n'
    cli.file("p.toml", text)
    for command in (["plan"], ["apply", "--yes"]):
        result = cli("provision", *command, "p.toml")
        assert result.code == 5
        assert "! ./A: the value 'x' is not a whole number" in result.out
        assert "! ./F/Nix: the definition has no such node" in result.out
        assert result.out.endswith("faults; nothing can be done before all is mended\n")
    assert cli.ok("card", "info", "--json").document["generation"] == 2


def test_too_little_memory_is_told_beforehand(bare: Cli):
    bare.new_card("a", "--arena", "8")
    bare.file("text", "x" * 9000)
    bare.file("p.toml", PROFILE + '[[node]]\nuri = "./A/B"\nfile = "text"\n')
    result = bare("provision", "apply", "p.toml", "--yes")
    assert result.code == 5
    assert re.search(r"! \.: \d+ bytes of memory are needed, \d+ are free on the card \(420\)", result.out)
    assert bare.ok("card", "info", "--json").document["generation"] == 2


def test_a_bad_profile_is_one_line(cli: Cli):
    cli.file("p.toml", PROFILE + '[[node]]\nuri = "./A"\nvalu = 5\n')
    assert cli.fails(5, "provision", "plan", "p.toml") == (
        "ERROR: p.toml: [[node]] 1, key 'valu': there is no such key here; "
        "there are uri, value, text, base64, file, secret, format, type, title, acl\n"
    )


def test_a_secret_is_never_shown(cli: Cli):
    text = (CORPUS / "reference.xml").read_text(encoding="utf-8")
    bare = re.sub(r"<Node>\s*<NodeName>AAuthSecret</NodeName>.*?</Node>", "", text, flags=re.DOTALL)
    cli.file("bare.xml", bare)
    cli.environment["LAB"] = "tundra+Violin"
    secret = '[[node]]\nuri = "./DMAcc/fleet-lab/AppAuth/client-login/AAuthSecret"\nsecret = "env:LAB"\n'
    cli.file("p.toml", f'definitions = ["DMAcc"]\n{PROFILE}[[mo]]\nuri = "."\nfile = "bare.xml"\n{secret}')
    told = cli.fails(5, "provision", "apply", "p.toml", "--yes")
    assert "has 13 bytes" in told
    assert "--weak-secret" in told
    cli.ok("provision", "apply", "p.toml", "--yes", "--weak-secret")
    quiet = cli.ok("provision", "plan", "p.toml", "--weak-secret").out
    assert "= ./DMAcc/fleet-lab/AppAuth/client-login/AAuthSecret  cannot be read; this profile wrote it last" in quiet
    loud = cli.ok("provision", "plan", "p.toml", "--rewrite", "--weak-secret").out
    assert "AAuthSecret  value: (not readable) -> 13 bytes" in loud
    assert (
        "tundra+Violin" not in loud + cli.ok("provision", "plan", "p.toml", "--rewrite", "--weak-secret", "--json").out
    )


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 4)])
def test_a_change_by_somebody_else_is_planned_again_once(
    filled: Cli, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], times: int, code: int
):
    """In this process: somebody else gets at the card between plan and run."""
    filled.file("p.toml", PROFILE + '[[node]]\nuri = "./Notes/A"\ntext = "x"\n')
    original, calls = planning.make_plan, [0]

    def meddled(session: Session, profile: Profile, *, rewrite: bool = False) -> Plan:
        made = original(session, profile, rewrite=rewrite)
        if calls[0] < times:
            calls[0] += 1
            session.apply(Batch().add(ROOT, Node(f"Other{calls[0]}", Format.CHR)))
        return made

    monkeypatch.setattr(planning, "make_plan", meddled)
    monkeypatch.setenv("SMARTDM_HOME", filled.environment["SMARTDM_HOME"])
    assert run_here(["provision", "apply", str(Path(filled.folder, "p.toml")), "--yes"]) == code
    shown = capfd.readouterr()
    assert shown.err.count("note: the card was changed by somebody else meanwhile; planning again") == 1
    assert ("keeps changing the card" in shown.err) is (code == 4)
    assert ("Notes" in filled.ok("mo", "get", ".").out) is (code == 0)


def test_nodes_that_have_their_names_from_definitions_are_called_by_them(fleet: Cli):
    lines = fleet.ok("provision", "plan", "fleet.toml", "--apdus").out.splitlines()
    added = [line.removeprefix("#     + ").split("  ")[0] for line in lines if line.startswith("#     + ./")]
    assert {"./Wifi/depot/harbour-wifi/HomeSP/FQDN", "./Post/driver"} <= set(added)
    assert not any("<definition" in uri for uri in added)


def test_a_removal_tells_how_much_of_it_nobody_has_seen(filled: Cli):
    filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1")
    filled.file("p.toml", PROFILE + '[[remove]]\nuri = "./Mail"\n')
    assert "- ./Mail (4 nodes, 1 withheld)  [" in filled.ok("provision", "plan", "p.toml").out
