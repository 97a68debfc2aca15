"""URIs of nodes (OMA DM TND 1.2, "Addressing").

A URI is relative to the root: ``.`` is the root, ``./A/B`` and ``A/B`` are one node.
Segments are compared after their escapes are undone, so ``%41`` and ``A`` are equal and
no spelling of ``..``, ``/`` or NUL gets past the checks.  The rule for a name is the card's:
not empty, no ``/`` or ``?``, no ASCII control character, no ``.`` at its end (so never ``.`` or ``..``).
A ``?`` begins a suffix, and on the card the nodes beside the tree (``card.place``), which no Uri can name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from smartdm.errors import UriError
from smartdm.mo.text import shown

# RFC 2396 pchar without its escapes; a URI may also hold characters beyond ASCII as they are.
_SAFE = "-_!~*'():@&=+$,."
_NOT_IN_SEGMENT = re.compile(rf"[^{_SAFE}%A-Za-z0-9\x80-\U0010FFFF]|%(?![0-9A-Fa-f]{{2}})")
_NAME = re.compile(r"[^/?\x00-\x1F\x7F\uD800-\uDFFF]*[^./?\x00-\x1F\x7F\uD800-\uDFFF]")
_SUFFIX = re.compile(r"(prop)=([A-Za-z]+)|(list)=([A-Za-z]+(?:[+-][A-Za-z]+)*)")


def check_name(name: str) -> None:
    """Raise UriError (404) unless ``name`` can be the name of a node."""
    if _NAME.fullmatch(name):
        return
    if not name:
        raise UriError("a node name must not be empty")
    raise UriError(f"node name {shown(name)} {_fault(name)}")


def _fault(name: str) -> str:
    """What is wrong with a name that is not empty."""
    for char in "/?":
        if char in name:
            return f"must not hold {char!r}"
    if name.endswith("."):
        return "must not end in '.'"
    if any("\ud800" <= char <= "\udfff" for char in name):
        return "is not valid Unicode text"
    return "must not hold control characters"


@dataclass(frozen=True, slots=True, order=True)
class Uri:
    """The place of a node.  ``segments``: names from the root down, escapes undone; ``()`` is the root."""

    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.segments:
            check_name(name)

    @classmethod
    def parse(cls, text: str) -> Uri:
        """The URI that ``text`` spells (``.``, ``./A/B`` or ``A/B``), else UriError with the character offset."""
        if text == ".":
            return ROOT
        if not text:
            raise UriError("an empty URI; write '.' for the root", 0)
        start = 2 if text.startswith("./") else 0
        if start == len(text):
            raise UriError("a URI must not end in '/'; write '.' for the root", 1)
        names = []
        for segment in text[start:].split("/"):
            names.append(_decode_segment(segment, start, text))
            start += len(segment) + 1
        return cls(tuple(names))

    @classmethod
    def from_wire(cls, data: bytes) -> Uri:
        """The URI as cards name it: decoded UTF-8 without ``./``; ``b""`` is the root."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UriError("the URI is not valid UTF-8", error.start) from error
        return cls(tuple(text.split("/"))) if text else ROOT

    def wire(self) -> bytes:
        """The form that cards take: decoded UTF-8 without ``./``; ``b""`` for the root."""
        return "/".join(self.segments).encode("utf-8")

    def __str__(self) -> str:
        """``./A/B``, ``.`` for the root; characters that a URI cannot hold are escaped."""
        return "/".join([".", *(quote(name, safe=_SAFE) for name in self.segments)])

    def __truediv__(self, name: str) -> Uri:
        """The child of that name."""
        return Uri((*self.segments, name))

    @property
    def is_root(self) -> bool:
        """Whether this is ``.``."""
        return not self.segments

    @property
    def parent(self) -> Uri:
        """The node above; ValueError for the root."""
        if not self.segments:
            raise ValueError("the root has no parent")
        return Uri(self.segments[:-1])

    @property
    def name(self) -> str:
        """The last segment; empty for the root."""
        return self.segments[-1] if self.segments else ""

    @property
    def depth(self) -> int:
        """Number of segments; 0 for the root."""
        return len(self.segments)

    def is_ancestor_of(self, other: Uri) -> bool:
        """Whether ``other`` lies below this node (a node is not its own ancestor)."""
        return len(self.segments) < len(other.segments) and other.segments[: len(self.segments)] == self.segments

    def join(self, other: Uri) -> Uri:
        """``other``, read relative to this node."""
        return Uri(self.segments + other.segments)


