"""A time limit for calls that know none and cannot be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OutOfTimeError(Exception):
    """The call goes on in its thread; what comes of it is undone there."""


class _Attempt(Generic[T]):
    def __init__(self, work: Callable[[], T], undo: Callable[[T], object]) -> None:
        self._work = work
        self._undo = undo
        self._lock = threading.Lock()
        self._given_up = False
        self.results: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            result = self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it was waited for
            self.error = error
            return
        with self._lock:
            if not self._given_up:
                self.results.append(result)
                return
        self._undo(result)

    def give_up(self) -> bool:
        """True when there is no result, and nobody will take a later one."""
        with self._lock:
            self._given_up = not self.results
            return self._given_up


def in_time(work: Callable[[], T], undo: Callable[[T], object], seconds: float) -> T:
    """What ``work`` returns or raises; OutOfTimeError after so many seconds, and ``undo`` gets a late result.

    Ctrl-C is heard while it waits.
    """
    attempt = _Attempt(work, undo)
    thread = threading.Thread(target=attempt.run, name="in-time", daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:
        if not attempt.give_up():
            undo(attempt.results[0])
        raise
    if attempt.give_up():
        if attempt.error is not None:
            raise attempt.error
        raise OutOfTimeError
    return attempt.results[0]
