"""Packed trees: the card's own binary form, for answers, ADD commands and files.

``docs/store.md`` ("Packed streams") defines it, ``wire`` has its numbers, ``packed_node`` and ``packed_write``
the fields of one node.
Nodes follow each other in pre-order, or level by level as ADD takes them.  What the node ids in an answer mean
(servers of ACLs, definitions) is told by a Known; files hold no such ids and are read without.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartdm.codec.limits import MAX_DEPTH, MAX_NODES, MAX_SIZE, checked_walk, names_fault
from smartdm.codec.packed_answer import (
    COUNTED,
    HEADER_SIZE,
    LEVEL_ORDER,
    WITH_IDS,
    Known,
    check_size,
    decode_feed,
    decode_header,
    first,
    raws,
)
from smartdm.codec.packed_definition import decode_definition, definition_elements, digest, numbered
from smartdm.codec.packed_fields import (
    MAX_CHILDREN,
    MAX_VALUE,
    PIECE,
    UnknownId,
    decode_acl,
    encode_acl,
    encode_text,
    encode_type,
    encode_value_length,
    format_number,
    pieces,
)
from smartdm.codec.packed_node import Form, Raw, format_of, read_node, title_of, type_of
from smartdm.codec.packed_write import Defined, node_header
from smartdm.errors import CodecError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri

__all__ = [
    "HEADER_SIZE",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_SIZE",
    "MAX_VALUE",
    "PIECE",
    "WITH_IDS",
    "Choose",
    "Defined",
    "Known",
    "Packed",
    "Raw",
    "UnknownId",
    "decode",
    "decode_acl",
    "decode_definition",
    "decode_feed",
    "decode_header",
    "decode_nodes",
    "definition_elements",
    "digest",
    "elements",
    "encode",
    "encode_acl",
    "encode_header",
    "encode_text",
    "encode_type",
    "encode_value_length",
    "first",
    "format_number",
    "node_header",
    "numbered",
    "pieces",
    "raws",
]

_GENERATION_LAST = 0xFFFFFF

Choose = Callable[[Defined | None, Uri, Node], Defined | None]
"""(the definition of the parent, URI from the top node's name on, node) -> the definition that the node names.

None: it stands for itself.
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """A stream that stands alone.  ``generation``: the card's when it answered, 0 in files made elsewhere."""

    generation: int
    node: Node


# Writing.


def encode(node: Node, counted: bool = True, generation: int = 0) -> bytes:
    """The file of a whole tree, in pre-order; ``counted``: with each node's VerNo.

    CodecError, naming the node, if the form cannot hold the tree; ValueError for a generation beyond 24 bits.
    """
    out = [encode_header(counted, generation)]
    for uri, item in _walk(node):
        cut = pieces(item.value)
        out += (node_header(item, uri, counted, stamped=True), b"" if cut else item.value)
        out += (node_header(_piece(part), uri, counted, stamped=False) + part for part in cut)
    stream = b"".join(out)
    check_size(stream)
    return stream


def encode_header(counted: bool = True, generation: int = 0, level_order: bool = False) -> bytes:
    """The 4 bytes before the nodes of a stream that stands alone; ValueError for a generation beyond 24 bits."""
    if not 0 <= generation <= _GENERATION_LAST:
        raise ValueError(f"a generation has 24 bits, not {generation}")
    flags = (COUNTED if counted else 0) | (LEVEL_ORDER if level_order else 0)
    return bytes([flags]) + generation.to_bytes(3, "big")


def elements(
    *nodes: Node, parent: Defined | None = None, choose: Choose | None = None
) -> Iterator[tuple[bytes, bytes]]:
    """The nodes of trees level by level, as ADD takes them: (header up to count or value length, value).

    First all top nodes, then the children of all of them.  Neither VerNo nor TStamp: the card sets both.  ``choose``:
    tells which nodes name a definition, beginning with the definition of the ``parent`` on the card.  CodecError as in
    encode(), at the first element.
    """
    checked = [list(_walk(node)) for node in nodes]  # all of it before anything goes out
    queue = deque((*walked[0], parent) for walked in checked)  # with the definition of the node above
    while queue:
        uri, item, above = queue.popleft()
        defined = choose(above, uri, item) if choose and item.name else None
        cut = pieces(item.value)
        yield node_header(item, uri, counted=False, stamped=False, defined=defined), b"" if cut else item.value
        queue.extend((uri, _piece(part), None) for part in cut)
        queue.extend((uri / child.name, child, defined) for child in item.children)


def _piece(value: bytes) -> Node:
    return Node("", Format.BIN, value)


def _walk(node: Node) -> Iterator[tuple[Uri, Node]]:
    """The tree in pre-order, each node checked for what no order of the stream can hold."""
    for uri, item in checked_walk(node):
        if len(item.children) > MAX_CHILDREN:
            raise CodecError(f"node {uri} has {len(item.children)} children, but {MAX_CHILDREN} is the most")
        yield uri, item


# Reading.


def decode(data: bytes, levels: int | None = None, known: Known | None = None) -> Packed:
    """A stream that stands alone: a file in either order, or with ``known`` an answer without ids.

    ``levels``: how many below the top node it shows, None = all.  CodecError with the byte offset for truncated,
    trailing or malformed data; UnknownId for an id that ``known`` has not.
    """
    check_size(data)
    flags, generation = decode_header(data)
    if flags & LEVEL_ORDER:
        node, end = _read_level_order(data, HEADER_SIZE, levels, Form(bool(flags & COUNTED)))
    else:
        node, end = decode_nodes(data, HEADER_SIZE, levels, bool(flags & COUNTED), known)
    if end < len(data):
        raise CodecError(f"{len(data) - end} bytes follow the last node", end)
    return Packed(generation, node)


def decode_nodes(
    data: bytes, offset: int = 0, levels: int | None = None, counted: bool = True, known: Known | None = None
) -> tuple[Node, int]:
    """(tree, offset behind it): one pre-order tree of a stream that may hold several."""
    check_size(data)
    form = known.form(COUNTED if counted else 0) if known else Form(counted)
    open_: list[tuple[Raw, list[Node]]] = []  # the ancestors of the next node, and their children so far
    for _ in range(MAX_NODES):
        raw, offset = read_node(data, offset, form)
        above = open_[-1][0] if open_ else None
        _check_place(raw, above, len(open_), levels)
        children: list[Node] = []
        if raw.count and not raw.cut:
            open_.append((raw, children))
            continue
        node = _node(raw, children)
        while open_:
            parent, siblings = open_[-1]
            siblings.append(node)
            if len(siblings) < parent.count:
                break
            node = _node(*open_.pop())
        else:
            return node, offset
    raise CodecError(f"a packed stream of more than {MAX_NODES} nodes", offset)


def _read_level_order(data: bytes, offset: int, levels: int | None, form: Form) -> tuple[Node, int]:
    found: list[Raw] = []
    parents: list[Raw | None] = [None]  # of each node of the level that comes next
    depth = 0
    while parents:
        below: list[Raw | None] = []
        for parent in parents:
            raw, offset = read_node(data, offset, form)
            _check_place(raw, parent, depth, levels)
            if len(found) == MAX_NODES:
                raise CodecError(f"a packed stream of more than {MAX_NODES} nodes", raw.offset)
            found.append(raw)
            below += [] if raw.cut else [raw] * raw.count
        parents, depth = below, depth + 1
    return _assemble(found), offset


def _assemble(found: list[Raw]) -> Node:
    """The tree of nodes in level order: the last nodes without a parent are always the next one's children."""
    ready: deque[Node] = deque()
    for raw in reversed(found):
        taken = [ready.popleft() for _ in range(0 if raw.cut else raw.count)]
        # Built from the end, so that children wait with the last one in front.
        ready.append(_node(raw, taken[::-1]))
    return ready.pop()


def _check_place(raw: Raw, parent: Raw | None, depth: int, levels: int | None) -> None:
    """Judge a node by where it stands; cut off its children if they lie deeper than ``levels``."""
    if parent is not None and not parent.is_interior:
        if not raw.is_piece:
            raise CodecError("only pieces of its value can lie below a leaf", raw.offset)
        return
    if parent is not None and raw.is_withheld and parent.definition is not None:
        raw.definition = parent.definition.child(raw.name or "")
    if raw.count and raw.is_interior:
        if levels is not None and depth >= levels:
            raw.cut = True
        elif depth >= MAX_DEPTH:
            raise CodecError(f"the tree is more than {MAX_DEPTH} levels deep", raw.offset)


def _node(raw: Raw, children: list[Node]) -> Node:
    """The node with its children, or with the value that lies in these pieces."""
    name = raw.name
    if name is None:
        assert raw.definition is not None
        name = raw.definition.name
    if raw.is_withheld:
        return Node(name, format_of(raw), verno=raw.verno, withheld=True)
    value = raw.value
    if value is None and not raw.is_interior:
        value, children = b"".join(piece.value for piece in children), []
    node = Node(
        name,
        format_of(raw),
        value or b"",
        type_of(raw),
        title_of(raw),
        raw.acl,
        raw.tstamp,
        raw.verno,
        tuple(children),
        raw.count if raw.cut else None,
        False,
        raw.definition_id,
    )
    names = {child.name for child in children}  # each of them was checked when it was read, but may be empty
    if len(names) < len(children) or "" in names:
        raise CodecError(f"this node {names_fault(node)}", raw.offset)
    return node
