"""Logins in a test: cards with accounts, natively digested or not, and the door of a server."""

from __future__ import annotations

import pytest

from smartdm.card import credentials
from smartdm.errors import CardError
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from smartdm.transport.simwords import Algorithm
from smartdm.wire import Sw
from tests.card.device import Device, personalize
from tests.card.dmacc import account, client, issue, login, server
from tests.oracle import dmauth

NONCE = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
BODY = b"<SyncML/>"
ALG_MD5 = 2
SERVER = "com.mgmtsrv.manage"
NATIVE, SOFTWARE = (), ((Algorithm.DIGEST, ALG_MD5),)


def fresh(simulator: SimTransport, missing: tuple[tuple[Algorithm, int], ...] = (), params: bytes = b"") -> Device:
    simulator.seed_random(b"")
    simulator.without(*missing)
    simulator.new_card(params)
    simulator.without()
    device = Device(simulator)
    personalize(device.link)
    return device


def with_accounts(simulator: SimTransport, missing: tuple[tuple[Algorithm, int], ...]) -> Device:
    """Two servers' accounts; without MD5 of its own if that is missing."""
    device = fresh(simulator, missing)
    issue(
        device,
        account("a", SERVER, client(), server()),
        account("b", "S2", server(secret=b"other")),
        servers=(SERVER, "S2"),
    )
    return device


def refused(sw: Sw, error: pytest.ExceptionInfo[CardError]) -> None:
    assert error.value.sw == sw, f"{error.value.sw:04X}"


def opened(
    session: Session, *, batches: int = 255, body: bytes | None = None, at: str = "a", secret: bytes = b"secret"
) -> None:
    """Open the door of a server."""
    nonce = credentials.challenge(session.card)
    mac = None if body is None else credentials.body_digest(body)
    digest = dmauth.credential(b"srvuser", secret, nonce, body)
    credentials.verify(session.card, login(at=at), digest, mac, batches)
