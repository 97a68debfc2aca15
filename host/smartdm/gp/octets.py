"""A cursor over bytes whose numbers are big-endian, as CAP files and export files have them."""

from __future__ import annotations

from smartdm.errors import CodecError

AID_LENGTHS = range(5, 17)
"""Bytes of an AID (ISO/IEC 7816-5)."""


class Octets:
    """Reads from the front to the end; CodecError naming ``what`` where bytes are missing or too many."""

    def __init__(self, data: bytes, what: str, start: int = 0) -> None:
        self._data = data
        self._what = what
        self._at = start

    def take(self, length: int) -> bytes:
        """The next bytes."""
        if length > len(self._data) - self._at:
            raise CodecError(f"{self._what} ends early", len(self._data))
        self._at += length
        return self._data[self._at - length : self._at]

    def u1(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def u2(self) -> int:
        """The number in the next two bytes."""
        return int.from_bytes(self.take(2), "big")

    def u4(self) -> int:
        """The number in the next four bytes."""
        return int.from_bytes(self.take(4), "big")

    def aid(self) -> bytes:
        """Length 1, AID."""
        length = self.u1()
        if length not in AID_LENGTHS:
            raise CodecError(f"{self._what}: an AID has 5 to 16 bytes, not {length}", self._at)
        return self.take(length)

    def end(self) -> None:
        """CodecError when anything is left."""
        if self._at != len(self._data):
            raise CodecError(f"{self._what} has {len(self._data) - self._at} bytes too many", self._at)
