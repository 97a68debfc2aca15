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
from smartdm.mo.acl import ANYBODY, check_id
from smartdm.mo.definition import Definition
from smartdm.mo.logins import is_secret
from smartdm.mo.uri import Uri
from smartdm.mo.validate import definition_faults
from smartdm.provision.places import Places
from smartdm.provision.tables import Resolve, Table
from smartdm.provision.wishes import Wish

_TOP: Final = ("profile", "definitions", "servers", "principal", "mo", "node", "remove")
_KEYS: Final = ("enc", "mac", "dek", "master", "diversify", "test")
_VERSIONS: Final = range(0x01, 0x80)
_STRONG: Final = 16
"""Bytes of a secret that cannot be found by trying; of random ones."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A server that the card shall know.  ``keys``: where its key set is, {} = it gets none; ``kvn``: its version."""

    server_id: str
    keys: Mapping[str, object]
    kvn: int = 0


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
    principals: tuple[Principal, ...] = ()

    def principal(self, server_id: str) -> Principal:
        """The one of that name."""
        return next(found for found in self.principals if found.server_id == server_id)


def load(path: Path, resolve: Resolve | None = None, *, weak_secret: bool = False) -> Profile:
    """The profile in a file; CodecError for whatever is wrong with it, OSError if it cannot be read.

    ``resolve``: follows references to secrets; ``weak_secret``: those of DM accounts may be short.
    """
    raw = path.read_bytes()
    try:
        items = tomllib.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{path}: not a TOML file: {error}") from error
    top = Table(path, "", items, resolve)
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
    wishes = places.checked()
    _check_secrets(path, wishes, weak=weak_secret)
    known, principals = tuple(_definitions(top)), tuple(_principals(top))
    return Profile(path, name, description, known, tuple(_servers(top)), wishes, principals)


def _check_secrets(path: Path, wishes: Mapping[Uri, Wish], *, weak: bool) -> None:
    """Secrets of logins come by reference only, and long: a card computes digests over nonces that others choose.

    Whoever has one of those can try short secrets out at leisure.  ``weak``: take them all the same.
    """
    for uri, wish in wishes.items():
        if not is_secret(uri) or wish.value is None:
            continue
        if wish.value and not wish.secret:
            raise CodecError(
                f"{path}: {wish.place}: the secret {uri} itself has no place in a profile, nor in a file that it names:"
                f' say where it is, as {{ name = "{uri.name}", secret = "env:NAME" }} or, beside a file without it,'
                f' [[node]] uri = "{uri}" with secret = "file:PATH", "prompt:" or "keyring:SERVICE/NAME"'
            )
        if len(wish.value) < _STRONG and not weak:
            raise CodecError(
                f"{path}: {wish.place}: the secret {uri} has {len(wish.value)} bytes, so few that they can be found by"
                f" trying; take {_STRONG} random ones or more, or --weak-secret"
            )


def _principals(top: Table) -> Iterator[Principal]:
    seen: set[str] = set()
    numbers: dict[int, str] = {}
    for table in top.tables("principal", "[[principal]]"):
        table.allow(("id", "keys", "kvn"))
        server_id = table.get("id", str, required=True) or ""
        try:
            check_id(server_id)
        except SmartDmError as error:
            raise table.fault("id", str(error)) from error
        if server_id in seen or server_id == ANYBODY:
            raise table.fault("id", f"{server_id} stands there twice" if server_id in seen else "* is everybody")
        seen.add(server_id)
        keys = Table(table.file, f"{table.name}, keys", table.get("keys", dict) or {})
        keys.allow(_KEYS)
        kvn = table.get("kvn", int, required=bool(keys.items)) or 0
        if keys.items and kvn not in _VERSIONS:
            raise table.fault("kvn", "the keys of a server have a version from 0x01 to 0x7F")
        if keys.items and (other := numbers.setdefault(kvn, server_id)) != server_id:
            raise table.fault("kvn", f"{other} has the version {kvn:#04x} already; give each key set one of its own")
        yield Principal(server_id, keys.items, kvn)


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
