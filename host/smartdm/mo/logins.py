"""The logins of DM accounts: no two of one account may be answered with the same digest.

A login is a node below AppAuth of a DMAcc.  Its digests are made of ``H(AAuthName:AAuthSecret)`` (OMA DM Security 1.2,
5.3), so where two logins have equal secrets, or equal pairs of name and secret, what the client computes for the server
would also be right for the server itself, and whoever reflects it passes for the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from smartdm.errors import CodecError
from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri

_LEAF: Final = "AAuthSecret"
_NAME: Final = "AAuthName"
_DEPTH: Final = 2
"""A leaf of a login has at least the login and AppAuth above it; ``./login/AAuthSecret``: AppAuth is the root."""

Leaves = Iterable[tuple[Uri, bytes]]
"""Leaves with their values; an empty value: it is not known."""


def is_secret(uri: Uri) -> bool:
    """Whether the leaf holds the secret of a login."""
    return uri.depth >= _DEPTH and uri.name == _LEAF


def leaves_of(uri: Uri, node: Node) -> Iterator[tuple[Uri, bytes]]:
    """The leaves of a subtree that can be read."""
    return ((place, inner.value) for place, inner in node.walk(uri) if inner.is_leaf and not inner.withheld)


def equal_logins(leaves: Leaves) -> Iterator[tuple[Uri, Uri]]:
    """Each two secrets of one account that may not stand beside each other; of a leaf told twice the last value counts.

    Nothing is said about secrets that are not known.
    """
    values = {uri: value for uri, value in leaves if uri.depth >= _DEPTH and uri.name in {_LEAF, _NAME}}
    secrets = sorted(uri for uri, value in values.items() if uri.name == _LEAF and value)
    for one, other in combinations(secrets, 2):
        if one.parent.parent == other.parent.parent and _equal(values, one, other):
            yield one, other


def _equal(values: dict[Uri, bytes], one: Uri, other: Uri) -> bool:
    if values[one] == values[other]:
        return True
    first, second = (values.get(uri.parent / _NAME) for uri in (one, other))
    if first is None or second is None:
        return False
    return b"%b:%b" % (first, values[one]) == b"%b:%b" % (second, values[other])


def told(one: Uri, other: Uri) -> str:
    """What is wrong with two such secrets, without them."""
    return (
        f"{one} and {other} are secrets of one account, and digests made with them are equal: what answers for the one"
        " login would answer for the other; give every login a secret of its own"
    )


def check_logins(leaves: Leaves) -> None:
    """CodecError for the first two secrets of one account that are equal, see ``equal_logins``."""
    for one, other in equal_logins(leaves):
        raise CodecError(told(one, other))
