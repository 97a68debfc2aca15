"""The applet's commands: one method for each instruction, nothing clever."""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.card.apdu import MAX_LE, CommandApdu, ResponseApdu
from smartdm.card.batch import ALL_LEVELS
from smartdm.card.channel import Channel
from smartdm.card.parts import Tag
from smartdm.card.place import Place, encode_place
from smartdm.codec import packed, tlv
from smartdm.errors import CodecError, WireError, card_error
from smartdm.wire import APPLET_AID, VERSION_MAJOR, Cla, Ins, Select, Sw

_FCI, _PROPRIETARY = 0x6F, 0xA5
_WITH_IDS = 0x01
_SEVERAL_KEYS = 0x81
_SIZES = {
    Select.VERSION: 2,
    Select.STATE: 1,
    Select.GENERATION: 3,
    Select.SPACE: 5,
    Select.NODES: 4,
    Select.LIMITS: 6,
    Select.CAPABILITIES: 2,
    Select.TAGS: 24,
}
"""Bytes of the data objects in the SELECT answer; a later minor version may append to them."""


@dataclass(frozen=True, slots=True)
class CardInfo:
    """What SELECT tells.  Sizes in bytes; ``generation``: 24 bits, one more with each change of the tree."""

    version: tuple[int, int]
    state: int
    generation: int
    free: int
    arena: int
    reserve: int
    nodes: int
    node_limit: int
    max_depth: int
    max_seg_len: int
    max_tot_len: int
    max_children: int
    max_value: int
    capabilities: int
    tags: tuple[Tag, ...]
    """Those of the last tagged batches, latest first."""

    @classmethod
    def decode(cls, data: bytes) -> CardInfo:
        """From the data of the SELECT answer; WireError if it is not one of ours."""
        try:
            outer = dict(tlv.decode_all(data))
            inner = dict(tlv.decode_all(dict(tlv.decode_all(outer[_FCI]))[_PROPRIETARY]))
            for tag, size in _SIZES.items():
                if len(inner[tag]) < size:
                    raise CodecError(f"{tag.name} has {len(inner[tag])} bytes; at least {size} are wanted")
            version, space = inner[Select.VERSION], inner[Select.SPACE]
            nodes, limits = inner[Select.NODES], inner[Select.LIMITS]
            return cls(
                version=(version[0], version[1]),
                state=inner[Select.STATE][0],
                generation=int.from_bytes(inner[Select.GENERATION][:3]),
                free=int.from_bytes(space[0:2]),
                arena=space[2] * 1024,
                reserve=int.from_bytes(space[3:5]),
                nodes=int.from_bytes(nodes[0:2]),
                node_limit=int.from_bytes(nodes[2:4]),
                max_depth=limits[0],
                max_seg_len=limits[1],
                max_tot_len=limits[2],
                max_children=limits[3],
                max_value=int.from_bytes(limits[4:6]),
                capabilities=int.from_bytes(inner[Select.CAPABILITIES][:2]),
                tags=_tags(inner[Select.TAGS][: _SIZES[Select.TAGS]]),
            )
        except KeyError as error:
            raise WireError(f"the SELECT answer cannot be read: it lacks data object {error.args[0]:02X}") from error
        except CodecError as error:
            raise WireError(f"the SELECT answer cannot be read: {error}") from error


