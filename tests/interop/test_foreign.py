"""Programs of others talk to the card through pcscd: opensc-tool, scriptor, and everything that OpenSC tries."""

import os
import subprocess
from pathlib import Path

import pytest

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Session
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal
from tests.card.device import SELECT
from tests.interop.pcscd import FIRST, insert, pull

READ = "80310000010000"
PROBES = "app default { enable_default_driver = true; }\n"
PKCS15 = (
    "app default { enable_default_driver = true; framework pkcs15 "
    "{ use_file_caching = no; enable_pkcs15_emulation = no; try_emulation_first = no; } }\n"
)
"""OpenSC sends nothing to a card whose ATR it does not know, unless its default driver is allowed."""


def run(*command: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if name != "OPENSC_DRIVER"}
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=60, env={**known, **environment}
    )


def spaced(apdu: bytes) -> str:
    return apdu.hex(" ").upper()


@pytest.fixture(params=[False, True], ids=["T=1", "T=0"])
def t0(card: SimTransport, request: pytest.FixtureRequest) -> bool:
    """Whether the card in the slot speaks T=0."""
    if request.param:
        pull(card)
        insert(card, t0=True, principal=Principal.ISSUER)
    return bool(request.param)


def test_opensc_tool_sees_the_card(t0: bool):
    atr = run("opensc-tool", "--atr").stdout.strip()
    assert bytes.fromhex(atr.replace(":", "")).endswith(b"smartdm" if t0 else b"smartdm@")
    assert FIRST in run("opensc-tool", "--list-readers").stdout


def test_opensc_tool_reads_the_tree(t0: bool):
    told = run("opensc-tool", "-s", SELECT.hex(), "-s", READ)
    assert told.returncode == 0, told.stderr
    answers = [line for line in told.stdout.splitlines() if line.startswith("Received")]
    assert answers == ["Received (SW1=0x90, SW2=0x00):"] * 2, (t0, told.stdout)


@pytest.mark.usefixtures("card")
def test_scriptor_reads_the_tree():
    told = run("scriptor", "-r", FIRST, "-p", "T=1", text=f"{spaced(SELECT)}\n{spaced(bytes.fromhex(READ))}\n")
    assert " ".join(told.stdout.split()).count("90 00 : Normal processing.") == 2, told.stdout + told.stderr


def test_scriptor_reads_the_tree_of_a_card_with_t0(card: SimTransport):
    pull(card)
    insert(card, t0=True, principal=Principal.ISSUER)
    script = [SELECT[:-1], bytes.fromhex("00C0000000"), bytes.fromhex(READ)[:-1]]
    told = run("scriptor", "-r", FIRST, "-p", "T=0", text="".join(f"{spaced(apdu)}\n" for apdu in script))
    assert told.stdout.count("< 61 ") == 2, told.stdout + told.stderr


def test_malformed_commands_are_answered(card: SimTransport):
    script = (SELECT, b"\x80\x31\x00\x00\x05\x01", b"\x80\x31\x00\x00\x00\x00\x01\x00")
    told = run("scriptor", "-r", FIRST, "-p", "T=1", text="".join(f"{spaced(apdu)}\n" for apdu in script))
    assert told.stdout.count("< 67 00 ") == 2, told.stdout
    assert card.counters().since_read.apdus == 2, (
        "the longer form is a command that jCardSim refuses, the other is none"
    )


def test_the_card_stays_of_use_after_everything_that_opensc_tries(card: SimTransport, tmp_path: Path):
    with PcscTransport(FIRST) as transport:
        session = Session(Card(Channel(transport)))
        session.apply(Batch().add(ROOT, Node("Kept", Format.CHR, b"value")))
        before = session.read()
        generation = session.generation
    card.counters()
    settings = tmp_path / "opensc.conf"
    settings.write_text(PROBES)
    told = run("opensc-tool", "--name", OPENSC_CONF=str(settings))
    assert "Unidentified card" in told.stdout + told.stderr or told.returncode == 0, told
    settings.write_text(PKCS15)
    run("pkcs15-tool", "-r", "0", "-D", OPENSC_CONF=str(settings))
    counted = card.counters().since_read
    assert counted.apdus > 40, "the probes were sent"
    assert counted.writes == 0
    with PcscTransport(FIRST) as transport:
        session = Session(Card(Channel(transport)))
        assert session.read() == before
        assert session.generation == generation
