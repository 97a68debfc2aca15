"""Access control lists as OMA DM TND 1.2 tells them: their text, what they allow, who may change them.

    acl := "" | entry *( "&" entry )      entry := command "=" id *( "+" id )
    command := Add | Delete | Exec | Get | Replace
    id := "*" | printable characters but = & * + and white space

An Acl is a set of (command, id).  ``*`` swallows the ids that stand beside it, entries for one command are united, so
two texts of the same meaning are equal.  An empty Acl is none: the node inherits the whole of the next ancestor's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smartdm.wire import Verb

ANYBODY, ISSUER, HOLDER = "*", "#issuer", "#holder"
COMMANDS = {"Add": Verb.ADD, "Delete": Verb.DELETE, "Exec": Verb.EXEC, "Get": Verb.GET, "Replace": Verb.REPLACE}
_FORBIDDEN = set("=&*+")


class AclTextError(ValueError):
    """The text is no ACL."""


def is_id(text: str) -> bool:
    """Whether a text can stand for a server in an ACL."""
    return text == ANYBODY or (text != "" and text.isprintable() and not any(c in _FORBIDDEN or c == " " for c in text))


@dataclass(frozen=True, slots=True)
class Acl:
    """Who may do what.  ``grants``: (command, id); falsy when there are none."""

    grants: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, grants: Iterable[tuple[str, str]]) -> Acl:
        """From any grants: a named id has no place beside ``*``."""
        kept = set(grants)
        for_all = {command for command, who in kept if who == ANYBODY}
        return cls(frozenset((command, who) for command, who in kept if who == ANYBODY or command not in for_all))

    @classmethod
    def of_entries(cls, entries: Iterable[tuple[int, str]]) -> Acl:
        """From (mask of verbs, id), the form of the wire."""
        return cls.of((name, who) for mask, who in entries for name, verb in COMMANDS.items() if mask & verb)

    @classmethod
    def parse(cls, text: str) -> Acl:
        """From its text; AclTextError when the grammar is broken."""
        grants = set()
        for entry in text.split("&") if text else []:
            command, equals, ids = entry.partition("=")
            if not equals or command not in COMMANDS:
                raise AclTextError(f"{entry!r} is no entry of an ACL")
            for who in ids.split("+"):
                if not is_id(who):
                    raise AclTextError(f"{who!r} is no id")
                grants.add((command, who))
        return cls.of(grants)

    def __str__(self) -> str:
        by_command = {command: sorted(who for verb, who in self.grants if verb == command) for command in COMMANDS}
        return "&".join(f"{command}={'+'.join(ids)}" for command, ids in sorted(by_command.items()) if ids)

    def __bool__(self) -> bool:
        return bool(self.grants)

    def entries(self) -> list[tuple[int, str]]:
        """(mask of verbs, id), each id once, in the order of the ids."""
        ids = sorted({who for _, who in self.grants})
        return [(sum(verb for name, verb in COMMANDS.items() if (name, who) in self.grants), who) for who in ids]

    def allows(self, command: str, who: str) -> bool:
        """Whether this list alone lets ``who`` do that."""
        return (command, who) in self.grants or (command, ANYBODY) in self.grants

    def without(self, who: str) -> Acl:
        """When a server is gone: its id vanishes, and so does a command that nobody is left for."""
        return Acl(frozenset(grant for grant in self.grants if grant[1] != who))


NONE = Acl()
Lost = Sequence[frozenset[str]]
"""What is taken away on each node of a chain, whatever the list that counts there says; nothing where it ends."""


def allows(chain: Sequence[Acl], command: str, who: str, lost: Lost = ()) -> bool:
    """Whether ``who`` may do that to the last node of a path; ``chain``: the lists from the root down to it.

    What a node has lost is lost for those that inherit from it; a list of its own begins anew.
    """
    allowed = False
    for at, acl in enumerate(chain):
        if acl:
            allowed = acl.allows(command, who)
        if at < len(lost) and command in lost[at]:
            allowed = False
    return allowed


def may_change_acl(chain: Sequence[Acl], who: str, *, leaf: bool, lost: Lost = ()) -> bool:
    """Interior node: Replace on it or on its parent.  Leaf: Replace on its parent.  The root's is the issuer's."""
    if len(chain) == 1:
        return who == ISSUER
    above = allows(chain[:-1], "Replace", who, lost[: len(chain) - 1])
    return above or (not leaf and allows(chain, "Replace", who, lost))


def creators(who: str) -> Acl:
    """What an interior node gets whose creator lacks Replace on the parent (Get comes with the other three)."""
    return Acl.of((command, who) for command in ("Add", "Delete", "Get", "Replace"))


def of_new_node(parents: Sequence[Acl], own: Acl, who: str, *, leaf: bool, lost: Lost = ()) -> Acl:
    """The list of a new node: the one that came with it; else none, but for an interior node out of reach."""
    if own or leaf or allows(parents, "Replace", who, lost):
        return own
    return creators(who)


def root_without(acl: Acl, who: str) -> Acl:
    """The root's list when a server is gone: what nobody may any more of Add and Get, anybody may."""
    left = acl.without(who)
    lost = {command for command, _ in acl.grants} - {command for command, _ in left.grants}
    return Acl.of({*left.grants, *((command, ANYBODY) for command in lost & {"Add", "Get"})})
