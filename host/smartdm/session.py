"""The one object that users of the card's tree share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Final

from smartdm.card.batch import Batch
from smartdm.card.commands import Card, CardInfo
from smartdm.card.forms import Former, check_value, holds_objects
from smartdm.card.keys import KeySet
from smartdm.card.parts import Tag
from smartdm.card.place import UPLOADS, Place
from smartdm.card.principals import begun, give_keys, with_secrets
from smartdm.card.reader import Reader
from smartdm.card.registry import Find, nobody
from smartdm.card.sequence import Mode, Outcome, run_atomic, run_each, told
from smartdm.card.upload import CHECKPOINT, Upload, count_pieces, steps, upload_place
from smartdm.codec import packed
from smartdm.errors import CardError, CodecError, CommandNotAllowed, Conflict, NotAllowed, NotFound
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.wire import Sw

__all__ = ["Batch", "KeySet", "Mode", "Outcome", "Place", "Session", "Tag", "give_keys"]

Progress = Callable[[int, int], None]
"""Called with (bytes that are on the card, all bytes)."""

_ROUNDS: Final = 8
"""How often a batch goes out while the card gathers its free memory for it."""
_DEFINITIONS_FROM: Final = 3
"""The ids of definitions begin at an eighth of the node limit: so many bits less."""
_FORM: Final = frozenset({Sw.NOT_DEFINED, Sw.BAD_FORMAT, Sw.BAD_TYPE})
"""Refusals of plain nodes where the card wants them in the form of a definition."""


class Session(Reader):
    """A selected applet: read subtrees, apply batches, know the generation.

    ``find``: tells a definition by its digest, so that it need not be read from the card.
    """

    def __init__(self, card: Card, find: Find = nobody) -> None:
        self.info: CardInfo = card.select()
        super().__init__(card, self.info.generation, find)

    def refresh(self) -> CardInfo:
        """Select again: free space and node count as they are now.  This ends every door that was open."""
        self.info = self._card.select()
        self.at(self.info.generation)
        return self.info

    def in_sync(self, generation: int) -> bool:
        """Whether the card is at that generation; one SELECT, see ``refresh``."""
        return self.refresh().generation == generation

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags of the last batches that had one, latest first, as SELECT told them."""
        return self.info.tags

    def was_applied(self, tag: Tag) -> bool:
        """Whether the batch with that tag was done, for who lost its answer; ask a session that was opened after it.

        The card remembers one tag, the last, of each of three hosts.  A batch that changes nothing leaves none.
        """
        return tag in self.tags

    # Changing.

    def apply(self, batch: Batch, expect: int | None = None, tag: Tag | None = None) -> list[Node]:
        """Run a batch, all of it or nothing; returns what its GETs found, in order.

        ``expect``: generation that the card must have (Conflict otherwise); ``tag``: kept with the commit.  CardError
        names the refused command.  Servers that ACLs name and the card does not know are made known to it.
        """
        data = self._sent(batch, expect, tag)
        if batch.changes:
            self.generation = (self.generation + 1) & 0xFFFFFF
        self._forget(batch)
        if not batch.gets:
            return []
        return self.understood(data, lambda: self._decode(data, batch), None)

    def run(self, batch: Batch, mode: Mode, expect: int | None = None, tag: Tag | None = None) -> Outcome:
        """Run a batch as an Atomic, a Sequence, or plain commands; refusals of commands are told, not raised.

        Plain commands and Sequences are run in their order, and what follows a refused command is still run; Gets see
        what was done before them.  ``tag`` is kept with the last commit, if the commands of that are not all refused.
        """
        return (run_atomic if mode is Mode.ATOMIC else run_each)(self.apply, batch, expect, tag)

    def put_value(
        self,
        uri: Uri,
        value: bytes,
        kind: tuple[Format, str] | None = None,
        *,
        time: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Replace the value of a leaf, however long.  ``kind``: Format and Type if they change too.

        A value above 224 bytes is uploaded in pieces; called again after an interruption this goes on where it
        stopped.  Until the end the leaf has its old value.
        """
        if len(value) <= packed.PIECE:
            node_format, node_type = kind or (None, None)
            self.apply(Batch(time).replace(uri, value, node_format, node_type))
            return
        place, batches = self.upload_steps(uri, value)
        *first, last = batches or [Batch()]
        last.time = time
        self._upload(place, [*first, last.copy(place, uri, kind=kind)], len(value), None, progress)

    def owners(self) -> frozenset[str]:
        """Who has a key set, or a PIN, on the card."""
        return with_secrets(self.card)

    def key_versions(self, versions: Iterable[int]) -> tuple[int, frozenset[int]]:
        """(that of the issuer's keys, those of ``versions`` that any key set has); it ends every open door."""
        issuer = begun(self.card, 0)
        found = frozenset(kvn for kvn in versions if begun(self.card, kvn))
        self.refresh()
        return issuer.kvn if issuer else 0, found

    def set_keys(self, server_id: str, keys: KeySet, *, mac_only: bool = False) -> None:
        """Give a server a key set, or another one; the issuer's right.  See ``principals.give_keys``."""
        self.apply(give_keys(Batch(), server_id, keys, mac_only=mac_only))

    def upload(self, uri: Uri, value: bytes, *, expect: int | None = None, progress: Progress | None = None) -> Place:
        """Bring a large value for a leaf to the card, or what is missing of it, for a Copy from the place returned.

        ``expect``: generation that the card must have.  Called again after an interruption this goes on where it
        stopped.
        """
        place, batches = self.upload_steps(uri, value)
        self._upload(place, batches, len(value), expect, progress)
        return place

    def upload_steps(self, uri: Uri, value: bytes) -> tuple[Place, list[Batch]]:
        """Where this value for this leaf is kept on its way, and the batches that bring what is missing of it.

        CodecError for a value that no node holds.
        """
        packed.encode_value_length(value)
        place = upload_place(uri, value)
        begun = self.uploaded(uri, value) if len(packed.pieces(value)) > CHECKPOINT else None  # else done in one batch
        return place, steps(place, value, begun)

    def _upload(
        self, place: Place, batches: list[Batch], size: int, expect: int | None, progress: Progress | None
    ) -> None:
        """Apply the batches of an upload; what they do not bring is there already.

        What the card refuses it will not take later either, so the upload is removed then.
        """
        missing = sum(batch.pieces for batch in batches)
        done = -(-size // packed.PIECE) - missing
        tell = progress or (lambda _done, _total: None)
        tell(min(done * packed.PIECE, size), size)
        for batch in batches:
            try:
                self.apply(batch, expect)
            except CardError as error:
                if not isinstance(error, Conflict):
                    self._give_up(place)
                raise
            expect = None if expect is None else self.generation
            done += batch.pieces
            tell(min(done * packed.PIECE, size), size)

    def _give_up(self, place: Place) -> None:
        with suppress(CardError):
            self.apply(Batch().delete(place))

    def uploaded(self, uri: Uri, value: bytes) -> int | None:
        """How many pieces of this value for this leaf are on the card already; None if it was not begun."""
        try:
            start = self._card.read_start(upload_place(uri, value))
        except NotFound:
            return None
        return self.understood(start, lambda: count_pieces(start, self.registry.known), uri)

    def uploads(self) -> list[Upload]:
        """The values that are not complete."""
        data = self._card.read(UPLOADS)
        top = self.understood(data, lambda: packed.decode(data, None, self.registry.known), None).node
        return [Upload(node.name, -(-node.size // packed.PIECE), node.size) for node in top.children]

    def copy(self, source: Uri, target: Uri, time: int | None = None) -> None:
        """Give the leaf ``target`` the value of the leaf ``source``; a new one gets its Format and Type as well.

        CardError (415) for a value that is none of the target's Format, if both can be read.
        """
        with suppress(NotFound, NotAllowed, CommandNotAllowed):
            known = self.read(target, 0)
            check_value(f"Copy {source} to {target}", target, known.format, self.read(source, 0).value)
        try:
            self.apply(Batch(time).copy(source, target))
        except CardError as error:
            if error.sw not in {Sw.NOT_FOUND, Sw.NO_SOURCE}:
                raise
            node = self.read(source)
            if error.sw == Sw.NO_SOURCE and self._exists(target):
                self.put_value(target, node.value, time=time)
                return
            leaf = Node(target.name, node.format, node.value, node.type)
            self.apply(Batch(time).add(target.parent, leaf))

    def _exists(self, uri: Uri) -> bool:
        try:
            with suppress(NotAllowed, CommandNotAllowed):  # said only of what is there
                self._card.read_start(uri)
        except NotFound:
            return False
        return True

    def outgoing(self, batch: Batch, definitions: Iterable[Definition] = ()) -> Batch:
        """The batch as it will go out once these definitions are on the card too; their ids are guessed.

        CardError, as the card would refuse it, for what the definitions do not allow.
        """
        registry = self.registry.foreseen(definitions, self.info.node_limit >> _DEFINITIONS_FROM)
        return self._complete(Former(registry, cache(self.definition_at)).formed(batch) if registry.roots else batch)

    # How batches go out.

    def _sent(self, batch: Batch, expect: int | None, tag: Tag | None) -> bytes:
        formed = self._formed(batch) if self.registry.knows_definitions or holds_objects(batch) else batch
        try:
            return self._run(formed, expect, tag)
        except CardError as error:
            if error.sw not in _FORM or self.registry.knows_definitions or not self._has_definitions():
                raise
        return self._run(self._formed(batch), expect, tag)

    def _formed(self, batch: Batch) -> Batch:
        return Former(self.registry, cache(self.definition_at)).formed(batch) if self._has_definitions() else batch

    def _has_definitions(self) -> bool:
        """Whether the card has definitions; no if it does not tell."""
        with suppress(CardError):
            return bool(self.registry.roots)
        return False

    def _run(self, batch: Batch, expect: int | None, tag: Tag | None) -> bytes:
        whole = self._complete(batch)
        data = self._exchanged(batch, whole, expect, tag)
        self._forget(whole)
        return data

    def _complete(self, batch: Batch) -> Batch:
        """The batch behind the servers that its ACLs name and the card does not know."""
        named = frozenset[str]().union(*(entry.servers for entry in batch.entries))
        whole = Batch(batch.time)
        made = frozenset[str]().union(*(entry.makes for entry in batch.entries))
        missing = [server_id for server_id in self.registry.missing_servers(named) if server_id not in made]
        if missing:
            whole.server(*missing)
        whole.entries += batch.entries
        return whole

    def _exchanged(self, batch: Batch, whole: Batch, expect: int | None, tag: Tag | None) -> bytes:
        """The answer to the whole batch; refusals count the commands of the caller's."""
        parts, names = whole.parts(expect, tag, self.room), whole.names
        for attempt in range(_ROUNDS):
            try:
                return self._card.batch(parts, names)
            except CardError as refusal:
                again = Sw.find(refusal.sw) == Sw.SEND_AGAIN
                if again and attempt < _ROUNDS - 1:
                    continue
                raise told(refusal, batch, whole, Sw.CARD_FULL if again else None) from refusal
        raise AssertionError

    def _forget(self, batch: Batch) -> None:
        changed = {entry.registers for entry in batch.entries}
        if "servers" in changed:
            self.registry.forget_servers()
        if "definitions" in changed:
            self.registry.forget_definitions()
        for entry in batch.entries:
            if entry.definition is not None:
                self.registry.remember(entry.definition)

    def _decode(self, data: bytes, batch: Batch) -> list[Node]:
        offset, nodes = packed.HEADER_SIZE, []
        for levels in batch.gets:
            node, offset = packed.decode_nodes(data, offset, levels, known=self.registry.known)
            nodes.append(node)
        if offset != len(data):
            raise CodecError("bytes left over", offset)
        return nodes
