"""Large values on their way: pieces are added below ``?/Up`` and become those of the target in one commit.

An upload is named after its target and its value, so whoever begins the same one again after an interruption finds
what was done.  Until the last commit the target has its old value.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from smartdm.card.batch import Batch
from smartdm.card.place import UPLOADS, Hidden
from smartdm.codec import packed
from smartdm.errors import CodecError, WireError
from smartdm.mo.uri import Uri

CHECKPOINT: Final = 8
"""Pieces that are committed together.  A commit costs about 3 writes (the upload's leaf, a page of the id table, the
superblock), a piece about one half; fewer commits would save little, and a cut loses at most 8 APDUs."""

_NAME_BYTES = 12


@dataclass(frozen=True, slots=True)
class Upload:
    """A value that is not complete yet.  ``pieces`` and ``size`` (bytes): what has come so far."""

    name: str
    pieces: int
    size: int

    @property
    def place(self) -> Hidden:
        """Where it is."""
        return UPLOADS / self.name


def upload_place(target: Uri, value: bytes) -> Hidden:
    """Where this value for this leaf is kept on its way."""
    what = target.wire() + b"\x00" + hashlib.sha256(value).digest()
    return UPLOADS / base64.urlsafe_b64encode(hashlib.sha256(what).digest()[:_NAME_BYTES]).decode("ascii")


def steps(place: Hidden, value: bytes, done: int | None) -> list[Batch]:
    """The batches that bring what is missing, a checkpoint each; the pieces still have to be taken from ``place``.

    ``done``: pieces that are there already; None: the upload has not begun.
    """
    parts = packed.pieces(value) or [value]
    batches: list[Batch] = []
    for at in range(done or 0, len(parts), CHECKPOINT):
        batch = Batch()
        if done is None and not batches:
            batch.upload(place.segments[-1])
        batches.append(batch.piece(place, *parts[at : at + CHECKPOINT]))
    return batches


def count_pieces(start: bytes, known: packed.Known) -> int:
    """The number of pieces, from the first part of an upload's stream."""
    try:
        packed.decode_header(start)
        return packed.first(start, known).count
    except packed.UnknownId:
        raise
    except CodecError as error:
        raise WireError(f"the state of the upload cannot be read: {error}") from error
