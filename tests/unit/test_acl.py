import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartdm.errors import AclError
from smartdm.mo.acl import ALL_VERBS, Acl, Verb
from tests.unit.strategies import acls, entries, server_ids

COMMANDS = ("Add", "Delete", "Exec", "Get", "Replace")
PIECES = ("Add", "Get", "Copy", "get", "=", "&", "+", "*", "srv", "srv2", " ", "é", "\t", "#issuer", "a.b:c/d")
ENTRY = re.compile(r"(Add|Delete|Exec|Get|Replace)=((?:\*|[^=&*+\s]+)(?:\+(?:\*|[^=&*+\s]+))*)")


def oracle(text: str) -> dict[str, set[str]] | None:
    """Command -> who may, by the letter of the grammar of TND 1.2, or None."""
    granted: dict[str, set[str]] = {}
    for entry in text.split("&") if text else []:
        match = ENTRY.fullmatch(entry)
        if match is None:
            return None
        granted.setdefault(match[1], set()).update(match[2].split("+"))
    return granted


@pytest.mark.fuzz
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example("Add=srv&Get=*+srv2&Add=srv2")
def test_an_acl_is_read_as_the_grammar_says_or_refused(text: str):
    expected = oracle(text)
    if expected is None:
        with pytest.raises(AclError):
            Acl.parse(text)
        return
    acl = Acl.parse(text)
    for command in COMMANDS:
        who = expected.get(command, set())
        for server_id in ("srv", "srv2", "é", "#issuer", "a.b:c/d", "sr", "nobody"):
            assert acl.allows(Verb[command.upper()], server_id) == bool(who & {"*", server_id})


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("Get=*", "Get=*"),
        ("Replace=B&Get=A", "Get=A&Replace=B"),
        ("Get=B+A", "Get=A+B"),
        ("Get=A&Get=B", "Get=A+B"),
        ("Get=A+A", "Get=A"),
        ("Get=A+*", "Get=*"),
        ("Get=A&Replace=A&Get=*", "Get=*&Replace=A"),
        ("Add=*&Delete=*&Exec=*&Get=*&Replace=*", "Add=*&Delete=*&Exec=*&Get=*&Replace=*"),
    ],
)
def test_an_acl_has_one_canonical_text(text: str, canonical: str):
    assert str(Acl.parse(text)) == canonical


@given(acls)
def test_the_text_of_an_acl_means_that_acl(acl: Acl):
    assert Acl.parse(str(acl)) == acl


@given(entries, st.randoms())
def test_equal_meaning_is_equality(given_entries, random):
    shuffled = list(given_entries)
    random.shuffle(shuffled)
    assert Acl(tuple(shuffled)) == Acl(given_entries)
    assert hash(Acl(tuple(shuffled))) == hash(Acl(given_entries))


@given(acls, server_ids)
def test_who_is_not_named_has_what_anybody_has(acl: Acl, server_id: str):
    named = dict(acl.entries)
    if server_id not in named:
        for verb in Verb:
            assert acl.allows(verb, server_id) == (verb in named.get("*", Verb(0)))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("Get", 0),
        ("Get=", 4),
        ("Get=A&", 6),
        ("&Get=A", 0),
        ("Get=A&&Add=B", 6),
        ("Copy=A", 0),
        ("get=A", 0),
        ("Get=A++B", 6),
        ("Get=A+", 6),
        ("Get=A&Add=B C", 10),
        ("Get=A*", 4),
        ("Get=A=B", 4),
        ("Get = A", 0),
        ("Get=\x01", 4),
    ],
)
def test_a_malformed_acl_is_refused_with_its_place(text: str, offset: int):
    with pytest.raises(AclError) as caught:
        Acl.parse(text)
    assert caught.value.offset == offset


def test_a_server_id_is_matched_whole():
    acl = Acl.parse("Get=srv2")
    assert not acl.allows(Verb.GET, "srv")
    assert not acl.allows(Verb.GET, "srv22")
    assert acl.allows(Verb.GET, "srv2")


def test_several_verbs_are_granted_only_together():
    acl = Acl.parse("Get=A&Replace=*")
    assert acl.allows(Verb.GET | Verb.REPLACE, "A")
    assert not acl.allows(Verb.GET | Verb.REPLACE, "B")


def test_an_acl_is_true_when_it_says_something():
    assert not Acl.parse("")
    assert not Acl((("A", Verb(0)),))
    assert Acl.parse("Get=A")


def test_an_empty_acl_allows_nothing_by_itself():
    assert not any(Acl().allows(verb, "*") for verb in Verb)


@pytest.mark.parametrize("server_id", ["", "a b", "a=b", "a&b", "**", "a+b", "\x00", "a\x7f", "a\t", "\ud800"])
def test_a_bad_identifier_is_refused(server_id: str):
    with pytest.raises(AclError):
        Acl(((server_id, ALL_VERBS),))
