"""Yubico's SCP03 initiator (yubikit) opens a channel of level 33 to the applet, through pcscd, and works over it.

It wraps and chains by its own code; of ours there are only the bytes of the commands and what is read from answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("ykman", reason="the foreign extra is not installed", exc_type=ImportError)

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from smartcard.ExclusiveConnectCardConnection import ExclusiveConnectCardConnection
from smartcard.System import readers
from ykman.pcsc import ScardSmartCardConnection
from yubikit.core.smartcard import ApduError, SmartCardProtocol
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, ScpKid, StaticKeys

from smartdm.card.keys import KeySet, check_value
from smartdm.transport.sim import SimTransport
from smartdm.wire import APPLET_AID, Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, get, interior, leaf, text
from tests.card.device import ISSUER, Device, personalize
from tests.card.doors import NAME, NEW, SERVER, add_server, initiate
from tests.interop.pcscd import FIRST, Pcscd, insert, pull

MOST = 240 - 1
"""Bytes of plain data in one wrapped command."""


@pytest.fixture
def protocol(simulator: SimTransport, pcscd: Pcscd) -> Iterator[SmartCardProtocol]:
    """Yubikit's end of a personalized card in the first slot, with a server on it; the applet is selected.

    T=1: what a card with T=0 answers to a length that is too large (6CXX), yubikit takes for a refusal.
    """
    assert pcscd.socket.exists()
    simulator.commit_limit(384)
    simulator.seed_random(b"")
    simulator.new_card()
    personalize(simulator)
    add_server(initiate(Device(simulator)))
    simulator.reset()
    insert(simulator)
    reader = next(each for each in readers() if str(each) == FIRST)
    connection = ScardSmartCardConnection(ExclusiveConnectCardConnection(reader.createConnection()))
    try:
        speaking = SmartCardProtocol(connection)
        assert speaking.select(APPLET_AID)[:1] == b"\x6f"
        yield speaking
    finally:
        connection.close()
        pull(simulator)


def params(keys: KeySet) -> Scp03KeyParams:
    return Scp03KeyParams(KeyRef(ScpKid.SCP03, keys.kvn), StaticKeys(*keys.keys))


def status(error: pytest.ExceptionInfo[ApduError]) -> int:
    return int(error.value.sw)


def send(protocol: SmartCardProtocol, ins: int, p1: int, p2: int, data: bytes) -> tuple[bytes, int]:
    """Yubikit raises for each status word but 9000, with what came with it."""
    try:
        return bytes(protocol.send_apdu(Cla.PLAIN, ins, p1, p2, data)), Sw.OK
    except ApduError as error:
        return bytes(error.data), error.sw


def read(protocol: SmartCardProtocol, uri: bytes = b"") -> bytes:
    """The whole stream of a subtree."""
    stream, sw = send(protocol, Ins.READ, 0xFF, 0, text(uri))
    number = 0
    while sw == Sw.MORE:
        number += 1
        more, sw = send(protocol, Ins.READ_NEXT, stream[3], number, b"")
        stream += more
    assert sw == Sw.OK
    return stream


def run(protocol: SmartCardProtocol, *parts: bytes) -> bytes:
    """A batch, part by part; each is wrapped by itself."""
    for number, data in enumerate(parts[:-1]):
        assert len(data) < MOST
        cla = Cla.PLAIN | Cla.CHAIN
        assert protocol.send_apdu(cla, Ins.BATCH, 0, 0, bytes((number,)) + data) == b""
    return bytes(protocol.send_apdu(Cla.PLAIN, Ins.BATCH, 0, 0, bytes((len(parts) - 1,)) + parts[-1]))


VALUES = [bytes((0x41 + at,)) * 200 for at in range(8)]
PARTS = [OPTIONS + add(b"", interior(b"A")), *(add(b"A", leaf(b"n%d" % at, value)) for at, value in enumerate(VALUES))]


@pytest.mark.parametrize("keys", [ISSUER, SERVER], ids=["issuer", "server"])
def test_yubikit_opens_level_33_and_works(protocol: SmartCardProtocol, keys: KeySet):
    protocol.init_scp(params(keys))
    assert run(protocol, *PARTS) == b""
    stream = read(protocol)
    assert len(stream) > 6 * MOST
    assert all(value in stream for value in VALUES)
    assert VALUES[3] in run(protocol, OPTIONS + get(b"A/n3"))
    assert read(protocol, b"A/n5").endswith(VALUES[5])


def test_yubikit_is_told_what_was_refused_and_goes_on(protocol: SmartCardProtocol):
    protocol.init_scp(params(SERVER))
    with pytest.raises(ApduError) as caught:
        protocol.send_apdu(Cla.PLAIN, Ins.READ, 0, 0, text(b"none"))
    assert status(caught) == Sw.NOT_FOUND
    data, sw = send(protocol, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + add(b"none", leaf(b"x")))
    assert (data, sw) == (b"\x00\x01" + Sw.NOT_FOUND.to_bytes(2), Sw.BATCH_FAILED)
    assert send(protocol, 0x77, 0, 0, b"") == (b"", Sw.INS_UNKNOWN)
    assert send(protocol, Ins.VERIFY, 0, 0, b"9999\xff\xff\xff\xff") == (b"", 0x63C2)
    assert NAME in read(protocol, b"?")


def test_yubikit_replaces_its_keys(protocol: SmartCardProtocol):
    protocol.init_scp(params(SERVER))
    data = bytes((NEW.kvn,))
    for key in NEW.keys:
        data += b"\x88\x11\x10" + encrypted(key) + b"\x03" + check_value(key)
    answer = protocol.send_apdu(Cla.PLAIN, Ins.PUT_KEY, SERVER.kvn, 0x81, data)
    assert answer == bytes((NEW.kvn,)) + NEW.check_values
    protocol.select(APPLET_AID)
    protocol.init_scp(params(NEW))
    assert read(protocol)


def encrypted(key: bytes) -> bytes:
    """Under the server's DEK, by the library that yubikit uses, too."""
    return Cipher(algorithms.AES(SERVER.dek), modes.CBC(bytes(16))).encryptor().update(key)


def test_yubikit_finds_wrong_keys_before_anything_is_spent(protocol: SmartCardProtocol, simulator: SimTransport):
    with pytest.raises(ValueError, match="Incorrect SCP"):
        protocol.init_scp(params(KeySet(ISSUER.kvn, *SERVER.keys)))
    assert simulator.counters().last_apdu.points == 0
    protocol.init_scp(params(ISSUER))
    assert read(protocol)


def test_a_plain_command_ends_the_channel_of_yubikit(protocol: SmartCardProtocol):
    protocol.init_scp(params(ISSUER))
    assert read(protocol)
    answer, sw = protocol.connection.send_and_receive(bytes.fromhex("8031000001 00 00"))
    assert (answer, sw) == (b"", Sw.NOT_ALLOWED)
    with pytest.raises(ApduError) as caught:
        protocol.send_apdu(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")
    assert status(caught) == Sw.NOT_ALLOWED
