"""The child process of a simulated card: starting it, and frames to and from it.

A frame is ``op 1, length 4, body``; its answer is ``status 1, length 4, body`` (``docs/simulated-card.md``).
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
from enum import IntEnum
from pathlib import Path
from typing import IO

from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.transport.simlock import busy_answer

_HEADER = 5
_CHUNK = 1 << 16
_EXIT_SECONDS = 5
_MAIN = "smartdm.sim.SimServer"


class Status(IntEnum):
    """First byte of an answer frame."""

    OK = 0
    ERROR = 1
    POWER_LOST = 2
    BUSY = 3


def default_folder() -> Path:
    """``build/sim`` of the checkout that this package lies in."""
    return Path(__file__).resolve().parents[3] / "build" / "sim"


def command_line(folder: Path, java: str, arguments: list[str]) -> list[str]:
    """The command that starts the simulator built in ``folder``; NoCardError when something is missing."""
    program = shutil.which(java)
    if program is None:
        raise NoCardError(
            f"the simulated card needs Java 17, but there is no {java!r}: install openjdk-17-jre-headless"
        )
    jar = folder.parent / "jars" / "jcardsim.jar"
    parts = [folder / "host", folder / "applet", jar]
    for part in parts:
        if not part.exists():
            raise NoCardError(f"the simulated card is not built ({part} is missing): run `make setup`")
    flags = ["-Xshare:auto", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m"]
    return [program, *flags, "-cp", os.pathsep.join(map(str, parts)), _MAIN, *arguments]


class SimProcess:
    """A running simulator.  ``timeout``: seconds that one answer may take."""

    def __init__(self, command: list[str], timeout: float) -> None:
        self._timeout_ms = int(timeout * 1000)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the caller; the card ends with its pipe
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._in = self._child.stdin.fileno()
        self._out = self._child.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)

    @property
    def pid(self) -> int:
        """The process id of the simulator."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """False once the process was closed or has died."""
        return not self._errors.closed and self._child.poll() is None

    def call(self, op: int, body: bytes = b"") -> bytes:
        """Runs one operation and returns its answer's body, or raises what its status means."""
        if self._errors.closed:
            raise TransportError("the simulated card was closed")
        frame = bytes((op,)) + len(body).to_bytes(4, "big") + body
        try:
            sent = os.write(self._in, frame)
            while sent < len(frame):
                sent += os.write(self._in, frame[sent:])
        except BrokenPipeError as error:
            raise self._died() from error
        data = self._read()
        while len(data) < _HEADER:
            data += self._read()
        end = _HEADER + int.from_bytes(data[1:_HEADER], "big")
        while len(data) < end:
            data += self._read()
        if data[0] == Status.OK:
            return data[_HEADER:]
        raise _failure(data[0], data[_HEADER:])

    def _read(self) -> bytes:
        if not self._poll.poll(self._timeout_ms):
            self.kill()
            raise TransportError(f"no answer from the simulated card in {self._timeout_ms / 1000:g} s; it was stopped")
        data = os.read(self._out, _CHUNK)
        if not data:
            raise self._died()
        return data

    def _died(self) -> TransportError:
        code = self._child.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        self._release()
        told = [line for line in lines if not line.startswith("\tat ")]
        reason = told[-1] if told else f"exit code {code}"
        return TransportError(f"the simulated card ended: {reason}")

    def kill(self) -> None:
        """Ends the process at once, as a crash would (SIGKILL)."""
        if not self._errors.closed:
            self._child.kill()
            self._child.wait()
            self._release()

    def close(self) -> None:
        """Lets the process end by itself."""
        if self._errors.closed:
            return
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._release()

    def _release(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout, self._errors):
            if pipe is not None:
                pipe.close()


def _failure(status: int, body: bytes) -> TransportError:
    text = body.decode("utf-8", "replace")
    if status == Status.POWER_LOST:
        return PowerLostError("the simulated card lost power before it answered")
    if status == Status.BUSY:
        return CardBusyError(busy_answer(text))
    return TransportError(f"simulated card: {text}")
