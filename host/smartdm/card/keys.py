"""Key sets of a secure channel: check values, diversification from a master key, and how PUT KEY carries them.

AES only.  No key is ever in a ``repr`` or in a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from smartdm.errors import CodecError

KEY_SIZES: Final = (16, 24, 32)
"""Bytes of an AES key."""
KDD_SIZE: Final = 10
"""Bytes of the key diversification data in the answer to INITIALIZE UPDATE."""
TEST_KEY: Final = bytes(range(0x40, 0x50))
"""The key that cards come with and everybody knows; it goes on with 50 51 … where it is longer."""

_BLOCK: Final = 16
_KCV_SIZE: Final = 3
_TYPE_AES: Final = 0x88
_NEW_VERSIONS: Final = range(0x01, 0x80)


@dataclass(frozen=True, slots=True, repr=False)
class KeySet:
    """The three static keys of a secure channel, all of 16, 24 or 32 bytes; CodecError for others.

    ``kvn``: key version number; 0 asks the card for the one that it takes first.
    """

    kvn: int
    enc: bytes
    mac: bytes
    dek: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.kvn <= 0xFF:
            raise ValueError(f"a key version is one byte, not {self.kvn}")
        sizes = [len(key) for key in self.keys]
        if sizes[0] not in KEY_SIZES or len(set(sizes)) > 1:
            told = ", ".join(str(size) for size in sizes)
            raise CodecError(f"keys of {told} bytes make no set; ENC, MAC and DEK must all have 16, 24 or 32")

    def __repr__(self) -> str:
        return f"KeySet(kvn={self.kvn:#04x}, AES-{8 * len(self.enc)})"

    @classmethod
    def test(cls, kvn: int = 0, size: int = len(TEST_KEY)) -> KeySet:
        """The well-known test key three times, ``size`` bytes long."""
        key = bytes(range(TEST_KEY[0], TEST_KEY[0] + size))
        return cls(kvn, key, key, key)

    @property
    def keys(self) -> tuple[bytes, bytes, bytes]:
        """ENC, MAC, DEK: the order of the key identifiers 1, 2, 3."""
        return self.enc, self.mac, self.dek

    @property
    def is_test(self) -> bool:
        """Whether all three are the well-known key: nothing in the set is secret."""
        return self.keys == KeySet.test(0, len(self.enc)).keys

    @property
    def check_values(self) -> bytes:
        """The three check values, 9 bytes."""
        return b"".join(check_value(key) for key in self.keys)


def check_value(key: bytes) -> bytes:
    """What tells an AES key from others (KCV, 3 bytes): the beginning of a block of 01, encrypted."""
    return _encrypt(AES(key), b"\x01" * _BLOCK)[:_KCV_SIZE]


# Diversification: the keys of one card from a master key and the data that names the card.


def kdf3(master: bytes, kdd: bytes, kvn: int = 0) -> KeySet:
    """The keys of a card by CMAC (KDF3), as long as the master key; CodecError if that is no AES key.

    Each key is CMAC(master, i 1, 00 00 00, key 1, 00, KDD 10) for i = 1, 2, as much of it as is needed.
    """
    _check(master, kdd, KEY_SIZES, "KDF3")

    def key(identifier: int) -> bytes:
        tail = bytes((0, 0, 0, identifier, 0)) + kdd
        return b"".join(_cmac(master, bytes((i,)) + tail) for i in (1, 2))[: len(master)]

    return KeySet(kvn, key(1), key(2), key(3))


def emv(master: bytes, kdd: bytes, kvn: int = 0) -> KeySet:
    """The keys of a card by 3DES (EMV CPS), 16 bytes each; CodecError unless the master key has 16 bytes.

    Each key is 3DES-ECB(master, ID 6, F0, key 1, ID 6, 0F, key 1), where ID are the last 6 bytes of the KDD.
    """
    _check(master, kdd, KEY_SIZES[:1], "EMV")
    cipher, name = TripleDES(master + master[:8]), kdd[4:]

    def key(identifier: int) -> bytes:
        halves = (name + bytes((mark, identifier)) for mark in (0xF0, 0x0F))
        return b"".join(_encrypt(cipher, half) for half in halves)

    return KeySet(kvn, key(1), key(2), key(3))


METHODS: Final[dict[str, Callable[[bytes, bytes, int], KeySet]]] = {"kdf3": kdf3, "emv": emv}
"""The ways to diversify, by name: (master key, KDD, key version) -> keys of the card."""


def _check(master: bytes, kdd: bytes, sizes: tuple[int, ...], method: str) -> None:
    if len(kdd) != KDD_SIZE:
        raise ValueError(f"{len(kdd)} bytes are no key diversification data")
    if len(master) not in sizes:
        allowed = " or ".join(str(size) for size in sizes)
        raise CodecError(f"{method} derives keys from a master key of {allowed} bytes; this one has {len(master)}")


# PUT KEY


def put_key_data(new: KeySet, dek: bytes) -> bytes:
    """The data field of PUT KEY for the key identifiers 1 to 3; ``dek``: the static DEK of the channel that sends it.

    Version 1, then for each key: 88, length 1, key size 1, encrypted key, 03, check value 3 (GlobalPlatform Card
    Specification, 11.8.2.3).  CodecError for a version that no new set can have.
    """
    if new.kvn not in _NEW_VERSIONS:
        raise CodecError(f"new keys cannot have the version {new.kvn:02X}; give them one from 01 to 7F")
    return bytes((new.kvn,)) + b"".join(_component(key, dek) for key in new.keys)


def put_key_answer(new: KeySet) -> bytes:
    """What a card answers that has taken these keys: their version and check values."""
    return bytes((new.kvn,)) + new.check_values


def _component(key: bytes, dek: bytes) -> bytes:
    # 24 bytes are filled up with zeros; the key size in front of them tells where they end.
    encrypted = _encrypt(AES(dek), key + bytes(-len(key) % _BLOCK))
    return bytes((_TYPE_AES, len(encrypted) + 1, len(key))) + encrypted + bytes((_KCV_SIZE,)) + check_value(key)


def _encrypt(cipher: BlockCipherAlgorithm, data: bytes) -> bytes:
    """CBC behind an IV of zeros: for a single block the same as ECB."""
    encryptor = Cipher(cipher, modes.CBC(bytes(cipher.block_size // 8))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _cmac(key: bytes, data: bytes) -> bytes:
    cmac = CMAC(AES(key))
    cmac.update(data)
    return cmac.finalize()
