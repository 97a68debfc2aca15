"""How far a large value is: a bar on terminals, one line otherwise, and what to do when it is interrupted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from smartdm.codec import packed
from smartdm.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.cli.app import App
    from smartdm.mo.uri import Uri
    from smartdm.session import Progress


@contextmanager
def upload_progress(app: App, uri: Uri, value: bytes) -> Iterator[Progress | None]:
    """Shows the progress of an upload, and tells when an earlier one is continued; None for a small value."""
    if len(value) <= packed.PIECE:
        yield None
        return
    try:
        with _bar(app, uri, len(value)) as progress:
            yield progress
    except TransportError as error:
        again = "run the same command again: what the card has got so far need not be sent again"
        raise type(error)(f"{error}; {uri} has its old value or the new one; {again}") from error
    except KeyboardInterrupt:
        app.out.note(f"{uri} keeps its old value; the same command goes on where this one stopped")
        raise


@contextmanager
def _bar(app: App, uri: Uri, total: int) -> Iterator[Progress]:
    begun = False

    def resumed(done: int) -> None:
        nonlocal begun
        if done and not begun:
            app.out.note(f"note: {done} of {total} bytes are on the card already; going on from there")
        begun = True

    if not app.out.errors_to_terminal:
        yield lambda done, _total: resumed(done)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and needed on terminals only
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # noqa: PLC0415 - as above

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(str(uri).replace("[", r"\["), total=total)

        def show(done: int, _total: int) -> None:
            resumed(done)
            bars.update(task, completed=done)

        yield show
