"""Operations of a simulated card, and what it tells about itself, as values.

``docs/simulated-card.md`` defines them; ``smartdm.transport.sim`` speaks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Op(IntEnum):
    """Operations of the simulator (first byte of a frame)."""

    NEW = 0x01
    TRANSMIT = 0x02
    POWER = 0x03
    OPEN = 0x04
    SNAPSHOT = 0x05
    RESTORE = 0x06
    CUT = 0x07
    COUNTERS = 0x08
    RANDOM = 0x09
    PRINCIPAL = 0x0A
    LIMIT = 0x0B
    WRITES = 0x0C
    FAILURE = 0x0D
    TRANSIENT = 0x0E
    INSERT = 0x0F
    PULL = 0x10
    INSERTED = 0x11
    RESIDUE = 0x12
    WITHOUT = 0x13
    KEYS = 0x14


class Algorithm(IntEnum):
    """Kinds of algorithms that a card can be without."""

    RANDOM = 1
    SIGNATURE = 2
    CIPHER = 3
    DIGEST = 4
    AES_KEY = 5
    """Its number is the length in bytes."""


class CutMode(IntEnum):
    """What the write at which power is cut leaves behind.

    HALF and GARBAGE are for non-atomic writes; an atomic one then happens or not, as the seed says.
    """

    BEFORE = 0
    AFTER = 1
    HALF = 2
    GARBAGE = 3


class WriteKind(IntEnum):
    """Kinds of a persistent write."""

    ELEMENT = 1
    FIELD = 2
    STATIC_FIELD = 3
    ARRAY_COPY = 4
    SET_SHORT = 5
    COPY_NON_ATOMIC = 6
    FILL_NON_ATOMIC = 7
    COMMIT = 8


@dataclass(frozen=True, slots=True)
class Write:
    """One persistent write.  ``array``: allocation number, 0 for fields and commits; ``offset``: element in it."""

    kind: WriteKind
    length: int
    array: int
    offset: int
    conditional: bool
    """An atomic write inside a transaction: it takes effect, and is counted, at the commit."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What the applet did.  ``largest``: bytes of the largest atomic write or transaction.

    ``points``: where power can be cut: the persistent writes and the conditional ones.  ``computations``: calls of
    cryptographic methods that compute.
    """

    writes: int
    bytes: int
    largest: int
    allocations: int
    apdus: int
    points: int
    computations: int


@dataclass(frozen=True, slots=True)
class CounterViews:
    """The counters of the last APDU, since they were read before, and since the card was made or opened."""

    last_apdu: Counters
    since_read: Counters
    total: Counters


@dataclass(frozen=True, slots=True)
class Transient:
    """Bytes of transient arrays, by the event that clears them; transient keys are not counted."""

    reset: int
    deselect: int


class Slot(IntEnum):
    """Where the card is."""

    NONE = 0
    CONNECTED = 1
    WAITING = 2
    """The reader has gone away, or the card's power was cut a moment ago: it goes back in by itself."""
