"""smartdm with a card in a reader, and as the one who puts a simulated card into a virtual one."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from smartdm.transport.pcsclib import Context
from smartdm.transport.sim import SimTransport
from tests.interop.pcscd import FIRST, SECOND, SOCKET_VARIABLE, Pcscd, insert, pull, wait_for
from tests.system.running import PIN, PUK, REPOSITORY, SMALL, Cli, passed_on

CARD = f"pcsc:{FIRST}"
ISSUER = ("--card", CARD, "--as", "issuer", "--keys", "test")


@pytest.fixture
def cli(tmp_path: Path, pcscd: Pcscd) -> Cli:
    """The command line without a simulated card, near the slots."""
    home = {"SMARTDM_HOME": str(tmp_path / "home"), "PYTHONPATH": str(REPOSITORY / "host")}
    holder = {"CARD_PIN": PIN, "CARD_PUK": PUK}
    pcsc = {"PYTHONIOENCODING": "utf-8", SOCKET_VARIABLE: str(pcscd.socket)}
    cli = Cli(tmp_path, {**passed_on(), **home, **holder, **pcsc})
    cli.file("small.xml", SMALL)
    return cli


class Served:
    """``smartdm sim serve`` in a process of its own; ended by Ctrl-C."""

    def __init__(self, cli: Cli, pcscd: Pcscd, *arguments: str) -> None:
        command = [*pcscd.enter, *cli.command("sim", "serve", *arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cli.environment, cwd=cli.folder
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=30)
        return self.process.returncode, told


@pytest.fixture
def serve(cli: Cli, pcscd: Pcscd) -> Iterator[object]:
    """Serves a card and waits until pcscd sees it."""
    started: list[Served] = []

    def start(*arguments: str, slot: int = 0) -> Served:
        served = Served(cli, pcscd, *arguments)
        started.append(served)
        wait_for(lambda: Context().readers()[slot].present, "the card to be seen")
        return served

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate()
    wait_for(lambda: not any(reader.present for reader in Context().readers()), "the slots to be empty")


def check(name: str, document: object) -> None:
    Draft202012Validator(json.loads((REPOSITORY / "docs" / "schema" / f"{name}.json").read_text())).validate(document)


# A card in a reader


@pytest.mark.usefixtures("card")
def test_commands_work_on_a_card_in_a_reader(cli: Cli):
    told = cli.ok("--card", "pcsc:virtual", "card", "info").out
    assert f"Card:          {CARD}\n" in told
    cli.ok("--card", CARD, "mo", "import", "small.xml")
    assert cli.ok("--card", CARD, "mo", "get", "./Mail/Addr").out == "mail.example.org"
    cli.ok("--card", CARD, "--shared", "mo", "add", "./Note", "x")
    assert cli("mo", "get", "./Note", SMARTDM_CARD=CARD).out == "x"
    traced = cli("--card", CARD, "mo", "tree", "--trace")
    assert traced.code == 0
    assert "> 00A40400" in traced.err


def test_readers_are_listed_and_completed(cli: Cli, card: SimTransport):
    assert card.alive
    listed = cli.ok("card", "list").out.splitlines()
    assert listed == [f"{CARD}  (ATR 3B 89 81 11 FE 80 57 73 6D 61 72 74 64 6D 40)", f"pcsc:{SECOND}  (empty)"]
    document = cli.ok("card", "list", "--json").document
    check("card-list", document)
    assert [entry["present"] for entry in document["cards"]] == [True, False]
    completed = cli(_SMARTDM_COMPLETE="bash_complete", COMP_LINE="smartdm --card p").out
    assert completed == "plain,pcsc:Virtual\\ PCD\\ 00\\ 00\n"
    assert f"readers      {FIRST}, {SECOND} (empty)" in cli("doctor").out


@pytest.mark.usefixtures("card")
def test_who_asks_is_not_to_be_had_without_keys(cli: Cli):
    told = cli.fails(2, "--card", CARD, "--as", "issuer", "mo", "tree")
    assert told.startswith("ERROR: there are no keys for 'issuer': put references to them into ")
    assert told.endswith("doors.toml (see docs/cli.md), or name them with --keys\n")


@pytest.mark.usefixtures("card")
def test_keys_that_are_not_those_of_the_card_spend_no_try(cli: Cli):
    assert "no try was spent" in cli.fails(5, *ISSUER, "mo", "tree")


def test_a_card_that_nobody_in_particular_asks_says_what_works(cli: Cli, card: SimTransport):
    pull(card)
    insert(card)
    told = cli.fails(4, "--card", CARD, "mo", "tree")
    assert "(6982 NOT_ALLOWED, DM 425)" in told
    assert told.endswith("; nobody in particular is asking: say with --as who does\n")
    cli.ok("--card", CARD, "card", "info")


def test_doors_open_a_card_in_a_reader_to_each_of_its_principals(cli: Cli, serve):
    cli.new_card("a")
    cli.add_server("srv1", 0x41)
    for name in ("#issuer", "#holder", "srv1"):
        cli.ok("mo", "add", f"./{name.strip('#')}", "--interior", "--acl", f"Add={name}&Delete=#issuer&Get=*")
    serve("a")
    doors = {"issuer": ISSUER[2:], "holder": ("--as", "holder", "--pin", "env:CARD_PIN"), "srv1": ("--as", "srv1")}
    for who, door in doors.items():
        for node in doors:
            code = cli("--card", CARD, *door, "mo", "add", f"./{node}/{who}", "x").code
            assert code == (0 if node == who else 4), (who, node)


def test_a_card_that_was_just_made_is_personalized_in_its_reader(cli: Cli, serve):
    cli.ok("sim", "new", "a")
    serve("a")
    assert "not personalized yet" in cli.fails(4, *ISSUER, "mo", "tree")
    secrets = ("--pin", "env:CARD_PIN", "--puk", "env:CARD_PUK")
    told = cli.fails(2, "--card", CARD, "card", "personalize", "--test-keys", *secrets, "--yes")
    assert "everybody knows the test keys" in told
    cli.personalize("--card", CARD, "--insecure")
    cli.ok(*ISSUER, "mo", "add", "./Note", "x")
    assert "6982" in cli.fails(4, "--card", CARD, "mo", "get", "./Note")


@pytest.mark.usefixtures("card")
def test_failures_say_what_to_do(cli: Cli):
    assert "no reader is called 'nix'" in cli.fails(3, "--card", "pcsc:nix", "mo", "tree")
    assert f"there is no card in {SECOND}" in cli.fails(3, "--card", f"pcsc:{SECOND}", "mo", "tree")
    assert "--shared is for cards in readers" in cli.fails(2, "--card", "sim:a", "--shared", "mo", "tree")


def test_a_card_without_the_applet_is_told(cli: Cli, pcscd: Pcscd):
    with SimTransport(java=pcscd.java(), aid=bytes.fromhex("F0534D444D7E02")) as other:
        other.new_card()
        insert(other)
        told = cli.fails(3, "--card", CARD, "card", "info")
        assert told.startswith(f"ERROR: the card in {CARD} has no smartdm applet, or a locked one (")
        assert cli.fails(3, "--card", CARD, "card", "info") == told, "it was given back"
        pull(other)


def test_a_missing_service_is_told(cli: Cli):
    cli.environment[SOCKET_VARIABLE] = str(cli.folder / "nix")
    assert "service does not run: start pcscd" in cli.fails(3, "--card", "pcsc:", "mo", "tree")
    assert cli.ok("card", "list").err.startswith("no cards; make a simulated one")
    assert re.search(r"note  readers +the smart card service does not run\n +-> start pcscd", cli("doctor").out)


def test_a_card_in_a_reader_is_watched_with_one_command_a_look(cli: Cli, card: SimTransport):
    trace = cli.folder / "trace"
    with cli.start("--card", CARD, "mo", "changes", "--watch", "--every", "2.5", "--trace-file", "trace") as process:
        assert process.stdout is not None
        wait_for(lambda: trace.exists() and trace.read_text().count("> 00A40400") == 3, "three looks")
        assert trace.read_text().count("> ") == 4, "one more to see that the node is there"
        cli.ok("--card", CARD, "mo", "add", "./Note", "x")
        assert [process.stdout.readline().split()[0] for _ in range(2)] == [b".", b"./Note"]
        pull(card)  # long before the next look
        _, told = process.communicate(timeout=30)
    assert process.returncode == 3
    assert told.decode().endswith(f"ERROR: there is no card in {FIRST}: put it in\n")


# A simulated card in a virtual reader


def test_a_simulated_card_is_served_and_keeps_what_is_written(cli: Cli, serve):
    cli.new_card("a")
    served = serve("a")
    assert served.first == "sim:a is in the virtual reader at 127.0.0.1:35963 (T=1); Ctrl-C takes it out\n"
    assert "using sim:a" in cli.fails(3, "--card", "sim:a", "mo", "tree")
    cli.ok(*ISSUER, "mo", "import", "small.xml")
    assert served.interrupt() == (0, "sim:a is out of the reader\n")
    assert cli.ok("--card", "sim:a", "mo", "get", "./Mail/Addr").out == "mail.example.org"


def test_a_card_is_served_with_t0_to_nobody_in_another_slot(cli: Cli, serve):
    cli.new_card("a")
    served = serve("a", "--t0", "--vpcd", ":35964", "--json", slot=1)
    document = json.loads(served.first + _rest(served))
    check("sim-serve", document)
    assert (document["protocol"], document["principal"]) == ("T=0", "nobody")
    info = cli.ok("--card", f"pcsc:{SECOND}", "card", "info", "-v")
    assert "T=0" in info.err
    assert "6982" in cli.fails(4, "--card", f"pcsc:{SECOND}", "mo", "tree")
    cli.ok("--card", f"pcsc:{SECOND}", *ISSUER[2:], "mo", "tree")


def test_a_card_is_served_to_a_principal_who_needs_no_door(cli: Cli, serve):
    cli.new_card("a")
    cli.add_server("srv1", 0x41)
    cli.ok("mo", "add", "./srv1", "--interior", "--acl", "Add=srv1&Get=*")
    cli.ok("mo", "add", "./issuer", "--interior", "--acl", "Add=#issuer&Get=*")
    serve("a", "--principal", "srv1")
    cli.ok("--card", CARD, "mo", "add", "./srv1/Note", "x")
    assert "6982" in cli.fails(4, "--card", CARD, "mo", "add", "./issuer/Note", "x")


def _rest(served: Served) -> str:
    lines: list[str] = []
    assert served.process.stdout is not None
    while not lines or lines[-1] != "}\n":
        lines.append(served.process.stdout.readline())
    return "".join(lines)


def test_an_armed_cut_happens_in_the_reader(cli: Cli, serve):
    cli.new_card("a")
    cli.ok("sim", "cut", "a", "--at", "2")
    served = serve("a")
    told = cli.fails(3, *ISSUER, "mo", "import", "small.xml")
    assert f"the card in {FIRST} did not answer. The card holds the state before" in told
    wait_for(lambda: Context().readers()[0].present, "the card to be back")
    cli.ok(*ISSUER, "mo", "import", "small.xml")
    code, told = served.interrupt()
    assert (code, told.splitlines()[0]) == (0, "the power was cut; the card comes back")
    assert " -\n" in cli.ok("sim", "list").out, "the cut is used up"


def test_a_served_card_waits_for_its_reader(cli: Cli, serve, pcscd: Pcscd):
    cli.ok("sim", "new", "a")
    served = serve("a")
    pcscd.stop()
    assert served.process.stderr.readline() == "the reader is gone; waiting for it\n"
    pcscd.start()
    assert served.process.stderr.readline() == "the reader is back\n"
    wait_for(lambda: Context().readers()[0].present, "the card to be back")
    cli.ok("--card", CARD, "card", "info")


def test_without_a_slot_it_says_what_to_start_first(cli: Cli, pcscd: Pcscd):
    cli.ok("sim", "new", "a")
    told = Served(cli, pcscd, "a", "--vpcd", "127.0.0.1:1").process.communicate()[1]
    assert told == (
        "ERROR: no card reader at 127.0.0.1:1 (connection refused): "
        "start pcscd, with vsmartcard-vpcd installed, before the card\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--vpcd", "127.0.0.1:x"], "is not HOST:PORT"),
        (["--vpcd", "127.0.0.1:0"], "is not HOST:PORT"),
        (["--vpcd", "h:65536"], "is not HOST:PORT"),
        (["--trace"], "--trace and --trace-file see none of it"),
        (["--shared"], "--shared is for cards in readers"),
    ],
)
def test_what_cannot_be_served_is_refused(cli: Cli, arguments: list[str], text: str):
    cli.ok("sim", "new", "a")
    assert text in cli.fails(2, "sim", "serve", "a", *arguments)
