"""The beginning of a MgmtTree document, judged before any parsing.  Part of ``mgmttree``."""

from __future__ import annotations

import re

from smartdm.errors import CodecError

# These documents have no attributes: a tag as long as this one is an attack, and would cost 20 times its size.
_MAX_TAG = 4096
_LONG_RUN = re.compile(rb"<[^!?/<][^<]{%d}" % _MAX_TAG)
_START_TAG = re.compile(rb"<(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+")
_PROLOG_ITEM = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = b"<!DOCTYPE"
_LITERALS = re.compile(
    rb"<!DOCTYPE\s+[A-Za-z:_]{1,40}(?:\s+(?:SYSTEM|PUBLIC))?(?:\s*(?:\"[^\"<>]*\"|'[^'<>]*')){0,2}\s*"
)
_BOM = b"\xef\xbb\xbf"


def checked_start(data: bytes, max_size: int, what: str, *, doctype: bool) -> bytes:
    """The document to parse; refuse nothing at all, too much, other encodings, a DTD, a tag full of attributes.

    ``doctype``: a DOCTYPE that declares nothing is replaced by spaces, so that the parser never sees it.
    """
    if not data.strip():
        raise CodecError(f"the {what} document is empty")
    if len(data) > max_size:
        raise CodecError(f"a {what} document of {len(data)} bytes; {max_size} is the most")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError(f"the {what} document is not UTF-8", error.start) from error
    at = _after_items(data, len(_BOM) if data.startswith(_BOM) else 0, len(data))
    if data.startswith(_DOCTYPE, at):
        end = _doctype_end(data, at) if doctype else None
        if end is None:
            raise CodecError(f"line {_line(data, at)}: a DOCTYPE (DTD) is not accepted; remove it")
        data = data[:at] + re.sub(rb"[^\n]", b" ", data[at:end]) + data[end:]  # lines keep their numbers
    for run in _LONG_RUN.finditer(data):
        tag = _START_TAG.match(data, run.start())
        if tag and tag.end() - tag.start() > _MAX_TAG:
            raise CodecError(f"line {_line(data, run.start())}: a start tag of more than {_MAX_TAG} bytes")
    return data


def _after_items(data: bytes, at: int, limit: int) -> int:
    """Where white space, comments and processing instructions end."""
    while item := _PROLOG_ITEM.match(data, at, limit):
        at = item.end()
    return at


def _doctype_end(data: bytes, at: int) -> int | None:
    """Where a short DOCTYPE ends that has nothing inside but white space, comments, instructions; None for others."""
    limit = at + _MAX_TAG
    head = _LITERALS.match(data, at, limit)
    if head is None:
        return None
    at = head.end()
    if data.startswith(b"[", at):
        at = _after_items(data, at + 1, limit)
        if not data.startswith(b"]", at):
            return None
        at = _after_items(data, at + 1, limit)
    return at + 1 if data.startswith(b">", at) else None


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
