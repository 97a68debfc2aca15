"""PIN and PUK in a test: the commands, and what is left of their tries."""

from __future__ import annotations

from smartdm.wire import Ins, Sw
from tests.card.attack import apdu
from tests.card.device import PUK, SELECT, Device
from tests.card.doors import pin

PIN_TRIES, PUK_TRIES = 3, 10
WRONG, NEW = pin(b"9999"), pin(b"24680")
WRONG_PUK = pin(b"99999999")
STATUS = apdu(Ins.VERIFY, le=b"")
READ = apdu(Ins.READ, b"\x00")


def verify(data: bytes = pin()) -> bytes:
    return apdu(Ins.VERIFY, data, le=b"")


def change(old: bytes, new: bytes) -> bytes:
    return apdu(Ins.CHANGE_REFERENCE_DATA, old + new, le=b"")


def unblock(puk: bytes, new: bytes) -> bytes:
    return apdu(Ins.RESET_RETRY_COUNTER, puk + new, le=b"")


def left(device: Device) -> int:
    """Tries of the PIN."""
    sw = device.apdu(STATUS)[1]
    return 0 if sw == Sw.PIN_BLOCKED else sw - Sw.WRONG_PIN


def puk_left(device: Device) -> int:
    """Tries of the PUK: what a wrong one leaves, on a card that is then as before."""
    kept = device.sim.snapshot()
    sw = device.apdu(unblock(WRONG_PUK, NEW))[1]
    device.sim.restore(kept)
    device.apdu(SELECT)
    if sw != Sw.PIN_BLOCKED:
        return sw - Sw.WRONG_PIN + 1
    sw = device.apdu(unblock(pin(PUK), NEW))[1]
    device.sim.restore(kept)
    device.apdu(SELECT)
    return int(sw == Sw.OK)


def is_pin(device: Device, secret: bytes) -> bool:
    """Whether it is the PIN; the card is then as before."""
    kept = device.sim.snapshot()
    found = device.apdu(verify(secret))[1] == Sw.OK
    device.sim.restore(kept)
    device.apdu(SELECT)
    return found
