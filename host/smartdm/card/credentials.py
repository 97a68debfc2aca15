"""The DM 1.2 credentials that the card computes and verifies; the secrets never leave it.

A login is a node below AppAuth of a DMAcc, such as ``./DMAcc/x/AppAuth/cl``.  Digests and nonces are raw bytes here;
DM writes them in base64.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import md5
from typing import Final

from smartdm.card.apdu import MAX_LE, CommandApdu
from smartdm.card.commands import Card
from smartdm.card.place import encode_place
from smartdm.errors import VERIFY_LOGIN, CodecError
from smartdm.mo.uri import Uri
from smartdm.wire import Cla, Ins, Scheme

DIGEST_SIZE: Final = 16
MAX_BATCHES: Final = 255
"""Of a door that was opened by MD5."""
RESYNC: Final = (bytes(4), b"0x00000000")
"""The nonce for a lost one, in its two readings (Security 1.2.1; Notification 1.2)."""
MAX_NONCE: Final = 128

_HEAD = 24
"""Bytes of a notification before the ServerID: digest 16, header 8."""
_VERSION = 0x0B
"""1.1, in ten bits."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A package 0 (OMA DM Notification 1.2.1, 6.1).  ``trigger``: what the digest covers."""

    digest: bytes
    trigger: bytes
    session: int
    server_id: str

    @classmethod
    def decode(cls, data: bytes) -> Notification:
        """CodecError if it is too short, of an unknown version, or its ServerID is no text."""
        if len(data) < _HEAD or len(data) < _HEAD + data[_HEAD - 1]:
            raise CodecError(f"a notification of {len(data)} bytes is too short", len(data))
        if int.from_bytes(data[16:18]) >> 6 != _VERSION:
            raise CodecError("the notification's version is not 1.1", DIGEST_SIZE)
        try:
            server_id = data[_HEAD : _HEAD + data[_HEAD - 1]].decode()
        except UnicodeDecodeError as error:
            raise CodecError("the notification's ServerID is not UTF-8", _HEAD + error.start) from error
        return cls(data[:DIGEST_SIZE], data[DIGEST_SIZE:], int.from_bytes(data[21:23]), server_id)


def body_digest(body: bytes) -> bytes:
    """MD5 of a message as it is sent, 16 bytes."""
    return md5(body, usedforsecurity=False).digest()


def compute(card: Card, login: Uri, nonce: bytes, body: bytes | None = None) -> bytes:
    """The client's credential for a CLCRED login, 16 bytes.

    ``nonce``: the octets of NextNonce; ``body``: for a MAC, the MD5 of the message, 16 bytes.  Asks for Exec on the
    login.
    """
    data = encode_place(login) + _nonce(nonce) + (_sized(body, "body digest") if body is not None else b"")
    scheme = Scheme.MD5 if body is None else Scheme.MAC
    return _send(card, (Ins.CREDENTIAL, scheme, 0), data, f"Credential {login}")


def challenge(card: Card, store: Uri | None = None) -> bytes:
    """Draw the nonce that the next ``verify`` is about, 16 bytes.

    ``store``: a SRVCRED login whose server has just opened the door: the nonce is kept for its next session, too.
    """
    data = b"" if store is None else encode_place(store)
    return _send(card, (Ins.GET_CHALLENGE, int(store is not None), 0), data, "Challenge")


def verify(card: Card, login: Uri, digest: bytes, body: bytes | None = None, batches: int = MAX_BATCHES) -> None:
    """Verify a server's credential over the challenge drawn last; from then on that server is asking.

    ``body``: for a MAC, the MD5 of the message, 16 bytes; ``batches``: 1 to 255, after which the door closes.
    NotAllowed if it is wrong.  It is never tried again: each try takes a challenge of its own.
    """
    if not 1 <= batches <= MAX_BATCHES:
        raise ValueError(f"a door serves 1 to {MAX_BATCHES} batches, not {batches}")
    data = encode_place(login) + (_sized(body, "body digest") if body is not None else b"") + _sized(digest, "digest")
    scheme = Scheme.MD5 if body is None else Scheme.MAC
    _send(card, (Ins.VERIFY_CREDENTIAL, scheme, batches), data, f"{VERIFY_LOGIN}{login}")


def check(card: Card, login: Uri, notification: Notification, nonce: bytes = b"") -> None:
    """Check a package 0; it opens no door.  ``nonce``: one of RESYNC; empty = the stored one.  NotAllowed if wrong."""
    data = encode_place(login) + _nonce(nonce) + body_digest(notification.trigger) + notification.digest
    _send(card, (Ins.VERIFY_CREDENTIAL, Scheme.PACKAGE_0, 0), data, f"Check notification {login}")


def mac_header(user: str, digest: bytes) -> str:
    """The value of the transport header ``x-syncml-hmac``; CodecError for a user name that it cannot quote."""
    if '"' in user or not user.isprintable():
        raise CodecError("the user name has a quotation mark or a control character, which the header cannot hold")
    return f'algorithm=MD5, username="{user}", mac={b64encode(digest).decode()}'


def _send(card: Card, command: tuple[Ins, int, int], data: bytes, name: str) -> bytes:
    ins, p1, p2 = command
    le = None if ins == Ins.VERIFY_CREDENTIAL else MAX_LE
    return card.channel.send(CommandApdu(Cla.PLAIN, ins, p1, p2, data, le), name).data


def _nonce(nonce: bytes) -> bytes:
    if len(nonce) > MAX_NONCE:
        raise CodecError(f"a nonce has at most {MAX_NONCE} bytes, not {len(nonce)}")
    return bytes((len(nonce),)) + nonce


def _sized(digest: bytes, what: str) -> bytes:
    if len(digest) != DIGEST_SIZE:
        raise CodecError(f"the {what} must have {DIGEST_SIZE} bytes, not {len(digest)}")
    return digest
