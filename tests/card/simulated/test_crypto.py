"""Cryptographic objects on the simulated card: they compute, and what clears them leaves nothing in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from smartdm.errors import TransportError
from smartdm.transport.sim import SimTransport, Transient
from tests.card.applets.probe import build, transport
from tests.card.applets.vault import (
    DECRYPT,
    ENCRYPT,
    INVALID_INIT,
    UNINITIALIZED_KEY,
    VERIFY,
    Held,
    Vault,
)

KEY, VECTOR, DATA = bytes(range(16)), bytes(range(50, 66)), bytes(range(100, 132))
RESET, DESELECT = Held.UNTIL_RESET, Held.UNTIL_DESELECT

Event = Callable[[Vault], object]


@pytest.fixture(scope="module")
def simulator(folder: Path) -> Iterator[SimTransport]:
    with transport(folder, "probe.Vault") as running:
        yield running


@pytest.fixture
def vault(simulator: SimTransport) -> Vault:
    return Vault(simulator).fresh()


def cbc(data: bytes, vector: bytes = bytes(16), key: bytes = KEY) -> bytes:
    return Cipher(AES128(key), CBC(vector)).encryptor().update(data)


def reset(vault: Vault) -> None:
    vault.card.reset()
    vault.select()


def restore(vault: Vault) -> None:
    vault.card.restore(vault.card.snapshot())
    vault.select()


# They compute


@pytest.mark.parametrize("which", Held)
def test_ciphers_signatures_and_digests_compute(vault: Vault, which: Held):
    vault.set_key(which, KEY)
    assert vault.get_key(which) == KEY
    vault.init_cipher(which)
    assert vault.crypt(DATA) == cbc(DATA)
    vault.init_cipher(which, DECRYPT)
    assert vault.crypt_part(cbc(DATA)[:16]) + vault.crypt(cbc(DATA)[16:]) == DATA
    vault.init_signature(which)
    mac = vault.sign(DATA)
    assert mac == cbc(DATA)[-16:]
    vault.init_signature(which, VERIFY)
    assert vault.verify(DATA, mac)
    assert not vault.verify(DATA, bytes(16))
    vault.digest_part(DATA)
    assert vault.digest(KEY) == hashlib.sha256(DATA + KEY).digest()


def test_an_initial_vector_counts_for_one_message(vault: Vault):
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET, ENCRYPT, VECTOR)
    assert vault.crypt(DATA) == cbc(DATA, VECTOR)
    assert vault.crypt(DATA) == cbc(DATA), "zero again, as the API says"


def test_without_init_and_without_a_key_nothing_is_computed(vault: Vault):
    vault.crypt(DATA, sw=INVALID_INIT)
    vault.sign(DATA, sw=INVALID_INIT)
    vault.init_cipher(RESET, sw=UNINITIALIZED_KEY)
    vault.init_signature(RESET, sw=UNINITIALIZED_KEY)
    vault.get_key(RESET, sw=UNINITIALIZED_KEY)


def test_after_an_init_that_failed_the_key_before_is_not_used(vault: Vault):
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.init_cipher(DESELECT, sw=UNINITIALIZED_KEY)
    vault.crypt(DATA, sw=INVALID_INIT)


# What clears them


def assert_knows(vault: Vault, *, reset_key: bool, deselect_key: bool) -> None:
    assert vault.initialized() == (reset_key, deselect_key)
    assert vault.card.transient_keys() == [(16, reset_key), (16, deselect_key)]


def test_a_reselection_clears_the_keys_of_the_selection_only(vault: Vault):
    assert_knows(vault, reset_key=False, deselect_key=False)
    vault.set_key(RESET, KEY)
    vault.set_key(DESELECT, KEY)
    assert_knows(vault, reset_key=True, deselect_key=True)
    vault.select()
    assert_knows(vault, reset_key=True, deselect_key=False)
    assert vault.get_key(RESET) == KEY


@pytest.mark.parametrize("event", [reset, restore])
def test_without_power_no_key_is_left(vault: Vault, event: Event):
    vault.set_key(RESET, KEY)
    vault.set_key(DESELECT, KEY)
    event(vault)
    assert_knows(vault, reset_key=False, deselect_key=False)
    vault.get_key(RESET, sw=UNINITIALIZED_KEY)


def test_clear_key_clears_one_key(vault: Vault):
    vault.set_key(RESET, KEY)
    vault.set_key(DESELECT, KEY)
    vault.clear_key(DESELECT)
    assert_knows(vault, reset_key=True, deselect_key=False)


def test_an_all_zero_key_is_a_key(vault: Vault):
    vault.set_key(RESET, bytes(16))
    assert_knows(vault, reset_key=True, deselect_key=False)


@pytest.mark.parametrize("event", [reset, restore])
def test_without_power_ciphers_and_signatures_know_no_key(vault: Vault, event: Event):
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.init_signature(RESET)
    event(vault)
    vault.crypt(DATA, sw=UNINITIALIZED_KEY)
    vault.sign(DATA, sw=UNINITIALIZED_KEY)
    vault.set_key(RESET, KEY[::-1])
    vault.crypt(DATA, sw=UNINITIALIZED_KEY)
    vault.init_cipher(RESET)
    assert vault.crypt(DATA) == cbc(DATA, key=KEY[::-1])


@pytest.mark.parametrize("clear", [Vault.select, lambda vault: vault.clear_key(DESELECT)])
def test_a_cipher_loses_its_key_with_what_clears_the_key(vault: Vault, clear: Event):
    vault.set_key(DESELECT, KEY)
    vault.init_cipher(DESELECT)
    vault.init_signature(DESELECT)
    clear(vault)
    vault.crypt(DATA, sw=UNINITIALIZED_KEY)
    vault.sign(DATA, sw=UNINITIALIZED_KEY)


def test_a_cipher_with_a_key_that_stays_goes_on_after_a_reselection(vault: Vault):
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.select()
    assert vault.crypt(DATA) == cbc(DATA)


def test_a_key_that_is_set_anew_under_a_cipher_is_told(vault: Vault):
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.set_key(RESET, KEY)
    vault.crypt(DATA, sw=0x6F00)
    assert "Cipher is used with a key that was set anew after init" in vault.card.last_failure()


def test_a_digest_begins_anew_with_the_power(vault: Vault):
    vault.digest_part(DATA)
    reset(vault)
    assert vault.digest(KEY) == hashlib.sha256(KEY).digest()


# Memory


def test_keys_are_neither_allocations_nor_transient_arrays(vault: Vault):
    before = vault.card.transient()
    assert before == Transient(reset=4, deselect=4 + 64)
    residue = len(vault.card.residue())
    for _ in range(3):
        vault.set_key(RESET, KEY)
        vault.init_cipher(RESET, ENCRYPT, VECTOR)
        vault.crypt(DATA)
        vault.init_signature(RESET)
        vault.sign(DATA)
        vault.digest(DATA)
    assert vault.card.counters().total.allocations == 0
    assert vault.card.transient() == before
    assert len(vault.card.residue()) == residue == 3


def test_a_card_with_transient_keys_lives_in_a_file(simulator: SimTransport, folder: Path, tmp_path: Path):
    image = tmp_path / "one.card"
    simulator.open_image(image, b"\x01")
    vault = Vault(simulator).select()
    assert_knows(vault, reset_key=False, deselect_key=False)
    assert simulator.residue()[1] == (4, 0), "nor is anything left of what install did in RAM"
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    vault.crypt(DATA)
    simulator.new_card(b"\x01")
    assert_knows(Vault(simulator).select(), reset_key=True, deselect_key=False)
    with transport(folder, "probe.Vault") as other:
        other.open_image(image)
        vault = Vault(other).select()
        assert_knows(vault, reset_key=False, deselect_key=False)
        vault.crypt(DATA, sw=INVALID_INIT)


def test_a_persistent_key_cannot_be_kept(tmp_path: Path):
    changes = {"KeyBuilder.TYPE_AES_TRANSIENT_RESET": "KeyBuilder.TYPE_AES"}
    with transport(build(tmp_path, changes), "probe.Vault") as card:
        vault = Vault(card).fresh()
        vault.set_key(RESET, KEY)
        assert card.transient_keys() == [(16, False)]
        vault.init_cipher(RESET)
        reset(vault)
        vault.crypt(DATA, sw=UNINITIALIZED_KEY)
        vault.init_cipher(RESET)
        assert vault.crypt(DATA) == cbc(DATA)
        with pytest.raises(TransportError, match="persistent key and PIN objects cannot be kept"):
            card.snapshot()


def test_cryptography_writes_nothing_and_is_no_point_to_cut_at(vault: Vault):
    vault.card.arm_cut(1)
    vault.set_key(RESET, KEY)
    vault.init_cipher(RESET)
    assert vault.crypt(DATA) == cbc(DATA)
    total = vault.card.counters().total
    assert (total.writes, total.points) == (0, 0)
