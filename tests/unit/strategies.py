"""Hypothesis strategies for the values of the tree.

Half of what they draw comes from short lists of awkward cases: that is quick, and shrinks well.
"""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from smartdm import wire
from smartdm.mo.acl import ALL_VERBS, Acl, Verb
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri

BINARY = (Format.B64, Format.BIN)
LEAVES = tuple(member for member in Format if member is not Format.NODE)

# Characters that both a name and an XML document can hold.
_NAME_CHARACTERS = st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="/?\x7f\ufffe\uffff")
_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
_TOKEN_CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
_ID_CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="=&*+")

names = st.sampled_from(["A", "a", "Addr", ".a", "a.b", "%41", "a b", "é", "é\u0301", "x" * 64, "&<>", " "]) | (
    st.text(_NAME_CHARACTERS, min_size=1, max_size=12).filter(lambda name: not name.endswith("."))
)
uris = st.lists(names, max_size=6).map(lambda segments: Uri(tuple(segments)))

server_ids = st.sampled_from(["srv", "srv2", "#issuer", "é", "a.b:c/d"]) | st.text(
    _ID_CHARACTERS, min_size=1, max_size=8
)
verbs = st.integers(1, ALL_VERBS.value).map(Verb)
entries = st.lists(st.tuples(st.just("*") | server_ids, verbs), max_size=4).map(tuple)
acls = entries.map(Acl)

_TEXTS = ["", "T", "Straße & <b>", " ", "x" * 127, "é" * 63]
texts = st.sampled_from(_TEXTS) | st.text(_CHARACTERS, max_size=30)
types = st.sampled_from(wire.TYPES) | st.text(_TOKEN_CHARACTERS, min_size=1, max_size=30)
tstamps = st.none() | st.integers(0, 0xFFFFFFFF)
vernos = st.integers(0, 0xFFFF)
_OCTETS = [b"", b"\x00", b"\xff" * 127, b"v" * 128, b"]]>", bytes(224), b"L" * 225, b"M" * 600]
octets = st.sampled_from(_OCTETS) | st.binary(max_size=40)
values = st.sampled_from(["", "a\r\n\tb", " ", "]]>", "<a b='c'/>", "&amp;", "v" * 128]) | st.text(
    _CHARACTERS, max_size=30
)

_POOL: list[dict[str, Any]] = [
    {},
    {"verno": 1, "tstamp": 0},
    {"verno": 0xFFFF, "tstamp": 0xFFFFFFFF, "title": "T"},
    {"type": "text/plain", "acl": Acl.parse("Get=*&Replace=srv")},
    {"type": "urn:example:1.0", "title": "x" * 127, "acl": Acl((("s" * 64, Verb.EXEC),)), "tstamp": 7, "verno": 7},
]
pool = st.sampled_from(_POOL)
properties = (
    pool
    | pool
    | st.fixed_dictionaries({"type": types, "title": texts, "acl": acls, "tstamp": tstamps, "verno": vernos})
)


@st.composite
def leaves(draw: st.DrawFn) -> Node:
    """A leaf whose value suits its format, so that TNDS can say it too."""
    node_format = draw(st.sampled_from(LEAVES))
    value = draw(octets) if node_format in BINARY else draw(values).encode()
    return Node(draw(names), node_format, value, **draw(properties))


@st.composite
def interiors(draw: st.DrawFn, below: st.SearchStrategy[Node]) -> Node:
    children = draw(st.lists(below, max_size=3))
    unique = {node.name: node for node in children}
    return Node(draw(names), Format.NODE, children=tuple(unique.values()), **draw(pool))


nodes = st.recursive(leaves(), interiors, max_leaves=5)
roots = interiors(nodes).map(lambda node: replace(node, name=""))
trees = nodes | roots


def mutations(valid: bytes) -> st.SearchStrategy[bytes]:
    """``valid`` with a few bytes changed, cut, repeated or put in."""

    def splice(edit: tuple[int, int, bytes]) -> bytes:
        start, length, new = edit
        return valid[:start] + new + valid[start + length :]

    position = st.integers(0, len(valid))
    return st.tuples(position, st.integers(0, 5), st.binary(max_size=5)).map(splice)
