"""Reading from a card: answers are understood with the help of the registry, which is read when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from smartdm.card.commands import Card
from smartdm.card.registry import Find, Registry, nobody
from smartdm.codec import packed
from smartdm.errors import CodecError, CommandNotAllowed, NotAllowed, NotFound, WireError
from smartdm.mo.definition import Definition
from smartdm.mo.feed import Change, Feed, Snapshot, infer
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri

T = TypeVar("T")

_RETRIES: Final = 4
"""How often an answer is read again after the registry told what its ids mean."""


class Reader:
    """The tree on a card, and what changed in it.  ``generation``: of the last answer.

    ``find``: tells a definition by its digest, so that it need not be read from the card.
    """

    def __init__(self, card: Card, generation: int, find: Find = nobody) -> None:
        self._card = card
        self.registry: Final = Registry(card, find)
        self.generation = generation

    @property
    def card(self) -> Card:
        """The commands, for what has nothing to do with the tree: life cycle, PIN, keys."""
        return self._card

    @property
    def room(self) -> int:
        """The most bytes of data in one command to this card."""
        return self._card.channel.room

    def read(self, uri: Uri = ROOT, levels: int | None = None) -> Node:
        """The subtree at ``uri``, ``levels`` deep below it (None = all).  NotFound if there is none."""
        data = self._card.read(uri, levels)
        return self.understood(data, lambda: packed.decode(data, levels, self.registry.known), uri).node

    def changes(self, since: int, uri: Uri = ROOT) -> Feed:
        """What of the subtree is newer than that generation, by node id; 0: all of it."""
        data = self._card.read(uri, since=since)
        return self.understood(data, lambda: packed.decode_feed(data, self.registry.known), uri)

    def snapshot(self, uri: Uri = ROOT) -> Snapshot:
        """The whole subtree by node id, to compare with later."""
        data = self._card.read(uri, since=0)

        def decode() -> Snapshot:
            feed = packed.decode_feed(data, self.registry.known)
            top = next(iter(feed.items), None)
            if top is None:
                raise CodecError("it shows no node")
            return Snapshot.of(feed, top)

        return self.understood(data, decode, uri)

    def follow(self, base: Snapshot, uri: Uri = ROOT) -> tuple[Snapshot, list[Change]]:
        """The subtree now, and what changed since ``base``.

        One look at what is newer.  All of it is read if that does not tell enough: when an ACL changed, older nodes
        below may have become readable or withheld; a value that was uploaded has pieces older than its leaf.
        """
        ahead = base.generation > self.generation  # of another card, or of one that was made anew
        feed = self.changes(0 if ahead else base.generation, uri)
        try:
            now, changes = infer(base, feed, uri)
        except CodecError:
            return infer(base, self.changes(0, uri), uri)
        if any("acl" in change.attributes for change in changes):
            return infer(base, self.changes(0, uri), uri)
        return now, changes

    def definition(self, uri: Uri) -> Definition | None:
        """What the card's definitions say about the nodes of that URI, there or not yet; None if nothing."""
        if not self.registry.roots or uri.is_root:
            return None
        number = self.definition_at(uri)
        if number is not None:
            return self.registry.known.definitions[number]
        above = self.definition_at(uri.parent)
        definition = None if above is None else self.registry.known.definitions[above]
        return None if definition is None or definition.is_open else definition.child(uri.name)

    def definition_at(self, uri: Uri) -> int | None:
        """The id of the definition of the node that is there now; None if it has none or is not there.

        What cannot be read has the definition that its parent's has for that name.  None also if there is none such:
        then nobody who asks can know, and what becomes of a command is left to the card.
        """
        if uri.is_root:
            return None
        try:
            return self.read(uri, 0).definition
        except NotFound:
            return None
        except (NotAllowed, CommandNotAllowed):
            above = self.definition_at(uri.parent)
            return None if above is None else self.registry.below(above, uri.name)

    def at(self, generation: int) -> None:
        """The generation that an answer tells; if others changed the card, its registry is read anew."""
        if generation != self.generation:
            self.registry.forget()
            self.generation = generation

    def understood(self, data: bytes, decode: Callable[[], T], uri: Uri | None) -> T:
        """What ``decode`` makes of the answer ``data`` for ``uri`` (None: of a batch), asking the registry for ids.

        WireError if it makes nothing of it.
        """
        what = "of the batch" if uri is None else f"for {uri}"
        try:
            self.at(packed.decode_header(data, packed.WITH_IDS)[1])
            for _ in range(_RETRIES):
                try:
                    return decode()
                except packed.UnknownId as unknown:
                    self.registry.learn(unknown)
            return decode()
        except CodecError as error:
            raise WireError(f"the answer {what} cannot be read: {error}") from error
