"""On a full card secrets can be replaced all the same: the reserve is theirs, too."""

from __future__ import annotations

import pytest

from smartdm.mo.uri import ROOT
from smartdm.session import Batch
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import add, apdu, leaf
from tests.card.device import PUK, SELECT, Device, fresh_card
from tests.card.doors import NEW, SERVER, add_server, batch, initiate, pin, replace_keys
from tests.card.store import PROFILES, branch, fill, uri
from tests.oracle.scp03 import Initiator

NEW_PIN = pin(b"86420")


SPARE = 6
"""Parents without children: there a leaf takes next to nothing else."""


@pytest.fixture(params=PROFILES)
def full(device: Device, request: pytest.FixtureRequest) -> Device:
    """A card with less room than a PIN takes, but for the reserve, and a server with keys on it."""
    fresh_card(device.sim, PROFILES[request.param])
    add_server(initiate(device))
    session = device.open()
    session.apply(Batch().add(ROOT, *(branch(f"Z{at}") for at in range(SPARE))))
    fill(session, ROOT, 200)
    for at in range(SPARE):
        fill(session, uri(f"Z{at}"), 0)
    return device


def refused(channel: Initiator) -> None:
    """A batch that finds the card full; what it was allowed to take is not what others are."""
    data, sw = b"", int(Sw.SEND_AGAIN)
    while sw == Sw.SEND_AGAIN:
        data, sw = batch(channel, add(b"Z%d" % (SPARE - 1), leaf(b"more")))
    assert (sw, data[2:]) == (Sw.BATCH_FAILED, Sw.CARD_FULL.to_bytes(2))


def test_pin_and_puk_change_right_behind_a_batch_that_found_no_room(full: Device):
    channel = initiate(full)
    for _ in range(6):
        refused(channel)
        assert channel.send(Cla.PLAIN, Ins.CHANGE_REFERENCE_DATA, data=pin() + NEW_PIN)[1] == Sw.OK
        refused(channel)
        assert channel.send(Cla.PLAIN, Ins.RESET_RETRY_COUNTER, data=pin(PUK) + pin())[1] == Sw.OK
    assert channel.send(Cla.PLAIN, Ins.VERIFY, data=pin())[1] == Sw.OK


def test_keys_are_replaced_right_behind_a_batch_that_found_no_room(full: Device):
    channel = initiate(full)
    for at in range(6):
        refused(channel)
        old, new = (SERVER, NEW) if at % 2 == 0 else (NEW, SERVER)
        replace_keys(channel, old.kvn, new)


def test_pin_and_puk_change_when_the_card_was_just_selected(full: Device):
    full.apdu(SELECT)
    for _ in range(6):
        assert full.apdu(apdu(Ins.CHANGE_REFERENCE_DATA, pin() + NEW_PIN, le=b""))[1] == Sw.OK
        assert full.apdu(apdu(Ins.RESET_RETRY_COUNTER, pin(PUK) + pin(), le=b""))[1] == Sw.OK


def test_owners_replace_their_keys_when_the_card_was_just_selected(full: Device):
    for at in range(6):
        old, new = (SERVER, NEW) if at % 2 == 0 else (NEW, SERVER)
        replace_keys(initiate(full, old), old.kvn, new)
