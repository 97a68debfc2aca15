"""The definitions that come with this package: DDF files in ``mo/catalog/``, read when they are asked for.

    names()      DMAcc, ConnMO, FUMO, SCOMO, LAWMO, DevInfo, DevDetail, Inbox, Passpoint, Card…
    load(name)   the definition of that name
    find(word)   the definition that a user means by that word: a name in any case, or an identifier
    by_id(mo_id) the definition of the object with that identifier, or of one of its other identifiers
    by_digest(digest)  the definition that a card has under that name
    registry()   all of them, to find the objects in a tree

``docs/definitions.md`` tells where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from smartdm.codec import ddf
from smartdm.errors import CodecError
from smartdm.mo.definition import Definition, Registry
from smartdm.mo.text import shown

ALIASES: Mapping[str, str] = {
    "org.openmobilealliance/1.0/w7": "urn:oma:mo:oma-dm-dmacc:1.0",  # as in bootstrap examples
    "org.openmobilealliance/1.0/ConnMO": "urn:oma:mo:oma-connmo-nap:1.0",
}
"""Other identifier of an object -> the one in its definition."""

DIGESTS: Mapping[str, str] = {
    "ZPrHjPwkearHd-bC": "CardAudit",
    "pUAwjxVK_HHahsXL": "CardInbox",
    "GiHZKwG7CSVKmLGK": "CardInfo",
    "NVOGFKV967hKPAk5": "CardPermits",
    "EpQos7bgK7ei0_oB": "CardPolicy",
    "HgXy0XAIhlF4XNH9": "CardSync",
    "_cPdEnLymKbcKRVn": "ConnMO",
    "9_gfz-wCxWJFUQ0I": "DMAcc",
    "hOd_Rcc2m32LQUsz": "DevDetail",
    "Trl1W2dETjRaCqyX": "DevInfo",
    "RxO3H-JdDUN7a6vF": "FUMO",
    "Jy7_NtWbpJHjAkJ-": "Inbox",
    "Fjabk7YU9XBljl9T": "LAWMO",
    "Pj_ajvlE3n5RBLU2": "Passpoint",
    "EUaIapnltLZxaFKt": "SCOMO",
}
"""What cards call the definitions, so that one is found without reading all files; the test of the catalog tells it."""

_SUFFIX = ".xml"
_FOLDER = resources.files("smartdm") / "mo" / "catalog"


@cache
def names() -> tuple[str, ...]:
    """The names of all definitions, sorted."""
    files = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


@cache
def load(name: str) -> Definition:
    """The definition of that name; CodecError, naming those that exist, if there is none."""
    if name not in names():
        raise CodecError(f"the catalog has no {shown(name)}; it has {', '.join(names())}")
    return ddf.decode((_FOLDER / (name + _SUFFIX)).read_bytes()).definition


@cache
def registry() -> Registry:
    """All definitions, by their identifiers."""
    return Registry((load(name) for name in names()), ALIASES)


def by_digest(digest: str) -> Definition | None:
    """The definition with that digest (its name on a card), or None."""
    return load(DIGESTS[digest]) if digest in DIGESTS else None


def find(word: str) -> Definition | None:
    """The definition that a user means by its name, whatever the case, or by an identifier; None if it is not here."""
    name = next((name for name in names() if name.lower() == word.lower()), None)
    return by_id(word) if name is None else load(name)


def by_id(mo_id: str) -> Definition | None:
    """The definition of the objects with that identifier, or None."""
    return registry().by_id(mo_id)
