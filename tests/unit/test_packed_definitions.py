"""Definitions as cards hold them: their octets, their digest, and what is lost on the way."""

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import packed
from smartdm.errors import CodecError
from smartdm.mo.definition import (
    ONE,
    ONE_OR_MORE,
    ZERO_OR_MORE,
    ZERO_OR_ONE,
    Access,
    Definition,
    Occurrence,
    Proof,
    Scope,
)
from smartdm.mo.tree import Format

ADDR = Definition(
    "Addr", Format.CHR, Access.GET | Access.REPLACE, ("text/plain", "a/b", "c/d"), "Address",
    change_proof=Proof.LIVE | Proof.BOUND, get_proof=Proof.HOLDER,
)  # fmt: skip
ANY = Definition(
    "", Format.NODE, Access.ADD | Access.DELETE, occurrence=ZERO_OR_MORE, children=(Definition("P", Format.INT),)
)
OBJECT = Definition("X", Format.NODE, Access.GET, ("urn:x",), "The X", scope=Scope.PERMANENT, children=(ADDR, ANY))
LEVELS = (
    "25 C0 00 48 00 00 00 05 75726E3A78 05 5468652058 02"
    "23 41 04 41646472 18 01 42 43 07 41646472657373 07 612F620A632F64"
    "05 40 00 03 00 00 00 01"
    "04 40 01 50 08 01 40 00 00"
)
PRE_ORDER = (
    "0000 25 C0 02 4142 48 00 00 00 05 75726E3A78 05 5468652058 02"
    "0000 23 41 04 41646472 18 01 42 43 07 41646472657373 07 612F620A632F64"
    "0000 05 40 00 03 00 00 00 01"
    "0000 04 40 01 50 08 01 40 00 00"
)


def canonical(definition: Definition) -> bytes:
    return b"".join(header + value for header, value in packed.definition_elements(definition, ""))


def read(text: str) -> Definition:
    return packed.decode_definition(bytes.fromhex(text), 0)


def as_stored(definition: Definition, top: bool = True) -> Definition:
    """What a card keeps of it."""
    most = None if top else definition.occurrence.maximum
    if definition.name and not top:
        most = 1
    elif most is not None and most > 240:
        most = None
    return replace(
        definition,
        name="" if top else definition.name,
        access=definition.access & ~Access.DELETE if definition.scope is Scope.PERMANENT else definition.access,
        description="",
        default=None,
        occurrence=Occurrence(0 if top else definition.occurrence.minimum, most),
        children=tuple(as_stored(child, top=False) for child in definition.children),
    )


def test_a_definition_has_the_octets_that_the_format_says():
    # The root is not required by its own definition, and its name is the digest.
    assert canonical(OBJECT).hex() == bytes.fromhex(LEVELS).hex()
    assert read(PRE_ORDER) == as_stored(OBJECT)


@pytest.mark.parametrize(
    ("definition", "octet"),
    [
        (ANY, 0x00),
        (replace(ANY, change_proof=Proof.LIVE), 0x01),
        (replace(ANY, get_proof=Proof.LIVE), 0x10),
        (replace(ANY, change_proof=Proof.HOLDER, get_proof=Proof.BOUND | Proof.LOGGED), 0xA4),
        (replace(ANY, change_proof=Proof(0x0F), get_proof=Proof(0x0F)), 0xFF),
    ],
)
def test_the_proof_that_a_node_wants_is_in_the_last_octet_of_the_rules(definition: Definition, octet: int):
    whole = replace(OBJECT, children=(definition,))
    _, (header, _), _ = packed.definition_elements(whole, "")
    at = 3 + header[2]
    assert header[at + 3] == octet
    assert packed.decode_definition(pre_order(whole, ""), 0).children[0] == as_stored(definition, top=False)
    assert (packed.digest(whole) == packed.digest(replace(OBJECT, children=(ANY,)))) is (octet == 0)


def test_the_digest_is_made_of_the_octets_without_a_name():
    expected = base64.urlsafe_b64encode(hashlib.sha256(bytes.fromhex(LEVELS)).digest()[:12]).decode()
    assert packed.digest(OBJECT) == expected
    assert len(expected) == 16
    assert packed.digest(replace(OBJECT, name="Y", description="more")) == expected
    assert packed.digest(as_stored(OBJECT)) == expected
    assert packed.digest(replace(OBJECT, title="Another")) != expected


