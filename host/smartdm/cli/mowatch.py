"""``smartdm mo changes --watch``: looks at a card again and again, until Ctrl-C.

The card is given back between two looks, so that others can change it.  A look at one that did not change is one
APDU, its SELECT; a simulated card need not even be started for that, as its image tells.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from smartdm.cli.app import SIM_PREFIX
from smartdm.cli.failures import CliError, Exit
from smartdm.errors import CardBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smartdm.cli.app import App

T = TypeVar("T")


def looks(app: App, since: int | None, every: float, find: Callable[[int], T]) -> Iterator[T]:
    """What ``find`` finds newer than a generation: ``since`` (None: that of now), then that of the look before.

    The card is given back before it is told.  ``every``: seconds between looks.  While somebody else has the card,
    nothing is told.  NoCardError or TransportError when the card goes away, CliError when another one is there.
    """
    with _until_interrupted() as stopped:
        seen = _mark(app)
        now = app.session.generation
        if since is not None and since > now:
            raise CliError(f"the card is at generation {now}, which is before {since}", Exit.USAGE)
        app.card_name = app.link.name  # also when another card comes
        known, found = _look(app, now if since is None else since, find)
        app.out.note(f"watching {app.card_name} from generation {known} on; Ctrl-C ends it")
        yield from found
        while not stopped.wait(every):
            mark = _mark(app)
            if mark is None or mark != seen:
                with suppress(CardBusyError):  # who has it is perhaps changing it: the next look tells
                    known, found = _look(app, known, find)
                    seen = mark
                    yield from found


def _look(app: App, known: int, find: Callable[[int], T]) -> tuple[int, list[T]]:
    """The card's generation, and what was found if that is not ``known``."""
    try:
        if app.session.generation == known:
            return known, []
        if app.session.generation < known:
            raise CliError(
                f"{app.card_name} is at generation {app.session.generation} and was at {known}: it is another card, "
                "or an older state of this one",
                Exit.LINK,
            )
        found = find(known)
        return app.session.generation, [found]
    finally:
        app.close()


def _mark(app: App) -> object:
    """What differs when a simulated card was changed; None for other cards, which must be asked."""
    name = app.chosen_card()
    if not name.startswith(SIM_PREFIX):
        return None
    try:
        state = app.sims.get(name.removeprefix(SIM_PREFIX)).image.stat()
    except FileNotFoundError:
        return None  # opening it tells what to do
    return state.st_ino, state.st_mtime_ns


@contextmanager
def _until_interrupted() -> Iterator[Event]:
    """An event that the first Ctrl-C sets, so that nothing is left half done; the second one interrupts as ever."""
    stopped = Event()

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        stopped.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
