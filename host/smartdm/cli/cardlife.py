"""``smartdm card personalize|terminate``: the beginning and the end of a card's life."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.doors import ISSUER, Door, parse_keys
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.keysource import KeySource, insecure_option, key_options, require_fitting, source_of
from smartdm.cli.params import Reference
from smartdm.cli.root import Command
from smartdm.cli.secrets import Purpose, is_reference

if TYPE_CHECKING:
    from smartdm.card.keys import KeySet

FIRST_KVN = 0x31
_KDD_SIZE = 10


class Kdd(click.ParamType[bytes]):
    """Key diversification data: 20 hex digits."""

    name = "hex"

    def convert(self, value: str | bytes, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """The 10 bytes."""
        if isinstance(value, bytes):
            return value
        try:
            data = bytes.fromhex(value)
        except ValueError:
            data = b""
        if len(data) != _KDD_SIZE:
            self.fail(f"{value!r} is not {2 * _KDD_SIZE} hex digits", param, ctx)
        return data


class Initial(click.ParamType[KeySource]):
    """The initial keys: one reference for all three, or what ``--keys`` takes."""

    name = "keys"

    def convert(self, value: str | KeySource, param: click.Parameter | None, ctx: click.Context | None) -> KeySource:
        """The source, checked."""
        if isinstance(value, KeySource):
            return value
        try:
            table = dict.fromkeys(("enc", "mac", "dek"), value) if is_reference(value) else parse_keys(value)
            source = KeySource.of(table)
            source.check("the initial keys")
        except (ValueError, CliError) as error:
            self.fail(str(error), param, ctx)
        return source


@click.command(cls=Command)
@key_options
@click.option("--kdd", type=Kdd(), metavar="HEX", help="Diversification data, 10 bytes.  [default: random]")
@click.option("--pin", type=Reference(), metavar="REF", help="Where the holder's PIN is.")
@click.option("--puk", type=Reference(), metavar="REF", help="Where the PUK is, which unblocks it.")
@click.option(
    "--initial",
    type=Initial(),
    metavar="REF",
    help="The keys that the card was installed with: one reference, or as for --keys.  [default: the test key]",
)
@insecure_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_app
def personalize(
    app: App,
    /,
    *,
    kdd: bytes | None,
    pin: str | None,
    puk: str | None,
    initial: KeySource | None,
    insecure: bool,
    yes: bool,
    **new: Any,
) -> None:
    """Give a new card the issuer's keys, and the holder a PIN if wanted. It cannot be undone.

    It is the first command of every card's life. Secrets are named by where they are: env:NAME, file:PATH, prompt: or
    keyring:SERVICE/NAME.
    """
    from smartdm.card.secrecy import personalization  # noqa: PLC0415 - imported only when a card is used
    from smartdm.errors import card_error  # noqa: PLC0415 - as above
    from smartdm.wire import State, Sw  # noqa: PLC0415 - as above

    source = source_of(new)
    if bool(pin) != bool(puk):
        raise click.UsageError("give --pin and --puk, or neither: without a PUK a PIN that was blocked stays so")
    kdd = kdd or os.urandom(_KDD_SIZE)
    app.use(Door("the initial keys", initial or KeySource(test=True), fresh=True))
    name = app.chosen_card()
    if app.session.info.state == State.PERSONALIZED:
        raise CliError(
            f"{name} is personalized already, for good; its keys can be changed (`smartdm keys rotate`)", Exit.REFUSED
        )
    if app.session.info.state == State.TERMINATED:
        raise card_error(Sw.TERMINATED, "PERSONALIZE")
    keys = source.numbered(source.kvn or FIRST_KVN).keys(app, "the issuer", new=True)(kdd)
    require_fitting(app, keys, insecure=insecure)
    data = personalization(keys, kdd, _pin(app, pin, "PIN"), _pin(app, puk, "PUK"))
    if not yes:
        click.confirm(
            f"{name} gets its keys for good; without them it is of no use. Personalize it?", abort=True, err=True
        )
    _send(app, data)
    _tell(app, name, keys, has_pin=bool(pin))


def _pin(app: App, reference: str | None, what: str) -> bytes | None:
    return app.secret(reference, Purpose.PIN, f"the new {what}", new=True) if reference else None


def _send(app: App, data: bytes) -> None:
    from smartdm.errors import CardError, WrongKeysError  # noqa: PLC0415 - as above
    from smartdm.wire import Sw  # noqa: PLC0415 - as above

    try:
        app.session.card.personalize(data)
    except WrongKeysError as error:
        error.add_note("name the keys that the card was installed with: --initial")
        raise
    except CardError as error:
        if error.sw == Sw.BAD_ELEMENT:
            error.add_note("the new keys must be as long as those that the card was installed with")
        raise


def _tell(app: App, name: str, keys: KeySet, *, has_pin: bool) -> None:
    """Opens a channel with the new keys: what is told then is true."""
    from smartdm.card.principals import identity  # noqa: PLC0415 - as above

    app.use(Door(ISSUER, keys))
    found = identity(app.session.card)
    data = {
        "card": name,
        "card_id": found.card_id.hex().upper(),
        "kdd": found.kdd.hex().upper(),
        "kvn": f"{keys.kvn:02X}",
        "check_values": _check_values(keys),
        "pin": has_pin,
    }
    shown = f"personalized {name}: card id {data['card_id']}, KDD {data['kdd']}, keys of version {data['kvn']}"
    app.out.show(data, f"{shown}, {'with' if has_pin else 'without'} a PIN")


def _check_values(keys: KeySet) -> list[str]:
    raw = keys.check_values.hex().upper()
    return [raw[at : at + 6] for at in range(0, len(raw), 6)]


@click.command(cls=Command)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_app
def terminate(app: App, *, yes: bool) -> None:
    """End the life of a card: all its memory is overwritten, and it answers nothing any more. Only the issuer may."""
    from smartdm.errors import card_error  # noqa: PLC0415 - as above
    from smartdm.wire import State, Sw  # noqa: PLC0415 - as above

    name, nodes = app.chosen_card(), app.session.info.nodes
    if app.session.info.state != State.PERSONALIZED:  # before anybody is asked
        over = app.session.info.state == State.TERMINATED
        raise card_error(Sw.TERMINATED if over else Sw.NOT_PERSONALIZED, "TERMINATE")
    if not yes:
        app.out.note(f"Everything on {name} ({nodes} nodes, all keys) will be lost, and it can never be used again.")
        typed = click.prompt(f"Type {name} to end its life", err=True, default="", show_default=False)
        if typed != name:
            raise click.Abort
    app.session.card.terminate()
    app.out.show({"card": name, "terminated": True}, f"terminated {name}")


COMMANDS = (personalize, terminate)
