"""What TNDS and DDF are written with: text as it is, or as a token, around which white space does not count; a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from smartdm.errors import CodecError
from smartdm.mo.text import not_xml, shown
from smartdm.mo.uri import Uri

T = TypeVar("T")

NAMESPACE = "syncml:dmddf1.2"
"""The namespace of TNDS and DDF documents."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_EDGE_SPACE = re.compile(r"^[ \t\r\n]|[ \t\r\n]$")


def text(value: str, what: str) -> str:
    """``value`` escaped; CodecError for characters that XML 1.0 cannot carry."""
    bad = not_xml(value)
    if bad:
        raise CodecError(f"the {what} holds the character {bad!r}, which XML cannot carry")
    return value.translate(_ESCAPES)


def token(value: str, what: str) -> str:
    """Text around which white space does not count, so it may not begin or end with any."""
    if _EDGE_SPACE.search(value):
        raise CodecError(f"the {what} {shown(value)} begins or ends with white space")
    return text(value, what)


def document(version: str, man: str, mod: str, nodes: Iterable[str]) -> bytes:
    """A whole MgmtTree.  ``man``, ``mod``: left out when empty; ``nodes``: the lines of its Node elements."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<MgmtTree xmlns="{NAMESPACE}">',
        f"  <VerDTD>{version}</VerDTD>",
    ]
    lines += [f"  <{tag}>{token(word, tag)}</{tag}>" for tag, word in (("Man", man), ("Mod", mod)) if word]
    return "\n".join([*lines, *nodes, "</MgmtTree>", ""]).encode("utf-8")


def nested(walk: Iterable[tuple[Uri, T]], place: Uri | None, inside: Callable[[T], Iterable[str]]) -> Iterator[str]:
    """The lines of one tree: a Node is closed when the walk comes to a node that is not below it.

    ``walk``: nodes with their URIs in pre-order; ``place``: Path of the first, None if it has none; ``inside``: what
    stands in a Node's element, but for its Path, its name first.  Its CodecErrors are told with the node's URI.
    """
    base, depth = 0, -1
    for uri, node in walk:
        base = uri.depth if depth < 0 else base
        level = uri.depth - base
        yield from _closed(depth, level)
        yield f"{_indent(level)}<Node>"
        try:
            name, *others = inside(node)
            path = [f"<Path>{text(str(place), 'Path')}</Path>"] if place is not None and level == 0 else []
        except CodecError as error:
            raise CodecError(f"node {uri}: {error}") from error
        yield from (f"{_indent(level)}  {line}" for line in (name, *path, *others))
        depth = level
    yield from _closed(depth, 0)


def _closed(depth: int, level: int) -> Iterator[str]:
    """The ends of the Nodes that are open, from ``depth`` up to ``level``."""
    return (f"{_indent(closing)}</Node>" for closing in range(depth, level - 1, -1))


def _indent(level: int) -> str:
    return "  " * (level + 1)
