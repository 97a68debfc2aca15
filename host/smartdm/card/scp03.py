"""SCP03, the host's side (GlobalPlatform Card Specification, Amendment D): sans I/O, commands in, commands out.

``initialize_update`` makes the first command, ``Initialized`` reads its answer.  A ``Scp03`` made of both has verified
the card before anything is sent that could cost a try.  After EXTERNAL AUTHENTICATE it wraps commands and unwraps
their answers, strictly in turn: one that was lost or is false ends the channel for good.

Challenges, cryptograms and MACs of 8 bytes (S8) only.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from smartdm.card.apdu import MAX_DATA, MAX_LE, CommandApdu, ResponseApdu
from smartdm.card.keys import KDD_SIZE, KeySet
from smartdm.errors import ChannelBrokenError, ChannelError, ChannelRefusedError, WrongKeysError

CHALLENGE_SIZE: Final = 8
MAC_SIZE: Final = 8

_INITIALIZE_UPDATE, _EXTERNAL_AUTHENTICATE = 0x50, 0x82
_GLOBAL_PLATFORM: Final = 0x80
_SECURE: Final = 0x04
"""Class bit: secure messaging of GlobalPlatform."""
_NOT_PLAIN: Final = 0x4C
"""Class bits: secured already, or a logical channel from 4 on, whose classes have another layout."""
_CHANNEL: Final = 0x03
_BLOCK: Final = 16
_PADDING: Final = b"\x80" + bytes(_BLOCK - 1)
_OF_ANSWER: Final = 0x80 << 8 * (_BLOCK - 1)
"""Bit of the counter block that only answers have."""
_C_ENC, _R_MAC, _R_ENC = 0x02, 0x10, 0x20
_S16, _SEQUENCE, _WITH_R_MAC, _WITH_R_ENC = 0x01, 0x10, 0x20, 0x60
"""Bits of the parameter i: 16-byte mode, sequence counter in the answer, and what answers can be protected with."""

_CARD, _HOST, _S_ENC, _S_MAC, _S_RMAC = 0x00, 0x01, 0x04, 0x06, 0x07
"""Derivation constants (Amendment D, 4.1.5)."""
_CRYPTOGRAM_BITS: Final = 64


class Level(IntEnum):
    """Security levels: what is done to commands, and to answers."""

    MAC = 0x01
    ENC = 0x03
    MAC_RMAC = 0x11
    ENC_RMAC = 0x13
    FULL = 0x33

    @property
    def room(self) -> int:
        """The most bytes of plain data in a short command: MAC, and at least one byte of padding, need theirs."""
        room = MAX_DATA - MAC_SIZE
        return room // _BLOCK * _BLOCK - 1 if self & _C_ENC else room

    @property
    def needs(self) -> int:
        """Bits of the parameter i that a card must have for it."""
        return _WITH_R_ENC if self & _R_ENC else _WITH_R_MAC if self & _R_MAC else 0


def initialize_update(kvn: int, host_challenge: bytes) -> CommandApdu:
    """The command that begins a channel; ``kvn``: version of the keys, 0 = as the card likes."""
    if len(host_challenge) != CHALLENGE_SIZE:
        raise ValueError(f"a challenge has {CHALLENGE_SIZE} bytes, not {len(host_challenge)}")
    return CommandApdu(_GLOBAL_PLATFORM, _INITIALIZE_UPDATE, kvn, 0, host_challenge, MAX_LE)


@dataclass(frozen=True, slots=True)
class Initialized:
    """The answer to INITIALIZE UPDATE; nothing in it is secret.

    ``kdd``: key diversification data, which names the card; ``options``: the parameter i; ``sequence``: the counter
    behind a pseudo-random challenge, empty for a random one.
    """

    kdd: bytes
    kvn: int
    options: int
    challenge: bytes
    cryptogram: bytes
    sequence: bytes = b""

    @classmethod
    def decode(cls, data: bytes) -> Initialized:
        """From its bytes; ChannelError if it is none of SCP03 with challenges of 8 bytes."""
        head = KDD_SIZE + 3
        kdd, (kvn, protocol, options) = data[:KDD_SIZE], data[KDD_SIZE:head].ljust(3, b"\x00")
        if len(data) < head or protocol != 0x03:
            raise ChannelError(f"the card does not speak SCP03 (INITIALIZE UPDATE answers {len(data)} bytes)")
        size = head + CHALLENGE_SIZE + MAC_SIZE + (3 if options & _SEQUENCE else 0)
        if options & _S16 or len(data) != size:
            raise ChannelError(
                f"the card speaks SCP03 with i = {options:02X} and answers {len(data)} bytes;"
                " only challenges of 8 bytes (S8) are supported"
            )
        at = head + CHALLENGE_SIZE
        return cls(kdd, kvn, options, data[head:at], data[at : at + MAC_SIZE], data[at + MAC_SIZE :])


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The keys of one channel."""

    enc: bytes
    mac: bytes
    rmac: bytes

    @classmethod
    def derive(cls, keys: KeySet, context: bytes) -> SessionKeys:
        """From the static keys; ``context``: host challenge and card challenge."""
        bits = 8 * len(keys.enc)
        return cls(
            _derive(keys.enc, _S_ENC, bits, context),
            _derive(keys.mac, _S_MAC, bits, context),
            _derive(keys.mac, _S_RMAC, bits, context),
        )

    def __repr__(self) -> str:
        return "SessionKeys()"


