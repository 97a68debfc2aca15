"""APDUs by name, for ``--trace`` and ``decode``.

The text is itself a trace file: ``> hex`` and ``< hex`` are the bytes, lines with ``#`` explain them.
Pure: APDUs in, lines out; a Tracer remembers only what the next exchange needs to be understood
(the batch or the answer that it continues).
"""

from __future__ import annotations

from smartdm.cli.batchtext import BatchReader, levels_text, uri_text
from smartdm.cli.output import printable
from smartdm.cli.view import node_line
from smartdm.codec import packed, tlv
from smartdm.errors import CodecError, describe
from smartdm.mo.uri import Uri
from smartdm.wire import APPLET_AID, Cla, Ins, Select, Sw

_SELECT = 0xA4
_NEXT_PART = 0xFF
_HEADER = 5
_OBJECTS = {int(member): member.name for member in Select}

WARNING = (
    "# +------------------------------------------------------------+",
    "# | The trace shows everything that the card reads and writes, |",
    "# | values too. Look through it before you give it to others.  |",
    "# +------------------------------------------------------------+",
)


class Tracer:
    """Explains exchanges one after the other."""

    def __init__(self) -> None:
        self._batch: BatchReader | None = None
        self._answer = b""
        self._read: tuple[bytes, int | None] | None = None
        """What the answer that is coming in shows: a URI and levels; None after a batch."""

    def exchange(self, command: bytes, answer: bytes) -> list[str]:
        """The lines for one command and its answer."""
        return [*self.command(command), *self.answer(command, answer)]

    def command(self, command: bytes) -> list[str]:
        """The lines for a command."""
        lines = [f"> {command.hex().upper()}"]
        if len(command) < 4:
            return [*lines, "# too short for a command"]
        cla, ins, p1, p2 = command[:4]
        data = _data(command)
        known = (cla & ~(Cla.CHAIN | Cla.SECURE | Cla.CHANNEL)) == Cla.PLAIN
        if cla == 0x00 and ins == _SELECT:
            lines.append(f"# SELECT {'the applet' if data == APPLET_AID else data.hex().upper()}")
        elif known and ins == Ins.BATCH:
            lines += self._batch_part(cla, data)
        elif known and ins == Ins.READ:
            uri = data[1 : 1 + data[0]] if data else b""
            self._read, self._answer = (uri, None if p1 == 0xFF else p1), b""
            lines.append(f"# READ {uri_text(uri)}, {levels_text(p1)}")
        elif known and ins == Ins.READ_NEXT:
            lines.append(f"# READ_NEXT part {p2} of the answer of generation ..{p1:02X}")
        else:
            lines.append(f"# unknown command CLA {cla:02X} INS {ins:02X} P1 {p1:02X} P2 {p2:02X}")
        return lines

    def answer(self, command: bytes, answer: bytes) -> list[str]:
        """The lines for the answer to the command that was shown before."""
        lines = [f"< {answer.hex().upper()}"]
        if len(answer) < 2:
            return [*lines, "# too short for an answer"]
        data, sw = answer[:-2], int.from_bytes(answer[-2:], "big")
        lines.append(f"# {describe(sw)}")
        if len(command) < 2:
            return lines
        if command[1] == _SELECT and sw == Sw.OK:
            lines += _selected(data)
        elif sw == Sw.BATCH_FAILED and len(data) == 4:
            index, cause = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
            lines.append(f"#   command {index} was refused: {describe(cause)}")
        elif command[1] in (Ins.READ, Ins.READ_NEXT, Ins.BATCH) and sw in (Sw.OK, Sw.MORE):
            lines += self._stream(data, last=sw == Sw.OK)
        return lines

    def lost(self) -> list[str]:
        """The line for a command that was never answered."""
        return ["# no answer: the link or the power failed"]

    def _batch_part(self, cla: int, data: bytes) -> list[str]:
        if not data:
            return ["# BATCH without data"]
        if data[0] == 0 or self._batch is None:
            self._batch = BatchReader()
            self._answer, self._read = b"", None
        last = not cla & Cla.CHAIN
        lines = [f"# BATCH part {data[0]}{', the last' if last else ''}"]
        lines += [f"#   {line}" for line in self._batch.feed(data[1:])]
        if last and not self._batch.complete:
            lines.append("#   (the batch ends inside an element)")
        return lines

    def _stream(self, data: bytes, *, last: bool) -> list[str]:
        self._answer += data
        if not last:
            return [f"#   {len(data)} bytes of the answer, {len(self._answer)} so far"]
        if not self._answer:
            return []
        stream, self._answer = self._answer, b""
        wanted = [self._read] if self._read else self._batch.gets if self._batch else []
        try:
            return _nodes(stream, wanted)
        except CodecError as error:
            return [f"#   not a packed stream: {printable(str(error))}"]


def _data(command: bytes) -> bytes:
    """The data field of a short APDU, cases 3 and 4."""
    if len(command) <= _HEADER:
        return b""
    return command[_HEADER : _HEADER + command[4]]


def _nodes(stream: bytes, wanted: list[tuple[bytes, int | None]]) -> list[str]:
    """A stream (flags 1, generation 3, the nodes of each wanted subtree) as lines."""
    generation = int.from_bytes(stream[1:4], "big")
    lines = [f"#   generation {generation}"]
    offset = 4
    for uri, levels in wanted:
        node, offset = packed.decode_nodes(stream, offset, levels)
        lines += [f"#   {node_line(below, inner)}" for below, inner in node.walk(Uri.from_wire(uri))]
    if offset != len(stream):
        lines.append(f"#   {len(stream) - offset} more bytes")
    return lines


def _selected(data: bytes) -> list[str]:
    """The SELECT answer (template 6F: 84 AID, A5 the applet's own objects) by name."""
    lines = []
    try:
        for tag, value in tlv.decode_all(data):
            for inner_tag, inner in tlv.decode_all(value) if tag == 0x6F else [(tag, value)]:
                lines += _proprietary(inner) if inner_tag == 0xA5 else [f"#   {inner_tag:02X} {inner.hex().upper()}"]
    except CodecError as error:
        lines.append(f"#   not understood: {printable(str(error))}")
    return lines


def _proprietary(data: bytes) -> list[str]:
    return [f"#   {_OBJECTS.get(tag, f'{tag:02X}')} {value.hex().upper()}" for tag, value in tlv.decode_all(data)]
