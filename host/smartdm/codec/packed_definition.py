"""Definitions as cards hold them: subtrees of nodes that say what an object's nodes must be.  Part of ``packed``.

A node's fields are those of any node, with ``access 1, maximum 1, types 1, proof 1`` behind the name.  Access:
AccessType and Scope; maximum: how many nodes of a placeholder one parent may have, 0 = any number; types: how many
further Types there are, which the leaf's value lists, and whether the last node of the definition must stay; proof:
what the card must have seen for a Get (high half) and for changes (low half).

Cards hold neither descriptions nor default values nor CaseSense, nor how many objects there may be.  A permanent node
never takes Delete.  The name of the topmost node is the digest of the definition, so that hosts know what they need
not read.
"""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Iterator

from smartdm import wire
from smartdm.codec.limits import MAX_NODES
from smartdm.codec.packed_fields import MAX_CHILDREN, PIECE, encode_text, encode_type, format_number
from smartdm.codec.packed_node import Form, Raw, format_of, read_node, type_of
from smartdm.errors import CodecError
from smartdm.mo.definition import ANY_NAME, Access, Definition, Occurrence, Proof, Scope

_ACCESS_MASK = 0x3F
_PERMANENT: int = wire.Access.PERMANENT
_REQUIRED: int = wire.DEFINITION_REQUIRED
_TYPES_MAX = _REQUIRED - 1
_GET_PROOF = 4
_DIGEST_BYTES = 12


def digest(definition: Definition) -> str:
    """The name under which a card holds the definition: 16 characters; CodecError if a card cannot hold it."""
    data = b"".join(header + value for header, value in definition_elements(definition, ANY_NAME))
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()[:_DIGEST_BYTES]).decode("ascii")


def definition_elements(definition: Definition, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Its nodes level by level, as ADD takes them: (header up to count or value length, value).

    ``name``: of the topmost node.  CodecError, naming the node, if a card cannot hold the definition.
    """
    for path, inner in definition.levels():
        try:
            yield _element(inner, name if inner is definition else inner.name, inner is definition)
        except CodecError as error:
            raise CodecError(f"the definition of {path}: {error}") from error


def _element(definition: Definition, name: str, top: bool) -> tuple[bytes, bytes]:
    if len(definition.children) > MAX_CHILDREN:
        raise CodecError(f"it has {len(definition.children)} children, but {MAX_CHILDREN} is the most")
    first, *further = definition.types or ("",)
    meta = encode_type(first)
    kind = format_number(definition.format)
    title = b""
    if definition.title:
        kind |= wire.Kind.TITLE
        title = encode_text(definition.title, "Title")
    proof = definition.get_proof << _GET_PROOF | definition.change_proof
    rules = bytes((_access(definition), _maximum(definition, top), _types(definition, len(further), top), proof))
    value = "\n".join(further).encode()
    if len(value) > PIECE or any("\n" in mime for mime in further):
        raise CodecError(f"its further Types have {len(value)} bytes, but {PIECE} is the most, on one line each")
    tail = bytes([len(value) if definition.is_leaf else len(definition.children)])
    head = bytes([kind, meta[0] | wire.META_DEFINITION]) + encode_text(name, "name")
    return head + rules + meta[1:] + title + tail, value


def _access(definition: Definition) -> int:
    if definition.scope is Scope.PERMANENT:
        return int(definition.access & ~Access.DELETE) | _PERMANENT
    return int(definition.access)


def _maximum(definition: Definition, top: bool) -> int:
    """0 for more than a node can have children; nodes with a name of their own occur once anyway."""
    if top:
        return 0
    if definition.name:
        return 1
    most = definition.occurrence.maximum
    return most if most is not None and most <= MAX_CHILDREN else 0


def _types(definition: Definition, further: int, top: bool) -> int:
    if further > _TYPES_MAX:
        raise CodecError(f"it has {further + 1} Types, but {_TYPES_MAX + 1} is the most")
    return further | (_REQUIRED if definition.occurrence.minimum and not top else 0)


# Reading.


def decode_definition(data: bytes, offset: int) -> Definition:
    """The definition in an answer whose nodes begin at ``offset``, as far as cards hold it; its own name is empty."""
    form = Form(servers={})
    found: list[tuple[Raw, list[Definition]]] = []
    for _ in range(MAX_NODES):
        raw, offset = read_node(data, offset, form)
        if len(raw.rules) != len(("access", "maximum", "types", "proof")):
            raise CodecError("a node that is no definition", raw.offset)
        if raw.count:
            found.append((raw, []))
            continue
        done = _definition(raw, (), top=not found)
        while found:
            parent, children = found[-1]
            children.append(done)
            if len(children) < parent.count:
                break
            found.pop()
            done = _definition(parent, tuple(children), top=not found)
        else:
            if offset != len(data):
                raise CodecError(f"{len(data) - offset} bytes follow the definition", offset)
            return done
    raise CodecError(f"a definition of more than {MAX_NODES} nodes", offset)


def _definition(raw: Raw, children: tuple[Definition, ...], top: bool) -> Definition:
    access, maximum, types, proof = raw.rules
    further = (raw.value or b"").decode("utf-8", "replace").split("\n") if raw.value else []
    if len(further) != types & _TYPES_MAX:
        raise CodecError(f"a definition with {len(further)} further Types instead of {types & _TYPES_MAX}", raw.offset)
    first = type_of(raw)
    try:
        return Definition(
            ANY_NAME if top else raw.name or ANY_NAME,
            format_of(raw),
            Access(access & _ACCESS_MASK),
            (first, *further) if first or further else (),
            raw.title,
            occurrence=Occurrence(1 if types & _REQUIRED else 0, maximum or None),
            scope=Scope.PERMANENT if access & _PERMANENT else Scope.DYNAMIC,
            children=children,
            change_proof=Proof(proof & 0x0F),
            get_proof=Proof(proof >> _GET_PROOF),
        )
    except ValueError as error:
        raise CodecError(f"a definition that cannot be: {error}", raw.offset) from error


def numbered(definition: Definition, first: int) -> Iterator[tuple[int, Definition, tuple[int, ...]]]:
    """(id, definition, ids of its children) for each of its nodes on a card that gave the topmost the id ``first``.

    Cards give ids level by level, one after the other.
    """
    queue = deque([definition])
    number, free = first, first + 1
    while queue:
        inner = queue.popleft()
        below = tuple(range(free, free + len(inner.children)))
        yield number, inner, below
        queue.extend(inner.children)
        number, free = number + 1, free + len(below)
