"""A pcscd of our own with vpcd's two empty slots: the real programs, out of the way of those of the machine.

It runs in mount and network namespaces: ``/run/pcscd`` is a folder of ours there, and vpcd's ports are its own.
Clients outside reach it by the socket in that folder (``PCSCLITE_CSOCK_NAME``), cards by entering its network.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from smartdm.transport.pcsclib import Context
from smartdm.transport.sim import SimTransport

SLOT = 35963
FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
_DRIVER = Path("/etc/reader.conf.d/vpcd")
_SECONDS = 15.0


def missing() -> list[str]:
    """What this machine lacks for tests with pcscd."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    programs = ("pcscd", "unshare", "nsenter", "ip", "opensc-tool", "scriptor")
    lacking = [name for name in programs if not shutil.which(name, path=path)]
    lacking += [] if _DRIVER.exists() else ["vsmartcard-vpcd"]
    lacking += [] if find_spec("smartcard") else ["pyscard"]
    if not lacking and subprocess.run([*_new_room(), "true"], capture_output=True, check=False).returncode:
        lacking.append("the right to make namespaces")
    return lacking


def require() -> None:
    """Skips the test where something is missing; in CI that is a failure."""
    lacking = missing()
    if lacking and not os.environ.get("CI"):
        pytest.skip(f"missing: {', '.join(lacking)}")
    assert not lacking, f"missing: {', '.join(lacking)} (.ci/run installs them)"


def _new_room() -> list[str]:
    return ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "-n", "--propagation", "private"]


class Pcscd:
    """The service, running.  ``enter``: what to put before a command that has to reach the slots."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pcscd-"))  # a socket's path must be short
        # The namespaces outlive a restart of the service: their first process only waits.
        hold = f"ip link set lo up && mount --bind {self.folder} /run/pcscd && echo ready && exec cat"
        room = "mkdir -p /run/pcscd 2>/dev/null || mount -t tmpfs tmpfs /run && mkdir -p /run/pcscd"
        self._room = subprocess.Popen(
            [*_new_room(), "sh", "-c", f"{room}; {hold}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._room.stdout is not None
        assert self._room.stdout.readline() == b"ready\n"
        user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
        self._inside = ["nsenter", "-t", str(self._room.pid), *user]
        self.enter = [*self._inside, "-n"]
        self._service: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def socket(self) -> Path:
        """Where clients find the service."""
        return self.folder / "pcscd.comm"

    def start(self) -> None:
        """Starts the service and waits until its slots listen."""
        program = shutil.which("pcscd", path="/usr/sbin:/sbin:/usr/bin") or "pcscd"
        self._service = subprocess.Popen(
            [*self._inside, "-m", "-n", program, "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.socket.exists, "the socket of pcscd")
        wait_for(self._listens, "the slots of vpcd")

    def _listens(self) -> bool:
        table = subprocess.run([*self.enter, "cat", "/proc/net/tcp"], capture_output=True, text=True, check=True)
        return f":{SLOT:04X} " in table.stdout and f":{SLOT + 1:04X} " in table.stdout

    def stop(self) -> None:
        """Ends the service as its manager does."""
        if self._service is not None:
            self._service.terminate()
            self._service.wait()
            self._service = None
            (self.folder / "pcscd.comm").unlink(missing_ok=True)
            (self.folder / "pcscd.pid").unlink(missing_ok=True)

    def java(self) -> str:
        """A ``java`` whose processes reach the slots."""
        script = self.folder / "java"
        script.write_text(f'#!/bin/sh\nexec {" ".join(self.enter)} {shutil.which("java")} "$@"\n')
        script.chmod(0o755)
        return str(script)

    def close(self) -> None:
        """Ends the service and its namespaces."""
        self.stop()
        assert self._room.stdin is not None
        self._room.communicate()
        shutil.rmtree(self.folder)


@contextmanager
def running() -> Iterator[Pcscd]:
    """The service for this process and its children; skips the test where a program is missing."""
    require()
    service = Pcscd()
    os.environ[SOCKET_VARIABLE] = str(service.socket)
    try:
        yield service
    finally:
        service.close()


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Asks again and again until it is so."""
    end = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited {_SECONDS:g} s for {what}"
        time.sleep(0.02)


def insert(card: SimTransport, slot: int = SLOT, *, t0: bool = False, principal: int = 0) -> None:
    """Puts a card into a slot and waits until pcscd has seen it."""
    context = Context()
    card.insert("127.0.0.1", slot, t0=t0, principal=principal)
    wait_for(lambda: context.readers()[slot - SLOT].present, "the card to be seen")
    context.release()


def pull(card: SimTransport, slot: int = SLOT) -> None:
    """Takes the card out and waits until pcscd has seen it.

    Nobody may be resetting the card at that moment: pcscd 1.9 then takes the slot for empty before it looked, misses
    that it was, and never sees the next card.
    """
    context = Context()
    card.pull()
    wait_for(lambda: not context.readers()[slot - SLOT].present, "the slot to be empty")
    context.release()
