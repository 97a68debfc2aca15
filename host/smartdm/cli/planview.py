"""Plans of ``smartdm provision`` as people and programs see them.  Pure: values in, lines and JSON members out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartdm.card.apdu import MAX_LE, CommandApdu
from smartdm.card.picture import Added
from smartdm.cli.masking import Mask
from smartdm.cli.output import counted, display, printable
from smartdm.cli.trace import Tracer
from smartdm.cli.view import value_members
from smartdm.provision.changes import Action
from smartdm.wire import Cla, Ins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smartdm.provision.changes import Change
    from smartdm.provision.plan import Plan
    from smartdm.session import Batch, Session

_LONG = 60
"""Characters of a value that are shown."""
_SIGNS = {Action.ADD: "+", Action.REMOVE: "-", Action.REMOVE_LATE: "-"}


@dataclass(frozen=True)
class Commit:
    """A batch as it goes out.

    ``what``: in words; ``apdus``: its commands; ``names``: those that its nodes have from definitions, by their ids.
    """

    what: str
    apdus: tuple[bytes, ...]
    names: Mapping[int, str]


def commits(session: Session, plan: Plan, time: int, hidden: frozenset[bytes] = frozenset()) -> list[Commit]:
    """All commits of a plan, in order, with the exact bytes; [] for one that cannot be carried out.

    ``hidden``: what is shown as zeros.
    """
    if plan.faults or plan.is_empty:
        return []
    batches = plan.outgoing(session, time)
    first = [*(["keys"] if plan.keys else []), *(["definitions"] if plan.definitions else [])]
    uploads = [f"upload for {uri}" for uri, upload in plan.resumable() for _ in upload.batches]
    names = [*first, *uploads, "changes"][: len(batches)]
    generations = range(plan.present.generation, plan.present.generation + len(batches))
    tags = [None] * (len(batches) - 1) + [plan.tag if names[-1] == "changes" else None]
    mask = Mask(lambda: hidden)
    return [
        Commit(name, _apdus(mask, batch.parts(generation & 0xFFFFFF, tag, session.room)), _given_names(batch))
        for name, batch, generation, tag in zip(names, batches, generations, tags, strict=True)
    ]


def _given_names(batch: Batch) -> dict[int, str]:
    given = [entry.change.given for entry in batch.entries if isinstance(entry.change, Added)]
    chosen = [defined for nodes in given for defined in nodes.values() if defined]
    return {defined.number: defined.definition.segment for defined in chosen}


def _apdus(mask: Mask, parts: list[bytes]) -> tuple[bytes, ...]:
    chained = [Cla.PLAIN | Cla.CHAIN] * (len(parts) - 1) + [int(Cla.PLAIN)]
    return tuple(
        mask.command(CommandApdu(cla, Ins.BATCH, data=part, le=MAX_LE).encode())
        for cla, part in zip(chained, parts, strict=True)
    )


def lines(plan: Plan) -> Iterator[str]:
    """The difference: ``+`` comes, ``-`` goes, ``~`` changes."""
    for definition in plan.definitions:
        yield f"+ definition {printable(definition.mo_id)} ({counted(definition.count(), 'node')})"
    for server_id in plan.keys:
        yield f"+ keys of {printable(server_id)}  (withheld)"
    for server_id in plan.servers:
        yield f"+ server {printable(server_id)}"
    for change in plan.changes:
        yield from _change_lines(change, secret=_is_secret(change, plan))
    for uri in plan.hidden:
        yield f"= {uri}  cannot be read; this profile wrote it last (--rewrite writes it again)"
    for note in plan.notes:
        yield f"note: {printable(note)}"


def _change_lines(change: Change, *, secret: bool) -> Iterator[str]:
    reason = f"  [{printable(change.reason)}]" if change.reason else ""
    sign = _SIGNS.get(change.action)
    if sign is not None:
        yield f"{sign} {change.uri}{_count(change)}{reason}"
        return
    for name, old, new in change.properties:
        if secret:
            # Nobody may read it on the card, so nobody reads it on a screen.
            yield f"~ {change.uri}  {name}: {_unseen(change)} -> {_size(new)}{reason}"
        else:
            yield f"~ {change.uri}  {name}: {_side(old)} -> {_side(new)}{reason}"


def _count(change: Change) -> str:
    """How many nodes come or go, and how many of them nobody here has seen."""
    hidden = sum(node.withheld for _, node in change.old.walk()) if change.old else 0
    words = [counted(change.nodes, "node")] if change.nodes > 1 else []
    words += [f"{hidden} withheld"] if hidden else []
    return f" ({', '.join(words)})" if words else ""


def _is_secret(change: Change, plan: Plan) -> bool:
    """Whether its value is not for a screen: nobody may read it on the card, or the profile only refers to it."""
    wish = plan.profile.wishes.get(change.uri)
    return (change.old is not None and change.old.withheld) or (wish is not None and wish.secret)


def _unseen(change: Change) -> str:
    return "(not readable)" if change.old is not None and change.old.withheld else "(withheld)"


def _size(value: object) -> str:
    return counted(len(value), "byte") if isinstance(value, bytes) else _side(value)


def _side(value: object) -> str:
    if isinstance(value, bytes):
        text = display(value)
        return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(value)} bytes)"
    text = printable(str(value))
    return f'"{text}"' if text else "-"


def costs(plan: Plan, sent: list[Commit]) -> str:
    """What the commits cost, in one line."""
    apdus = [apdu for commit in sent for apdu in commit.apdus]
    each = "" if len(sent) == 1 else f" in {len(sent)} commits"
    return (
        f"{counted(len(apdus), 'APDU')}{each}, {sum(map(len, apdus))} bytes; "
        f"about {plan.room.needed} bytes of memory needed, {plan.room.free} free"
    )


def summary(plan: Plan, *, done: bool = False) -> str:
    """How much there is to do, or was done, in one line."""
    added = sum(change.nodes for change in plan.changes if change.action is Action.ADD)
    removed = sum(change.nodes for change in plan.changes if change.new is None)
    changed = len({change.uri for change in plan.changes if change.action > Action.REMOVE_LATE})
    load, add, change, remove = (
        ("loaded", "added", "changed", "removed")
        if done
        else (
            "to load",
            "to add",
            "to change",
            "to remove",
        )
    )
    definitions = [f"{counted(len(plan.definitions), 'definition')} {load}"] if plan.definitions else []
    keys = [f"keys of {counted(len(plan.keys), 'server')} {'given' if done else 'to give'}"] if plan.keys else []
    return ", ".join(
        [*keys, *definitions, f"{counted(added, 'node')} {add}", f"{changed} {change}", f"{removed} {remove}"]
    )


def explained(sent: list[Commit]) -> Iterator[str]:
    """The commands as a trace explains them."""
    for number, commit in enumerate(sent, 1):
        tracer = Tracer(commit.names)
        yield f"# commit {number} of {len(sent)}: {commit.what}"
        for apdu in commit.apdus:
            yield from tracer.command(apdu)


def document(plan: Plan, sent: list[Commit], *, with_apdus: bool = False) -> dict[str, object]:
    """A plan as members of a JSON document."""
    apdus = [apdu for commit in sent for apdu in commit.apdus]
    data: dict[str, object] = {
        "profile": plan.profile.name,
        "generation": plan.present.generation,
        "definitions": [definition.mo_id for definition in plan.definitions],
        "keys": list(plan.keys),
        "servers": list(plan.servers),
        "changes": [_change_document(change, secret=_is_secret(change, plan)) for change in plan.changes],
        "not_compared": [str(uri) for uri in plan.hidden],
        "notes": list(plan.notes),
        "faults": [
            {"uri": str(fault.uri), "message": fault.sentence}
            | ({"dm_status": fault.dm_status} if fault.dm_status else {})
            for fault in plan.faults
        ],
        "commits": len(sent),
        "apdus": len(apdus),
        "bytes": sum(map(len, apdus)),
        "memory": {"needed": plan.room.needed, "free": plan.room.free},
    }
    return data | {"commands": [apdu.hex().upper() for apdu in apdus]} if with_apdus else data


def _change_document(change: Change, *, secret: bool) -> dict[str, object]:
    kind = {"+": "added", "-": "removed"}.get(_SIGNS.get(change.action, ""), "changed")
    data: dict[str, object] = {"uri": str(change.uri), "kind": kind, "reason": change.reason}
    if kind != "changed":
        return data | {"nodes": change.nodes}
    return data | {
        "readable": not secret,
        "properties": [
            {"property": name} | ({} if secret else {"old": _plain(old), "new": _plain(new)})
            for name, old, new in change.properties
        ],
    }


def _plain(value: object) -> object:
    return value_members(value) if isinstance(value, bytes) else str(value)
