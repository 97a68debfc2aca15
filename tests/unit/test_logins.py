"""Two logins of one account whose digests would be equal are found, however the leaves come."""

from collections.abc import Iterable

import pytest

from smartdm.errors import CodecError
from smartdm.mo.logins import check_logins, equal_logins, is_secret, leaves_of
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri

LOGINS = "./DMAcc/a/AppAuth"


def leaves(given: Iterable[tuple[str, bytes]]) -> list[tuple[Uri, bytes]]:
    return [(Uri.parse(f"{LOGINS}/{place}"), value) for place, value in given]


def equal(*given: tuple[str, bytes]) -> list[tuple[str, ...]]:
    return [tuple(uri.parent.name for uri in pair) for pair in equal_logins(leaves(given))]


def test_equal_secrets_of_one_account_are_found():
    assert equal(("cl/AAuthSecret", b"x"), ("srv/AAuthSecret", b"x")) == [("cl", "srv")]
    assert equal(("cl/AAuthSecret", b"x"), ("srv/AAuthSecret", b"y")) == []
    three = [(f"{name}/AAuthSecret", b"x") for name in "cab"]
    assert equal(*three) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_equal_pairs_of_name_and_secret_are_found():
    pairs = [("cl/AAuthName", b"u"), ("cl/AAuthSecret", b"v:w"), ("srv/AAuthName", b"u:v"), ("srv/AAuthSecret", b"w")]
    assert equal(*pairs) == [("cl", "srv")]
    assert equal(*pairs[1:]) == [], "of a name that is not known nothing is said"
    assert equal(*pairs[:-1], ("srv/AAuthSecret", b"ww")) == []


def test_the_same_secret_may_be_in_two_accounts():
    other = (Uri.parse("./DMAcc/b/AppAuth/cl/AAuthSecret"), b"x")
    assert not list(equal_logins([*leaves([("cl/AAuthSecret", b"x")]), other]))


def test_the_last_value_of_a_leaf_counts_and_an_unknown_one_is_no_secret():
    assert equal(("cl/AAuthSecret", b"x"), ("srv/AAuthSecret", b"x"), ("cl/AAuthSecret", b"y")) == []
    assert equal(("cl/AAuthSecret", b""), ("srv/AAuthSecret", b"")) == []


def test_other_leaves_are_no_secrets():
    assert equal(("cl/AAuthData", b"x"), ("srv/AAuthData", b"x")) == []
    assert [is_secret(Uri.parse(text)) for text in ("./AAuthSecret", "./x/AAuthSecret", "./x/y")] == [
        False,
        True,
        False,
    ]
    assert not list(equal_logins([(Uri.parse("./AAuthSecret"), b"x"), (ROOT, b"x")]))


def test_what_is_withheld_is_not_known():
    withheld = Node("AAuthSecret", Format.CHR, withheld=True)
    tree = Node("AppAuth", Format.NODE, children=(Node("cl", Format.NODE, children=(withheld,)),))
    assert not list(leaves_of(Uri.parse(LOGINS), tree))


def test_the_error_names_both_and_tells_neither():
    with pytest.raises(CodecError) as error:
        check_logins(leaves([("cl/AAuthSecret", b"5ecret"), ("srv/AAuthSecret", b"5ecret")]))
    told = str(error.value)
    assert f"{LOGINS}/cl/AAuthSecret and {LOGINS}/srv/AAuthSecret" in told
    assert "a secret of its own" in told
    assert "5ecret" not in told
