"""PC/SC as this package uses it: the library loaded at first use, a context that survives the service, the readers.

pyscard's low-level functions are used alone: they start no thread and keep no state.  Each returns a list that
begins with a result code.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from smartdm.errors import NoCardError, TransportError

INSTALL = "apt install pcscd libpcsclite-dev swig gcc python3-dev && pip install pyscard"
"""What a Debian machine lacks when pyscard is missing; pyscard comes as source only."""

SUCCESS = 0
UNKNOWN_READER = 0x80100009
SHARING_VIOLATION = 0x8010000B
NO_SMARTCARD = 0x8010000C
PROTO_MISMATCH = 0x8010000F
NO_SERVICE = 0x8010001D
NO_READERS = 0x8010002E
UNRESPONSIVE = 0x80100066
UNPOWERED = 0x80100067
RESET = 0x80100068
REMOVED = 0x80100069
STALE = frozenset({NO_SERVICE, 0x8010001E, 0x80100003})
"""SCARD_E_NO_SERVICE, SCARD_E_SERVICE_STOPPED, SCARD_E_INVALID_HANDLE: the service behind this context is gone."""

_PRESENT = 0x20
_MUTE = 0x200
_EXCLUSIVE, _IN_USE = 0x80, 0x100


class PcscError(TransportError):
    """A PC/SC function failed.  ``code``: its result, 32 bits."""

    def __init__(self, code: int, what: str) -> None:
        super().__init__(f"{what}: {_words(code)} (PC/SC {code:08X})")
        self.code = code


def load() -> Any:
    """The functions of pyscard; NoCardError with the line that installs it when it is missing or broken."""
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        found = "pyscard, which is not installed" if missing else f"pyscard, which does not load ({error})"
        raise NoCardError(f"card readers need {found}: {INSTALL}") from error


def _words(code: int) -> str:
    # pyscard takes the code as the signed number that C's long makes of it, or as it is: by platform.
    text = str(load().SCardGetErrorMessage(code))
    return text.strip().rstrip(".") or "unknown error"


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader as it is now.  ``atr``: of the card in it, empty without one; ``in_use``: a program has it open."""

    name: str
    present: bool
    atr: bytes
    in_use: bool
    mute: bool


class Context:
    """A context of the PC/SC service.  One that went stale is made anew, once for each call of ``run``."""

    def __init__(self) -> None:
        self.scard = load()
        self._handle: Any = None

    def run(self, what: str, function: Callable[[Any], Sequence[Any]]) -> Sequence[Any]:
        """Calls ``function(handle)``; what it returns behind the result code.  ``what``: said in a PcscError."""
        fresh = self._handle is None
        if fresh:
            self._establish()
        code, *rest = function(self._handle)
        if code & 0xFFFFFFFF in STALE and not fresh:
            self.release()
            self._establish()
            code, *rest = function(self._handle)
        check(code, what)
        return rest

    def _establish(self) -> None:
        code, handle = self.scard.SCardEstablishContext(self.scard.SCARD_SCOPE_SYSTEM)
        if code & 0xFFFFFFFF in STALE:
            raise NoCardError(
                "the smart card service does not run: start pcscd (systemctl start pcscd.socket, or pcscd)"
            )
        check(code, "the smart card service gives no context")
        self._handle = handle

    def release(self) -> None:
        """Gives the context back; it is made anew when it is wanted again."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self.scard.SCardReleaseContext(handle)

    def readers(self) -> list[ReaderState]:
        """All readers in the order of the service; [] when there is none."""
        try:
            names = self.run("the readers cannot be listed", lambda it: self.scard.SCardListReaders(it, []))[0]
        except PcscError as error:
            if error.code == NO_READERS:
                return []
            raise
        return self._states(names) if names else []

    def _states(self, names: Sequence[str]) -> list[ReaderState]:
        asked = [(name, self.scard.SCARD_STATE_UNAWARE) for name in names]
        try:
            told = self.run("the readers cannot be asked", lambda it: self.scard.SCardGetStatusChange(it, 0, asked))[0]
        except PcscError as error:
            if error.code == UNKNOWN_READER:  # one was unplugged in between
                return []
            raise
        return [_state(name, flags, bytes(atr)) for name, flags, atr in told]


def check(code: int, what: str) -> None:
    """PcscError unless the code means success."""
    if code & 0xFFFFFFFF != SUCCESS:
        raise PcscError(code & 0xFFFFFFFF, what)


def _state(name: str, flags: int, atr: bytes) -> ReaderState:
    present = bool(flags & _PRESENT)
    return ReaderState(
        name, present, atr if present else b"", bool(flags & (_EXCLUSIVE | _IN_USE)), bool(flags & _MUTE)
    )


def choose(readers: Sequence[ReaderState], wanted: str) -> ReaderState:
    """The one reader whose name holds ``wanted`` (any case); of several, the only one with a card in it.

    NoCardError, with the readers there are, when that leaves none or more than one.
    """
    found = [reader for reader in readers if wanted.lower() in reader.name.lower()]
    exact = [reader for reader in found if reader.name == wanted]
    with_card = [reader for reader in found if reader.present]
    for candidates in (exact, found, with_card):
        if len(candidates) == 1:
            return candidates[0]
    if not readers:
        raise NoCardError("there is no card reader: plug one in, and see that pcscd has a driver for it (pcsc_scan)")
    listed = "; ".join(f"{reader.name}{'' if reader.present else ' (empty)'}" for reader in readers)
    if not found:
        raise NoCardError(f"no reader is called {wanted!r}; there are: {listed}")
    which = f"{len(found)} readers are called {wanted!r}" if wanted else f"there are {len(found)} readers"
    raise NoCardError(f"{which}; choose one by more of its name: {listed}")
