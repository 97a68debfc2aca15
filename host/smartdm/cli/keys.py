"""``smartdm keys``: the key sets of secure channels.  No key is ever printed, only check values."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartdm.cli.app import App, pass_app
from smartdm.cli.cardlife import Kdd
from smartdm.cli.doors import NOBODY, Door, chosen_door
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.keysource import (
    METHODS,
    PARTS,
    KeySource,
    Version,
    insecure_option,
    key_options,
    require_fitting,
    source_of,
)
from smartdm.cli.output import printable
from smartdm.cli.params import Reference
from smartdm.cli.root import Group

if TYPE_CHECKING:
    from smartdm.card.keys import KeySet

_LAST = 0x7F


@click.group(cls=Group)
def keys() -> None:
    """List, change and derive the keys of secure channels.

    No key is ever shown: what tells keys apart are check values (KCV).
    """


@keys.command("list")
@click.option("--versions", is_flag=True, help="Ask for each version whether the card has it (127 commands).")
@pass_app
def list_(app: App, *, versions: bool) -> None:
    """Tell what can be known of the keys on the card.

    That is: who has a key set, and version and diversification data of the issuer's. Keys are sealed, so neither they
    nor their check values can be read, and a version does not tell whose it is.
    """
    from smartdm.card.principals import begun, with_secrets  # noqa: PLC0415 - imported only when a card is used
    from smartdm.errors import NotAllowed  # noqa: PLC0415 - as above

    owners: list[str] | None = None
    if app.session.info.state == _PERSONALIZED:
        with suppress(NotAllowed):
            owners = sorted(with_secrets(app.session.card) - {_HOLDER})
    card = app.session.card
    issuer = begun(card, 0)
    found = [kvn for kvn in range(1, _LAST + 1) if begun(card, kvn)] if versions else None
    data = {
        "card": app.link.name,
        "issuer": None
        if issuer is None
        else {"kvn": f"{issuer.kvn:02X}", "kdd": issuer.kdd.hex().upper(), "options": f"{issuer.options:02X}"},
        "owners": owners,
        "versions": None if found is None else [f"{kvn:02X}" for kvn in found],
    }

    def text() -> None:
        told = {"Card": app.link.name}
        if issuer:
            told |= {"Issuer's version": f"{issuer.kvn:02X}", "Diversification data": issuer.kdd.hex().upper()}
            told["SCP03 parameter"] = f"i = {issuer.options:02X}"
        told["Who has keys"] = "not told to who asks" if owners is None else printable(", ".join(owners))
        if found is not None:
            told["Versions"] = ", ".join(f"{kvn:02X}" for kvn in found)
        app.out.fields(told)

    app.out.show(data, text)


_PERSONALIZED = 0x0F
_HOLDER = "#holder"


@keys.command()
@click.option(
    "--replace", "old", type=Version(), metavar="HEX", help="The version of the keys that go.  [default: own]"
)
@key_options
@insecure_option
@pass_app
def put(app: App, /, *, old: int | None, insecure: bool, **new: Any) -> None:
    """Replace a key set on the card (PUT KEY): that of who asks, or as the issuer anybody's.

    The new keys go encrypted with the DEK of who asks. With --kvn they get another version, else they keep it.
    """
    _put(app, source_of(new), old, 0, insecure=insecure)


@keys.command()
@key_options
@insecure_option
@pass_app
def rotate(app: App, /, *, insecure: bool, **new: Any) -> None:
    """Replace the keys of who asks by new ones, under the next version, and open a channel with them."""
    _put(app, source_of(new), None, 1, insecure=insecure)


def _put(app: App, source: KeySource, old: int | None, step: int, *, insecure: bool) -> None:
    """Puts the keys, checks what the card says, and opens a channel with them."""
    from smartdm.card.keys import put_key_answer, put_key_data  # noqa: PLC0415 - as above
    from smartdm.errors import WireError  # noqa: PLC0415 - as above

    door = chosen_door(app, app.chosen_card())
    named = isinstance(door.keys, KeySource) and door.keys.kvn
    if door.keys is None:
        raise CliError("who asks has no keys: say with --as who does", Exit.USAGE)
    mine, kdd = _open(app)
    gone = old or mine.kvn
    fresh = source.numbered(source.kvn or (gone + step - 1) % _LAST + 1).keys(app, "the new set", new=True)(kdd)
    require_fitting(app, fresh, insecure=insecure)
    answer = app.session.card.put_key(gone, put_key_data(fresh, mine.dek))
    if answer != put_key_answer(fresh):
        raise WireError("the card tells other check values than those of the keys that it was sent")
    who = app.link.who
    app.use(Door(who, fresh))
    _open(app)
    raw = fresh.check_values.hex().upper()
    data = {
        "card": app.link.name,
        "replaced": f"{gone:02X}",
        "kvn": f"{fresh.kvn:02X}",
        "check_values": [raw[at : at + 6] for at in range(0, len(raw), 6)],
    }
    values = ", ".join(data["check_values"])
    app.out.show(
        data, f"the keys of version {gone:02X} are gone, those of {fresh.kvn:02X} work (check values {values})"
    )
    if named and fresh.kvn != gone:
        app.out.note(f"note: where the file of doors has kvn, it is {fresh.kvn:02X} now")


def _open(app: App) -> tuple[KeySet, bytes]:
    """The keys that open the channel of who asks, and the card's diversification data."""
    from smartdm.errors import CardError  # noqa: PLC0415 - as above
    from smartdm.mo.uri import ROOT  # noqa: PLC0415 - as above

    app.opened = None
    with suppress(CardError):  # what he may read does not matter here
        app.session.card.read_start(ROOT)
    if app.opened is None:
        app.session.card.read_start(ROOT)  # it was another refusal, as that of a card without keys
    assert app.opened is not None
    return app.opened, app.opened_kdd


@keys.command()
@click.option("--master", type=Reference(), metavar="REF", required=True, help="Where the master key is.")
@click.option("--diversify", type=click.Choice(METHODS), required=True, help="How keys are derived from it.")
@click.option("--kdd", type=Kdd(), metavar="HEX", help="Diversification data.  [default: those of the card]")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A new folder for enc, mac and dek.")
@pass_app
def derive(app: App, *, master: str, diversify: str, kdd: bytes | None, out: Path | None) -> None:
    """Derive the keys of a card from a master key, and tell their check values.

    The keys themselves go nowhere, or into files that only you can read (--out).
    """
    if kdd is None:
        from smartdm.card.principals import begun  # noqa: PLC0415 - as above

        app.use(Door(NOBODY, fresh=True))
        issuer = begun(app.session.card, 0)
        assert issuer is not None
        kdd = issuer.kdd
    found = KeySource(master=master, diversify=diversify).keys(app, "the set")(kdd)
    raw = found.check_values.hex().upper()
    values = {name: raw[6 * at : 6 * at + 6] for at, name in enumerate(PARTS)}
    if out is not None:
        _write(out, dict(zip(PARTS, found.keys, strict=True)))
    data = {"kdd": kdd.hex().upper(), "check_values": list(values.values()), "out": None if out is None else str(out)}
    told = ", ".join(f"{name.upper()} {value}" for name, value in values.items())
    app.out.show(data, f"KDD {kdd.hex().upper()}: check values {told}")


def _write(folder: Path, parts: dict[str, bytes]) -> None:
    """Files 0600 in a new folder 0700, as hex digits; nothing that is there is overwritten."""
    folder.mkdir(mode=0o700)
    for name, key in parts.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
