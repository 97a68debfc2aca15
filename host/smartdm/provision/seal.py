"""The tag of a provisioning batch: who was it, what did the leaves look like then, which run was it.

The card keeps the last tag of each of three hosts, and tells them to everybody; so nothing of a value is in one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from smartdm.mo.tree import Node
from smartdm.mo.uri import Uri
from smartdm.provision.changes import Action, Change
from smartdm.provision.profile import Profile
from smartdm.session import Tag

_HOST: Final = b"smartdm provision\x00"
_SEAL_SHIFT: Final = 16


def tag_of(profile: Profile, tree: Node, present: Node, commands: Iterable[Change]) -> Tag:
    """The tag of a batch with these commands; ``tree`` and ``present``: the wanted tree and the one that is there."""
    listed = list(commands)
    what = repr([(change.action, change.uri) for change in listed])
    run = int.from_bytes(hashlib.sha256(what.encode()).digest()[:2])
    return _host(profile), _seal(profile, tree, present, _counts(listed)) << _SEAL_SHIFT | run


def is_last(profile: Profile, present: Node, tags: Iterable[Tag]) -> bool:
    """Whether one of the tags tells that the profile was applied, and that nobody touched its leaves since."""
    host, seal = _host(profile), _seal(profile, present, present, {})
    return any(tag[0] == host and tag[1] >> _SEAL_SHIFT == seal for tag in tags)


def _host(profile: Profile) -> int:
    """The card keeps one tag for each host: a profile counts as one."""
    return int.from_bytes(hashlib.sha256(_HOST + profile.name.encode()).digest()[:4]) or 1


def _counts(commands: Iterable[Change]) -> dict[Uri, tuple[bool, int]]:
    """For each node that commands add or change: (whether it is new, how many change it then)."""
    counts: dict[Uri, tuple[bool, int]] = {}
    for change in commands:
        if change.action is Action.ADD and change.new is not None:
            counts |= dict.fromkeys((uri for uri, _ in change.new.walk(change.uri)), (True, 0))
        elif change.new is not None:
            new, count = counts.get(change.uri, (False, 0))
            counts[change.uri] = new, count + 1
    return counts


def _seal(profile: Profile, tree: Node, present: Node, counts: Mapping[Uri, tuple[bool, int]]) -> int:
    """16 bits that change when somebody touches a leaf of the profile; ``counts``: commands that are yet to come.

    The card shows the VerNo of every leaf, also of those that cannot be read.  Values are not in it: a tag is public.
    """
    seen = hashlib.sha256()
    for uri, wish in sorted(profile.wishes.items(), key=lambda item: item[0]):
        node, old = tree.find(uri), present.find(uri)
        if node is not None and node.is_leaf and wish.value is not None:
            new, count = counts.get(uri, (False, 0))
            verno = count if new or old is None else (old.verno + count) & 0xFFFF
            seen.update(f"{uri} {verno}\n".encode())
    return int.from_bytes(seen.digest()[:2])
