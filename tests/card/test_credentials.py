"""DM 1.2 credentials on the card: what is computed, doors, and nonces."""

from __future__ import annotations

from base64 import b64decode
from random import Random

import pytest

from smartdm.card import credentials
from smartdm.card.credentials import Notification
from smartdm.errors import CardError, NotAllowed
from smartdm.session import Batch, Session
from smartdm.transport.sim import SimTransport
from smartdm.transport.simwords import Algorithm
from smartdm.wire import Sw
from tests.card.device import SMALL, Device
from tests.card.dmacc import STORED, account, anybody, client, issue, login
from tests.card.logins import BODY, NATIVE, NONCE, SERVER, SOFTWARE, fresh, opened, refused, with_accounts
from tests.card.store import uri
from tests.oracle import dmauth


@pytest.fixture(params=[NATIVE, SOFTWARE], ids=["native", "software"])
def device(simulator: SimTransport, request: pytest.FixtureRequest) -> Device:
    return with_accounts(simulator, request.param)


@pytest.fixture
def nobody(device: Device) -> Session:
    return anybody(device)


# What is computed


def test_the_specifications_vector(nobody: Session):
    got = credentials.compute(nobody.card, login("cl"), b"Nonce")
    assert got == b64decode("Zz6EivR3yeaaENcRN6lpAQ==") == dmauth.credential(b"Bruce2", b"OhBehave", b"Nonce")


def test_the_vector_of_a_mac(nobody: Session):
    got = credentials.compute(nobody.card, login("cl"), NONCE, credentials.body_digest(BODY))
    assert got == b64decode("NbT+VWKejjVrOX557GSwCw==")
    assert credentials.mac_header("Bruce2", got) == 'algorithm=MD5, username="Bruce2", mac=NbT+VWKejjVrOX557GSwCw=='


@pytest.mark.parametrize("size", [0, 1, 15, 16, 38, 39, 64, 100, 128])
def test_nonces_of_any_length(nobody: Session, size: int):
    nonce = Random(size).randbytes(size)
    assert credentials.compute(nobody.card, login("cl"), nonce) == dmauth.credential(b"Bruce2", b"OhBehave", nonce)