class _Turn(Enum):
    """Whose word a channel waits for; nobody's: it is broken."""

    HOST = "host"
    CARD = "card"
    NOBODY = "nobody"


class Scp03:
    """One secure channel, from the verified card to its end.

    Raises WrongKeysError when the card has other keys, ChannelError when it cannot do what ``level`` wants.
    """

    def __init__(self, keys: KeySet, level: Level, host_challenge: bytes, card: Initialized) -> None:
        self.level: Final = level
        _check(card, keys, level)
        context = host_challenge + card.challenge
        session = SessionKeys.derive(keys, context)
        if not hmac.compare_digest(_derive(session.mac, _CARD, _CRYPTOGRAM_BITS, context), card.cryptogram):
            raise WrongKeysError(
                f"the keys are not those of the card (its key version {card.kvn:02X}, it calls itself"
                f" {card.kdd.hex().upper()}); this was found before anything was sent, so no try was spent:"
                " use the keys, and the diversification, of this card"
            )
        self._cryptogram = _derive(session.mac, _HOST, _CRYPTOGRAM_BITS, context)
        self._cmac, self._rmac = CMAC(AES(session.mac)), CMAC(AES(session.rmac))
        cbc = Cipher(AES(session.enc), modes.CBC(bytes(_BLOCK)))
        self._encryptor, self._decryptor = cbc.encryptor(), cbc.decryptor()
        self._last = 0
        """The last block that went out of the encryptor."""
        self._chain = bytes(_BLOCK)
        """The whole last MAC."""
        self._counter = 0
        self._room, self._encrypts = level.room, level & _C_ENC
        self._turn = _Turn.HOST

    def external_authenticate(self) -> CommandApdu:
        """The command that proves to the card who we are; its answer goes to ``authenticated``."""
        self._pass(_Turn.HOST, _Turn.CARD)
        cla, ins = _GLOBAL_PLATFORM | _SECURE, _EXTERNAL_AUTHENTICATE
        data = self._with_mac(bytes((cla, ins, self.level, 0)), self._cryptogram)
        return CommandApdu(cla, ins, self.level, 0, data)

    def authenticated(self, answer: ResponseApdu) -> None:
        """The answer to EXTERNAL AUTHENTICATE; ChannelRefusedError unless the card took it."""
        if answer.sw != 0x9000:
            raise ChannelRefusedError(answer.sw)
        self._turn = _Turn.HOST

    def wrap(self, command: CommandApdu) -> CommandApdu:
        """The command as it goes over the wire, with its Le as it was; each command of a chain for itself.

        ChannelBrokenError once an answer was lost or false.
        """
        cla, data = command.cla, command.data
        if cla & _NOT_PLAIN:
            raise ValueError(f"a command of the class {cla:02X} cannot be wrapped")
        if len(data) > self._room:
            raise ValueError(f"{len(data)} bytes of data; at most {self._room} fit one command at this level")
        self._pass(_Turn.HOST, _Turn.CARD)
        self._counter += 1  # for each command, also for one without data
        if self._encrypts and data:
            data = self._encrypted(data)
        cla |= _SECURE
        # Under the MAC a command is always on channel 0 (Amendment D, 6.2.4); on the wire it is where it was.
        header = bytes((cla & ~_CHANNEL, command.ins, command.p1, command.p2))
        return CommandApdu(cla, command.ins, command.p1, command.p2, self._with_mac(header, data), command.le)

    def unwrap(self, answer: ResponseApdu) -> ResponseApdu:
        """What the card said.  ChannelBrokenError for an answer that is not the card's: then nothing follows.

        An error's status word comes without a MAC (Amendment D, 6.2.5), so it proves nothing.
        """
        if self._turn is _Turn.HOST:
            raise ValueError("an answer without a command")
        self._pass(_Turn.CARD, _Turn.NOBODY)
        if self.level & _R_MAC:
            answer = self._verified(answer)
        self._turn = _Turn.HOST
        return answer

    def _pass(self, turn: _Turn, to: _Turn) -> None:
        """It must be this one's turn; who speaks out of turn ends the channel."""
        if self._turn is not turn:
            self._turn = _Turn.NOBODY
            raise ChannelBrokenError("the secure channel is broken since an answer was lost or false: open a new one")
        self._turn = to

    # What MAC and padding look like.

    def _with_mac(self, header: bytes, data: bytes) -> bytes:
        cmac = self._cmac.copy()
        cmac.update(b"%b%b%c%b" % (self._chain, header, len(data) + MAC_SIZE, data))
        self._chain = cmac.finalize()
        return data + self._chain[:MAC_SIZE]

    def _encrypted(self, data: bytes) -> bytes:
        """CBC whose IV is the encrypted counter: this is CBC of counter and data behind an IV of zeros.

        One encryptor serves the whole channel, as setting one up costs more than it does then: what it would mix in
        from the block before is taken out beforehand.
        """
        padded = data + _PADDING[: _BLOCK - len(data) % _BLOCK]
        out = self._encryptor.update((self._counter ^ self._last).to_bytes(_BLOCK) + padded)
        self._last = int.from_bytes(out[-_BLOCK:])
        return out[_BLOCK:]

    def _verified(self, answer: ResponseApdu) -> ResponseApdu:
        if answer.sw != 0x9000 and answer.sw >> 8 not in {0x62, 0x63}:
            if answer.data:
                raise ChannelBrokenError(f"the card sent data with the status word {answer.sw:04X}: {_HARM}")
            return answer
        data, mac = answer.data[:-MAC_SIZE], answer.data[-MAC_SIZE:]
        cmac = self._rmac.copy()
        cmac.update(self._chain + data + answer.sw.to_bytes(2))
        if not hmac.compare_digest(cmac.finalize()[:MAC_SIZE], mac):
            raise ChannelBrokenError(f"an answer is not from the card, or was changed on its way: {_HARM}")
        return ResponseApdu(self._decrypted(data) if self.level & _R_ENC and data else data, answer.sw)

    def _decrypted(self, data: bytes) -> bytes:
        """The MAC was verified: what cannot be read here, the card itself made wrong."""
        if len(data) % _BLOCK == 0:
            iv = self._encryptor.update((_OF_ANSWER ^ self._counter ^ self._last).to_bytes(_BLOCK))
            self._last = int.from_bytes(iv)
            padded = self._decryptor.update(iv + data)[_BLOCK:]
            plain = padded.rstrip(b"\x00")
            if plain[-1:] == _PADDING[:1] and len(padded) - len(plain) < _BLOCK:
                return plain[:-1]
        raise ChannelBrokenError(f"the card encrypted an answer of {len(data)} bytes wrongly: {_HARM}")


def _check(card: Initialized, keys: KeySet, level: Level) -> None:
    """Whether the card can do what is wanted of it."""
    if keys.kvn not in {0, card.kvn}:
        raise ChannelError(f"the card offers keys of version {card.kvn:02X}, not {keys.kvn:02X}; no try was spent")
    if card.options & level.needs != level.needs:
        raise ChannelError(
            f"the card (i = {card.options:02X}) cannot protect its answers as level {level:02X} wants;"
            " no try was spent: choose a level without that (01 or 03)"
        )


_HARM: Final = "the secure channel ends here; the card did the command, or did not: see which, over a new channel"


def _derive(key: bytes, constant: int, bits: int, context: bytes) -> bytes:
    """The key derivation of Amendment D, 4.1.5: CMAC in counter mode (NIST SP 800-108)."""
    label = bytes(11) + bytes((constant, 0)) + bits.to_bytes(2)
    out = b""
    for number in range(1, -(-bits // (8 * _BLOCK)) + 1):
        cmac = CMAC(AES(key))
        cmac.update(label + bytes((number,)) + context)
        out += cmac.finalize()
    return out[: bits // 8]
