"""Short command and response APDUs (ISO 7816-4), as values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smartdm.errors import WireError

MAX_DATA = 255
MAX_LE = 256


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """A short command APDU.  ``data``: up to 255 bytes; ``le``: 1 to 256 bytes expected, None if none."""

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if len(self.data) > MAX_DATA:
            raise ValueError(f"{len(self.data)} bytes do not fit a short APDU")
        if self.le is not None and not 1 <= self.le <= MAX_LE:
            raise ValueError(f"Le {self.le} is out of range")

    def encode(self) -> bytes:
        """The bytes on the wire (cases 1 to 4, short)."""
        out = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            out += bytes((len(self.data),)) + self.data
        if self.le is not None:
            out += bytes((self.le & 0xFF,))
        return out

    def encode_t0(self) -> bytes:
        """The bytes as T=0 takes them: P3 is Lc or Le, 0 with neither; Le of case 4 stays away (ISO 7816-3, 12.2)."""
        if self.data:
            return replace(self, le=None).encode()
        return self.encode() if self.le is not None else self.encode() + b"\x00"


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """What the card answered: data of any length and the status word."""

    data: bytes
    sw: int

    @classmethod
    def decode(cls, raw: bytes) -> ResponseApdu:
        """Split an answer; WireError if there is no status word in it."""
        if len(raw) < 2:
            raise WireError(f"the card answered {len(raw)} bytes, which is no status word")
        return cls(raw[:-2], int.from_bytes(raw[-2:]))
