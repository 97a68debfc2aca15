"""What goes into the commands that carry secrets: PERSONALIZE, PIN and PUK, and the leaves that hold key sets."""

from __future__ import annotations

from typing import Final

from smartdm.card.keys import KDD_SIZE, KeySet
from smartdm.errors import CodecError

PIN_SIZE: Final = 8
"""Bytes of a PIN or PUK on the card; shorter ones are filled up with FF."""
MIN_PIN: Final = 4

_FILL: Final = b"\xff"
_MAC_ONLY: Final = 0x01


def key_value(keys: KeySet, *, mac_only: bool = False) -> bytes:
    """The value of a leaf that holds a key set: version 1, flags 1, ENC, MAC, DEK.

    ``mac_only``: its owner may also open channels of level 01.
    """
    return bytes((keys.kvn, _MAC_ONLY if mac_only else 0)) + b"".join(keys.keys)


def pin_block(pin: bytes, what: str = "PIN") -> bytes:
    """A PIN or PUK as the card compares it, 8 bytes; CodecError for one that is too short or too long."""
    if not MIN_PIN <= len(pin) <= PIN_SIZE or _FILL in pin:
        raise CodecError(f"the {what} must have {MIN_PIN} to {PIN_SIZE} characters")
    return pin.ljust(PIN_SIZE, _FILL)


def holder_value(pin: bytes, puk: bytes) -> bytes:
    """The value of the holder's leaf: PIN 8, PUK 8; CodecError for one that is too short or too long."""
    return pin_block(pin) + pin_block(puk, "PUK")


def personalization(keys: KeySet, kdd: bytes, pin: bytes | None = None, puk: bytes | None = None) -> bytes:
    """The data of PERSONALIZE: diversification data 10, L, the issuer's key set, L, PIN 8 and PUK 8 or nothing."""
    if len(kdd) != KDD_SIZE:
        raise CodecError(f"diversification data have {KDD_SIZE} bytes, not {len(kdd)}")
    if (pin is None) != (puk is None):
        raise CodecError("give PIN and PUK, or neither: without a PUK a PIN that was blocked stays so")
    secret = b"" if pin is None or puk is None else holder_value(pin, puk)
    record = key_value(keys)
    return kdd + bytes((len(record),)) + record + bytes((len(secret),)) + secret
