"""What all families of numbers have: each number says what it means."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Protocol, Self


class Documented(Protocol):
    """A number of the protocol with its name and meaning."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def doc(self) -> str: ...  # noqa: D102
    def __int__(self) -> int: ...


class Doc(IntEnum):
    """An IntEnum whose members carry a line of documentation."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        """A number with its meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    @classmethod
    def find(cls, value: int) -> Self | None:
        """The member of that number, or None."""
        return next((member for member in cls if member == value), None)


class DocFlag(IntFlag):
    """An IntFlag whose members carry a line of documentation."""

    doc: str

    def __new__(cls, value: int, doc: str = "") -> Self:
        """A flag with its meaning; combinations have none."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member
