"""Where a key set comes from: references to secrets, never the secrets themselves; and the options that name them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import click

from smartdm.cli.failures import CliError, Exit
from smartdm.cli.params import Reference
from smartdm.cli.secrets import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smartdm.card.keys import KeySet
    from smartdm.cli.app import App

PARTS: Final = ("enc", "mac", "dek")
METHODS: Final = ("kdf3", "emv")
NO_KVN: Final = 0
"""Of a source that names no version: the card's first, or one that is chosen."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """One of three ways to a key set: three references, a master key that is diversified, or the well-known test key.

    ``kvn``: key version number; ``size``: bytes of the test key.
    """

    enc: str = ""
    mac: str = ""
    dek: str = ""
    master: str = ""
    diversify: str = ""
    test: bool = False
    kvn: int = NO_KVN
    size: int = 16

    @classmethod
    def of(cls, texts: Mapping[str, object], kvn: int = NO_KVN) -> KeySource:
        """From the members of a table, those that it has of enc, mac, dek, master, diversify and test."""
        enc, mac, dek, master, diversify = (str(texts.get(name) or "") for name in (*PARTS, "master", "diversify"))
        return cls(enc, mac, dek, master, diversify, test=texts.get("test") is True, kvn=kvn)

    def check(self, where: str, mark: str = "") -> None:
        """CliError, which begins with ``where``, unless it is exactly one way.

        ``mark``: what stands before the members' names where they were given, as -- for options.
        """
        enc, mac, dek, master, diversify = (mark + name for name in (*PARTS, "master", "diversify"))
        test = f"{mark}test-keys" if mark else "test = true"
        parts = [name for name in PARTS if getattr(self, name)]
        ways = bool(parts) + bool(self.master) + self.test
        if ways != 1:
            told = "say where the keys are" if not ways else "these are several ways to keys"
            raise CliError(
                f"{where}: {told}: {enc}, {mac} and {dek}; or {master} and {diversify}; or {test}", Exit.USAGE
            )
        if parts and len(parts) < len(PARTS):
            missing = " and ".join(mark + name for name in PARTS if name not in parts)
            raise CliError(f"{where}: {enc}, {mac} and {dek} belong together; also give {missing}", Exit.USAGE)
        if bool(self.master) != bool(self.diversify):
            raise CliError(f"{where}: {master} and {diversify} ({' or '.join(METHODS)}) belong together", Exit.USAGE)
        if self.diversify and self.diversify not in METHODS:
            raise CliError(f"{where}: diversify is {' or '.join(METHODS)}", Exit.USAGE)

    def keys(self, app: App, whose: str, *, new: bool = False) -> Callable[[bytes], KeySet]:
        """Fetches what the references name, and returns what makes the set of the card with given data (KDD).

        ``whose``: for questions and errors; ``new``: a prompt asks twice.
        """
        from smartdm.card.keys import METHODS as BY_NAME  # noqa: PLC0415 - cryptography, for those who have keys
        from smartdm.card.keys import KeySet  # noqa: PLC0415 - as above

        if self.test:
            return lambda _kdd: KeySet.test(self.kvn, self.size)
        if self.master:
            master = app.secret(self.master, Purpose.KEY, f"the master key of {whose}", new=new)
            derive = BY_NAME[self.diversify]
            return lambda kdd: app.keep_out(derive(master, kdd, self.kvn))
        found = {
            name: app.secret(getattr(self, name), Purpose.KEY, f"{name.upper()} of {whose}", new=new) for name in PARTS
        }
        return lambda _kdd: KeySet(self.kvn, *(found[name] for name in PARTS))

    def numbered(self, kvn: int) -> KeySource:
        """The same keys under another version."""
        return replace(self, kvn=kvn)


class Version(click.ParamType[int]):
    """A key version number, two hex digits."""

    name = "kvn"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, 1 to 127."""
        if isinstance(value, int):
            return value
        try:
            number = int(value, 16)
        except ValueError:
            number = 0
        if not 1 <= number <= 0x7F:
            self.fail(f"{value!r} is no key version: two hex digits, 01 to 7F", param, ctx)
        return number


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name new keys; ``source_of`` makes a KeySource of what they give."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option(
        "--enc",
        type=Reference(),
        metavar="REF",
        help="Where the new ENC key is: env:NAME, file:PATH, prompt: …",
    ),
    click.option("--mac", type=Reference(), metavar="REF", help="Where the new MAC key is."),
    click.option("--dek", type=Reference(), metavar="REF", help="Where the new DEK is."),
    click.option(
        "--master",
        type=Reference(),
        metavar="REF",
        help="Where the master key is that they are derived from.",
    ),
    click.option("--diversify", type=click.Choice(METHODS), default=None, help="How they are derived from it."),
    click.option("--test-keys", "test", is_flag=True, help="Take the test key that everybody knows."),
    click.option("--kvn", type=Version(), metavar="HEX", default=None, help="The version that the new keys get."),
)


def source_of(given: Mapping[str, Any]) -> KeySource:
    """The source that ``key_options`` gave, checked."""
    source = KeySource.of(given, given["kvn"] or NO_KVN)
    source.check("the new keys", "--")
    return source


def require_fitting(app: App, keys: KeySet, *, insecure: bool) -> None:
    """A simulated card takes only the test keys, as everybody who has its file can read them; a real one no such."""
    from smartdm.cli.app import SIM_PREFIX  # noqa: PLC0415 - app imports nothing of this

    simulated = app.chosen_card().startswith(SIM_PREFIX)
    if insecure or simulated == keys.is_test:
        return
    if simulated:
        raise CliError(
            "a simulated card keeps its keys in clear in a file, so it takes only the test keys (--test-keys);"
            " --insecure lets it take others",
            Exit.USAGE,
        )
    raise CliError(
        "everybody knows the test keys, so a real card with them is open to all; use keys of your own,"
        " or --insecure for a card that nobody is to trust",
        Exit.USAGE,
    )


insecure_option = click.option(
    "--insecure", is_flag=True, help="Put real keys on a simulated card, or the test keys on a real one."
)
