"""Packed trees: the card's own binary form, for answers, ADD commands and files.

``docs/store.md`` ("Packed streams") defines it, ``wire.py`` has its numbers, ``packed_node`` the fields of one node.
Nodes follow each other in pre-order, or level by level as ADD takes them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from smartdm import wire
from smartdm.codec.limits import MAX_DEPTH, MAX_NODES, MAX_SIZE, checked_walk, names_fault
from smartdm.codec.packed_node import (
    MAX_CHILDREN,
    Draft,
    decode_acl,
    encode_acl,
    encode_text,
    encode_type,
    encode_value_length,
    format_number,
    node_header,
    read_node,
)
from smartdm.errors import CodecError
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri

__all__ = [
    "HEADER_SIZE",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_SIZE",
    "Packed",
    "decode",
    "decode_acl",
    "decode_header",
    "decode_nodes",
    "elements",
    "encode",
    "encode_acl",
    "encode_header",
    "encode_text",
    "encode_type",
    "encode_value_length",
    "format_number",
]

HEADER_SIZE = 4
_GENERATION_LAST = 0xFFFFFF
_OTHER_FLAGS = 0xFF ^ (wire.Stream.LEVEL_ORDER | wire.Stream.COUNTED)


@dataclass(frozen=True, slots=True)
class Packed:
    """A stream that stands alone.  ``generation``: the card's when it answered, 0 in files made elsewhere."""

    generation: int
    node: Node


# Writing.


def encode(node: Node, counted: bool = True, generation: int = 0) -> bytes:
    """The stream of a whole tree in pre-order; ``counted``: with each node's VerNo.

    CodecError, naming the node, if the form cannot hold the tree; ValueError for a generation beyond 24 bits.
    """
    out = [encode_header(counted, generation)]
    for uri, item in _walk(node):
        out += (node_header(item, uri, counted, stamped=True), item.value)
    stream = b"".join(out)
    _check_size(stream)
    return stream


def encode_header(counted: bool = True, generation: int = 0, level_order: bool = False) -> bytes:
    """The 4 bytes before the nodes of a stream that stands alone; ValueError for a generation beyond 24 bits."""
    if not 0 <= generation <= _GENERATION_LAST:
        raise ValueError(f"a generation has 24 bits, not {generation}")
    flags = (wire.Stream.COUNTED if counted else 0) | (wire.Stream.LEVEL_ORDER if level_order else 0)
    return bytes([flags]) + generation.to_bytes(3, "big")


def elements(node: Node) -> Iterator[tuple[bytes, bytes]]:
    """The nodes of a tree level by level, as ADD takes them: (header up to count or value length, value).

    Neither VerNo nor TStamp: the card sets both.  CodecError as in encode(), at the first element.
    """
    checked = list(_walk(node))  # all of it before anything goes out
    queue = deque(checked[:1])
    while queue:
        uri, item = queue.popleft()
        yield node_header(item, uri, counted=False, stamped=False), item.value
        queue.extend((uri / child.name, child) for child in item.children)


def _walk(node: Node) -> Iterator[tuple[Uri, Node]]:
    """The tree in pre-order, each node checked for what no order of the stream can hold."""
    for uri, item in checked_walk(node):
        if len(item.children) > MAX_CHILDREN:
            raise CodecError(f"node {uri} has {len(item.children)} children, but {MAX_CHILDREN} is the most")
        yield uri, item


# Reading.


def decode(data: bytes, levels: int | None = None) -> Packed:
    """A stream that stands alone, in either order.  ``levels``: how many below the top node it shows, None = all.

    CodecError with the byte offset for truncated, trailing or malformed data.
    """
    _check_size(data)
    flags, generation = decode_header(data)
    counted = bool(flags & wire.Stream.COUNTED)
    if flags & wire.Stream.LEVEL_ORDER:
        drafts, end = _read_level_order(data, HEADER_SIZE, levels, counted)
        node = _build(drafts, level_order=True)
    else:
        node, end = decode_nodes(data, HEADER_SIZE, levels, counted)
    if end < len(data):
        raise CodecError(f"{len(data) - end} bytes follow the last node", end)
    return Packed(generation, node)


def decode_header(data: bytes) -> tuple[int, int]:
    """(Stream flags, generation) from the 4 bytes before the nodes."""
    if len(data) < HEADER_SIZE:
        raise CodecError("a packed stream begins with 4 bytes: flags and generation", len(data))
    if data[0] & _OTHER_FLAGS:
        raise CodecError(f"flags {data[0]:02X} are not those of a packed stream", 0)
    return data[0], int.from_bytes(data[1:HEADER_SIZE], "big")


def decode_nodes(data: bytes, offset: int = 0, levels: int | None = None, counted: bool = True) -> tuple[Node, int]:
    """(tree, offset behind it): one pre-order tree of a stream that may hold several."""
    _check_size(data)
    drafts: list[Draft] = []
    pending: list[int] = []  # for each ancestor of the next node: how many of its children are still to come
    while not drafts or pending:
        draft, offset = read_node(data, offset, counted)
        _append(drafts, draft, len(pending), levels)
        if pending:
            pending[-1] -= 1
        if not draft.cut:
            pending.append(draft.count)
        while pending and not pending[-1]:
            pending.pop()
    return _build(drafts, level_order=False), offset


def _read_level_order(data: bytes, offset: int, levels: int | None, counted: bool) -> tuple[list[Draft], int]:
    drafts: list[Draft] = []
    width, depth = 1, 0
    while width:
        below = 0
        for _ in range(width):
            draft, offset = read_node(data, offset, counted)
            _append(drafts, draft, depth, levels)
            below += 0 if draft.cut else draft.count
        width, depth = below, depth + 1
    return drafts, offset


def _check_size(data: bytes) -> None:
    if len(data) > MAX_SIZE:
        raise CodecError(f"a packed stream of {len(data)} bytes; {MAX_SIZE} is the most")


def _append(drafts: list[Draft], draft: Draft, depth: int, levels: int | None) -> None:
    """Take a node read at ``depth``; its children are cut off if they lie deeper than ``levels``."""
    if len(drafts) == MAX_NODES:
        raise CodecError(f"a packed stream of more than {MAX_NODES} nodes", draft.offset)
    if draft.count and levels is not None and depth >= levels:
        draft.cut = True
    elif draft.count and depth >= MAX_DEPTH:
        raise CodecError(f"the tree is more than {MAX_DEPTH} levels deep", draft.offset)
    drafts.append(draft)


def _build(drafts: list[Draft], level_order: bool) -> Node:
    """Attach children to parents, last node first, so that children are ready when their parent comes."""
    ready: deque[Node] = deque()
    while drafts:
        draft = drafts.pop()
        node = draft.node
        if draft.cut:
            node = replace(node, child_count=draft.count)
        elif draft.count:
            # Of the nodes that wait for a parent, the last built are this one's, its first child on top;
            # level by level it is the first built, beginning with its last child.
            take = ready.popleft if level_order else ready.pop
            children = [take() for _ in range(draft.count)]
            node = replace(node, children=tuple(reversed(children) if level_order else children))
            fault = names_fault(node)
            if fault:
                raise CodecError(f"this node {fault}", draft.offset)
        ready.append(node)
    return ready.pop()
