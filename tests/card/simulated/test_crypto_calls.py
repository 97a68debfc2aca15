"""Cryptographic calls on the simulated card: counted, refused where they cannot be modelled, missing where wished;
and random numbers that the test gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartdm.errors import TransportError
from smartdm.transport.sim import Algorithm, SimTransport
from tests.card.applets.probe import Probe, build, transport
from tests.card.applets.vault import INVALID_INIT, UNINITIALIZED_KEY, VERIFY, Held, Vault

KEY, DATA = bytes(range(16)), bytes(range(100, 132))
RESET = Held.UNTIL_RESET

Call = Callable[[Vault], object]


@pytest.fixture(scope="module")
def simulator(folder: Path) -> Iterator[SimTransport]:
    with transport(folder, "probe.Vault") as running:
        yield running


@pytest.fixture
def vault(simulator: SimTransport) -> Vault:
    simulator.without()
    simulator.seed_random(b"")
    vault = Vault(simulator).fresh()
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.init_signature(RESET)
    return vault


# The counter

COUNTED: list[tuple[Call, int]] = [
    (lambda vault: vault.set_key(RESET, KEY), 1),
    (lambda vault: vault.clear_key(RESET), 1),
    (lambda vault: vault.init_cipher(RESET), 1),
    (lambda vault: vault.init_cipher(RESET, vector=KEY), 1),
    (lambda vault: vault.crypt_part(DATA), 1),
    (lambda vault: vault.crypt(DATA), 1),
    (lambda vault: vault.init_signature(RESET, VERIFY), 1),
    (lambda vault: vault.sign(DATA), 1),
    (lambda vault: vault.digest_part(DATA), 1),
    (lambda vault: vault.digest(DATA), 1),
    (Vault.random, 1),
    (Vault.initialized, 0),
    (lambda vault: vault.get_key(RESET), 0),
    (lambda vault: vault.init_cipher(Held.UNTIL_DESELECT, sw=UNINITIALIZED_KEY), 1),
]


@pytest.mark.parametrize(("call", "count"), COUNTED)
def test_calls_that_compute_are_counted(vault: Vault, call: Call, count: int):
    vault.card.counters()
    call(vault)
    assert vault.card.counters().last_apdu.computations == count
    call(vault)
    call(vault)
    views = vault.card.counters()
    assert (views.last_apdu.computations, views.since_read.computations) == (count, 2 * count)


def test_a_verification_counts_the_same_whatever_comes_of_it(vault: Vault):
    vault.init_signature(RESET)
    mac = vault.sign(DATA)
    vault.init_signature(RESET, VERIFY)
    counts = set()
    for tried in (mac, bytes(16), mac[:15] + bytes((mac[15] ^ 1,))):
        assert vault.verify(DATA, tried) == (tried == mac)
        counts.add(vault.card.counters().last_apdu.computations)
    assert counts == {1}


def test_a_refused_call_counts_too(vault: Vault):
    vault.fresh()
    vault.crypt(DATA, sw=INVALID_INIT)
    assert vault.card.counters().last_apdu.computations == 1


def test_what_install_computes_is_not_counted(vault: Vault):
    vault.fresh(b"\x01")
    assert vault.initialized()[0]
    assert vault.card.counters().total.computations == 0


# Persistent arrays

WRITERS = {
    0x60: "Cipher.doFinal",
    0x61: "Cipher.update",
    0x62: "Signature.sign",
    0x63: "MessageDigest.doFinal",
    0x64: "RandomData.generateData",
    0x65: "Key.getKey",
}


@pytest.mark.parametrize("ins", WRITERS)
@pytest.mark.parametrize("caught", [0, 1, 2], ids=["thrown", "caught by the applet", "something else is thrown"])
def test_no_call_writes_into_a_persistent_array_unnoticed(vault: Vault, ins: int, caught: int):
    vault.send(ins, caught, data=DATA, sw=0x6F00)
    told = vault.card.last_failure()
    assert f"{WRITERS[ins]} shall write into a persistent array" in told
    assert "probe.Vault.write" in told
    assert vault.digest(DATA) == hashlib.sha256(DATA).digest(), "the card lives on"


def test_nor_does_one_in_install(vault: Vault):
    with pytest.raises(TransportError, match=r"cannot be installed: .*RandomData\.generateData shall write"):
        vault.card.new_card(b"\x02")
    with pytest.raises(TransportError, match="no card"):
        vault.initialized()
    vault.fresh()


# Random numbers


def test_given_random_numbers_come_first(vault: Vault):
    vault.fresh()
    usual = [vault.random(), vault.random()]
    vault.card.give_random(bytes(range(20)))
    vault.fresh()
    assert vault.random() == bytes(range(16))
    assert vault.random() == bytes(range(16, 20)) + usual[0][:12], "then it goes on as before"
    assert vault.random() == usual[1]


def test_a_new_source_drops_what_was_given(vault: Vault):
    for choose in (vault.card.secure_random, lambda: vault.card.seed_random(b"")):
        vault.card.give_random(bytes(16))
        choose()
        assert vault.fresh().random() != bytes(16)


def test_given_numbers_do_not_make_a_card_in_a_file_predictable(vault: Vault, folder: Path, tmp_path: Path):
    with transport(folder, "probe.Vault") as card:
        card.give_random(bytes(16))
        card.open_image(tmp_path / "a.card", b"\x00")
        fresh = Vault(card).select()
        assert fresh.random() == bytes(16)
        seeded = vault.fresh().random()
        assert fresh.random() != seeded


# Missing algorithms

SHA_256, AES_CBC, AES_MAC, SECURE = 4, 13, 18, 2


@pytest.mark.parametrize(
    "missing",
    [
        (Algorithm.RANDOM, SECURE),
        (Algorithm.SIGNATURE, AES_MAC),
        (Algorithm.CIPHER, AES_CBC),
        (Algorithm.DIGEST, SHA_256),
        (Algorithm.AES_KEY, 16),
    ],
)
def test_a_card_can_be_without_an_algorithm(vault: Vault, missing: tuple[Algorithm, int]):
    vault.card.without(missing)
    vault.digest(DATA)  # the present card stays as it is
    with pytest.raises(TransportError, match="refused to be installed: CryptoException 0003"):
        vault.card.new_card(b"\x00")
    vault.card.without((missing[0], missing[1] ^ 0x40), (Algorithm(missing[0] % 5 + 1), 0x40 | missing[1]))
    vault.fresh().digest(DATA)
    vault.card.without(missing, (Algorithm.CIPHER, 200))
    with pytest.raises(TransportError, match="CryptoException 0003"):
        vault.card.new_card(b"\x00")
    vault.card.without()
    vault.fresh().digest(DATA)


@pytest.mark.parametrize(
    ("op", "body", "text"),
    [
        (0x13, b"\x01", "pairs of a kind"),
        (0x13, b"\x00\x01", "kinds 1 to 5, not 0"),
        (0x13, b"\x06\x01", "kinds 1 to 5, not 6"),
        (0x09, b"\x03", "modes 0 to 2, not 3"),
    ],
)
def test_what_cannot_be_chosen_is_an_error(vault: Vault, op: int, body: bytes, text: str):
    with pytest.raises(TransportError, match=text):
        vault.card._process.call(op, body)
    vault.digest(DATA)


# What stops the build

CALLS = {
    "javacard.security.KeyAgreement.getInstance((byte) 1, false);": r"KeyAgreement\.getInstance\(BZ\)",
    "signature.setInitialDigest(kept, (short) 0, (short) 0, kept, (short) 0, (short) 0);": r"setInitialDigest",
    "Cipher.getInstance((byte) 1, (byte) 1, false);": r"Cipher\.getInstance\(BBZ\)",
    "JCSystem.isAppletActive(JCSystem.getAID());": r"JCSystem\.isAppletActive",
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_modelled_stops_the_build(tmp_path: Path, call: str):
    marker = "scratch[0] = (byte) (untilReset"
    with pytest.raises(AssertionError, match=rf"probe\.Vault\.run calls .*{CALLS[call]}.*does not model"):
        build(tmp_path, {marker: f"{call} {marker}"})


def test_applets_without_cryptography_compute_nothing(folder: Path):
    with transport(folder) as card:
        probe = Probe(card).fresh()
        probe.copy(0, DATA[:16])
        assert card.counters().total.computations == 0
