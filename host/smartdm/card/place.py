"""Places on a card: URIs of the tree, and nodes of the registry beside it, whose URIs begin with ``?``.

No Uri can name a Hidden place, so nothing that a user or a server writes leads there by accident.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.errors import CodecError, UriError
from smartdm.mo.acl import node_name
from smartdm.mo.uri import Uri, check_name
from smartdm.wire import Limit

_MARK = "?"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A node of the registry.  ``segments``: names from ``?`` down; ``()`` is ``?`` itself."""

    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.segments:
            check_name(name)

    def wire(self) -> bytes:
        """The form that cards take."""
        return str(self).encode("utf-8")

    def __str__(self) -> str:
        return "/".join((_MARK, *self.segments))

    def __truediv__(self, name: str) -> Hidden:
        """The child of that name."""
        return Hidden((*self.segments, name))


Place = Uri | Hidden

REGISTRY = Hidden()
"""``?``: below it the definitions."""
SERVERS = REGISTRY / "Srv"
UPLOADS = REGISTRY / "Up"


def encode_place(place: Place) -> bytes:
    """``L`` and the URI as the wire has it; UriError (414) above 192 bytes."""
    raw = place.wire()
    if len(raw) > Limit.URI:
        raise UriError(f"the URI {place} has {len(raw)} bytes; at most {int(Limit.URI)} are allowed", None, 414)
    return bytes((len(raw),)) + raw


def server_place(server_id: str) -> Hidden:
    """Where a card keeps a ServerID; CodecError if it is too long for a node's name."""
    name = node_name(server_id)
    size = len(name.encode("utf-8"))
    if size > Limit.NAME:
        raise CodecError(f"the server id {server_id!r} takes {size} bytes; at most {int(Limit.NAME)} are allowed")
    return SERVERS / name
