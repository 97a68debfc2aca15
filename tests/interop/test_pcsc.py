"""The PC/SC transport on a real pcscd: who has the card, what is told when it or the service goes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.pcsclib import Context
from smartdm.transport.sim import CutMode, SimTransport
from smartdm.wire import Principal
from tests.card.device import SELECT
from tests.interop.pcscd import FIRST, SECOND, SLOT, Pcscd, insert, pull, wait_for

READ = bytes.fromhex("80310000010000")
OTHER_PROGRAM = """\
import sys
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.pcsclib import Context
how, reader = sys.argv[1:]
if how == "open":
    context = Context()
    scard = context.scard
    card = context.run("", lambda it: scard.SCardConnect(it, reader, scard.SCARD_SHARE_SHARED, 3))[0]
    give_back = lambda: scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
else:
    give_back = PcscTransport(reader, shared=how == "shared").close
print("ready", flush=True)
sys.stdin.read()
give_back()
"""


@contextmanager
def other_program(how: str) -> Iterator[int]:
    """Another process that has the card: exclusive, shared (and in the middle of something), or merely open."""
    command = [sys.executable, "-c", OTHER_PROGRAM, how, FIRST]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process.pid
        process.communicate()


def a_node(name: str) -> Batch:
    return Batch().add(ROOT, Node(name, Format.CHR, bytes(200)))


# The card


def test_a_session_works_through_the_reader(card: SimTransport):
    with PcscTransport(FIRST) as transport:
        assert transport.name == f"pcsc:{FIRST}"
        assert not transport.t0
        session = Session(Card(Channel(transport)))
        for number in range(5):
            session.apply(a_node(f"N{number}"))
        tree = session.read()
    assert [child.name for child in tree.children] == [f"N{number}" for number in range(5)]
    assert card.counters().total.writes > 0


def test_a_card_with_t0_works_the_same(card: SimTransport):
    pull(card)
    insert(card, t0=True, principal=Principal.ISSUER)
    with PcscTransport(FIRST) as transport:
        assert transport.t0
        session = Session(Card(Channel(transport, t0=True)))
        for number in range(5):
            session.apply(a_node(f"N{number}"))
        assert session.read(Uri(("N3",))).value == bytes(200)
        assert len(session.read().children) == 5


def test_a_reset_takes_the_power_away_and_keeps_the_card_ours(card: SimTransport):
    with PcscTransport(FIRST) as transport:
        assert transport.transmit(SELECT)[-2:] == b"\x90\x00"
        transport.reset()
        assert transport.transmit(READ) == b"\x69\x86", "nothing is selected"
        with pytest.raises(CardBusyError):
            PcscTransport(FIRST)
        assert card.counters().since_read.apdus == 2


def test_the_card_is_given_back_without_a_door_open(card: SimTransport):
    with PcscTransport(FIRST) as transport:
        transport.transmit(SELECT)
        assert transport.transmit(READ)[-2:] == b"\x90\x00"
    with PcscTransport(FIRST) as transport:
        assert transport.transmit(READ) == b"\x69\x86"
    transport.close()
    with pytest.raises(TransportError, match="lost or closed"):
        transport.transmit(READ)
    assert card.alive


# Which reader


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("name", ["", "virtual pcd", FIRST, "00 00"])
def test_a_reader_is_found_by_a_part_of_its_name(name: str):
    with PcscTransport(name) as transport:
        assert transport.name == f"pcsc:{FIRST}"


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Nix", f"no reader is called 'Nix'; there are: {FIRST}; {SECOND} (empty)"),
        (SECOND, f"there is no card in {SECOND}: put it in"),
    ],
)
def test_a_reader_that_will_not_do_is_told(name: str, text: str):
    with pytest.raises(NoCardError, match=re.escape(text)):
        PcscTransport(name)


def test_readers_are_told_apart_only_when_one_has_a_card(card: SimTransport):
    pull(card)
    with pytest.raises(
        NoCardError, match=re.escape(f"2 readers are called 'PCD'; choose one by more of its name: {FIRST}")
    ):
        PcscTransport("PCD")
    insert(card, SLOT + 1)
    with PcscTransport("PCD") as transport:
        assert transport.name == f"pcsc:{SECOND}"
    pull(card, SLOT + 1)


# Other programs


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("how", ["exclusive", "shared", "open"])
def test_a_card_that_another_program_has_is_not_to_be_had_alone(how: str):
    with other_program(how) as pid, pytest.raises(CardBusyError) as caught:
        PcscTransport(FIRST, wait=0.5)
    assert f"process {pid})" in str(caught.value)
    assert str(caught.value).endswith("end it, or try --shared")


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("how", ["exclusive", "shared"])
def test_a_card_that_another_program_keeps_cannot_be_shared(how: str):
    with other_program(how) as pid, pytest.raises(CardBusyError) as caught:
        PcscTransport(FIRST, shared=True, wait=0.5)
    assert f"process {pid})" in str(caught.value)
    assert str(caught.value).endswith("; end it")
    with PcscTransport(FIRST) as transport:
        assert transport.transmit(SELECT)[-2:] == b"\x90\x00"


@pytest.mark.usefixtures("card")
def test_a_card_that_another_program_merely_has_open_can_be_shared():
    with other_program("open"), PcscTransport(FIRST, shared=True) as transport:
        session = Session(Card(Channel(transport)))
        session.apply(a_node("N"))
        assert session.read().count() == 2


@pytest.mark.usefixtures("card")
def test_what_was_begun_on_a_shared_card_is_finished_before_others_get_it():
    with PcscTransport(FIRST, shared=True) as transport:
        transport.transmit(SELECT)
        reading = subprocess.Popen(
            ["opensc-tool", "-r", "0", "-s", "00A40400 05 A000000003".replace(" ", "")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(200):
            assert transport.transmit(READ)[-2:] == b"\x90\x00", "still selected"
        assert reading.poll() is None
    assert b"Received" in reading.communicate(timeout=30)[0]


def test_an_exclusive_card_is_nobody_elses(card: SimTransport):
    with PcscTransport(FIRST):
        told = subprocess.run(["opensc-tool", "-r", "0", "-s", "00A40400"], capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert "in use by another application" in told.stderr
    assert card.counters().since_read.apdus == 0


# Cards and services that go


def test_a_card_that_was_taken_out_is_told_and_found_again(card: SimTransport):
    with PcscTransport(FIRST) as transport:
        session = Session(Card(Channel(transport)))
        session.apply(a_node("Kept"))
        pull(card)
        with pytest.raises(NoCardError, match=f"taken out of {FIRST}; nothing of this command was done"):
            session.read()
        with pytest.raises(TransportError, match="lost or closed"):
            session.read()
        with pytest.raises(NoCardError, match="put it in"):
            transport.reset()
        insert(card, principal=Principal.ISSUER)
        transport.reset()
        assert [child.name for child in Session(Card(Channel(transport))).read().children] == ["Kept"]


def test_a_power_cut_under_way_is_told(card: SimTransport):
    with PcscTransport(FIRST) as transport:
        session = Session(Card(Channel(transport)))
        before = session.generation
        card.arm_cut(2, CutMode.HALF)
        with pytest.raises(PowerLostError):
            session.apply(a_node("N"))
        wait_for(lambda: card.slot() == (1, 1) and Context().readers()[0].present, "the card to be back")
        transport.reset()
        session = Session(Card(Channel(transport)))
        assert session.read().count() == 1 + session.generation - before


def test_a_service_that_was_restarted_is_found_again(card: SimTransport, pcscd: Pcscd):
    context = Context()
    assert len(context.readers()) == 2
    with PcscTransport(FIRST) as transport:
        transport.transmit(SELECT)
        pcscd.stop()
        try:
            with pytest.raises(PowerLostError, match="service stopped before the card answered"):
                transport.transmit(READ)
            with pytest.raises(NoCardError, match="service does not run: start pcscd"):
                transport.reset()
        finally:
            pcscd.start()
        wait_for(lambda: context.readers()[0].present, "the card to be back")
        transport.reset()
        assert transport.transmit(SELECT)[-2:] == b"\x90\x00"
        assert transport.transmit(READ)[-2:] == b"\x90\x00"
    assert card.alive
    context.release()


def test_without_the_service_the_error_says_what_to_start(pcscd: Pcscd):
    code = "from smartdm.transport.pcsc import PcscTransport as P; P()"
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(pcscd.folder / "nix")}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "NoCardError: the smart card service does not run: start pcscd" in told.stderr
