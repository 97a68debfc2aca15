"""What the card itself answers about logical channels, before any applet hears of it (docs/simulated-card.md)."""

from __future__ import annotations

CLOSED = 0x6881
"""The channel of the class byte is not open."""

OWN = frozenset({CLOSED, 0x6200, 0x6882, 0x6985, 0x6999, 0x6A81, 0x6A82, 0x6A86, 0x6C01})
"""All that it answers to commands on other channels, to SELECT and to MANAGE CHANNEL."""

MANAGE = 0x70
"""Instruction byte of MANAGE CHANNEL, in the class 00."""


def is_elsewhere(cla: int) -> bool:
    """Whether a class byte names another channel than the basic one: 0X, 1X, 8X, 9X and AX carry its number."""
    return cla >> 4 in {0x0, 0x1, 0x8, 0x9, 0xA} and cla & 0x03 != 0
