"""What a definition wants proven: the holder's PIN takes effect for one batch, and the judge knows where."""

from __future__ import annotations

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Ins, Proof, Sw
from tests.card.asking import assert_sw
from tests.card.device import PIN
from tests.card.judge import Judge
from tests.card.seen import apdu
from tests.oracle.acl import Acl
from tests.oracle.commands import Add, Command, Delete, Get, Replace, SetAcl, SetTitle
from tests.oracle.nodes import branch, defined, leaf, rule_branch, rule_leaf

ALL = Acl.parse("Add=S&Delete=S&Get=S&Replace=S")
PROVEN = rule_branch(
    "proven",
    rule_branch("Pin", rule_leaf("x"), rule_branch("own"), proof=Proof.HOLDER),
    rule_leaf("Log", proof=Proof.HOLDER << 4),
)
PLACE = ("P", "Pin")
CHANGES = [
    SetTitle(PLACE, "T"),
    Delete(PLACE),
    Replace((*PLACE, "x"), b"2"),
    Delete((*PLACE, "x")),
    SetAcl((*PLACE, "x"), ALL),
]


@pytest.fixture
def judge(simulator: SimTransport) -> Judge:
    """S, of whom the card has seen nothing, may do everything to P; below, changes of Pin and Get of Log want a PIN."""
    judge = Judge.new(simulator)
    judge.servers("S")
    judge.done(Add(("?",), PROVEN))
    own = defined("own", ("proven", "Pin", "own"), branch("free"), acl=ALL)
    pin = defined("Pin", ("proven", "Pin"), defined("x", ("proven", "Pin", "x"), value=b"1"), own)
    judge.done(Add((), defined("P", ("proven",), pin, defined("Log", ("proven", "Log"), value=b"l"), acl=ALL)))
    judge.model.proof = Proof(0)
    judge.ask_as("S")
    return judge


def verify(judge: Judge) -> None:
    assert_sw(judge.send(apdu(Ins.VERIFY, PIN.ljust(8, b"\xff")))[1], Sw.OK)
    judge.model.proof |= Proof.HOLDER


@pytest.mark.parametrize("command", CHANGES)
def test_a_change_that_wants_the_pin_is_done_in_the_batch_behind_it_and_in_no_other(judge: Judge, command: Command):
    judge.refuse(Sw.NOT_ALLOWED, command)
    verify(judge)
    judge.done(command)
    last = Get(("P", "Log"))
    judge.refuse(Sw.NOT_ALLOWED, last)
    judge.audit()


def test_a_batch_that_is_refused_does_not_use_up_the_pin(judge: Judge):
    verify(judge)
    judge.refuse(Sw.NOT_FOUND, SetTitle(PLACE, "T"), Delete(("P", "Nix")))
    judge.done(SetTitle(PLACE, "T"))
    judge.refuse(Sw.NOT_ALLOWED, SetTitle(PLACE, "U"))


def test_a_node_below_with_an_acl_of_its_own_wants_no_pin(judge: Judge):
    judge.done(Add((*PLACE, "own"), leaf("y")))
    judge.refuse(Sw.NOT_ALLOWED, Add(PLACE, defined("own", ("proven", "Pin", "own"), leaf("y"))))


def test_what_wants_the_pin_for_get_is_withheld_without_it(judge: Judge):
    judge.look()
    judge.refuse(Sw.NOT_ALLOWED, Get(("P", "Log")))
    verify(judge)
    judge.look()


def test_what_a_batch_gets_with_the_pin_is_told(judge: Judge):
    verify(judge)
    judge.done(Get(("P", "Log")))
    judge.refuse(Sw.NOT_ALLOWED, Get(("P", "Log")))
