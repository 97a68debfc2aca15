"""Tables of a TOML profile, read strictly: every error names the file, the table and the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from smartdm.errors import CodecError, SmartDmError
from smartdm.mo.acl import Acl
from smartdm.mo.text import shown
from smartdm.mo.uri import Uri

T = TypeVar("T")
Resolve = Callable[[str, str], bytes]
"""(reference, what it is for) -> the secret; see ``Table.secret``."""
MAX_FILE: Final = 16 << 20
"""Bytes that are read from a file; no card holds as much."""
_KINDS: Final[dict[type, str]] = {str: "text", bool: "true or false", int: "a number", list: "a list", dict: "a table"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the profile.  ``file``: of the profile; ``name``: what errors call the table, like ``[[mo]] 2``.

    ``resolve``: follows references to secrets, None = there can be none.
    """

    file: Path
    name: str
    items: Mapping[str, object]
    resolve: Resolve | None = None

    @property
    def place(self) -> str:
        """The table and its file."""
        return f"{self.file.name} {self.name}".rstrip()

    def fault(self, key: str, sentence: str) -> CodecError:
        """The error about a key; ``key`` empty: about the table."""
        where = ", ".join(part for part in (self.name, f"key {key!r}" if key else "") if part)
        return CodecError(f"{self.file}: {where + ': ' if where else ''}{sentence}")

    def allow(self, keys: Iterable[str]) -> None:
        """CodecError for a key that is none of these."""
        known = tuple(keys)
        for key in self.items:
            if key not in known:
                raise self.fault(key, f"there is no such key here; there are {', '.join(known)}")

    def get(self, key: str, kind: type[T], *, required: bool = False) -> T | None:
        """The value of a key, which must be of that type."""
        value = self.items.get(key)
        if value is None:
            if required:
                raise self.fault("", f"the key {key!r} is missing")
            return None
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.fault(key, f"{_KINDS.get(kind, kind.__name__)} is wanted, not {shown(repr(value))}")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts that are not empty, each once."""
        found: list[str] = []
        for item in self.get(key, list) or []:
            if not isinstance(item, str) or not item:
                raise self.fault(key, f"a list of texts is wanted; {shown(repr(item))} is none")
            if item in found:
                raise self.fault(key, f"{shown(item)} stands there twice")
            found.append(item)
        return found

    def tables(self, key: str, name: str) -> list[Table]:
        """The tables of a list; ``name``: what to call them, their number follows."""
        found = []
        for number, item in enumerate(self.get(key, list) or [], 1):
            if not isinstance(item, dict):
                raise self.fault(key, f"a list of tables is wanted; {shown(repr(item))} is none")
            found.append(Table(self.file, f"{name} {number}", item, self.resolve))
        return found

    def uri(self, key: str = "uri") -> Uri:
        """The URI that must be there."""
        text = self.get(key, str, required=True)
        assert text is not None
        try:
            return Uri.parse(text)
        except SmartDmError as error:
            raise self.fault(key, str(error)) from error

    def acl(self, key: str = "acl") -> Acl | None:
        """An ACL, if there is one; empty text: none of its own."""
        text = self.get(key, str)
        if text is None:
            return None
        try:
            return Acl.parse(text)
        except SmartDmError as error:
            raise self.fault(key, str(error)) from error

    def path(self, name: str) -> Path:
        """A file that the table names, relative to the profile."""
        return self.file.parent / name

    def secret(self, key: str) -> bytes:
        """The secret that a key refers to; what stands there is never repeated."""
        reference = self.items[key]
        if not isinstance(reference, str):
            raise self.fault(key, "a reference to a secret is wanted, as env:NAME or file:PATH")
        if self.resolve is None:
            raise self.fault(key, "references to secrets are not followed here")
        return self.resolve(reference, f"{self.place}, {key}")

    def data(self, key: str = "file") -> tuple[str, bytes] | None:
        """(name, content) of the file that a key names, if it does."""
        name = self.get(key, str)
        if name is None:
            return None
        try:
            with self.path(name).open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise self.fault(key, f"{name}: {reason}") from error
        if len(data) > MAX_FILE:
            raise self.fault(key, f"{name} has more than {MAX_FILE >> 20} MiB; no card holds that")
        return name, data
