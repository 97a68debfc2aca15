"""Carrying out a plan.  Whatever interrupts it, planning and running again finishes it.

First the definitions, in a commit of their own; then the pieces of large values, a few in each commit; at last one
atomic batch with everything else.  Each commit expects the generation that the one before has left, so a change by
somebody else is a Conflict, and nothing of it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from smartdm.codec import packed
from smartdm.errors import CardError
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.changes import Action, Change
from smartdm.provision.plan import Plan
from smartdm.session import KeySet, Session
from smartdm.wire import Sw

Tell = Callable[[str, int, int], None]
"""Called with (what is going on, bytes done, bytes in all); both 0 where there is nothing to count."""

_VERBS: Final = {
    Action.REMOVE: "Delete",
    Action.REMOVE_LATE: "Delete",
    Action.ADD: "Add",
    Action.REPLACE: "Replace",
    Action.TITLE: "Replace",
    Action.ACL: "Replace",
}
_LEAF: Final = ("the leaf", "a leaf of them")
_FORM: Final = frozenset(
    {Sw.NOT_DEFINED, Sw.OCCURRENCE, Sw.PERMANENT, Sw.NOT_INTERIOR, Sw.NOT_LEAF, Sw.BAD_FORMAT, Sw.BAD_TYPE}
)


def run(
    session: Session,
    plan: Plan,
    time: int | None = None,
    tell: Tell = lambda _what, _done, _all: None,
    keys: Callable[[str], KeySet] | None = None,
) -> int:
    """Do what the plan says; returns the generation of the card afterwards.

    ``time``: seconds since 2000-01-01 UTC, the TStamp of what changes.  ``keys``: finds those that servers are given,
    needed if the plan has some.  Conflict if the card is not what it was when it was planned; other CardErrors carry a
    note that explains the refusal.  ValueError for a plan with faults.
    """
    if plan.faults:
        raise ValueError("a plan with faults cannot be run")
    expect = plan.present.generation
    if plan.keys:
        if keys is None:
            raise ValueError("the plan gives keys")
        tell("keys", 0, 0)
        session.apply(plan.give(keys), expect)
        expect = session.generation
    if plan.definitions:
        tell("definitions", 0, 0)
        with _explained(plan, ()):
            session.apply(plan.define(), expect)
        expect = session.generation
    expect = _upload(session, plan, expect, tell)
    commands = plan.commands(time)
    if commands.batch.entries:
        tell("changes", 0, 0)
        with _explained(plan, commands.about):
            session.apply(commands.batch, expect, plan.tag)
    return session.generation


def _upload(session: Session, plan: Plan, expect: int, tell: Tell) -> int:
    """Bring the large values to the card; returns its generation."""
    for uri, upload in plan.resumable():
        left = upload.missing
        for batch in upload.batches:
            tell(f"upload {uri}", max(0, upload.size - left * packed.PIECE), upload.size)
            with _explained(plan, ()):
                session.apply(batch, expect)
            expect = session.generation
            left -= batch.pieces
        tell(f"upload {uri}", upload.size, upload.size)
    return expect


@contextmanager
def _explained(plan: Plan, about: tuple[tuple[Change, ...], ...]) -> Iterator[None]:
    """Refusals get a note: which right was wanted, and what stands against it."""
    try:
        yield
    except CardError as error:
        group = about[error.index] if about and error.index is not None else ()
        note = _of_changes(error, plan, group) if group else _of_others(error, plan)
        if note:
            error.add_note(note)
        raise


def _of_others(error: CardError, plan: Plan) -> str:
    if error.sw == Sw.NOT_ALLOWED and plan.definitions:
        return "only the issuer loads definitions"
    if error.sw == Sw.CARD_FULL:
        return f"{plan.room.needed} bytes are needed, {plan.room.free} were free"
    return ""


def _of_changes(error: CardError, plan: Plan, group: tuple[Change, ...]) -> str:
    """Of one command: a change, or all that comes below one node, where the card does not tell which of them it was."""
    verb = _VERBS[group[0].action]
    uris = ", ".join(str(change.uri) for change in group)
    if error.sw == Sw.NOT_ALLOWED:
        return f"{uris}: {_right(plan.present.tree, group)}"
    if error.sw == Sw.ACCESS_DENIED:
        return f"the definition of {uris} does not allow {verb}"
    reasons = ", ".join(dict.fromkeys(change.reason for change in group if change.reason))
    if error.sw in _FORM and reasons:
        return f"{uris} {'is' if len(group) == 1 else 'are'} wanted by {reasons}"
    return _of_others(error, plan)


def _right(tree: Node, group: tuple[Change, ...]) -> str:
    """Which right was wanted where, and the ACL that did not give it."""
    change = group[0]
    verb, at, new = _VERBS[change.action], change.uri, change.new
    also = ""
    if change.action is Action.ADD:
        at = change.uri.parent
        closed = any(each.new and each.new.is_leaf and each.new.acl for each in group)
        also = f" (and Replace, as {_LEAF[len(group) > 1]} has an ACL of its own)" if closed else ""
    elif change.action is Action.ACL and new and new.is_leaf:
        at = change.uri.parent
    elif change.action is Action.ACL and not change.uri.is_root:
        also = f" or on {change.uri.parent}"
    owner, acl = _effective(tree, at)
    return f"{verb} on {at}{also} is wanted; what counts there is the ACL of {owner}: {acl}"


def _effective(tree: Node, uri: Uri) -> tuple[Uri, str]:
    """(the node whose ACL counts at ``uri``, that ACL as text)."""
    for depth in range(uri.depth, -1, -1):
        owner = Uri(uri.segments[:depth])
        node = tree.find(owner)
        if node is not None and (node.acl or node.withheld):
            return owner, str(node.acl) or "(not readable)"
    return ROOT, "(not readable)"