class Card:
    """The applet behind a channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def select(self) -> CardInfo:
        """Select the applet; WireError if it speaks another major version of the wire format."""
        answer = self.channel.send(CommandApdu(0x00, 0xA4, 0x04, 0x00, APPLET_AID, MAX_LE), "SELECT")
        info = CardInfo.decode(answer.data)
        if info.version[0] != VERSION_MAJOR:
            raise WireError(
                f"the applet speaks wire version {info.version[0]}.{info.version[1]}, this package {VERSION_MAJOR}.x:"
                " install the applet that belongs to this package"
            )
        return info

    def batch(self, parts: list[bytes], names: list[str]) -> bytes:
        """Run a batch; returns the stream of its GETs.

        ``parts``: data fields of the APDUs; ``names``: the commands, for errors.  CardError names the refused command;
        its ``index`` counts as the card does.
        """
        for number, data in enumerate(parts):
            last = number == len(parts) - 1
            cla = Cla.PLAIN if last else Cla.PLAIN | Cla.CHAIN
            answer = self.channel.send(CommandApdu(cla, Ins.BATCH, 0, 0, data, MAX_LE), "BATCH")
            if answer.sw == Sw.BATCH_FAILED:
                raise _refusal(answer.data, names)
            if not last and answer.sw != Sw.OK:
                raise WireError("the card answered a part of a batch before its last one came")
        return self._all(answer.data, answer.sw)

    def read(self, uri: Place, levels: int | None = None, since: int | None = None) -> bytes:
        """The packed stream of a subtree, ``levels`` deep below its root (None = all).

        ``since``: only the nodes newer than that generation, each with its id and the ids of its children.
        """
        answer = self._read(uri, levels, since)
        return self._all(answer.data, answer.sw)

    def read_start(self, uri: Place) -> bytes:
        """The first part of the stream of a subtree, 4 to 256 bytes: enough for the head of its first node."""
        return self._read(uri, None, None).data

    # Life cycle and secrets; see ``secrecy`` for what the data are.

    def personalize(self, data: bytes) -> None:
        """Give a card that was just installed its keys, inside a channel of its initial ones."""
        self._run(Ins.PERSONALIZE, data)

    def terminate(self) -> None:
        """End the life of the card: all its memory is overwritten.  For the issuer."""
        self._run(Ins.TERMINATE)

    def verify(self, pin: bytes = b"") -> None:
        """Compare the holder's PIN, 8 bytes; WrongPin tells the tries left, PinBlocked that there is none."""
        self._run(Ins.VERIFY, pin)

    def change_pin(self, old: bytes, new: bytes) -> None:
        """Change the holder's PIN, 8 bytes each; errors as ``verify``."""
        self._run(Ins.CHANGE_REFERENCE_DATA, old + new)

    def unblock(self, puk: bytes, new: bytes) -> None:
        """Set a new PIN by the PUK, 8 bytes each; errors as ``verify``, the tries are those of the PUK."""
        self._run(Ins.RESET_RETRY_COUNTER, puk + new)

    def put_key(self, kvn: int, data: bytes) -> bytes:
        """Replace the key set of that version; ``data``: ``keys.put_key_data``; returns version and check values."""
        return self._run(Ins.PUT_KEY, data, kvn, _SEVERAL_KEYS, le=MAX_LE)

    def _run(self, ins: Ins, data: bytes = b"", p1: int = 0, p2: int = 0, le: int | None = None) -> bytes:
        return self.channel.send(CommandApdu(Cla.PLAIN, ins, p1, p2, data, le)).data

    def _read(self, uri: Place, levels: int | None, since: int | None) -> ResponseApdu:
        depth = ALL_LEVELS if levels is None else levels
        data, p2 = encode_place(uri), 0
        if since is not None:
            data, p2 = data + since.to_bytes(3), _WITH_IDS
        return self.channel.send(CommandApdu(Cla.PLAIN, Ins.READ, depth, p2, data, MAX_LE), f"Get {uri}")

    def _all(self, data: bytes, sw: int) -> bytes:
        if sw == Sw.MORE and len(data) < 4:
            raise WireError("the card promises more of an answer that has not begun")
        number = 0
        while sw == Sw.MORE:
            number += 1
            # Behind FF the number goes on into P1: the card counts both bytes as one.
            p1, p2 = ((data[3] << 8) + number & 0xFFFF).to_bytes(2)
            answer = self.channel.send(CommandApdu(Cla.PLAIN, Ins.READ_NEXT, p1, p2, le=MAX_LE))
            data, sw = data + answer.data, answer.sw
            if sw == Sw.MORE and (not answer.data or len(data) > packed.MAX_SIZE):
                raise WireError(f"the card's answer has no end: {len(data)} bytes so far")
        return data


def _tags(data: bytes) -> tuple[Tag, ...]:
    numbers = [int.from_bytes(data[at : at + 4]) for at in range(0, len(data), 4)]
    return tuple(pair for pair in zip(numbers[::2], numbers[1::2], strict=True) if pair != (0, 0))


def _refusal(data: bytes, names: list[str]) -> Exception:
    if len(data) != 4:
        return WireError(f"the card dropped the batch without saying why ({len(data)} bytes)")
    number, sw = int.from_bytes(data[:2]), int.from_bytes(data[2:])
    if not 1 <= number <= len(names):
        return card_error(sw, "BATCH")
    return card_error(sw, names[number - 1], number - 1)
