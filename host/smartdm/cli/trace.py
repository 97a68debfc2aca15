"""APDUs by name, for ``--trace`` and ``decode``.

The text is itself a trace file: ``> hex`` and ``< hex`` are the bytes, lines with ``#`` explain them.
Pure: APDUs in, lines out; a Tracer remembers only what the next exchange needs to be understood
(the batch or the answer that it continues).
"""

from __future__ import annotations

from collections.abc import Mapping

from smartdm.cli.batchtext import BatchReader, format_text, levels_text, uri_text
from smartdm.cli.masking import hides_data
from smartdm.cli.output import counted, display, printable
from smartdm.cli.view import node_line
from smartdm.codec import packed, tlv
from smartdm.errors import CodecError, describe
from smartdm.mo.acl import server_id_of
from smartdm.mo.uri import Uri
from smartdm.wire import APPLET_AID, Cla, Ins, Principal, Scheme, Select, Stream, Sw

_SELECT = 0xA4
_ALL = 0xFF
_HEADER = 5
_ALWAYS = {int(Principal.ANYBODY): "*", int(Principal.ISSUER): "#issuer", int(Principal.HOLDER): "#holder"}
_OPENING: dict[int, str] = {
    Ins.INITIALIZE_UPDATE: "INITIALIZE_UPDATE key version {p1:02X}",
    Ins.EXTERNAL_AUTHENTICATE: "EXTERNAL_AUTHENTICATE level {p1:02X}",
}
_SECRET: dict[int, str] = {
    int(ins): ins.name
    for ins in (
        *(Ins.PERSONALIZE, Ins.TERMINATE, Ins.PUT_KEY),
        *(Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER),
    )
}
_OF_LOGINS = {int(ins): ins.name for ins in (Ins.CREDENTIAL, Ins.VERIFY_CREDENTIAL, Ins.GET_CHALLENGE)}
_SCHEMES = {int(member): member.name for member in Scheme}
_OBJECTS = {int(member): member.name for member in Select}

WARNING = (
    "# +------------------------------------------------------------+",
    "# | The trace shows everything that the card reads and writes, |",
    "# | values too. Look through it before you give it to others.  |",
    "# +------------------------------------------------------------+",
)


