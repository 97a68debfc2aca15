"""Single nodes in a profile: the keys of ``[[node]]`` and of the nodes written into ``[[mo]]``."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from smartdm.errors import SmartDmError
from smartdm.mo.text import shown
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri, check_name
from smartdm.provision.tables import Table
from smartdm.provision.wishes import Wish

VALUES: Final = ("value", "text", "base64", "file", "secret")
PROPERTIES: Final = ("format", "type", "title", "acl")
_TYPES: Final = {Format.BIN: "application/octet-stream", Format.XML: "application/xml", Format.NODE: ""}
"""Type of a new leaf that nobody gave one; text/plain for all others."""


def single(table: Table, *, has_nodes: bool = False) -> Wish:
    """One node from the keys of a table.  ``has_nodes``: it is known to be interior."""
    given = [key for key in VALUES if key in table.items]
    if len(given) > 1:
        raise table.fault(given[1], f"only one of {', '.join(VALUES)} can be given")
    word = table.get("format", str)
    if word is not None and word not in set(Format):
        raise table.fault("format", f"{shown(word)} is no Format; use one of {', '.join(Format)}")
    chosen = Format(word) if word is not None else Format.NODE if has_nodes else None
    value, hint = _value(table, given[0]) if given else (None, Format.NODE)
    if value is not None and chosen is Format.NODE:
        raise table.fault(given[0], "an interior node has no value")
    kind = chosen or hint
    properties = table.get("type", str), table.get("title", str), table.acl()
    hint_type = _TYPES.get(kind, "text/plain")
    return Wish(table.place, value, chosen, *properties, hint=hint, hint_type=hint_type, secret="secret" in given)


def _value(table: Table, key: str) -> tuple[bytes, Format]:
    """(octets, Format if nobody says another one)."""
    if key == "value":
        return _plain(table, table.items["value"])
    if key == "text":
        return (table.get(key, str) or "").encode("utf-8"), Format.CHR
    if key == "secret":
        data = table.secret(key)
        return data, Format.CHR if _is_text(data) else Format.BIN
    if key == "base64":
        try:
            data = base64.b64decode("".join((table.get(key, str) or "").split()), validate=True)
        except ValueError as error:
            raise table.fault(key, f"not base64: {error}") from error
    else:
        file = table.data(key)
        assert file is not None
        data = file[1]
    return data, Format.CHR if _is_text(data) else Format.BIN


def _plain(table: Table, value: object) -> tuple[bytes, Format]:
    """A value of TOML's own types."""
    match value:
        case bool():
            text, hint = ("true" if value else "false"), Format.BOOL
        case int():
            text, hint = str(value), Format.INT
        case float():
            text, hint = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(str(value), str(value)), Format.FLOAT
        case str():
            text, hint = value, Format.CHR
        case datetime():
            text, hint = value.isoformat(), Format.CHR
        case date():
            text, hint = value.isoformat(), Format.DATE
        case time():
            text, hint = value.isoformat(), Format.TIME
        case _:
            raise table.fault(
                "value", f"text, a number, true, false, a date or a time is wanted, not {type(value).__name__}"
            )
    return text.encode("utf-8"), hint


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char >= " " or char in "\t\r\n" for char in text)


def inline(table: Table, above: Uri, *, exact: bool) -> Iterator[tuple[Uri, Wish]]:
    """The nodes below a table's own one, in pre-order."""
    for inner in table.tables("nodes", f"{table.name}, node"):
        inner.allow(("name", *VALUES, *PROPERTIES, "nodes"))
        name = inner.get("name", str, required=True)
        assert name is not None
        try:
            check_name(name)
        except SmartDmError as error:
            raise inner.fault("name", str(error)) from error
        wish = single(inner, has_nodes="nodes" in inner.items)
        interior = wish.is_leaf is None and wish.hint is Format.NODE
        if "nodes" in inner.items and not (interior or wish.format is Format.NODE):
            raise inner.fault("nodes", "a node has a value or nodes below it, not both")
        yield above / name, replace(wish, exact=exact)
        yield from inline(inner, above / name, exact=exact)