ROOT = Uri()


@dataclass(frozen=True, slots=True)
class Target:
    """A URI with at most one suffix: ``?prop=Name`` (a property) or ``?list=attr`` (a whole subtree).

    Whether the property or list kind exists is not judged here: answer 406 for unknown ones.
    """

    uri: Uri
    prop: str | None = None
    listing: str | None = None

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that ``text`` spells, else UriError with the character offset."""
        path, mark, suffix = text.partition("?")
        uri = Uri.parse(path)
        if not mark:
            return cls(uri)
        match = _SUFFIX.fullmatch(suffix)
        if match is None:
            raise UriError("after '?' comes one 'prop=Name' or one 'list=Name' and nothing else", len(path))
        return cls(uri, match[2], match[4])

    def __str__(self) -> str:
        if self.prop is not None:
            return f"{self.uri}?prop={self.prop}"
        return str(self.uri) if self.listing is None else f"{self.uri}?list={self.listing}"


def check_limits(uri: Uri, max_depth: int, max_seg_len: int, max_tot_len: int) -> None:
    """Raise UriError (414) if ``uri`` exceeds a limit; 0 = no limit.

    Depth counts segments without the root.  Lengths are bytes of decoded UTF-8 without ``./``, as the card
    counts them: never more generous than the characters of ``./DevDetail/URI``, and equal for ASCII.
    """
    if max_depth and uri.depth > max_depth:
        raise UriError(f"the URI has {uri.depth} segments, the limit is {max_depth}", dm_status=414)
    longest = max((len(name.encode("utf-8")) for name in uri.segments), default=0)
    if max_seg_len and longest > max_seg_len:
        raise UriError(f"a name in the URI has {longest} bytes, the limit is {max_seg_len}", dm_status=414)
    total = len(uri.wire())
    if max_tot_len and total > max_tot_len:
        raise UriError(f"the URI has {total} bytes, the limit is {max_tot_len}", dm_status=414)


def _decode_segment(segment: str, start: int, text: str) -> str:
    """One segment of ``text`` at ``start`` with its escapes undone, checked as a name."""
    if not segment:
        fault = "must not end in '/'" if start == len(text) else "must not hold an empty segment"
        raise UriError(f"a URI {fault}", max(start - 1, 0))
    bad = _NOT_IN_SEGMENT.search(segment)
    if bad is not None:
        raise UriError(_bad_character(bad[0]), start + bad.start())
    name = _unescape(segment, start) if "%" in segment else segment
    if not _NAME.fullmatch(name):
        raise UriError(f"URI segment {shown(segment)} {_fault(name)}", start)
    return name


def _bad_character(char: str) -> str:
    """The message for a character that no segment can hold."""
    if char == "%":
        return "'%' in a URI must be followed by two hexadecimal digits"
    if char == "?":
        return "a suffix ('?…') has no place in this URI"
    if char < " " or char == "\x7f":
        return f"control character {char!r} has no place in a URI"
    return f"character {char!r} must be written as %{ord(char):02X} in a URI"


def _unescape(segment: str, start: int) -> str:
    """The segment with each ``%HH`` replaced by its byte, read as UTF-8."""
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeEncodeError as error:
        raise UriError("the URI is not valid Unicode text", start + error.start) from error
    except UnicodeDecodeError as error:
        raise UriError("the escapes in a URI segment are not valid UTF-8", start) from error
