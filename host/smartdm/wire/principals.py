"""Who is asking, what the card has seen of that, and where it is in its life."""

from __future__ import annotations

from smartdm.wire.documented import Doc, DocFlag


class Principal(Doc):
    """Who is asking: the node id of a ServerID below ``?/Srv``."""

    NOBODY = 0, "no door was opened"
    ANYBODY = 4, "`*` in an ACL"
    ISSUER = 5, "the issuer, `#issuer` in an ACL"
    HOLDER = 6, "the holder, `#holder` in an ACL"
    FIRST_SERVER = 9, "the first ServerID"


class State(Doc):
    """The card's life cycle."""

    INSTALLED = 0x03, "waits for PERSONALIZE"
    PERSONALIZED = 0x0F, "in use"
    TERMINATED = 0x7F, "its memory was overwritten"


class Scheme(Doc):
    """DM 1.2 credentials: H(B64(H(user:secret)):nonce), with a body H(B64(H(user:secret)):nonce:B64(H(body)))."""

    MD5 = 1, "syncml:auth-md5"
    MAC = 2, "syncml:auth-MAC; the body is the message"
    PACKAGE_0 = 3, "a notification; the user is the ServerID, the body is the trigger"


class Proof(DocFlag):
    """What the card has seen of who is asking."""

    LIVE = 0x01, "an answer to a challenge that the card drew in this power session"
    BOUND = 0x02, "each command, authenticated with the principal's key"
    HOLDER = 0x04, "the PIN, for one batch"
    LOGGED = 0x08, "the digest of the message that the batches came in"
