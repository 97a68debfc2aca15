"""What is in a card's persistent memory: the image file of a simulated card is all of it, after the last command."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.transport.sim import CutMode
from tests.card.attack import add, delete, leaf, server
from tests.card.device import SMALL, Device, parameters
from tests.card.doors import NAME, OTHER, SERVER, done, give_keys, initiate, on_image
from tests.card.store import branch, taken, uri
from tests.card.store import leaf as text_leaf
from tests.depth import pick

PIECE = 5
"""Bytes of a secret that may not be found: of a key, more than these would be a help."""
WAYS = [(CutMode.BEFORE, 0), (CutMode.AFTER, 0)]
WAYS += [(mode, seed) for mode in (CutMode.HALF, CutMode.GARBAGE) for seed in range(pick(2, 4, 20))]
PROFILES = {"default": b"", "small": SMALL, "large granules": parameters(arena=40), "middle": parameters(arena=24)}
SIBLINGS = 12


def found(path: Path, *secrets: bytes) -> list[str]:
    """Pieces of the secrets that are in the image."""
    image = path.read_bytes()
    pieces = {secret[at : at + PIECE] for secret in secrets for at in range(len(secret) - PIECE + 1)}
    return [piece.hex() for piece in sorted(pieces) if piece in image]


def prepared(device: Device, path: Path, params: bytes = b"") -> None:
    """Two servers with keys, and leaves with other lengths between them."""
    on_image(device, path, params)
    channel = initiate(device)
    for at, (name, keys) in enumerate(((NAME, SERVER), (b"other", OTHER))):
        done(channel, add(b"", leaf(b"n%d" % at, b"\xee" * (7 * at + 3))))
        done(channel, server(name), give_keys(name, keys), add(b"", leaf(b"m%d" % at, b"\xdd" * 5)))


def in_pieces(device: Device, size: int = 30, every: int = 2) -> None:
    """Fill the card with leaves of that many bytes; then all but the last of ``every`` so many are deleted."""
    made = full(device.open(), size)
    gone = [delete("/".join(place.segments).encode()) for at, place in enumerate(made) if at % every != every - 1]
    channel = initiate(device)
    for each in gone:
        done(channel, each)


def full(session: Session, size: int) -> list[Uri]:
    """Fill the card with leaves of that many bytes, few below each parent, so that no hole is as large as a leaf."""
    made: list[Uri] = []
    for number in count():
        name = f"P{number}"
        if not taken(session, Batch().add(ROOT, branch(name))):
            return made
        for at in range(SIBLINGS):
            if not taken(session, Batch().add(uri(name), text_leaf(f"F{at:02}", bytes(size)))):
                return made
            made.append(uri(f"{name}/F{at:02}"))
    raise AssertionError("counts without end")
