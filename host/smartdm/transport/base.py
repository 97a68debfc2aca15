"""What every way to a card offers."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A link to one card.  Not for use by several threads at once."""

    @property
    def name(self) -> str:
        """What the user calls this card or reader."""

    def transmit(self, apdu: bytes) -> bytes:
        """Sends one command APDU (ISO 7816-4) and returns the response: data, then the status word's two bytes.

        Raises TransportError when the link fails and PowerLostError when the card lost power before it answered.
        """

    def reset(self) -> None:
        """Power off and on again: nothing is selected, transient memory is empty."""

    def close(self) -> None:
        """Gives the card back.  Closing twice is harmless."""
