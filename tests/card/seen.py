"""Plain APDUs, and what SELECT tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smartdm.wire import APPLET_AID, Cla, Select

SELECT = bytes((0x00, 0xA4, 0x04, 0x00, len(APPLET_AID))) + APPLET_AID + b"\x00"


def apdu(ins: int, data: bytes = b"", p1: int = 0, p2: int = 0, *, cla: int = Cla.PLAIN, le: bytes = b"\x00") -> bytes:
    """A short command; ``le``: its Le field, empty for none."""
    return bytes((cla, ins, p1, p2)) + (bytes((len(data),)) + data if data else b"") + le


@dataclass(frozen=True)
class Told:
    """The SELECT answer.  Sizes in bytes."""

    generation: int
    free: int
    arena: int
    reserve: int
    nodes: int
    node_limit: int
    max_depth: int
    tags: tuple[bytes, ...]
    granule: int

    def round_up(self, size: int) -> int:
        """To whole granules."""
        return -(-size // self.granule) * self.granule


def told(answer: bytes) -> Told:
    """From the data of the answer."""
    fields = dict(_fields(dict(_fields(dict(_fields(answer))[0x6F]))[0xA5]))
    space, nodes, tags = fields[Select.SPACE], fields[Select.NODES], fields[Select.TAGS]
    depth, arena = fields[Select.LIMITS][0], space[2] * 1024
    small = depth == 10  # only the small profile is that shallow
    return Told(
        int.from_bytes(fields[Select.GENERATION]),
        int.from_bytes(space[:2]),
        arena,
        int.from_bytes(space[3:]),
        int.from_bytes(nodes[:2]),
        int.from_bytes(nodes[2:]),
        depth,
        tuple(tags[at : at + 8] for at in range(0, len(tags), 8)),
        32 if arena > 32 * 1024 else 16 if small or arena > 16 * 1024 else 8,
    )


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        yield tag, data[at + 2 : at + 2 + length]
        at += 2 + length
