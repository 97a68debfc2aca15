"""Recorded traces of a card: writing them down, and playing them back without the card.

A trace is text: ``> HEX`` is a command APDU, ``< HEX`` its response; a command without a response is one that the card
lost power over.  Spaces inside the hex, empty lines and lines that begin with ``#`` mean nothing; power cycles
are such lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from smartdm.errors import CodecError, PowerLostError, TransportError
from smartdm.transport.base import Transport


@dataclass(frozen=True, slots=True)
class _Step:
    """``response`` None = the card never answered.  ``line``: where the command stands."""

    command: bytes
    response: bytes | None
    line: int


def _parse(lines: Iterable[str]) -> list[_Step]:
    steps: list[_Step] = []
    answered = True
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(">"):
            steps.append(_Step(_hex(line, number), None, number))
            answered = False
        elif line.startswith("<") and not answered:
            steps[-1] = _Step(steps[-1].command, _hex(line, number), steps[-1].line)
            answered = True
        elif line.startswith("<"):
            raise CodecError(f"trace line {number}: a response without a command before it")
        else:
            raise CodecError(f"trace line {number}: a line begins with '>', '<' or '#', not {line[:20]!r}")
    return steps


def _hex(text: str, number: int) -> bytes:
    try:
        return bytes.fromhex(text[1:])
    except ValueError as error:
        raise CodecError(f"trace line {number}: not hex: {text[1:40].strip()!r}") from error


class ReplayTransport:
    """Answers as a recorded card did, as long as the commands are the recorded ones, in order.

    ``lines``: the trace; a malformed one is a CodecError that names the line.  A command that the trace does
    not have next is a TransportError with both commands.
    """

    def __init__(self, lines: Iterable[str], name: str = "replay") -> None:
        self._steps = _parse(lines)
        self._at = 0
        self._name = name

    @property
    def name(self) -> str:
        """What the user calls this card."""
        return self._name

    @property
    def finished(self) -> bool:
        """Whether everything recorded was asked for."""
        return self._at == len(self._steps)

    def transmit(self, apdu: bytes) -> bytes:
        """The recorded response; PowerLostError where the recorded card lost power."""
        response = self._next(apdu).response
        if response is None:
            raise PowerLostError("the recorded card lost power before it answered")
        return response

    def reset(self) -> None:
        """Nothing: a trace does not tell power cycles apart from comments."""

    def close(self) -> None:
        """Nothing to give back; what is left of the trace may stay unplayed (``finished`` tells)."""

    def _next(self, command: bytes) -> _Step:
        sent = command.hex().upper()
        if self.finished:
            raise TransportError(f"the trace of {len(self._steps)} commands is over; {sent} is not in it")
        step = self._steps[self._at]
        if step.command != command:
            raise TransportError(
                f"trace line {step.line}: {step.command.hex().upper()} was recorded, but {sent} was sent"
            )
        self._at += 1
        return step


class RecordingTransport:
    """Passes everything to another transport and hands each line of the trace to ``sink``.

    A command is written before it is sent, so a trace that ends with ``>`` shows what the card never answered.
    """

    def __init__(self, inner: Transport, sink: Callable[[str], object]) -> None:
        self._inner = inner
        self._sink = sink

    @property
    def name(self) -> str:
        """The name of the card that is recorded."""
        return self._inner.name

    def transmit(self, apdu: bytes) -> bytes:
        """Sends the command and records it with its response."""
        self._sink(f"> {apdu.hex().upper()}")
        response = self._inner.transmit(apdu)
        self._sink(f"< {response.hex().upper()}")
        return response

    def reset(self) -> None:
        """Power cycles the card and notes it as a comment."""
        self._inner.reset()
        self._sink("# power cycle")

    def close(self) -> None:
        """Gives the card back."""
        self._inner.close()
