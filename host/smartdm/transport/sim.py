"""The simulated card as a transport, with what only a simulated card can do.

The card runs in a child process; ``docs/simulated-card.md`` defines the operations, the counters and
what a power cut leaves behind.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from smartdm import wire
from smartdm.transport.simprocess import SimProcess, command_line, default_folder
from smartdm.transport.simwords import (
    Algorithm,
    Counters,
    CounterViews,
    CutMode,
    Op,
    Slot,
    Transient,
    Write,
    WriteKind,
)

__all__ = [
    "Algorithm",
    "CounterViews",
    "Counters",
    "CutMode",
    "Op",
    "SimTransport",
    "Slot",
    "Transient",
    "Write",
    "WriteKind",
]

DEFAULT_APPLET = "smartdm.DmApplet"
DEFAULT_TIMEOUT = 30.0


_CONDITIONAL = 0x80
_WRITE = struct.Struct(">BHII")
_COUNTERS = struct.Struct(">7I")
_RESIDUE = struct.Struct(">HH")
_KEY = struct.Struct(">HH3s")


class SimTransport:
    """A simulated card in a process of its own.  One process serves any number of cards, one after the other.

    ``folder``: where the simulator was built, None = ``build/sim`` of this checkout.  ``applet`` and ``aid``: the
    applet class on its class path and the AID it is installed under.  ``others``: more applets of its package, class
    and AID each, which get no install parameters.  ``timeout``: seconds per operation.
    Raises NoCardError when the simulator is not built or Java is missing.  There is no card until
    ``new_card`` or ``open_image``.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        applet: str = DEFAULT_APPLET,
        aid: bytes = wire.APPLET_AID,
        others: Sequence[tuple[str, bytes]] = (),
        java: str = "java",
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        arguments = [word for name, number in ((applet, aid), *others) for word in (name, number.hex())]
        command = command_line(folder or default_folder(), java, arguments)
        self._process = SimProcess(command, timeout)
        self._name = "sim"

    @property
    def name(self) -> str:
        """``sim``, or ``sim:`` and the image's path."""
        return self._name

    @property
    def pid(self) -> int:
        """Process id of the simulator."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.alive

    def new_card(self, parameters: bytes = b"") -> None:
        """A fresh card that lives in memory only.  ``parameters``: install parameters (``wire.Install`` TLVs)."""
        self._process.call(Op.NEW, parameters)
        self._name = "sim"

    def open_image(self, path: Path, parameters: bytes = b"") -> None:
        """The card that lives in a file; made with ``parameters`` when there is no such file.

        CardBusyError when another process has it open; TransportError when the file is damaged, was
        made by another version of the applet or with other parameters (empty ones fit any).
        """
        raw = bytes(path.absolute())
        self._process.call(Op.OPEN, len(raw).to_bytes(2, "big") + raw + parameters)
        self._name = f"sim:{path}"

    def transmit(self, apdu: bytes) -> bytes:
        """One command APDU to its response.  PowerLostError when the armed cut happened."""
        return self._process.call(Op.TRANSMIT, apdu)

    def reset(self) -> None:
        """Power off and on; also brings a card back whose power was cut."""
        self._process.call(Op.POWER)

    def snapshot(self) -> int:
        """Keeps the persistent state inside the process; the number is for ``restore``."""
        return int.from_bytes(self._process.call(Op.SNAPSHOT), "big")

    def restore(self, snapshot: int) -> None:
        """Back to a snapshot of this card, then a power cycle.  Disarms a cut."""
        self._process.call(Op.RESTORE, snapshot.to_bytes(4, "big"))

    def arm_cut(self, count: int, mode: CutMode = CutMode.BEFORE, seed: int = 0) -> None:
        """Cuts power at the ``count``-th point from now on (1 = the next); 0 disarms."""
        self._process.call(Op.CUT, struct.pack(">IBI", count, mode, seed))

    def counters(self) -> CounterViews:
        """The counters; reading them restarts the view ``since_read``."""
        raw = self._process.call(Op.COUNTERS)
        last, since, total = (Counters(*figures) for figures in _COUNTERS.iter_unpack(raw))
        return CounterViews(last, since, total)

    def last_writes(self) -> list[Write]:
        """The writes of the last APDU, in order; the first 65,536 of them."""
        raw = self._process.call(Op.WRITES)
        return [
            Write(WriteKind(kind & ~_CONDITIONAL), length, array, offset, bool(kind & _CONDITIONAL))
            for kind, length, array, offset in _WRITE.iter_unpack(raw)
        ]

    def last_failure(self) -> str:
        """What left the applet's ``process`` by an exception in the last APDU: class and place; empty for nothing."""
        return self._process.call(Op.FAILURE).decode("utf-8", "replace")

    def transient(self) -> Transient:
        """The transient arrays that the applet made, those of install included."""
        raw = self._process.call(Op.TRANSIENT)
        return Transient(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:], "big"))

    def residue(self) -> list[tuple[int, int]]:
        """(elements, those that are not zero) of each transient array, in the order in which they were made."""
        return list(_RESIDUE.iter_unpack(self._process.call(Op.RESIDUE)))

    def transient_keys(self) -> list[tuple[int, bool]]:
        """(bytes, whether it holds a value) of each transient key, in the order in which they were made."""
        return [(length, held != 0) for length, held, _ in _KEY.iter_unpack(self._process.call(Op.KEYS))]

    def check_values(self) -> list[bytes]:
        """The check value, 3 bytes, of each transient AES key that ``transient_keys`` tells of; zeros: no value.

        The first bytes of a block of 01 encrypted with the key (GlobalPlatform Card Specification 2.3.1, B.6).
        """
        return [value for _, _, value in _KEY.iter_unpack(self._process.call(Op.KEYS))]

    def seed_random(self, seed: bytes) -> None:
        """Random numbers of this and later cards follow from ``seed``; each fresh card begins anew."""
        self._process.call(Op.RANDOM, b"\x00" + seed)

    def secure_random(self) -> None:
        """Random numbers of this and later cards come from the operating system."""
        self._process.call(Op.RANDOM, b"\x01")

    def give_random(self, numbers: bytes) -> None:
        """These bytes are drawn first, by this card or later ones; then it goes on as before."""
        self._process.call(Op.RANDOM, b"\x02" + numbers)

    def without(self, *missing: tuple[Algorithm, int]) -> None:
        """Later cards do not have these algorithms, but all others."""
        self._process.call(Op.WITHOUT, bytes(byte for pair in missing for byte in pair))

    def principal(self, number: int, proof: int | None = None) -> None:
        """Sets who is asking (``wire.Principal``), past the applet's doors; holds until deselect or reset.

        ``proof``: what the card has seen of it (``wire.Proof``); None: BOUND, of nobody nothing.  LIVE with no channel
        is the door of a DM credential to the applet, which closes it after the batches that it has counted: here none.
        """
        self._process.call(Op.PRINCIPAL, _asking(number, proof))

    def insert(self, host: str, port: int, *, t0: bool = False, principal: int = 0, proof: int | None = None) -> None:
        """Puts the card into a slot of vpcd, the virtual reader under pcscd; this transport can be used all the same.

        ``t0``: the card speaks T=0, not T=1.  ``principal``, ``proof``: set again after each SELECT that comes from
        the reader; 0 = nobody.  TransportError when nothing listens there.  The card leaves the slot when its power is
        cut, and comes back a second later; when the reader goes away, it comes back with it.
        """
        self._process.call(Op.INSERT, bytes((not t0,)) + _asking(principal, proof) + port.to_bytes(2) + host.encode())

    def pull(self) -> None:
        """Takes the card out of the slot; harmless when it is in none."""
        self._process.call(Op.PULL)

    def slot(self) -> tuple[Slot, int]:
        """Where the card is, and how often its power was cut there since it was put in."""
        raw = self._process.call(Op.INSERTED)
        return Slot(raw[0]), int.from_bytes(raw[1:])

    def commit_limit(self, capacity: int) -> None:
        """Bytes that the commit buffer of this and later cards holds (384 unless set)."""
        self._process.call(Op.LIMIT, capacity.to_bytes(2, "big"))

    def kill(self) -> None:
        """Ends the process as a crash would."""
        self._process.kill()

    def close(self) -> None:
        """Ends the process; an image keeps its state."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _asking(number: int, proof: int | None) -> bytes:
    if proof is None:
        proof = wire.Proof.BOUND if number else 0
    return number.to_bytes(2) + bytes((proof,))
