"""``smartdm credential``: the DM 1.2 credentials that the card computes and verifies."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.doors import NOBODY, Door
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.output import printable
from smartdm.cli.params import UriType
from smartdm.cli.rights import explained
from smartdm.cli.root import Command, Group
from smartdm.errors import CardError
from smartdm.mo.acl import Verb
from smartdm.wire import Sw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.card.commands import Card
    from smartdm.mo.uri import Uri


class Octets(click.ParamType["bytes"]):
    """Bytes in base64, or in hex after ``hex:``."""

    name = "octets"

    def convert(self, value: str | bytes, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """The bytes; a usage error for anything else."""
        if isinstance(value, bytes):
            return value
        try:
            return _octets(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _octets(text: str) -> bytes:
    """ValueError for what is neither."""
    try:
        return bytes.fromhex(text[4:]) if text.startswith("hex:") else b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither base64 nor hex: and hex digits") from error


_BODY = click.option(
    "--body", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The message, for a MAC."
)
_BODY_DIGEST = click.option("--body-digest", type=Octets(), metavar="OCTETS", help="MD5 of the message, for a MAC.")


@click.group(cls=Group)
def credential() -> None:
    """Compute and verify DM 1.2 credentials on the card, whose secrets never leave it.

    URI names a login, a node below AppAuth of a DM account. OCTETS are base64, or hex digits after hex:.
    """


@credential.command(cls=Command)
@click.argument("uri", type=UriType())
@click.option("--nonce", type=Octets(), metavar="OCTETS", required=True, help="The octets of NextNonce.")
@_BODY
@_BODY_DIGEST
@click.option("--user", help="With a message: the name in the transport header.")
@pass_app
def compute(
    app: App, *, uri: Uri, nonce: bytes, body: Path | None, body_digest: bytes | None, user: str | None
) -> None:
    """Compute the client's credential, in base64.

    With a message it is a MAC, and --user shows the value of the transport header x-syncml-hmac. The login's
    AAuthLevel must be CLCRED, and its ACL must give you Exec.
    """
    from smartdm.card import credentials  # noqa: PLC0415 - imported only when a card is used

    mac = _digest(body, body_digest)
    if user is not None and mac is None:
        raise CliError("--user belongs to the header of a MAC: name the message by --body or --body-digest", Exit.USAGE)
    with explained(app, Verb.EXEC, uri):
        digest = credentials.compute(app.session.card, uri, nonce, mac)
    shown = {"credential": b64encode(digest).decode()}
    if user is not None:
        shown["header"] = credentials.mac_header(user, digest)
    app.out.show(shown, "\n".join(shown.values()))


@credential.command(cls=Command)
@pass_app
def challenge(app: App) -> None:
    """Draw a nonce, in base64: 16 bytes by the card's random source.

    The card forgets it when this command ends. Use `credential verify`, which draws one and waits for its answer.
    """
    from smartdm.card import credentials  # noqa: PLC0415 - imported only when a card is used

    nonce = b64encode(credentials.challenge(_card(app))).decode()
    app.out.show({"nonce": nonce}, nonce)


@credential.command(cls=Command)
@click.argument("uri", type=UriType())
@_BODY
@_BODY_DIGEST
@click.option(
    "--notification",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check this package 0 instead; it needs no challenge.",
)
@click.option(
    "--nonce", type=Octets(), metavar="OCTETS", default=b"", help="Of --notification; default: the stored one."
)
@pass_app
def verify(
    app: App, *, uri: Uri, body: Path | None, body_digest: bytes | None, notification: Path | None, nonce: bytes
) -> None:
    """Verify a server's credential: shows a nonce, reads the server's answer to it from standard input.

    This only tells whether the answer is right: what the card opens to the server ends with the command. A wrong
    answer counts: after 16 without a reset the card lets nobody in until the next.

    The login's AAuthLevel must be SRVCRED. The resynchronization nonce of a notification is AAAAAA== or, for some
    servers, MHgwMDAwMDAwMA==.
    """
    from smartdm.card import credentials  # noqa: PLC0415 - imported only when a card is used

    if notification is not None:
        said = credentials.Notification.decode(notification.read_bytes())
        with _explained("wrong notifications are not counted; the nonce may be another one (--nonce)"):
            credentials.check(_card(app), uri, said, nonce)
        session = f"{said.session:X}"
        server = printable(said.server_id)
        app.out.show({"server": said.server_id, "session": session}, f"genuine: {server}, session {session}")
        return
    if nonce:
        raise CliError("--nonce belongs to --notification: the card draws the nonce of a session itself", Exit.USAGE)
    mac, card = _digest(body, body_digest), _card(app)
    app.out.note(f"nonce: {b64encode(credentials.challenge(card)).decode()}")
    with _explained(_COST):
        credentials.verify(card, uri, _answer(), mac)
    app.out.show({"verified": True}, "verified")


_COST: Final = (
    "the answer is wrong, which uses up its nonce, and counts: after 16 wrong ones the card lets nobody in by"
    " credentials or keys until its next reset"
)
_MAX_ANSWER: Final = 1024


def _card(app: App) -> Card:
    """The card with nobody asking: a server's credential is not verified inside a secure channel."""
    if app.who not in {None, NOBODY} or app.keys or app.pin:
        raise CliError(
            "the server shows by its credential who asks: leave out --keys and --pin, or use --as nobody", Exit.USAGE
        )
    app.use(Door(NOBODY))
    return app.session.card


def _answer() -> bytes:
    """The digest on standard input."""
    line = sys.stdin.buffer.readline(_MAX_ANSWER)
    try:
        return _octets(line.decode("ascii", "backslashreplace").strip())
    except ValueError as error:
        raise CliError(f"the answer: {error}") from error


@contextmanager
def _explained(wrong: str) -> Iterator[None]:
    """Refusals inside say more.  ``wrong``: what it means that the digest is wrong."""
    try:
        yield
    except CardError as error:
        if error.sw == Sw.NOT_ALLOWED:
            error.add_note(wrong)
        raise


def _digest(body: Path | None, digest: bytes | None) -> bytes | None:
    from smartdm.card import credentials  # noqa: PLC0415 - imported only when a card is used

    if body is not None and digest is not None:
        raise CliError("give --body or --body-digest, not both", Exit.USAGE)
    return digest if body is None else credentials.body_digest(body.read_bytes())
