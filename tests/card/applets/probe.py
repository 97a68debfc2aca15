"""Builds the probe applet (``probe/*.java``) for the simulated card, and speaks its instructions."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smartdm.transport.sim import SimTransport
from smartdm.transport.simprocess import default_folder
from tests.card.jcardsim import jcardsim

AID = bytes.fromhex("F0534D444D7E01")
SELECT = b"\x00\xa4\x04\x00" + bytes((len(AID),)) + AID

_SOURCES = Path(__file__).parent / "probe"


def build(target: Path, changes: dict[str, str] | None = None) -> Path:
    """Compiles and rewrites the probe below ``target``; returns the folder for SimTransport.

    ``changes``: replacements in the source, for another version of the applet.
    """
    simulator = default_folder()
    jars = simulator.parent / "jars"
    sources = target / "src" / "probe"
    sources.mkdir(parents=True)
    for file in _SOURCES.glob("*.java"):
        text = file.read_text()
        for old, new in (changes or {}).items():
            text = text.replace(old, new)
        (sources / file.name).write_text(text)
    classes, folder = target / "classes", target / "sim"
    folder.mkdir()
    javac = ["javac", "-g", "--release", "8", "-nowarn", "-Xlint:-options", "-cp", str(jars / "jcardsim.jar")]
    _run([*javac, "-d", str(classes), *map(str, sources.glob("*.java"))])
    path = os.pathsep.join((str(simulator / "host"), str(jars / "asm.jar")))
    _run(["java", "-cp", path, "smartdm.sim.Rewrite", str(classes), str(folder / "applet")])
    (folder / "host").symlink_to(simulator / "host")
    (target / "jars").mkdir()
    (target / "jars" / "jcardsim.jar").symlink_to(jcardsim())
    return folder


def _run(command: list[str]) -> None:
    assert shutil.which(command[0]), f"{command[0]} is missing: install openjdk-17-jdk-headless"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def transport(
    folder: Path,
    applet: str = "probe.Probe",
    timeout: float = 30.0,
    aid: bytes = AID,
    others: Sequence[tuple[str, bytes]] = (),
) -> SimTransport:
    return SimTransport(folder, applet=applet, aid=aid, others=others, timeout=timeout)


@dataclass(frozen=True)
class State:
    """What the probe's fields hold; ``other`` and ``reference`` say whether they point to the second array."""

    small: int
    counter: int
    flag: bool
    shared: int
    other: bool
    word: int
    flags: bool
    reference: bool
    table: int
    cod: int
    cor: int
    principal: int


FRESH = State(0, 0, False, 7, False, 0, False, False, 1, 0, 0, 0)
"""The fields of a fresh card."""


class Probe:
    """The probe applet's instructions on a transport; answers are asserted to end in 9000."""

    def __init__(self, card: SimTransport) -> None:
        self.card = card

    def fresh(self, parameters: bytes = b"") -> "Probe":
        self.card.new_card(parameters)
        return self.select()

    def select(self) -> "Probe":
        assert self.card.transmit(SELECT) == b"\x90\x00"
        return self

    def power_up(self) -> "Probe":
        self.card.reset()
        return self.select()

    def send(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", sw: int = 0x9000) -> bytes:
        body = bytes((len(data),)) + data if data else b"\x00"
        answer = self.card.transmit(bytes((0x80, ins, p1, p2)) + body)
        assert answer[-2:].hex() == f"{sw:04x}"
        return answer[:-2]

    def stores(self, at: int, data: bytes) -> None:
        self.send(0x10, at, data=data)

    def copy(self, at: int, data: bytes) -> None:
        self.send(0x11, at, data=data)

    def copy_non_atomic(self, at: int, data: bytes) -> None:
        self.send(0x12, at, data=data)

    def fill_non_atomic(self, at: int, count: int, value: int) -> None:
        self.send(0x13, at, count, bytes((value,)))

    def set_short(self, at: int, value: int) -> None:
        self.send(0x14, at, data=value.to_bytes(2, "big"))

    def fields(self, value: int) -> None:
        self.send(0x15, value)

    def transients(self, value: int) -> None:
        self.send(0x16, value)

    def block(self, at: int = 0) -> bytes:
        return self.send(0x30, at >> 8, at & 0xFF)

    def state(self) -> State:
        raw = self.send(0x31)
        counter, shared, word, principal = (int.from_bytes(raw[at : at + 2]) for at in (1, 4, 7, 14))
        flag, other, flags, reference = (bool(raw[at]) for at in (3, 6, 9, 10))
        table, cod, cor = raw[11:14]
        return State(raw[0], counter, flag, shared, other, word, flags, reference, table, cod, cor, principal)

    def proof(self) -> int:
        """The proof bits of who is asking."""
        return self.send(0x31, 3)[12]

    def random(self) -> bytes:
        return self.send(0x33)
