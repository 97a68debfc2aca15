"""What a profile says about a node.  What it does not say stays as it is on the card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri


@dataclass(frozen=True, slots=True)
class Wish:
    """A node as a profile wants it, without those below it; None: the profile does not say.

    ``place``: where the profile says so, for reasons and errors.  ``hint`` and ``hint_type``: Format and Type of a node
    that is new and that no definition describes.  ``spelled``: the value is text as a document without a Format has
    it, so base64 if the definition says that the node is binary.  ``exact``: other nodes below it are removed.
    ``absent``: the node itself is.  ``implied``: it is there only for what is below it.
    ``secret``: the value came from a reference, and is shown to nobody.
    """

    place: str
    value: bytes | None = None
    format: Format | None = None
    type: str | None = None
    title: str | None = None
    acl: Acl | None = None
    hint: Format = Format.NODE
    hint_type: str = ""
    spelled: bool = False
    exact: bool = False
    absent: bool = False
    implied: bool = False
    secret: bool = False

    @property
    def is_leaf(self) -> bool | None:
        """Whether it has a value; None: whatever the definition or the card says, else what ``hint`` says."""
        if self.format is not None:
            return self.format is not Format.NODE
        return True if self.value else None


def wishes_of(uri: Uri, node: Node, place: str, *, exact: bool = False) -> Iterator[tuple[Uri, Wish]]:
    """The wishes of a tree from a file, in pre-order; ``uri``: where it goes.

    A property that is empty in the file is not said.  A leaf of Format chr without a Type says nothing about itself:
    so most devices write their TNDS.
    """
    for where, inner in node.walk(uri):
        silent = inner.format is Format.CHR and not inner.type
        yield (
            where,
            Wish(
                place,
                inner.value if inner.is_leaf else None,
                None if silent else inner.format,
                inner.type or None,
                inner.title or None,
                inner.acl or None,
                hint=inner.format,
                spelled=silent,
                exact=exact,
            ),
        )
