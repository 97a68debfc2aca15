"""Profiles: TOML files that say what a card shall hold.  ``docs/provisioning.md`` describes every key.

    load(path) -> Profile     CodecError names the file, the table and the key of whatever is wrong

Everything that the profile names is read here, once: trees, values, definitions.  No URI is spoken for twice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartdm.codec import catalog, ddf
from smartdm.errors import CodecError, SmartDmError
from smartdm.mo.acl import check_id
from smartdm.mo.definition import Definition
from smartdm.mo.uri import Uri
from smartdm.mo.validate import definition_faults
from smartdm.provision.places import Places
from smartdm.provision.tables import Table
from smartdm.provision.wishes import Wish

_TOP: Final = ("profile", "definitions", "servers", "mo", "node", "remove")


@dataclass(frozen=True, slots=True)
class Profile:
    """``wishes``: by URI, parents before what is below them, the root not always among them.

    ``servers``: ServerIDs that the card shall know, those of ACLs not counted.
    """

    path: Path
    name: str
    description: str
    definitions: tuple[Definition, ...]
    servers: tuple[str, ...]
    wishes: Mapping[Uri, Wish]


def load(path: Path) -> Profile:
    """The profile in a file; CodecError for whatever is wrong with it, OSError if it cannot be read."""
    raw = path.read_bytes()
    try:
        items = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{path}: not a TOML file: {error}") from error
    top = Table(path, "", items)
    head = Table(path, "[profile]", top.get("profile", dict) or {})
    for key in ("definitions", "servers"):
        if key in head.items:
            raise head.fault(key, "it stands before [profile], not in it")
    top.allow(_TOP)
    head.allow(("name", "description"))
    name = head.get("name", str, required=True)
    if not name:
        raise head.fault("name", "the profile needs a name")
    places = Places()
    for table in top.tables("mo", "[[mo]]"):
        places.object(table)
    for table in top.tables("node", "[[node]]"):
        places.node(table)
    for table in top.tables("remove", "[[remove]]"):
        table.allow(("uri",))
        places.absent(table)
    description = head.get("description", str) or ""
    return Profile(path, name, description, tuple(_definitions(top)), tuple(_servers(top)), places.checked())


def _servers(top: Table) -> Iterator[str]:
    for server_id in top.texts("servers"):
        try:
            check_id(server_id)
        except SmartDmError as error:
            raise top.fault("servers", str(error)) from error
        yield server_id


def _definitions(top: Table) -> Iterator[Definition]:
    """Those of the catalog by their names or identifiers, those of files by the files' names; only whole objects."""
    seen: set[str] = set()
    for source in top.texts("definitions"):
        for definition in _find(top, source):
            if not definition.mo_id:
                raise top.fault("definitions", f"{source}: the top node has no identifier (DDFName) to know objects by")
            if definition.mo_id in seen:
                raise top.fault("definitions", f"{source}: {definition.mo_id} is defined already")
            for fault in definition_faults(definition):
                raise top.fault("definitions", f"{source}: {fault}")
            seen.add(definition.mo_id)
            yield definition


def _find(top: Table, source: str) -> list[Definition]:
    known = catalog.find(source)
    if known is not None:
        return [known]
    if not top.path(source).exists():
        raise top.fault("definitions", f"{source}: no such file, and the catalog does not have it (`smartdm ddf list`)")
    try:
        return [definition for _, definition in ddf.decode(top.path(source).read_bytes()).definitions]
    except OSError as error:
        raise top.fault("definitions", f"{source}: {error.strerror or error}") from error
    except CodecError as error:
        raise top.fault("definitions", f"{source}: {error}") from error
