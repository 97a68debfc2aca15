"""What one run of the command line knows: the global options, the output, and the card, opened at first use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from smartdm.cli.failures import CliError, Exit
from smartdm.cli.output import Output
from smartdm.cli.paths import sim_folder
from smartdm.cli.simcards import SimFolder
from smartdm.errors import NoCardError

if TYPE_CHECKING:
    from pathlib import Path

    from smartdm.card.keys import KeySet
    from smartdm.cli.doors import Door
    from smartdm.cli.link import Link
    from smartdm.cli.secrets import Purpose
    from smartdm.session import Session

SIM_PREFIX = "sim:"
PCSC_PREFIX = "pcsc:"
_EPOCH_2000 = 946_684_800


class App:
    """The object behind ``click``'s context."""

    def __init__(self) -> None:
        self.out = Output()
        self.card_name: str | None = None
        self.who: str | None = None
        """Who asks, as given by --as; None = the issuer on simulated cards, nobody on others."""
        self.keys: dict[str, object] | None = None
        """His keys, as given by --keys; see ``doors.parse_keys``."""
        self.pin = ""
        """A reference to the holder's PIN."""
        self.doors: Path | None = None
        """The file of doors, if it was named."""
        self.door: Door | None = None
        """What the command itself opens; None = what the user chose."""
        self.shared = False
        """Other programs may have the card in the reader open, too."""
        self.trace = False
        self.trace_file: Path | None = None
        self.traced = False
        """The trace was begun: a card that is opened again goes on with it."""
        self.quiet = False
        """Only look: no trace, and an armed power cut is left alone (shell completion, doctor)."""
        self.making: bytes | None = None
        """The install parameters of the card whose image is about to be made."""
        self.opened: KeySet | None = None
        """The keys that the secure channel was opened with, under the version that the card told."""
        self.opened_kdd = b""
        """The card's diversification data, told with that."""
        self._link: Link | None = None
        self._secrets: set[bytes] = set()

    @property
    def sims(self) -> SimFolder:
        """The simulated cards of this user."""
        return SimFolder(sim_folder())

    @property
    def link(self) -> Link:
        """The card, opened now if it is not open yet."""
        if self._link is None:
            from smartdm.cli.link import Link  # noqa: PLC0415 - subprocess is imported only when a card is used

            self._link = Link.open(self)
        return self._link

    @property
    def session(self) -> Session:
        """The session on the card, opened now if it is not open yet."""
        return self.link.session

    def chosen_card(self) -> str:
        """The name of the card to use: as chosen, else the only one there is."""
        if self.card_name is not None:
            return self.card_name
        names = self.sims.names()
        if not names:
            raise NoCardError(
                "there is no card; make a simulated one with `smartdm sim new NAME`,"
                " or name the reader of a real one (`smartdm card list`)"
            )
        if len(names) > 1:
            listed = ", ".join(SIM_PREFIX + name for name in names)
            raise CliError(f"several cards exist ({listed}); choose one with --card or $SMARTDM_CARD", Exit.USAGE)
        return SIM_PREFIX + names[0]

    def secret(self, reference: str, purpose: Purpose, what: str, *, new: bool = False) -> bytes:
        """What a reference names; from now on no trace shows it.  See ``secrets.resolve``."""
        from smartdm.cli.secrets import Purpose, resolve  # noqa: PLC0415 - only for those who have secrets

        if self.quiet:
            raise CliError(f"{what}: nobody is asked for secrets now")
        found = resolve(reference, purpose, what, new=new)
        if purpose is not Purpose.PIN:  # a PIN is hidden by its commands: its few bytes may stand elsewhere
            self._secrets.add(found)
        return found

    def keep_out(self, keys: KeySet) -> KeySet:
        """The same keys; from now on no trace shows them."""
        self._secrets.update(keys.keys)
        return keys

    def hide(self, secret: bytes) -> bytes:
        """The same bytes; from now on no trace shows them."""
        self._secrets.add(secret)
        return secret

    @property
    def hidden(self) -> frozenset[bytes]:
        """What no trace may show."""
        return frozenset(self._secrets)

    def use(self, door: Door) -> None:
        """Asks the card by this door from now on."""
        self.close()
        self.door = door

    def close(self) -> None:
        """Lets go of the card."""
        if self._link is not None:
            self._link.close()
            self._link = None


def app_of(ctx: click.Context) -> App:
    """The App of a click context."""
    return ctx.ensure_object(App)


pass_app = click.make_pass_decorator(App, ensure=True)
"""Gives the App to a command as its first argument."""


def now() -> int:
    """Seconds since 2000-01-01T00:00:00Z, the time that batches carry; 0 for clocks before."""
    return max(0, int(time.time()) - _EPOCH_2000)
