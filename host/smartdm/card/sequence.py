"""What becomes of commands that are not atomic, in the words of OMA DM: one status for each command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from smartdm.card.batch import Batch, Entry
from smartdm.card.parts import Tag
from smartdm.errors import CardError, card_error, retold
from smartdm.mo.tree import Node
from smartdm.wire import Limit, Sw

OK: Final = 200
NOT_EXECUTED: Final = 215
ROLLED_BACK: Final = 216
_NOT_POSSIBLE: Final = 403
"""Of a Copy whose ends are not both leaves (OMA DM TND 1.2)."""
_NO_ROOM: Final = 420
"""Of a card that is full: memory, nodes, children of a node."""


class Mode(StrEnum):
    """How commands belong together (OMA DM RepPro: Atomic, Sequence, neither).

    A Sequence promises the order, not that it ends at the first failure: each command has a status of its own.  On a
    card plain commands are run in their order too, so the two do the same.
    """

    ATOMIC = "atomic"
    SEQUENCE = "sequence"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch.

    ``statuses``: an OMA DM status for each command, empty if all were done; ``errors``: the refusals, and ``nodes``:
    what Gets found, both by the number of the command from 0.
    """

    statuses: tuple[int, ...] = ()
    errors: Mapping[int, CardError] = field(default_factory=dict)
    nodes: Mapping[int, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int, errors: Mapping[int, CardError], nodes: Mapping[int, Node]) -> Outcome:
        """For ``count`` commands of which these were refused."""
        statuses = tuple(errors[number].dm_status if number in errors else OK for number in range(count))
        return cls(statuses if errors else (), errors, nodes)

    @property
    def ok(self) -> bool:
        """Whether every command was done."""
        return not self.errors


Apply = Callable[[Batch, int | None, Tag | None], list[Node]]
"""``Session.apply``: (batch, expected generation, tag) -> what its Gets found."""


def run_atomic(apply: Apply, batch: Batch, expect: int | None, tag: Tag | None) -> Outcome:
    """All or nothing, as batches are; the refusal of a command is told, any other one raised."""
    try:
        nodes = apply(batch, expect, tag)
    except CardError as error:
        if error.index is None:
            raise
        return rolled_back(error, len(batch.entries))
    gets = [number for number, entry in enumerate(batch.entries) if entry.get]
    return Outcome(nodes=dict(zip(gets, nodes, strict=True)))


def run_each(apply: Apply, batch: Batch, expect: int | None, tag: Tag | None) -> Outcome:
    """Each command for itself: what was refused is left out and the rest sent again.

    For want of room a command is refused only if it finds none when it goes out alone, behind a commit: what those
    before it gave up is not free until then.
    """
    errors: dict[int, CardError] = {}
    nodes: dict[int, Node] = {}
    parts = [part for part in segments(batch) if part]
    while parts:
        part, *later = parts
        ends = not any(_changes(batch, other) for other in later)
        try:
            found = apply(_only(batch, part), expect, tag if ends else None)
        except CardError as error:
            if error.index is None:
                raise
            if error.dm_status == _NO_ROOM and len(part) > 1:
                at = error.index or 1
                parts = [part[:at], part[at:], *later]
                continue
            number = part.pop(error.index)
            errors[number] = retold(error, error.command, number)
            parts = [part, *later] if part else later
            continue
        nodes |= dict(zip([number for number in part if batch.entries[number].get], found, strict=True))
        expect, parts = None, later
    return Outcome.of(len(batch.entries), errors, nodes)


def _only(batch: Batch, numbers: list[int]) -> Batch:
    """Some commands of a batch."""
    return Batch(batch.time, [batch.entries[number] for number in numbers])


def _changes(batch: Batch, numbers: list[int]) -> bool:
    """Whether one of the commands does anything but Get."""
    return any(not batch.entries[number].get for number in numbers)


def rolled_back(error: CardError, count: int) -> Outcome:
    """An Atomic of ``count`` commands that failed at one of them."""
    assert error.index is not None
    at = error.index
    statuses = (*[ROLLED_BACK] * at, error.dm_status, *[NOT_EXECUTED] * (count - at - 1))
    return Outcome(statuses, {at: error})


def segments(batch: Batch) -> list[list[int]]:
    """The numbers of the commands, divided so that in each part the Gets come last and are not too many."""
    parts: list[list[int]] = [[]]
    gets = 0
    for number, entry in enumerate(batch.entries):
        if gets and (not entry.get or gets == Limit.GETS):
            parts.append([])
            gets = 0
        gets += entry.get
        parts[-1].append(number)
    return parts


def _copied(refusal: CardError, entry: Entry) -> CardError:
    """The refusal; that of a Copy whose ends are not both leaves is 403 (OMA DM TND 1.2, Copy)."""
    if entry.source is None or refusal.sw != Sw.NOT_LEAF:
        return refusal
    return card_error(refusal.sw, refusal.command, refusal.index, _NOT_POSSIBLE)


def told(refusal: CardError, batch: Batch, whole: Batch, sw: int | None) -> CardError:
    """The refusal as the caller of ``batch`` counts, with another status word if it is given one.

    Servers that are made known in front count for the first command that names one of them.
    """
    if refusal.index is None:
        return retold(refusal, refusal.command, None, sw)
    place = whole.places[refusal.index]
    refusal = _copied(refusal, whole.entries[place])
    own = place - (len(whole.entries) - len(batch.entries))
    if own >= 0:
        return retold(refusal, refusal.command, own, sw)
    made = whole.entries[place].makes
    own = next(number for number, entry in enumerate(batch.entries) if entry.servers & made)
    asking = batch.entries[own]
    named = retold(refusal, refusal.command, own, sw)
    named.add_note(f"{asking.name} names {', '.join(sorted(asking.servers & made))}, not known to the card yet")
    return named
