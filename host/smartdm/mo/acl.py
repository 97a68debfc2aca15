"""Access control lists (OMA DM TND 1.2, ACL property).

    acl   := "" | entry *( "&" entry )          entry := command "=" id *( "+" id )
    command := Add | Delete | Exec | Get | Replace
    id    := "*" | characters except = & * + space and ASCII control characters (what a card can check)

An Acl is kept in one canonical form, so two ACLs of the same meaning are equal: the identifiers of
several entries for one command are united, and ``*`` swallows the named ones.  What an empty ACL
inherits from its ancestors is not decided here.

A card keeps each identifier as the name of a node; what such a name must not hold is escaped (``node_name``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Flag

from smartdm.errors import AclError
from smartdm.mo.text import shown

ANYBODY = "*"
_NOT_IN_NAME = re.compile(r"[/?%]|\.\Z")
_ESCAPE = re.compile(r"%(2F|3F|25|2E)")
_NOT_IN_ID = re.compile(r"[=&*+\x00-\x20\x7F]")
_ID = re.compile(r"[^=&*+\x00-\x20\x7F\uD800-\uDFFF]+")


class Verb(Flag):
    """The commands that an ACL can grant; the values are those of a packed ACL entry."""

    ADD = 0x01
    DELETE = 0x02
    EXEC = 0x04
    GET = 0x08
    REPLACE = 0x10

    @property
    def title(self) -> str:
        """The command's name as ACL texts spell it (for a single verb)."""
        return str(self.name).capitalize()


ALL_VERBS = Verb.ADD | Verb.DELETE | Verb.EXEC | Verb.GET | Verb.REPLACE
_BY_TITLE = {verb.title: verb for verb in Verb}


@dataclass(frozen=True, slots=True)
class Acl:
    """Who may do what.  ``entries``: (Server Identifier or ``*``, its verbs), sorted, each identifier once.

    Falsy when empty.  Whatever entries are given, the canonical ones are kept; AclError for a bad identifier.
    """

    entries: tuple[tuple[str, Verb], ...] = ()

    def __post_init__(self) -> None:
        merged: dict[str, Verb] = {}
        for server_id, verbs in self.entries:
            check_id(server_id)
            merged[server_id] = merged.get(server_id, Verb(0)) | verbs
        anybody = merged.get(ANYBODY, Verb(0))
        for server_id in merged:
            if server_id != ANYBODY:
                merged[server_id] &= ~anybody
        object.__setattr__(self, "entries", tuple(sorted((key, verbs) for key, verbs in merged.items() if verbs)))

    @classmethod
    def parse(cls, text: str) -> Acl:
        """The ACL that ``text`` spells; AclError with the character offset otherwise.  ``""`` is the empty ACL."""
        return cls(tuple(_parse_entries(text))) if text else EMPTY

    def __str__(self) -> str:
        """Canonical text: commands in alphabetical order, identifiers sorted; ``""`` when empty."""
        parts = []
        for verb in Verb:
            ids = [server_id for server_id, verbs in self.entries if verb in verbs]
            if ids:
                parts.append(f"{verb.title}={'+'.join(ids)}")
        return "&".join(parts)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def allows(self, verb: Verb, server_id: str) -> bool:
        """Whether this list, taken alone, grants every command in ``verb`` to that server (whole-token match)."""
        granted = Verb(0)
        for entry_id, verbs in self.entries:
            if entry_id in (ANYBODY, server_id):
                granted |= verbs
        return verb in granted


def check_id(server_id: str) -> None:
    """Raise AclError unless ``server_id`` can stand in an ACL: ``*`` or a Server Identifier."""
    if server_id == ANYBODY:
        return
    if not server_id:
        raise AclError("an ACL identifier must not be empty")
    if not _ID.fullmatch(server_id):
        raise AclError(f"ACL identifier {shown(server_id)} has a character it must not: = & * + space or control")


def node_name(server_id: str) -> str:
    """The identifier as a card names it: ``/``, ``?``, ``%`` and a final ``.`` as ``%HH``."""
    return _NOT_IN_NAME.sub(lambda match: f"%{ord(match[0]):02X}", server_id)


def server_id_of(name: str) -> str:
    """The identifier that a card calls so.

    Anybody may add such a name to a card, so it may be none that ``node_name`` makes: what an ACL's text cannot hold
    of it is then shown as ``%HH``.
    """
    server_id = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), name)
    if node_name(server_id) == name and (server_id == ANYBODY or _ID.fullmatch(server_id)):
        return server_id
    return _NOT_IN_ID.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), name)


def _parse_entries(text: str) -> Iterator[tuple[str, Verb]]:
    start = 0
    for entry in text.split("&"):
        command, equals, ids = entry.partition("=")
        if not equals:
            raise AclError(f"ACL entry {shown(entry)} must have the form Command=identifier", start)
        if command not in _BY_TITLE:
            raise AclError(f"{shown(command)} is no ACL command; use one of {', '.join(_BY_TITLE)}", start)
        at = start + len(command) + 1
        for server_id in ids.split("+"):
            try:
                check_id(server_id)
            except AclError as error:
                raise AclError(str(error), at) from error
            yield server_id, _BY_TITLE[command]
            at += len(server_id) + 1
        start += len(entry) + 1


EMPTY = Acl()
