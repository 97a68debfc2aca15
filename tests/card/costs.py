"""What a command costs the card, as an attacker could measure it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.card.device import Device


@dataclass(frozen=True)
class Cost:
    """What one command was answered; ``points``: persistent writes; ``computations``: calls that compute."""

    answer: bytes
    sw: int
    points: int
    computations: int


def cost(device: Device, command: bytes) -> Cost:
    """Send it."""
    answer, sw = device.apdu(command)
    last = device.sim.counters().last_apdu
    return Cost(answer, sw, last.points, last.computations)
