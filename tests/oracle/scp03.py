"""SCP03 once more, both sides, in the plainest way: from the formulas, with one block of AES as the only primitive.

Shares no code with the package.  ``Initiator`` is a second host, ``CardSide`` a card in front of something that
answers plain commands.  S8 mode.  Byte strings are put together and cut by hand; nothing is fast here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Transmit = Callable[[bytes], bytes]
"""Command APDU -> response APDU, as they are on the wire."""
Handle = Callable[[int, int, int, int, bytes], tuple[bytes, int]]
"""(class without secure messaging, INS, P1, P2, data) -> (data, status word)."""

ZERO = bytes(16)


class Refused(Exception):
    """Something is not as the protocol says."""


# AES, CMAC, padding, derivation


def block(key: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)


def unblock(key: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(data)


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def blocks(data: bytes) -> list[bytes]:
    return [data[at : at + 16] for at in range(0, len(data), 16)]


def double(data: bytes) -> bytes:
    """In GF(2^128), as the subkeys of CMAC want it."""
    number = int.from_bytes(data) << 1
    if number >> 128:
        number = (number ^ 0x87) & ((1 << 128) - 1)
    return number.to_bytes(16)


def cmac(key: bytes, data: bytes) -> bytes:
    """RFC 4493."""
    first = double(block(key, ZERO))
    parts = blocks(data) or [b""]
    last = parts.pop()
    last = xor(last, first) if len(last) == 16 else xor(pad(last), double(first))
    state = ZERO
    for part in [*parts, last]:
        state = block(key, xor(state, part))
    return state


def pad(data: bytes) -> bytes:
    data += b"\x80"
    while len(data) % 16:
        data += b"\x00"
    return data


def unpad(data: bytes) -> bytes:
    while data.endswith(b"\x00"):
        data = data[:-1]
    if not data.endswith(b"\x80"):
        raise Refused("padding")
    return data[:-1]


def cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    out = [iv]
    for part in blocks(data):
        out.append(block(key, xor(out[-1], part)))
    return b"".join(out[1:])


def cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    if len(data) % 16:
        raise Refused("length of encrypted data")
    before = [iv, *blocks(data)]
    return b"".join(xor(unblock(key, part), before[at]) for at, part in enumerate(blocks(data)))


def derive(key: bytes, constant: int, bits: int, context: bytes) -> bytes:
    out = b""
    counter = 0
    while len(out) * 8 < bits:
        counter += 1
        out += cmac(key, bytes(11) + bytes([constant, 0, bits >> 8, bits & 0xFF, counter]) + context)
    return out[: bits // 8]


def pseudo_random_challenge(enc: bytes, sequence: bytes, aid: bytes) -> bytes:
    return derive(enc, 0x02, 64, sequence + aid)


# What both sides know


@dataclass
class State:
    """A channel's keys and counters; ``level``: bits 01 C-MAC, 02 C-ENC, 10 R-MAC, 20 R-ENC."""

    enc: bytes
    mac: bytes
    rmac: bytes
    card_cryptogram: bytes
    host_cryptogram: bytes
    level: int = 0
    chain: bytes = ZERO
    counter: int = 0

    def command_mac(self, cla: int, ins: int, p1: int, p2: int, data: bytes) -> bytes:
        header = bytes([(cla | 0x04) & 0xFC, ins, p1, p2, len(data) + 8])
        self.chain = cmac(self.mac, self.chain + header + data)
        return self.chain[:8]

    def answer_mac(self, data: bytes, sw: int) -> bytes:
        return cmac(self.rmac, self.chain + data + sw.to_bytes(2))[:8]

    def command_iv(self) -> bytes:
        return block(self.enc, self.counter.to_bytes(16))

    def answer_iv(self) -> bytes:
        return block(self.enc, b"\x80" + self.counter.to_bytes(15))


def state(enc: bytes, mac: bytes, host_challenge: bytes, card_challenge: bytes) -> State:
    context = host_challenge + card_challenge
    bits = len(enc) * 8
    s_mac = derive(mac, 0x06, bits, context)
    return State(
        enc=derive(enc, 0x04, bits, context),
        mac=s_mac,
        rmac=derive(mac, 0x07, bits, context),
        card_cryptogram=derive(s_mac, 0x00, 64, context),
        host_cryptogram=derive(s_mac, 0x01, 64, context),
    )


def is_protected(sw: int) -> bool:
    """Whether an answer with this status word has a MAC."""
    return sw == 0x9000 or sw >> 8 in {0x62, 0x63}


# The host


