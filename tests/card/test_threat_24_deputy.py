"""A client that carries the session of one server must not run it as another's, nor as that of nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartdm.card import credentials
from smartdm.errors import CardError, CommandNotAllowed, NotAllowed
from smartdm.mo.acl import Acl
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Session
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.dmacc import account, anybody, client, issue, login, server
from tests.card.store import branch, leaf, uri
from tests.oracle import dmauth

EVIL = b"known to S1"


@pytest.fixture
def session(device: Device) -> Session:
    """S1's, opened by its credential; accounts of S1 and S2 are on the card, and a node of S2's."""
    issuer = issue(
        device,
        account("one", "S1", client(), server(secret=b"of S1")),
        account("two", "S2", client(secret=b"of the client at S2"), server(secret=b"of S2")),
        servers=("S1", "S2"),
    )
    issuer.apply(Batch().add(ROOT, leaf("mine", b"S2's", acl=Acl.parse("Get=S2&Replace=S2"))))
    session = anybody(device)
    door(session, "one", b"of S1")
    return session


def door(session: Session, at: str, secret: bytes) -> None:
    nonce = credentials.challenge(session.card)
    credentials.verify(session.card, login(at=at), dmauth.credential(b"srvuser", secret, nonce))


@pytest.mark.usefixtures("session")
def test_without_a_door_nothing_is_done(device: Device):
    nobody = anybody(device)
    for batch in (Batch().add(ROOT, leaf("x")), Batch().get(ROOT), Batch().replace(uri("mine"), b"x")):
        with pytest.raises(NotAllowed):
            nobody.apply(batch)


def test_the_session_of_one_server_is_not_that_of_another(device: Device, session: Session):
    with pytest.raises(NotAllowed):
        session.apply(Batch().replace(uri("mine"), b"S1's"))
    again = anybody(device)
    door(again, "two", b"of S2")
    again.apply(Batch().replace(uri("mine"), b"new"))


def test_the_credential_of_one_account_does_not_open_another(session: Session):
    nonce = credentials.challenge(session.card)
    with pytest.raises(NotAllowed):
        credentials.verify(session.card, login(at="two"), dmauth.credential(b"srvuser", b"of S1", nonce))


def test_the_clients_own_credential_opens_nothing(session: Session):
    nonce = credentials.challenge(session.card)
    own = credentials.compute(session.card, login("cl", "two"), nonce)
    with pytest.raises(NotAllowed):
        credentials.verify(session.card, login(at="two"), own)


def test_a_server_makes_no_account_in_another_name(session: Session):
    forged = account("three", "S2", server(secret=EVIL), acl="Get=*&Replace=S1")
    for where, node in (
        (uri("DMAcc"), forged),
        (ROOT, branch("Mine", forged)),
        (ROOT, branch("A", branch("B", forged))),
    ):
        with pytest.raises((CommandNotAllowed, NotAllowed)):
            session.apply(Batch().add(where, node))


def test_a_tree_that_only_looks_like_an_account_is_none(device: Device, session: Session):
    children = server(secret=EVIL).node()
    free = branch("three", leaf("ServerID", b"S2"), branch("AppAuth", children))
    session.apply(Batch().add(ROOT, branch("Mine", free), plain=True))
    nobody = anybody(device)
    nonce = credentials.challenge(nobody.card)
    with pytest.raises(CardError) as error:
        credentials.verify(nobody.card, uri("Mine/three/AppAuth/srv"), dmauth.credential(b"srvuser", EVIL, nonce))
    assert error.value.sw in {Sw.NOT_A_LOGIN, Sw.NOT_FOUND}


def test_a_server_adds_no_login_and_no_secret_to_an_account(device: Device):
    open_to_all = "Add=*&Delete=*&Exec=*&Get=*&Replace=*"
    issue(device, account("two", "S2", server(secret=b"of S2"), acl=open_to_all), servers=("S1", "S2"))
    session = anybody(device)
    door(session, "two", b"of S2")
    at = uri("DMAcc/two")
    for batch in (
        Batch().add(at / "AppAuth", replace(server(secret=EVIL), name="evil").node()),
        Batch().replace(at / "ServerID", b"S1"),
        Batch().delete(at / "ServerID"),
        Batch().delete(login(at="two") / "AAuthSecret"),
    ):
        with pytest.raises((CommandNotAllowed, NotAllowed)):
            session.apply(batch)


def test_a_message_door_serves_that_message_only(session: Session):
    nonce = credentials.challenge(session.card)
    body = b"<SyncML>1</SyncML>"
    mac = dmauth.credential(b"srvuser", b"of S1", nonce, body)
    credentials.verify(session.card, login(at="one"), mac, credentials.body_digest(body), 1)
    session.apply(Batch().get(uri("DMAcc"), 0))
    with pytest.raises(NotAllowed):
        session.apply(Batch().get(uri("DMAcc"), 0))
    nonce = credentials.challenge(session.card)
    with pytest.raises(NotAllowed):
        credentials.verify(session.card, login(at="one"), mac, credentials.body_digest(b"<SyncML>2</SyncML>"), 1)
