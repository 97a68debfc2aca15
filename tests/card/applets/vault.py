"""Speaks the instructions of the probe with cryptographic objects (``probe/Vault.java``)."""

from __future__ import annotations

from enum import IntEnum

from smartdm.transport.sim import SimTransport
from tests.card.applets.probe import SELECT

UNINITIALIZED_KEY, NO_SUCH_ALGORITHM, INVALID_INIT = 0x6502, 0x6503, 0x6504
"""Status words of the applet: 65 and the reason of a CryptoException."""

DECRYPT, ENCRYPT = 1, 2
SIGN, VERIFY = 1, 2


class Held(IntEnum):
    """The applet's two keys, by what clears them."""

    UNTIL_RESET = 0
    UNTIL_DESELECT = 1


class Vault:
    """A card with the applet; answers are asserted to have the status word."""

    def __init__(self, card: SimTransport) -> None:
        self.card = card

    def fresh(self, parameters: bytes = b"\x00") -> Vault:
        self.card.new_card(parameters)
        return self.select()

    def select(self) -> Vault:
        assert self.card.transmit(SELECT) == b"\x90\x00"
        return self

    def send(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", sw: int = 0x9000) -> bytes:
        body = bytes((len(data),)) + data if data else b"\x00"
        answer = self.card.transmit(bytes((0x80, ins, p1, p2)) + body)
        assert answer[-2:].hex() == f"{sw:04x}", self.card.last_failure()
        return answer[:-2]

    def set_key(self, which: Held, value: bytes) -> None:
        self.send(0x50, which, data=value)

    def clear_key(self, which: Held) -> None:
        self.send(0x51, which)

    def initialized(self) -> tuple[bool, bool]:
        """What the keys say of themselves: (until reset, until deselect)."""
        first, second = self.send(0x52)
        return first == 1, second == 1

    def init_cipher(self, which: Held, mode: int = ENCRYPT, vector: bytes = b"", sw: int = 0x9000) -> None:
        self.send(0x53, which, mode, vector, sw)

    def crypt(self, data: bytes, sw: int = 0x9000) -> bytes:
        return self.send(0x54, data=data, sw=sw)

    def crypt_part(self, data: bytes, sw: int = 0x9000) -> bytes:
        return self.send(0x5C, data=data, sw=sw)

    def init_signature(self, which: Held, mode: int = SIGN, sw: int = 0x9000) -> None:
        self.send(0x55, which, mode, sw=sw)

    def sign(self, data: bytes, sw: int = 0x9000) -> bytes:
        return self.send(0x56, data=data, sw=sw)

    def verify(self, data: bytes, mac: bytes) -> bool:
        return self.send(0x57, data=data + mac) == b"\x01"

    def digest_part(self, data: bytes) -> None:
        self.send(0x58, data=data)

    def digest(self, data: bytes) -> bytes:
        return self.send(0x59, data=data)

    def random(self) -> bytes:
        return self.send(0x5A)

    def get_key(self, which: Held, sw: int = 0x9000) -> bytes:
        return self.send(0x5B, which, sw=sw)