@dataclass
class Initiator:
    """A host with an open channel.  ``dek``: for the caller's PUT KEY; ``card``: the answer to INITIALIZE UPDATE."""

    transmit: Transmit
    state: State
    dek: bytes
    card: bytes

    @classmethod
    def open(  # noqa: PLR0917 - in the order of the protocol, for those who know nothing of our types
        cls, transmit: Transmit, enc: bytes, mac: bytes, dek: bytes, level: int, host_challenge: bytes, kvn: int = 0
    ) -> Initiator:
        """INITIALIZE UPDATE and EXTERNAL AUTHENTICATE; Refused if one side does not believe the other."""
        answer = transmit(bytes([0x80, 0x50, kvn, 0x00, 0x08]) + host_challenge + b"\x00")
        if answer[-2:] != b"\x90\x00":
            raise Refused(f"INITIALIZE UPDATE: {answer[-2:].hex()}")
        card = answer[:-2]
        if len(card) not in {29, 32} or card[11] != 0x03:
            raise Refused("INITIALIZE UPDATE: form")
        made = state(enc, mac, host_challenge, card[13:21])
        if made.card_cryptogram != card[21:29]:
            raise Refused("card cryptogram")
        made.level = level
        data = made.host_cryptogram
        data += made.command_mac(0x84, 0x82, level, 0x00, data)
        answer = transmit(bytes([0x84, 0x82, level, 0x00, 0x10]) + data)
        if answer != b"\x90\x00":
            raise Refused(f"EXTERNAL AUTHENTICATE: {answer.hex()}")
        return cls(transmit, made, dek, card)

    def send(  # noqa: PLR0917 - the fields of an APDU in their order
        self, cla: int, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int | None = 0
    ) -> tuple[bytes, int]:
        """One command; ``le``: the byte behind the data, None = none.  Returns the answer's data and status word."""
        self.state.counter += 1
        if self.state.level & 0x02 and data:
            data = cbc_encrypt(self.state.enc, self.state.command_iv(), pad(data))
        mac = self.state.command_mac(cla, ins, p1, p2, data)
        body = data + mac
        apdu = bytes([cla | 0x04, ins, p1, p2, len(body)]) + body
        answer = self.transmit(apdu if le is None else apdu + bytes([le]))
        return self._answer(answer[:-2], int.from_bytes(answer[-2:]))

    def _answer(self, data: bytes, sw: int) -> tuple[bytes, int]:
        if not self.state.level & 0x10:
            return data, sw
        if not is_protected(sw):
            if data:
                raise Refused("data with an error")
            return b"", sw
        data, mac = data[:-8], data[-8:]
        if mac != self.state.answer_mac(data, sw):
            raise Refused("R-MAC")
        if self.state.level & 0x20 and data:
            data = unpad(cbc_decrypt(self.state.enc, self.state.answer_iv(), data))
        return data, sw


# The card


@dataclass
class CardSide:
    """A card.  Commands that come through are given to ``handle``; ``log``: what was."""

    enc: bytes
    mac: bytes
    handle: Handle
    kvn: int = 0x30
    kdd: bytes = bytes(10)
    options: int = 0x70
    challenge: bytes = b"\x01\x23\x45\x67\x89\xab\xcd\xef"
    sequence: bytes = b"\x00\x00\x03"
    levels: frozenset[int] = frozenset({0x01, 0x03, 0x11, 0x13, 0x33})
    tries: int = 0
    """EXTERNAL AUTHENTICATEs that came."""
    log: list[tuple[int, int, int, int, bytes]] = field(default_factory=list)
    session: State | None = None
    begun: State | None = None

    def transmit(self, apdu: bytes) -> bytes:
        """A short command APDU of any case; returns the response APDU."""
        cla, ins, p1, p2 = apdu[:4]
        length = apdu[4] if len(apdu) > 5 else 0
        data, rest = apdu[5 : 5 + length], apdu[5 + length :] if length else b""
        if len(data) != length or len(rest) > 1:
            return b"\x67\x00"
        try:
            answer, sw = self._command(cla, ins, p1, p2, data)
        except Refused:
            self.session = None
            return b"\x69\x88"
        return answer + sw.to_bytes(2)

    def _command(self, cla: int, ins: int, p1: int, p2: int, data: bytes) -> tuple[bytes, int]:
        if (cla, ins) == (0x80, 0x50):
            return self._initialize(p1, data)
        if (cla, ins) == (0x84, 0x82):
            return self._authenticate(p1, data), 0x9000
        if cla < 0x80 and ins == 0xA4:
            self.session = None
            return self.handle(cla, ins, p1, p2, data)
        if not cla & 0x04 or self.session is None:
            self.session = None
            return b"", 0x6982
        return self._secured(self.session, (cla, ins, p1, p2), data)

    def _initialize(self, kvn: int, host_challenge: bytes) -> tuple[bytes, int]:
        self.session = None
        if kvn not in {0, self.kvn}:
            return b"", 0x6A88
        self.begun = state(self.enc, self.mac, host_challenge, self.challenge)
        head = self.kdd + bytes([self.kvn, 0x03, self.options])
        tail = self.sequence if self.options & 0x10 else b""
        return head + self.challenge + self.begun.card_cryptogram + tail, 0x9000

    def _authenticate(self, level: int, data: bytes) -> bytes:
        self.tries += 1
        made, self.begun = self.begun, None
        if made is None or len(data) != 16 or level not in self.levels:
            raise Refused("EXTERNAL AUTHENTICATE")
        if made.command_mac(0x84, 0x82, level, 0x00, data[:8]) != data[8:] or made.host_cryptogram != data[:8]:
            raise Refused("host")
        made.level = level
        self.session = made
        return b""

    def _secured(self, now: State, header: tuple[int, int, int, int], data: bytes) -> tuple[bytes, int]:
        cla, ins, p1, p2 = header
        now.counter += 1
        data, mac = data[:-8], data[-8:]
        if now.command_mac(cla, ins, p1, p2, data) != mac:
            raise Refused("C-MAC")
        if now.level & 0x02 and data:
            data = unpad(cbc_decrypt(now.enc, now.command_iv(), data))
        self.log.append((cla & ~0x04, ins, p1, p2, data))
        answer, sw = self.handle(cla & ~0x04, ins, p1, p2, data)
        if not now.level & 0x10:
            return answer, sw
        if not is_protected(sw):
            return b"", sw
        if now.level & 0x20 and answer:
            answer = cbc_encrypt(now.enc, now.answer_iv(), pad(answer))
        return answer + now.answer_mac(answer, sw), sw
