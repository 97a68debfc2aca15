"""Key sets: what they show of themselves, check values, diversification, and the data of PUT KEY."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.keys import METHODS, TEST_KEY, KeySet, check_value, emv, kdf3, put_key_answer, put_key_data
from smartdm.errors import CodecError
from tests.oracle import scp03 as oracle

COUNTING = bytes(range(16))
KDD = bytes.fromhex("00112233445566778899")
sizes = st.sampled_from([16, 24, 32])
key_sets = sizes.flatmap(
    lambda size: st.builds(KeySet, st.integers(1, 0x7F), *[st.binary(min_size=size, max_size=size)] * 3)
)
deks = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
names = st.binary(min_size=10, max_size=10)


# The value


@given(keys=key_sets)
def test_a_key_set_never_shows_its_keys(keys: KeySet):
    for shown in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert shown.strip("[]") == f"KeySet(kvn={keys.kvn:#04x}, AES-{8 * len(keys.enc)})"


@pytest.mark.parametrize("lengths", [(16, 16, 24), (32, 16, 16), (0, 0, 0), (15, 15, 15), (8, 8, 8), (33, 33, 33)])
def test_keys_of_other_or_unequal_lengths_make_no_set(lengths: tuple[int, int, int]):
    keys = [b"\xa5" * length for length in lengths]
    with pytest.raises(CodecError, match="must all have 16, 24 or 32") as caught:
        KeySet(1, *keys)
    assert "a5a5" not in str(caught.value)


@pytest.mark.parametrize("kvn", [-1, 256])
def test_a_key_version_is_one_byte(kvn: int):
    with pytest.raises(ValueError, match="one byte"):
        KeySet(kvn, COUNTING, COUNTING, COUNTING)


def test_the_well_known_test_key_is_recognized_at_every_length():
    assert TEST_KEY.hex() == "404142434445464748494a4b4c4d4e4f"
    assert KeySet.test().keys == (TEST_KEY,) * 3
    assert [KeySet.test(0xFF, size).is_test for size in (16, 24, 32)] == [True] * 3
    assert KeySet.test(0xFF).kvn == 0xFF


@pytest.mark.parametrize("changed", range(3))
def test_a_set_with_one_key_of_its_own_is_no_test_set(changed: int):
    keys = [TEST_KEY] * 3
    keys[changed] = COUNTING
    assert not KeySet(1, *keys).is_test


# Check values


def test_the_check_value_is_the_one_that_cards_tell():
    assert check_value(COUNTING).hex() == "c35280"
    assert KeySet(1, COUNTING, COUNTING, COUNTING).check_values.hex() == "c35280" * 3


@given(keys=key_sets)
def test_check_values_come_in_the_order_of_the_keys(keys: KeySet):
    ones = bytes([1] * 16)
    assert keys.check_values == b"".join(oracle.block(key, ones)[:3] for key in keys.keys)


# Diversification


@given(master=deks, kdd=names, kvn=st.integers(0, 255))
def test_kdf3_is_cmac_over_counter_key_and_name(master: bytes, kdd: bytes, kvn: int):
    keys = kdf3(master, kdd, kvn)
    assert keys.kvn == kvn
    for number, key in enumerate(keys.keys, 1):
        blocks = [oracle.cmac(master, bytes([i, 0, 0, 0, number, 0]) + kdd) for i in (1, 2)]
        assert key == b"".join(blocks)[: len(master)]


def single_des(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), modes.ECB()).encryptor().update(block)


def single_des_back(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), modes.ECB()).decryptor().update(block)


@given(master=st.binary(min_size=16, max_size=16), kdd=names)
def test_emv_is_3des_over_the_last_six_bytes_of_the_name(master: bytes, kdd: bytes):
    left, right = master[:8], master[8:]
    for number, key in enumerate(emv(master, kdd).keys, 1):
        halves = [kdd[4:10] + bytes([mark, number]) for mark in (0xF0, 0x0F)]
        made = [single_des(left, single_des_back(right, single_des(left, half))) for half in halves]
        assert key == b"".join(made)


# What GlobalPlatformPro derives from the test key for this name, as check values; and one whole key.
NAME = bytes.fromhex("00010203040506070809")


@pytest.mark.parametrize(
    ("size", "told"), [(16, "e79c05d1bd773fde8c"), (24, "1de8ea47c00cc04d76"), (32, "2972d2036f945d57b8")]
)
def test_kdf3_gives_the_keys_that_other_programs_derive(size: int, told: str):
    assert kdf3(KeySet.test(0, size).enc, NAME).check_values.hex() == told


def test_kdf3_gives_the_published_key():
    master = bytes.fromhex("8c72c72cf908411653018807950d82fbad947562f0828a0b10b8b9606abf3bcd")
    keys = kdf3(master, bytes.fromhex("d9b1de5d0362dedce4fb"))
    assert keys.enc.hex() == "9aac5d0b3601f89438a0d9d0b6b256cfb47e6462dfa5228d3420c4ac7c224781"


def test_emv_gives_the_keys_that_other_programs_derive():
    zeros = bytes(8)
    told = []
    for key in emv(TEST_KEY, NAME).keys:  # with the check values of 3DES keys, by which they are published
        left, right = key[:8], key[8:]
        told.append(single_des(left, single_des_back(right, single_des(left, zeros)))[:3].hex())
    assert told == ["c33013", "6f4ca6", "bb8179"]


@pytest.mark.parametrize("method", METHODS)
def test_each_card_and_each_key_gets_another_key(method: str):
    diversify = METHODS[method]
    here, there = (diversify(COUNTING, KDD[:-1] + bytes((last,)), 0x30) for last in (1, 2))
    assert len({*here.keys, *there.keys}) == 6


@pytest.mark.parametrize(("method", "size"), [("emv", 24), ("emv", 32), ("kdf3", 15), ("kdf3", 0), ("emv", 8)])
def test_a_master_key_of_another_length_is_refused(method: str, size: int):
    with pytest.raises(CodecError, match=f"this one has {size}"):
        METHODS[method](bytes(size), KDD, 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_name_of_another_length_is_a_mistake(method: str, size: int):
    with pytest.raises(ValueError, match="diversification data"):
        METHODS[method](COUNTING, bytes(size), 0)


# PUT KEY


def unpacked(data: bytes, dek: bytes) -> tuple[int, list[bytes]]:
    """As a card reads it: version, and the keys whose check values are right."""
    kvn, rest, keys = data[0], data[1:], []
    while rest:
        kind, length, size = rest[:3]
        encrypted, tail = rest[3 : 2 + length], rest[2 + length :]
        assert (kind, tail[0], len(encrypted) % 16) == (0x88, 3, 0)
        plain = Cipher(algorithms.AES(dek), modes.CBC(bytes(16))).decryptor().update(encrypted)
        key, filling = plain[:size], plain[size:]
        assert filling == bytes(len(filling))
        assert tail[1:4] == oracle.block(key, bytes([1] * 16))[:3]
        keys.append(key)
        rest = tail[4:]
    return kvn, keys


@given(new=key_sets, dek=deks)
def test_a_card_finds_the_keys_in_the_data_of_put_key(new: KeySet, dek: bytes):
    data = put_key_data(new, dek)
    assert unpacked(data, dek) == (new.kvn, list(new.keys))
    assert len(data) <= 239, "one APDU at every level"
    assert put_key_answer(new) == bytes((new.kvn,)) + new.check_values


def test_the_data_of_put_key_byte_for_byte():
    new = KeySet(0x31, COUNTING, COUNTING, COUNTING)
    encrypted = oracle.block(TEST_KEY, COUNTING).hex()
    assert put_key_data(new, TEST_KEY).hex() == "31" + ("881110" + encrypted + "03c35280") * 3


@pytest.mark.parametrize("kvn", [0x00, 0x80, 0xFF])
def test_new_keys_have_a_version_from_01_to_7f(kvn: int):
    with pytest.raises(CodecError, match=f"version {kvn:02X}"):
        put_key_data(KeySet(kvn, COUNTING, COUNTING, COUNTING), COUNTING)
