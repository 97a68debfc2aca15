"""``smartdm pin``: the holder's PIN, and the PUK that sets a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartdm.cli.app import App, now, pass_app
from smartdm.cli.doors import HOLDER, NOBODY, Door
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.params import Reference
from smartdm.cli.root import Group
from smartdm.cli.secrets import Purpose

if TYPE_CHECKING:
    from smartdm.card.commands import Card

_ASK = "prompt:"


@click.group(cls=Group)
def pin() -> None:
    """Verify, change, unblock and set the holder's PIN.

    Each wrong PIN costs a try; nothing is ever tried again by itself.
    """


def _card(app: App) -> Card:
    """The card.  The PIN needs no other door, but is verified inside one that was named."""
    if app.who in {None, HOLDER} and not app.keys:
        app.use(Door(NOBODY))
    elif app.pin:
        raise click.UsageError("the PIN of this command is its own --pin")
    return app.session.card


def _tries(app: App) -> int:
    """How many are left; CliError where there is no PIN."""
    from smartdm.card.door import tries_left  # noqa: PLC0415 - imported only when a card is used

    left = tries_left(_card(app))
    if left is None:
        raise CliError(f"{app.link.name} has no PIN: the issuer gave it none", Exit.REFUSED)
    return left


def _usable(app: App) -> None:
    """PinBlocked before anybody is asked for a PIN; a note when the next wrong one blocks it."""
    from smartdm.errors import card_error  # noqa: PLC0415 - as above
    from smartdm.wire import Sw  # noqa: PLC0415 - as above

    left = _tries(app)
    if left == 0:
        raise card_error(Sw.PIN_BLOCKED, "VERIFY")
    if left == 1:
        app.out.note("note: this is the last try; a wrong PIN blocks it")


def _secret(app: App, reference: str, what: str, *, new: bool = False) -> bytes:
    from smartdm.card.secrecy import pin_block  # noqa: PLC0415 - as above

    return pin_block(app.secret(reference, Purpose.PIN, f"the {what}", new=new), what)


def _text(app: App, reference: str, what: str) -> bytes:
    return app.secret(reference, Purpose.PIN, f"the new {what}", new=True)


def _tries_text(left: int) -> str:
    return "1 try is left" if left == 1 else f"{left} tries are left"


@pin.command()
@pass_app
def status(app: App) -> None:
    """Tell how many tries are left; this costs none."""
    from smartdm.card.door import tries_left  # noqa: PLC0415 - as above

    left = tries_left(_card(app))
    told = "it has no PIN" if left is None else "the PIN is blocked" if left == 0 else _tries_text(left)
    data = {"card": app.link.name, "pin": left is not None, "tries_left": left}
    app.out.show(data, f"{app.link.name}: {told}")


@pin.command()
@click.option("--pin", "reference", type=Reference(), metavar="REF", help="Where the PIN is.  [default: prompt:]")
@pass_app
def verify(app: App, reference: str | None) -> None:
    """Compare a PIN with the holder's."""
    _usable(app)
    app.session.card.verify(_secret(app, reference or app.pin or _ASK, "PIN"))
    app.out.show({"card": app.link.name, "verified": True}, "the PIN is right")


@pin.command()
@click.option("--pin", "reference", type=Reference(), metavar="REF", help="Where the PIN is.  [default: prompt:]")
@click.option("--new", type=Reference(), metavar="REF", default=_ASK, help="Where the new one is.  [default: prompt:]")
@pass_app
def change(app: App, reference: str | None, new: str) -> None:
    """Give the holder another PIN; it takes the old one."""
    _usable(app)
    old = _secret(app, reference or app.pin or _ASK, "PIN")
    app.session.card.change_pin(old, _secret(app, new, "new PIN", new=True))
    app.out.show({"card": app.link.name, "changed": True}, "the PIN was changed")


@pin.command()
@click.option("--puk", type=Reference(), metavar="REF", default=_ASK, help="Where the PUK is.  [default: prompt:]")
@click.option("--new", type=Reference(), metavar="REF", default=_ASK, help="Where the new PIN is.  [default: prompt:]")
@pass_app
def unblock(app: App, puk: str, new: str) -> None:
    """Set another PIN with the PUK, also when the PIN is blocked."""
    _tries(app)
    secret = _secret(app, puk, "PUK")
    app.session.card.unblock(secret, _secret(app, new, "new PIN", new=True))
    app.out.show({"card": app.link.name, "unblocked": True}, "the PIN was set; all its tries are left")


@pin.command("set")
@click.option("--pin", "reference", type=Reference(), metavar="REF", help="Where the new PIN is.  [default: prompt:]")
@click.option("--puk", type=Reference(), metavar="REF", default=_ASK, help="Where the new PUK is.  [default: prompt:]")
@pass_app
def set_(app: App, reference: str | None, puk: str) -> None:
    """Give the holder another PIN and PUK, as the issuer.

    Neither the old PIN nor the old PUK is wanted, and all tries are left for the new ones, so it also helps where both
    are blocked, or where the card was given none.
    """
    from smartdm.card.principals import give_pin  # noqa: PLC0415 - as above
    from smartdm.card.secrecy import holder_value  # noqa: PLC0415 - as above
    from smartdm.cli.sending import named  # noqa: PLC0415 - as above
    from smartdm.session import Batch  # noqa: PLC0415 - as above

    secrets = (_text(app, reference or _ASK, "PIN"), _text(app, puk, "PUK"))
    app.hide(holder_value(*secrets))
    with named("Give the holder PIN and PUK"):
        app.session.apply(give_pin(Batch(time=now()), *secrets))
    data = {"card": app.link.name, "set": True, "generation": app.session.generation}
    app.out.show(data, "PIN and PUK were set; all their tries are left")
