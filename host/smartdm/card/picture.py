"""What a batch has done to the tree so far, so that the commands behind know which definition a node has by then.

The changes are looked at from the last to the first.  A node that one of them added has the definition that it was
given there, one that was renamed had another URI before, one that was deleted has none; what none of them touched is
as the card has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from smartdm.codec import packed
from smartdm.mo.uri import Uri

Given = Mapping[tuple[str, ...], packed.Defined | None]
"""Segments of the URI -> the definition that the node was given, None for one that stands for itself."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer that needs no further look; None for no definition, or no node."""

    defined: packed.Defined | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """Subtrees came below ``parent``.  ``given``: at least their roots; what is not there has no definition."""

    parent: Uri
    given: Given

    def before(self, uri: Uri) -> Uri | Settled:
        """Where the node at ``uri`` was before, or what is to be said about it."""
        if uri.segments[: self.parent.depth + 1] in self.given:
            return Settled(self.given.get(uri.segments))
        return uri


@dataclass(frozen=True, slots=True)
class Deleted:
    """A subtree went; that of the root: all below it."""

    top: Uri

    def before(self, uri: Uri) -> Uri | Settled:
        """As ``Added.before``."""
        return Settled() if _within(self.top, uri) else uri


@dataclass(frozen=True, slots=True)
class Renamed:
    """A subtree has another URI."""

    old: Uri
    new: Uri

    def before(self, uri: Uri) -> Uri | Settled:
        """As ``Added.before``."""
        if _within(self.new, uri):
            return Uri(self.old.segments + uri.segments[self.new.depth :])
        return Settled() if _within(self.old, uri) else uri


Change = Added | Deleted | Renamed


@dataclass(slots=True)
class Picture:
    """The tree as it is after some commands of a batch.  ``ask``: which definition the node on the card has."""

    ask: Callable[[Uri], packed.Defined | None]
    changes: list[Change] = field(default_factory=list)

    def defined(self, uri: Uri) -> packed.Defined | None:
        """The definition of the node that is at ``uri`` by then, None if it has none or is not there."""
        for change in reversed(self.changes):
            before = change.before(uri)
            if isinstance(before, Settled):
                return before.defined
            uri = before
        return self.ask(uri)


def _within(top: Uri, uri: Uri) -> bool:
    return uri.segments[: top.depth] == top.segments
