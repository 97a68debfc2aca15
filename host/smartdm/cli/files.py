"""Files that the user names: reading with a limit, writing without leaving half a file, TNDS or packed inside."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smartdm.cli.failures import CliError
from smartdm.errors import CodecError
from smartdm.mo.uri import ROOT, Uri

if TYPE_CHECKING:
    from smartdm.mo.tree import Node

STDIN = "-"
MAX_INPUT = 16 << 20
"""Bytes that are read from a file; the largest card holds 64 KiB, so more is a mistake."""

KINDS = ("tnds", "packed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One subtree of a file.  ``uri``: where its top node goes, relative to the place of the import.

    ``nameless``: the file gave the top node no name, so it stands for the place of the import itself.
    """

    uri: Uri
    node: Node

    @property
    def nameless(self) -> bool:
        """Whether the top node takes its name from the place where it goes."""
        return not self.node.name


def read_input(name: str) -> bytes:
    """The bytes of a file, or of stdin for ``-``."""
    if name == STDIN:
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise CliError(f"{shown(name)}: more than {MAX_INPUT >> 20} MiB; no management object is that large")
    return data


def shown(name: str) -> str:
    """A file's name for messages."""
    return "stdin" if name == STDIN else name


def write_result(path: Path, data: bytes) -> None:
    """Writes a file as a whole: what was there before stays until the new one is complete."""
    if path.exists() and not path.is_file():  # a pipe or device has no "before"
        path.write_bytes(data)
        return
    if not path.absolute().parent.is_dir():
        raise CliError(f"{path}: there is no folder {path.parent}; make it first")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(data)
    mask = os.umask(0)
    os.umask(mask)
    Path(file.name).chmod(0o666 & ~mask)
    Path(file.name).replace(path)


def kind_of(data: bytes) -> str:
    """``tnds`` or ``packed``: XML begins with ``<``, a packed tree with flags 00 to 03."""
    if data[:1] and data[0] <= 0x03:
        return "packed"
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # or UTF-16
        return "tnds"
    raise CodecError("neither TNDS (XML) nor a packed tree", 0)


def read_entries(name: str) -> list[Entry]:
    """The subtrees in a TNDS or packed file."""
    try:
        return entries_of(read_input(name))
    except CodecError as error:
        raise CliError(f"{shown(name)}: {error}") from error


def entries_of(data: bytes, kind: str | None = None) -> list[Entry]:
    """The subtrees in the bytes of a TNDS or packed file; ``kind`` when it is known."""
    if (kind or kind_of(data)) == "packed":
        from smartdm.codec import packed  # noqa: PLC0415 - the codecs are imported when a file needs them

        node = packed.decode(data).node
        return [_entry(ROOT, node)]
    from smartdm.codec import tnds  # noqa: PLC0415 - lxml is imported only for XML

    return [_entry(path or ROOT, node) for path, node in tnds.decode(data).nodes]


def _entry(path: Uri, node: Node) -> Entry:
    return Entry(path / node.name if node.name else path, node)


def encode_tree(kind: str, uri: Uri, node: Node, generation: int) -> bytes:
    """A subtree as a file of this kind."""
    if kind == "packed":
        from smartdm.codec import packed  # noqa: PLC0415 - as above

        return packed.encode(node, generation=generation)
    from smartdm.codec import tnds  # noqa: PLC0415 - as above

    path = None if uri.depth < 2 else uri.parent
    return tnds.encode(tnds.Tnds(((path, node),)))
