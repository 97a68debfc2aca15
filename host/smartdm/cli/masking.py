"""Traffic as a trace may show it: PINs, keys and other secrets become zeros, and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from smartdm.wire import Cla, Ins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DATA: Final = 5
"""Where the data of a short command begin."""
_WHOLLY: Final = frozenset({
    Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.PERSONALIZE, Ins.PUT_KEY
})  # fmt: skip
"""Commands of which no data are shown."""


def is_wrapped(apdu: bytes) -> bool:
    """Whether a command of the applet's is in secure messaging."""
    return len(apdu) >= _DATA and apdu[0] & (Cla.PLAIN | Cla.SECURE) == Cla.PLAIN | Cla.SECURE


def hides_data(apdu: bytes) -> bool:
    """Whether it is a command whose data are never shown, and has some."""
    return len(apdu) > _DATA and apdu[0] & Cla.PLAIN == Cla.PLAIN and apdu[1] in _WHOLLY and not is_wrapped(apdu)


class Mask:
    """Hides secrets in commands and answers; ``hidden``: what they are by now.

    The value in a batch may be cut between two commands of a chain, so what may be the beginning of a secret at the
    end of one is hidden, too.
    """

    def __init__(self, hidden: Callable[[], Iterable[bytes]]) -> None:
        self._hidden = hidden
        self._begun: list[bytes] = []
        """What is to come of secrets whose beginning may have been at the end of the part before."""

    def command(self, apdu: bytes) -> bytes:
        """The command as it may be shown."""
        if hides_data(apdu):
            size = apdu[_DATA - 1]
            return apdu[:_DATA] + bytes(size) + apdu[_DATA + size :]
        hidden = list(self._hidden())
        if not hidden or is_wrapped(apdu):
            return apdu
        in_parts = len(apdu) > _DATA and apdu[1] == Ins.BATCH
        start = _DATA + in_parts
        end = _DATA + apdu[_DATA - 1] if len(apdu) > _DATA else len(apdu)
        if not in_parts or apdu[_DATA] == 0:
            self._begun = []
        return apdu[:start] + self._masked(apdu[start:end], hidden) + apdu[end:]

    def answer(self, apdu: bytes) -> bytes:
        """The answer as it may be shown."""
        for secret in self._hidden():
            apdu = apdu.replace(secret, bytes(len(secret)))
        return apdu

    def _masked(self, data: bytes, hidden: list[bytes]) -> bytes:
        out = bytearray(data)
        begun: list[bytes] = []
        for rest in self._begun:
            common = min(len(rest), len(data))
            if data[:common] == rest[:common]:
                out[:common] = bytes(common)
                begun += [rest[common:]] if common < len(rest) else []
        for secret in hidden:
            at = data.find(secret)
            while at >= 0:
                out[at : at + len(secret)] = bytes(len(secret))
                at = data.find(secret, at + 1)
            for size in range(1, min(len(secret), len(data) + 1)):
                if data.endswith(secret[:size]):
                    out[len(out) - size :] = bytes(size)
                    begun.append(secret[size:])
        self._begun = begun
        return bytes(out)