@pytest.mark.parametrize(
    ("definition", "rules"),
    [
        (replace(ANY, occurrence=ONE), "03 01 40"),
        (replace(ANY, occurrence=ZERO_OR_ONE), "03 01 00"),
        (replace(ANY, occurrence=ONE_OR_MORE), "03 00 40"),
        (replace(ANY, occurrence=Occurrence(0, 240)), "03 F0 00"),
        (replace(ANY, occurrence=Occurrence(0, 241)), "03 00 00"),
        (replace(ANY, name="N", occurrence=ONE_OR_MORE), "03 01 40"),
        (replace(ANY, scope=Scope.PERMANENT), "41 00 00"),
    ],
)
def test_occurrence_and_scope_are_in_the_rules(definition: Definition, rules: str):
    _, (header, _), _ = packed.definition_elements(replace(OBJECT, children=(definition,)), "")
    at = 3 + header[2]
    assert header[at : at + 3] == bytes.fromhex(rules)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (replace(ADDR, title="t" * 128), r"definition of \./X/Addr: the Title has 128"),
        (replace(ADDR, types=tuple(f"a/{number}" for number in range(65))), "65 Types, but 64"),
        (replace(ADDR, types=("a/b", "c" * 225)), "225 bytes, but 224"),
        (replace(ADDR, types=("a/b", "c\nd")), "on one line each"),
        (replace(ANY, name="N" * 128), "the name has 128"),
        (replace(ANY, children=tuple(Definition(f"n{at}", Format.CHR) for at in range(241))), "241 children"),
    ],
)
def test_what_a_card_cannot_hold_is_refused_by_name(definition: Definition, words: str):
    with pytest.raises(CodecError, match=words):
        packed.digest(replace(OBJECT, children=(definition,)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0000 05 00 00 00", "no definition"),
        ("0000 05 40 01 41 08 01 00", "ends inside a definition"),
        ("0000 03 40 01 41 08 01 01 00 00", "0 further Types instead of 1"),
        ("0000 03 40 01 41 08 01 00 00 01 61", "1 further Types instead of 0"),
        ("0000 05 40 01 41 08 01 00 00 00 00", "1 bytes follow"),
        ("0000 05 40 01 41 08 01 00 00 01", "VerNo"),
        ("0000 05 40 01 41 08 F1 00 00 00", None),
        ("0000 0B 40 01 41 08 01 00 00 00", "kind 0B"),
    ],
)
def test_a_damaged_definition_is_refused(text: str, words: str | None):
    if words is None:  # more than a node can have children is as good as any number
        assert read(text).occurrence.maximum == 0xF1
        return
    with pytest.raises(CodecError, match=words):
        read(text)


names = st.sampled_from(["A", "B", "C", "D", "é"])
proofs = st.integers(0, 15).map(Proof)
leaves = st.builds(
    Definition,
    names,
    st.sampled_from([Format.CHR, Format.BIN, Format.INT]),
    st.integers(0, 63).map(Access),
    st.sampled_from([(), ("text/plain",), ("x/y", "text/plain", "z/z")]),
    st.sampled_from(["", "T"]),
    scope=st.sampled_from(Scope),
    occurrence=st.sampled_from([ONE, ZERO_OR_ONE]),
    default=st.sampled_from([None, "d"]),
    change_proof=proofs,
    get_proof=proofs,
)


def interior(children: st.SearchStrategy[Definition]) -> st.SearchStrategy[Definition]:
    return st.builds(
        Definition,
        names | st.just(""),
        st.just(Format.NODE),
        st.integers(0, 63).map(Access),
        st.sampled_from([(), ("urn:y",)]),
        occurrence=st.sampled_from([ONE, ZERO_OR_MORE, Occurrence(1, 7)]),
        change_proof=proofs,
        get_proof=proofs,
        children=st.lists(children, max_size=3, unique_by=lambda child: child.name).map(tuple),
    )


definitions = interior(st.recursive(leaves, interior, max_leaves=6))


@given(definitions)
def test_a_definition_survives_the_card(definition: Definition):
    answered = packed.decode_definition(pre_order(definition, packed.digest(definition)), 0)
    assert answered == as_stored(definition)
    assert packed.digest(answered) == packed.digest(definition)


def pre_order(definition: Definition, name: str) -> bytes:
    """The definition as READ gives it, put together from what ADD sends."""
    sent = list(packed.definition_elements(definition, name))
    places = {number: (sent[number], below) for number, _, below in packed.numbered(definition, 0)}

    def walk(number: int) -> bytes:
        (header, value), below = places[number]
        return bytes(2) + header + value + b"".join(walk(child) for child in below)

    return walk(0)
