"""The one object that users of the card's tree share."""

from __future__ import annotations

from typing import Final

from smartdm.card.batch import Batch
from smartdm.card.commands import Card, CardInfo
from smartdm.codec import packed
from smartdm.errors import CardError, CodecError, WireError, card_error
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.wire import Sw

__all__ = ["Batch", "Session"]

_ROUNDS: Final = 8
"""How often a batch goes out while the card gathers its free memory for it."""


class Session:
    """A selected applet: read subtrees, apply batches, know the generation."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.info: CardInfo = card.select()
        self.generation: int = self.info.generation

    def refresh(self) -> CardInfo:
        """Select again: free space and node count as they are now.  This ends every door that was open."""
        self.info = self._card.select()
        self.generation = self.info.generation
        return self.info

    def read(self, uri: Uri = ROOT, levels: int | None = None) -> Node:
        """The subtree at ``uri``, ``levels`` deep below it (None = all).  NotFound if there is none."""
        data = self._card.read(uri, levels)
        try:
            answer = packed.decode(data, levels)
        except CodecError as error:
            raise WireError(f"the answer for {uri} cannot be read: {error}") from error
        self.generation = answer.generation
        return answer.node

    def apply(self, batch: Batch, expect: int | None = None) -> list[Node]:
        """Run a batch, all of it or nothing; returns what its GETs found, in order.

        ``expect``: generation that the card must have (Conflict otherwise).  CardError names the refused command.
        """
        data = self._run(batch, expect)
        if batch.changes:
            self.generation = (self.generation + 1) & 0xFFFFFF
        if not batch.gets:
            return []
        try:
            return self._decode(data, batch)
        except CodecError as error:
            raise WireError(f"the answer of the batch cannot be read: {error}") from error

    def _run(self, batch: Batch, expect: int | None) -> bytes:
        parts = batch.parts(expect)
        for _ in range(_ROUNDS):
            try:
                return self._card.batch(parts, batch.names)
            except CardError as refusal:
                if refusal.sw != Sw.SEND_AGAIN:
                    raise
        raise card_error(Sw.CARD_FULL, "BATCH")

    def _decode(self, data: bytes, batch: Batch) -> list[Node]:
        _, self.generation = packed.decode_header(data)
        offset, nodes = packed.HEADER_SIZE, []
        for levels in batch.gets:
            node, offset = packed.decode_nodes(data, offset, levels)
            nodes.append(node)
        if offset != len(data):
            raise CodecError("bytes left over", offset)
        return nodes
