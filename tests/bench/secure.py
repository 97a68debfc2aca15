"""scp03: wrapping commands against the cryptography in it, measured in turns in one run.  Both on one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.card.keys import KeySet
from smartdm.card.scp03 import MAC_SIZE, Initialized, Level, Scp03, initialize_update
from smartdm.wire import Cla, Ins
from tests.bench.rows import Result
from tests.bench.timing import one_core, spread
from tests.oracle.scp03 import CardSide

ROUNDS, COMMANDS = 7, 5_000
KEYS = KeySet.test()
FINE = ResponseApdu(b"", 0x6A82)
"""An answer that costs nothing to unwrap: errors come bare."""
BLOCK, HEADER = 16, 5


def measure() -> dict[str, Result]:
    """One row, over commands as full as they can be."""
    command = CommandApdu(Cla.PLAIN, Ins.BATCH, data=bytes(Level.FULL.room))
    channel = _open()

    def wrap() -> bytes:
        data = channel.wrap(command).data
        channel.unwrap(FINE)
        return data

    encrypted = len(wrap()) - MAC_SIZE
    bare = _bare(bytes(encrypted), bytes(BLOCK + HEADER + encrypted))
    with one_core():
        wraps, bares = _rates(wrap, bare)
    note = (
        f"{median(wraps):,.0f} wraps per second ({spread(wraps, 0)}), bare {median(bares):,.0f} ({spread(bares, 0)}); "
        f"level 33, {Level.FULL.room} bytes of data; medians of {ROUNDS} rounds of {COMMANDS:,}, in turns. Bare: for "
        "each command a copy of a ready CMAC, and CBC with a key object that is ready, as its IV is new each time; a "
        "wrap sets no cipher up, and also encrypts the counter"
    )
    return {"scp03": Result(median(wraps) / median(bares), note)}


def _open() -> Scp03:
    card = CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000))
    host_challenge = bytes(8)
    answer = card.transmit(initialize_update(0, host_challenge).encode())
    channel = Scp03(KEYS, Level.FULL, host_challenge, Initialized.decode(answer[:-2]))
    channel.authenticated(ResponseApdu.decode(card.transmit(channel.external_authenticate().encode())))
    return channel


def _bare(encrypted: bytes, authenticated: bytes) -> Callable[[], bytes]:
    """CMAC and CBC of so many bytes, and nothing else."""
    ready, key, iv = CMAC(AES(KEYS.mac)), AES(KEYS.enc), bytes(BLOCK)

    def both() -> bytes:
        encryptor = Cipher(key, modes.CBC(iv)).encryptor()
        data = encryptor.update(encrypted) + encryptor.finalize()
        cmac = ready.copy()
        cmac.update(authenticated)
        return data + cmac.finalize()

    return both


def _rates(*works: Callable[[], bytes]) -> list[list[float]]:
    """How often each is done in a second, in each of the rounds, of which the first does not count."""
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS + 1):
        for work, found in zip(works, rates, strict=True):
            start = time.perf_counter()
            for _ in range(COMMANDS):
                work()
            found.append(COMMANDS / (time.perf_counter() - start))
    return [found[1:] for found in rates]