class Tracer:
    """Explains exchanges one after the other.  ``names``: see ``BatchReader``."""

    def __init__(self, names: Mapping[int, str] | None = None) -> None:
        self._names = names or {}
        self._batch: BatchReader | None = None
        self._answer = b""
        self._read: tuple[bytes, int | None] | None = None
        """What the answer that is coming in shows: a URI and levels; None after a batch."""
        self._servers = dict(_ALWAYS)
        """By number, as far as answers told them."""
        self._known = packed.Known(self._servers, lenient=True)

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
        elif known and ins in _OPENING:
            lines.append(f"# {_OPENING[ins].format(p1=p1)}")
        elif known and cla & Cla.SECURE:
            named = Ins.find(ins)
            lines.append(
                f"# {named.name if named else f'INS {ins:02X}'} in secure messaging, {counted(len(data), 'byte')}"
            )
        elif known and ins in _SECRET:
            lines.append(f"# {_SECRET[ins]}{', its secrets are shown as zeros' if hides_data(command) else ''}")
        elif known and ins == Ins.BATCH:
            lines += self._batch_part(cla, data)
        elif known and ins == Ins.READ:
            lines.append(self._begin_read(data, p1, p2))
        elif known and ins == Ins.READ_NEXT:
            lines.append(f"# READ_NEXT part {p2} of the answer of generation ..{p1:02X}")
        elif known and ins in _OF_LOGINS:
            lines.append(f"# {_login_text(ins, p1, p2, data)}")
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
        elif command[1] == Ins.EXTERNAL_AUTHENTICATE and sw == Sw.OK:
            lines.append("#   the secure channel is open; plain commands after this are shown as they are inside of it")
        elif command[0] & Cla.SECURE and command[0] & Cla.PLAIN:
            lines += [f"#   {counted(len(data), 'byte')} in secure messaging"] if data else []
        elif command[1] in (Ins.READ, Ins.READ_NEXT, Ins.BATCH) and sw in (Sw.OK, Sw.MORE):
            lines += self._stream(data, last=sw == Sw.OK)
        return lines

    def lost(self) -> list[str]:
        """The line for a command that was never answered."""
        return ["# no answer: the link or the power failed"]

    def _begin_read(self, data: bytes, levels: int, p2: int) -> str:
        end = 1 + data[0] if data else 0
        uri, since = data[1:end], data[end:]
        self._read, self._answer = (uri, None if levels == _ALL else levels), b""
        newer = f", with ids, what is newer than generation {int.from_bytes(since)}" if p2 else ""
        return f"# READ {uri_text(uri)}, {levels_text(levels)}{newer}"

    def _batch_part(self, cla: int, data: bytes) -> list[str]:
        if not data:
            return ["# BATCH without data"]
        if data[0] == 0 or self._batch is None:
            self._batch = BatchReader(self._names)
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
            if stream[0] & Stream.IDS:
                return self._items(stream)
            return self._nodes(stream, wanted)
        except CodecError as error:
            return [f"#   not a packed stream: {printable(str(error))}"]

    def _nodes(self, stream: bytes, wanted: list[tuple[bytes, int | None]]) -> list[str]:
        """A stream (flags 1, generation 3, the nodes of each wanted subtree) as lines."""
        generation = int.from_bytes(stream[1:4], "big")
        lines = [f"#   generation {generation}"]
        offset = 4
        for uri, levels in wanted:
            if uri.startswith(b"?"):
                return [*lines, f"#   {len(stream) - offset} bytes of the registry"]
            node, offset = packed.decode_nodes(stream, offset, levels, known=self._known)
            lines += [f"#   {node_line(below, inner)}" for below, inner in node.walk(Uri.from_wire(uri))]
        if offset != len(stream):
            lines.append(f"#   {len(stream) - offset} more bytes")
        return lines

    def _items(self, stream: bytes) -> list[str]:
        """A stream with ids as lines; the servers in it are remembered."""
        generation, found = packed.raws(stream, self._known)
        if self._read and self._read[0] == b"?/Srv":
            self._servers.update({raw.number: server_id_of(raw.name or "") for raw in found[1:]})
        return [f"#   generation {generation}", *(f"#   {_item_line(raw)}" for raw in found)]


def _item_line(raw: packed.Raw) -> str:
    words = [f"node {raw.number}", f'"{printable(raw.name)}"' if raw.name else ""]
    if raw.is_withheld:
        words.append("withheld")
    elif raw.definition_id is not None:
        words.append(f"definition {raw.definition_id}")
    elif raw.rules:
        words.append(f"a definition, rules {raw.rules.hex().upper()}")
    else:
        words.append(format_text(raw.kind))
    if raw.value is not None:
        words.append(display(raw.value))
    words += [f"[{printable(str(raw.acl))}]"] if raw.acl else []
    words += [f"below it {', '.join(map(str, raw.ids))}"] if raw.ids else []
    return "  ".join(word for word in words if word)


def _login_text(ins: int, p1: int, p2: int, data: bytes) -> str:
    """A command about DM credentials in words; its data begin with the login, where it has any."""
    login = uri_text(data[1 : 1 + data[0]]) if data else ""
    if ins == Ins.GET_CHALLENGE:
        return f"GET_CHALLENGE{f', kept in {login}' if login else ''}"
    batches = f", for {p2} batch{'' if p2 == 1 else 'es'}" if p2 else ""
    return f"{_OF_LOGINS[ins]} {_SCHEMES.get(p1, f'{p1:02X}')} of {login or 'no login'}{batches}"


def _data(command: bytes) -> bytes:
    """The data field of a short APDU, cases 3 and 4."""
    if len(command) <= _HEADER:
        return b""
    return command[_HEADER : _HEADER + command[4]]


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
