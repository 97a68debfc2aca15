"""Credentials of OMA DM 1.2 (SEC 1.2.1, 5.3 to 5.4; SyncML notification), from the specification with hashlib alone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5

RESYNC = (bytes(4), b"0x00000000")
"""The nonce for a lost one, in its two readings."""


def hashed(data: bytes) -> bytes:
    """MD5, 16 bytes."""
    return md5(data, usedforsecurity=False).digest()


def credential(user: bytes, secret: bytes, nonce: bytes, body: bytes | None = None) -> bytes:
    """The digest of auth-md5, or with a body that of auth-MAC, 16 bytes."""
    return over(user, secret, nonce, None if body is None else hashed(body))


def over(user: bytes, secret: bytes, nonce: bytes, body: bytes | None = None) -> bytes:
    """The same from the digest of the body, 16 bytes."""
    parts = [b64encode(hashed(user + b":" + secret)), nonce]
    if body is not None:
        parts.append(b64encode(body))
    return hashed(b":".join(parts))


def trigger(server: bytes, session: int = 0x1234, flags: int = 0x10) -> bytes:
    """A notification's bytes behind its digest: version 1.1, ui-mode and initiator, session id, ServerID."""
    return bytes((0x02, 0xC0 | flags, 0, 0, 0)) + session.to_bytes(2) + bytes((len(server),)) + server


def notification(server: bytes, secret: bytes, nonce: bytes) -> bytes:
    """A package 0."""
    said = trigger(server)
    return credential(server, secret, nonce, said) + said
