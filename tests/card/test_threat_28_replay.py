"""What was recorded opens nothing: notifications, credentials, nonces."""

from __future__ import annotations

import pytest

from smartdm.card import credentials
from smartdm.card.credentials import RESYNC, Notification
from smartdm.errors import CardError, NotAllowed
from smartdm.session import Session
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.dmacc import STORED, account, anybody, issue, login, server
from tests.oracle import dmauth


@pytest.fixture
def session(device: Device) -> Session:
    """Nobody's; the user name of the server's login is its ServerID, the worst case."""
    issue(device, account("a", "S", server("S", b"secret")), servers=("S",))
    return anybody(device)


@pytest.mark.parametrize("nonce", [STORED, *RESYNC], ids=["stored", "zeros", "text"])
@pytest.mark.parametrize("drawn", [False, True])
def test_a_recorded_notification_opens_nothing_also_as_a_mac(session: Session, nonce: bytes, drawn: bool):
    said = Notification.decode(dmauth.notification(b"S", b"secret", nonce))
    credentials.check(session.card, login(), said, b"" if nonce == STORED else nonce)
    if drawn:
        credentials.challenge(session.card)
    with pytest.raises(CardError) as error:
        credentials.verify(session.card, login(), said.digest, credentials.body_digest(said.trigger), 1)
    assert error.value.sw == (Sw.NOT_ALLOWED if drawn else Sw.NO_CURSOR)
    with pytest.raises(NotAllowed):
        session.read()


def test_a_forged_notification_is_refused(session: Session):
    for secret, server_id in ((b"Secret", b"S"), (b"secret", b"T")):
        said = Notification.decode(dmauth.notification(server_id, secret, STORED))
        with pytest.raises(NotAllowed):
            credentials.check(session.card, login(), said)


def test_forged_notifications_close_no_door(session: Session):
    forged = Notification.decode(bytes(16) + dmauth.trigger(b"S"))
    nonce = credentials.challenge(session.card)
    for _ in range(20):
        with pytest.raises(NotAllowed):
            credentials.check(session.card, login(), forged)
    credentials.verify(session.card, login(), dmauth.credential(b"S", b"secret", nonce))
    session.read()


@pytest.mark.parametrize("body", [None, b"message"], ids=["md5", "mac"])
def test_a_recorded_credential_is_no_answer_to_a_new_challenge(session: Session, device: Device, body: bytes | None):
    mac = None if body is None else credentials.body_digest(body)
    recorded = dmauth.credential(b"S", b"secret", credentials.challenge(session.card), body)
    credentials.verify(session.card, login(), recorded, mac)
    for _ in range(2):
        credentials.challenge(session.card)
        with pytest.raises(NotAllowed):
            credentials.verify(session.card, login(), recorded, mac)
        device.link.reset()
        session = anybody(device)


def test_a_challenge_does_not_outlive_its_selection(session: Session, device: Device):
    right = dmauth.credential(b"S", b"secret", credentials.challenge(session.card))
    again = anybody(device)
    with pytest.raises(CardError) as error:
        credentials.verify(again.card, login(), right)
    assert error.value.sw == Sw.NO_CURSOR


def test_challenges_differ(session: Session):
    drawn = [credentials.challenge(session.card) for _ in range(50)]
    assert len(set(drawn)) == 50
