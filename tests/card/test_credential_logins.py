"""DM 1.2 credentials on the card: which logins it takes, and notifications."""

from __future__ import annotations

import pytest

from smartdm.card import credentials
from smartdm.card.credentials import RESYNC, Notification
from smartdm.errors import CardError, NotAllowed
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.dmacc import account, anybody, client, issue, issuing, login, server
from tests.card.logins import NATIVE, NONCE, SERVER, SOFTWARE, fresh, opened, refused, with_accounts
from tests.oracle import dmauth


@pytest.fixture(params=[NATIVE, SOFTWARE], ids=["native", "software"])
def device(simulator: SimTransport, request: pytest.FixtureRequest) -> Device:
    return with_accounts(simulator, request.param)


@pytest.fixture
def nobody(device: Device) -> Session:
    return anybody(device)


# Which logins


def test_each_command_takes_logins_of_its_level_only(nobody: Session):
    with pytest.raises(CardError) as error:
        credentials.compute(nobody.card, login("srv"), NONCE)
    refused(Sw.NOT_A_LOGIN, error)
    nonce = credentials.challenge(nobody.card)
    with pytest.raises(CardError) as error:
        credentials.verify(nobody.card, login("cl"), dmauth.credential(b"Bruce2", b"OhBehave", nonce))
    refused(Sw.NOT_A_LOGIN, error)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("u", b"same"), ("v", b"same")), (("u", b"v:w"), ("u:v", b"w"))],
    ids=["secrets", "pairs"],
)
def test_an_account_that_could_be_answered_with_its_own_credential_is_refused(
    simulator: SimTransport, one: tuple[str, bytes], other: tuple[str, bytes]
):
    device = fresh(simulator)
    issue(device, account("a", "S", client(*one), server(*other)), servers=("S",))
    session = anybody(device)
    nonce = credentials.challenge(session.card)
    with pytest.raises(CardError) as error:
        credentials.compute(session.card, login("cl"), nonce)
    refused(Sw.SAME_SECRET, error)
    digest = dmauth.credential(other[0].encode(), other[1], nonce)
    with pytest.raises(CardError) as error:
        credentials.verify(session.card, login(), digest)
    refused(Sw.SAME_SECRET, error)


def test_a_server_that_no_principal_is_has_no_door(simulator: SimTransport):
    device = fresh(simulator)
    issue(device, account("a", "S", server()))
    session = anybody(device)
    with pytest.raises(CardError) as error:
        opened(session)
    refused(Sw.NO_KEY, error)


@pytest.mark.parametrize("name", ["#issuer", "#holder", "*"])
def test_no_account_makes_a_server_the_issuer(simulator: SimTransport, name: str):
    device = fresh(simulator)
    issue(device, account("a", name, server()))
    with pytest.raises(CardError) as error:
        opened(anybody(device))
    refused(Sw.NO_KEY, error)


def test_who_may_not_exec_the_login_gets_no_credential(simulator: SimTransport):
    device = fresh(simulator)
    closed = account("a", "S", client(), acl="Get=*&Exec=#issuer")
    issue(device, closed, servers=("S",))
    with pytest.raises(NotAllowed):
        credentials.compute(anybody(device).card, login("cl"), NONCE)
    assert credentials.compute(issuing(device).card, login("cl"), NONCE) == dmauth.credential(
        b"Bruce2", b"OhBehave", NONCE
    )


# Package 0


@pytest.mark.parametrize(
    ("nonce", "digest"),
    [
        (NONCE, "f731096e64faafb1c821ade225cc39d0"),
        (RESYNC[0], "4e94c58c36a8c50aabcdbe0c296b2ba7"),
        (RESYNC[1], "ed2be65e9e73d7dc3826b3141edf462f"),
    ],
)
def test_the_vectors_of_notifications(simulator: SimTransport, nonce: bytes, digest: str):
    device = fresh(simulator)
    issue(device, account("a", SERVER, server(nonce=NONCE)), servers=(SERVER,))
    session = anybody(device)
    said = dmauth.notification(SERVER.encode(), b"secret", nonce)
    assert said[:16].hex() == digest
    credentials.check(session.card, login(), Notification.decode(said), b"" if nonce == NONCE else nonce)
    with pytest.raises(NotAllowed):
        session.read()
    with pytest.raises(NotAllowed):
        credentials.check(
            session.card, login(), Notification.decode(said[:-1] + b"E"), b"" if nonce == NONCE else nonce
        )
