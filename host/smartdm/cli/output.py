"""The one place that prints: text for people, or one JSON document, on stdout; everything else on stderr.

Text that comes from a card or a file is made harmless before it reaches a terminal: control
characters could otherwise move the cursor or retitle the window.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rich.text import Text

SCHEMA_VERSION = "1.0"

_ASCII_BRANCHES = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-"})


def printable(text: str) -> str:
    """The text on one line, each character that a terminal could obey replaced by its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def counted(count: int, word: str) -> str:
    """So many of them: ``1 node``, ``2 nodes``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def display(value: bytes) -> str:
    """A value in a line: quoted when it is text, else hexadecimal."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    return f'"{printable(text)}"'


class Output:
    """Prints the result of one command."""

    def __init__(self) -> None:
        self.as_json = False
        self.command = ""
        """The command as typed without options, like ``mo tree``."""

    def show(self, data: Mapping[str, object], text: str | Callable[[], None]) -> None:
        """The result: ``data`` as a JSON document, or ``text``, printed or called, for people."""
        if self.as_json:
            self.document(data)
        elif callable(text):
            text()
        else:
            self.line(text)

    def document(self, data: Mapping[str, object], *, indent: int | None = 2) -> None:
        """One JSON document with its version and command; ASCII, so that every terminal and pipe takes it."""
        head = {"schema_version": SCHEMA_VERSION, "command": self.command}
        self.line(json.dumps({**head, **data}, indent=indent))

    def next(self, data: Mapping[str, object], lines: Iterable[str]) -> None:
        """One of several results: ``data`` as a JSON document on one line, or the lines; passed on at once."""
        if self.as_json:
            self.document(data, indent=None)
        else:
            self.lines(lines)
        sys.stdout.flush()

    def line(self, text: str = "") -> None:
        """A line on stdout; characters that its encoding lacks become escapes."""
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding))

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines on stdout."""
        for line in lines:
            self.line(line)

    def raw(self, data: bytes) -> None:
        """Bytes on stdout, exactly."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def note(self, text: str) -> None:
        """A line on stderr: progress, hints and errors."""
        encoding = sys.stderr.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)

    @property
    def to_terminal(self) -> bool:
        """Whether a person looks at stdout."""
        return sys.stdout.isatty()

    @property
    def errors_to_terminal(self) -> bool:
        """Whether a person looks at stderr."""
        return sys.stderr.isatty()

    def fields(self, pairs: Mapping[str, object]) -> None:
        """Aligned ``Name:  value`` lines."""
        width = max((len(name) for name in pairs), default=0) + 1
        for name, value in pairs.items():
            self.line(f"{name + ':':<{width}} {value}")

    def table(self, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Aligned columns under a head line."""
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        for row in [head, *rows]:
            self.line("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())

    def tree(self, lines: Iterable[tuple[str, str, list[str]]]) -> None:
        """A drawn tree of (branch, name, details): in colours on a terminal, else as plain text."""
        if not self.to_terminal:
            for branch, name, details in lines:
                self.line(f"{self._branch(branch)}{name}  {'  '.join(details)}")
            return
        from rich.console import Console  # noqa: PLC0415 - slow to import, and needed on terminals only

        console = Console(highlight=False)
        for branch, name, details in lines:
            console.print(_styled(self._branch(branch), name, details), no_wrap=True, overflow="ellipsis")

    def _branch(self, branch: str) -> str:
        try:
            branch.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return branch.translate(_ASCII_BRANCHES)
        return branch


def _styled(branch: str, name: str, details: list[str]) -> Text:
    """A line of a tree in rich's words; never markup, which a card could contain."""
    from rich.text import Text  # noqa: PLC0415 - as above

    interior = details[0] == "node"
    line = Text()
    line.append(branch, style="dim")
    line.append(name, style="bold cyan" if interior else "bold")
    line.append(f"  {details[0]}", style="green")
    line.append("".join(f"  {word}" for word in details[1:]))
    return line