@pytest.mark.parametrize("missing", [NATIVE, SOFTWARE], ids=["native", "software"])
@pytest.mark.parametrize("params", [b"", SMALL], ids=["default", "small"])
def test_secrets_and_names_of_any_length(
    simulator: SimTransport, missing: tuple[tuple[Algorithm, int], ...], params: bytes
):
    random = Random(7)
    device = fresh(simulator, missing, params)
    issue(device, account("a", "S", client()), servers=("S",))
    for total in (*range(50, 70), 120, 127, 128, 300):
        user = "".join(random.choices("abcXYZ019:.@", k=total // 2))
        secret = "".join(random.choices("abcXYZ019:.@", k=total - total // 2)).encode()
        at = login("cl")
        device.open().apply(Batch().replace(at / "AAuthName", user.encode()).replace(at / "AAuthSecret", secret))
        nonce, body = random.randbytes(random.randint(0, 64)), random.randbytes(300)
        got = credentials.compute(anybody(device).card, at, nonce, credentials.body_digest(body))
        assert got == dmauth.credential(user.encode(), secret, nonce, body), f"seed 7, {total} bytes"


# Doors


@pytest.mark.parametrize("body", [None, BODY], ids=["md5", "mac"])
def test_a_right_answer_opens_the_door(nobody: Session, body: bytes | None):
    with pytest.raises(NotAllowed):
        nobody.read()
    opened(nobody, body=body)
    nobody.read()


def test_the_vectors_are_verified(device: Device, simulator: SimTransport):
    simulator.give_random(NONCE)
    session = anybody(device)
    assert credentials.challenge(session.card) == NONCE
    right = dmauth.credential(b"srvuser", b"secret", NONCE, BODY)
    credentials.verify(session.card, login(), right, credentials.body_digest(BODY), 1)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_mac_serves_that_many_batches(nobody: Session, count: int):
    opened(nobody, body=BODY, batches=count)
    for _ in range(count):
        nobody.apply(Batch().get(uri("DMAcc"), 0))
    with pytest.raises(NotAllowed):
        nobody.apply(Batch().get(uri("DMAcc")))
    with pytest.raises(NotAllowed):
        nobody.read()


def test_md5_serves_255_batches(nobody: Session):
    opened(nobody)
    for _ in range(255):
        nobody.apply(Batch().get(uri("DMAcc"), 0))
    with pytest.raises(NotAllowed):
        nobody.apply(Batch().get(uri("DMAcc"), 0))


@pytest.mark.parametrize("end", ["select", "reset"])
def test_a_selection_and_a_reset_close_the_door(device: Device, nobody: Session, end: str):
    opened(nobody)
    if end == "reset":
        device.link.reset()
    session = anybody(device)
    with pytest.raises(NotAllowed):
        session.read()


def test_a_nonce_serves_once_even_if_the_answer_was_wrong(nobody: Session):
    nonce = credentials.challenge(nobody.card)
    right = dmauth.credential(b"srvuser", b"secret", nonce)
    with pytest.raises(NotAllowed):
        credentials.verify(nobody.card, login(), bytes(16))
    with pytest.raises(CardError) as error:
        credentials.verify(nobody.card, login(), right)
    refused(Sw.NO_CURSOR, error)
    opened(nobody)
    with pytest.raises(CardError) as error:
        credentials.verify(nobody.card, login(), right)
    refused(Sw.NO_CURSOR, error)


def test_a_wrong_answer_closes_the_door_that_was_open(nobody: Session):
    opened(nobody)
    credentials.challenge(nobody.card)
    with pytest.raises(NotAllowed):
        credentials.verify(nobody.card, login(), bytes(16))
    with pytest.raises(NotAllowed):
        nobody.read()


def test_sixteen_failures_close_all_doors_until_the_next_reset(device: Device):
    session = anybody(device)
    for _ in range(16):
        credentials.challenge(session.card)
        with pytest.raises(NotAllowed):
            credentials.verify(session.card, login(), bytes(16))
    for asked in (session, anybody(device)):
        with pytest.raises(CardError) as error:
            opened(asked)
        refused(Sw.NO_CURSOR, error)
    device.link.reset()
    opened(anybody(device))


def test_failed_verifications_write_nothing_and_cost_the_same(device: Device, simulator: SimTransport):
    session = anybody(device)
    costs = set()
    for at in range(16):
        nonce = credentials.challenge(session.card)
        wrong = bytearray(dmauth.credential(b"srvuser", b"secret", nonce))
        wrong[at] ^= 1
        with pytest.raises(NotAllowed):
            credentials.verify(session.card, login(), bytes(wrong))
        last = simulator.counters().last_apdu
        assert last.writes == 0
        costs.add(last.computations)
        if at == 7:
            device.link.reset()
            session = anybody(device)
    assert len(costs) == 1


def test_the_nonce_of_the_next_session_is_stored_in_one_commit(device: Device, nobody: Session):
    with pytest.raises(NotAllowed):
        credentials.challenge(nobody.card, login())
    opened(nobody)
    generation = anybody(device).info.generation
    session = anybody(device)
    opened(session)
    nonce = credentials.challenge(session.card, login())
    assert nonce != STORED
    device.link.reset()
    again = anybody(device)
    assert again.info.generation == generation + 1
    said = dmauth.notification(SERVER.encode(), b"secret", nonce)
    credentials.check(again.card, login(), Notification.decode(said))


def test_only_the_server_itself_stores_its_nonce(nobody: Session):
    opened(nobody, at="b", secret=b"other")
    with pytest.raises(NotAllowed):
        credentials.challenge(nobody.card, login())
