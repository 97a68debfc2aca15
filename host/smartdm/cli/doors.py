"""Doors: as whom a card is asked, and where the keys and PINs for that are.  Only references, never secrets.

They come from ``--as``, ``--keys`` and ``--pin``, else from the file of doors (``--doors``, ``$SMARTDM_DOORS``, or
``doors.toml`` in the configuration folder): a table for each name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from smartdm.cli.app import SIM_PREFIX
from smartdm.cli.failures import CliError, Exit
from smartdm.cli.keysource import METHODS, NO_KVN, PARTS, KeySource
from smartdm.cli.paths import doors_file
from smartdm.cli.secrets import Purpose, is_reference
from smartdm.mo.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from smartdm.card.channel import Exchange, Layer
    from smartdm.card.keys import KeySet
    from smartdm.card.scp03 import Initialized
    from smartdm.cli.app import App

ISSUER, HOLDER, NOBODY = "issuer", "holder", "nobody"
_LEVELS: Final = {"01": 0x01, "03": 0x03, "33": 0x33, 1: 0x01, 3: 0x03, 33: 0x33}
_REFERENCES: Final = (*PARTS, "master")
_MEMBERS: Final = (*_REFERENCES, "diversify", "test", "kvn", "level")
FULL: Final = 0x33


@dataclass(frozen=True, slots=True)
class Door:
    """Who asks.  ``keys``: of the secure channel, None = none is opened; ``pin``: a reference, "" = none is verified.

    ``level``: security level of the channel; ``fresh``: the card is not personalized, and that is fine.
    """

    who: str
    keys: KeySource | KeySet | None = None
    level: int = FULL
    pin: str = ""
    fresh: bool = False

    def layer(self, app: App, wrap: Callable[[Layer], Layer]) -> Callable[[Exchange], Layer]:
        """What makes the layer that opens it.  ``wrap``: put around the secure channel, to see what is inside.

        References are followed when the door is opened, not before.
        """
        from smartdm.card.door import Doorway, PlainLayer  # noqa: PLC0415 - needed only when a card is used

        def make(send: Exchange) -> Layer:
            inner = PlainLayer(send) if self.keys is None else wrap(self._secure(app, send))
            return Doorway(inner, (lambda: self._pin(app)) if self.pin else None, fresh=self.fresh)

        return make

    def _secure(self, app: App, send: Exchange) -> Layer:
        from smartdm.card.scp03 import Level  # noqa: PLC0415 - as above
        from smartdm.card.secure import SecureLayer  # noqa: PLC0415 - as above

        made: list[Callable[[bytes], KeySet]] = []

        def keys_for(card: Initialized) -> KeySet:
            if not made:
                made.append(self._maker(app))
            keys = made[0](card.kdd)
            app.opened, app.opened_kdd = replace(keys, kvn=card.kvn), card.kdd
            return keys

        kvn = self.keys.kvn if self.keys else 0
        return SecureLayer(send, keys_for, Level(self.level), kvn=kvn)

    def _maker(self, app: App) -> Callable[[bytes], KeySet]:
        source = self.keys
        if isinstance(source, KeySource):
            return source.keys(app, "the issuer" if self.who == ISSUER else self.who)
        assert source is not None
        return lambda _kdd: source

    def _pin(self, app: App) -> bytes:
        return app.secret(self.pin, Purpose.PIN, "the holder's PIN")


def chosen_door(app: App, card: str) -> Door:
    """The door for this card: that of --as, else the issuer's on simulated cards, nobody's on others."""
    simulated = card.startswith(SIM_PREFIX)
    who = app.who or (ISSUER if simulated or app.keys else NOBODY)
    if who == NOBODY:
        if app.keys or app.pin:
            raise CliError("nobody has no keys and no PIN: say with --as who asks", Exit.USAGE)
        return Door(NOBODY)
    table = read_doors(app).get(who, {})
    if who == HOLDER:
        if app.keys:
            raise CliError("the holder has a PIN (--pin), not keys", Exit.USAGE)
        return Door(HOLDER, pin=app.pin or str(table.get("pin", "prompt:")))
    door = _door(who, app.keys or table, "--keys" if app.keys else f"the door of {shown(who)}", simulated=simulated)
    return Door(door.who, door.keys, door.level, app.pin)


def _door(who: str, table: dict[str, object], where: str, *, simulated: bool) -> Door:
    if not table and not (simulated and who == ISSUER):
        raise CliError(
            f"there are no keys for {shown(who)}: put references to them into {doors_file()} (see docs/cli.md),"
            " or name them with --keys",
            Exit.USAGE,
        )
    if not table:
        return Door(who, KeySource(test=True))
    source = KeySource.of(table, _version(table.get("kvn", NO_KVN), where))
    source.check(where)
    if who != ISSUER and source.kvn == NO_KVN:
        raise CliError(f"{where}: say which version the keys have on the card: kvn", Exit.USAGE)
    level = table.get("level", "33")
    if not isinstance(level, int | str) or level not in _LEVELS:
        raise CliError(f"{where}: level is 33, 03 or 01", Exit.USAGE)
    return Door(who, source, _LEVELS[level])


def _version(value: object, where: str) -> int:
    """A number of TOML, or hex digits."""
    try:
        number = int(value, 16) if isinstance(value, str) else value
    except ValueError:
        number = None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 0xFF:
        raise CliError(f'{where}: kvn is a key version, as 0x31 or "31"', Exit.USAGE)
    return number


def parse_keys(text: str) -> dict[str, object]:
    """The table that ``--keys`` spells: ``test``, or ``enc=REF,mac=REF,dek=REF``, or ``master=REF,diversify=kdf3``.

    ValueError, which repeats nothing of it, for anything else.
    """
    table: dict[str, object] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if name == "test" and not equals:
            table["test"] = True
        elif name in _MEMBERS and name != "test" and equals:
            table[name] = value
        else:
            raise ValueError("keys are test, or enc=REF,mac=REF,dek=REF, or master=REF,diversify=kdf3; kvn=, level=")
    check_references(table, "--keys")
    return table


def read_doors(app: App) -> dict[str, dict[str, object]]:
    """The tables of the file of doors, checked; {} if there is none at the usual place."""
    path = app.doors or doors_file()
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if app.doors:
            raise
        return {}
    try:
        tables = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        # What the parser says may repeat a part of the file, and who wrote it may have put a secret there.
        raise CliError(f"{path}: not a TOML file") from None
    for name, table in tables.items():
        _check(table, name, path)
    return tables


def _check(table: object, name: str, path: Path) -> None:
    where = f"{path}, [{shown(name)}]"
    if not isinstance(table, dict):
        raise CliError(f"{path}: {shown(name)} is no table: write a table for each name, like [issuer]")
    allowed = ("pin",) if name == HOLDER else _MEMBERS
    unknown = [key for key in table if key not in allowed]
    if unknown:
        raise CliError(f"{where}: it has something other than {', '.join(allowed)}")
    if "diversify" in table and table["diversify"] not in METHODS:
        raise CliError(f"{where}: diversify is {' or '.join(METHODS)}")
    check_references(table, where)


def check_references(table: Mapping[str, object], where: str) -> None:
    """CliError, which repeats nothing of it, for a secret where a reference to one should stand."""
    for key in (*_REFERENCES, "pin"):
        if key in table and not is_reference(table[key]):
            raise CliError(
                f"{where}: {key} is not a reference to a secret, as env:NAME, file:PATH, prompt: or"
                " keyring:SERVICE/NAME; a secret itself has no place here",
                Exit.USAGE,
            )
