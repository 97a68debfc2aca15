"""What the tests of the store share: trees to write, what can be seen of a card, ways to fill one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from smartdm.card.channel import Channel
from smartdm.card.commands import Card, CardInfo
from smartdm.errors import CardError
from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.session import Batch, Session
from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal, Sw
from tests.card.attack import Attacker, text
from tests.card.device import Device, parameters
from tests.oracle.fresh import fresh
from tests.oracle.nodes import REGISTRY, SERVERS, record_size
from tests.oracle.reading import Reader

OWN_NODES = 9
"""Those of a fresh card."""
PROFILES = {"default": b"", "small": parameters(small=True)}


def leaf(name: str, value: bytes = b"", type: str = "", title: str = "", acl: Acl = EMPTY) -> Node:  # noqa: A002
    """A leaf that holds text."""
    return Node(name, Format.CHR, value, type, title, acl)


def branch(name: str, *children: Node, type: str = "", title: str = "", acl: Acl = EMPTY) -> Node:  # noqa: A002
    """An interior node with its children."""
    return Node(name, Format.NODE, b"", type, title, acl, children=children)


def leaves(number: int, size: int = 8, first: int = 0) -> tuple[Node, ...]:
    """Leaves ``L000``, ``L001``, … with values of that many bytes, each its own."""
    return tuple(leaf(f"L{at:03}", pattern(at, size)) for at in range(first, first + number))


def pattern(seed: int, size: int) -> bytes:
    """Bytes that differ from place to place and from seed to seed."""
    return bytes((seed * 31 + at * 7 + 1) & 0xFF for at in range(size))


def uri(text: str) -> Uri:
    """A URI by its text."""
    return Uri.parse(f"./{text}" if text else ".")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a card shows of its tree: equal if nothing differs, the order of children included."""

    tree: Node
    generation: int
    free: int
    nodes: int


def look(device: Device) -> Seen:
    """Select (which counts free space anew) and read the whole tree."""
    session = device.open()
    info = session.info
    seen = Seen(session.read(), info.generation, info.free, info.nodes)
    assert len(records(device)) == seen.nodes
    assert session.generation == info.generation
    return seen


@dataclass(slots=True)
class Watch:
    """A transport that counts the status words of the answers that pass through it."""

    sim: SimTransport
    answers: Counter[int] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """Of the simulated card."""
        return self.sim.name

    def transmit(self, apdu: bytes) -> bytes:
        """Pass on, and count."""
        answer = self.sim.transmit(apdu)
        self.answers[int.from_bytes(answer[-2:])] += 1
        return answer

    def reset(self) -> None:
        """Power off and on."""
        self.sim.reset()

    def close(self) -> None:
        """The simulator is not ours to close."""

    def open(self) -> Session:
        """A session that is watched, opened as the issuer."""
        session = Session(Card(Channel(self)))
        self.sim.principal(Principal.ISSUER)
        return session


def records(device: Device) -> list[int]:
    """Bytes of each record of tree and registry; the issuer must be asking, and may read all but keys and PIN."""
    items = [item for uri in (b"", b"?") for item in Reader(Attacker(device).read(text(uri) + bytes(3), p2=1)).flat()]
    secret = {node.name: record_size(node) for node in fresh().find((REGISTRY, SERVERS)).children if node.definition}
    assert {item.name for item in items if item.withheld} == set(secret)
    return [secret[item.name or ""] if item.withheld else item.size for item in items]


def granule(info: CardInfo, *, small: bool) -> int:
    """Bytes of a granule on this card (``docs/store.md``, "Arena, granules, segments")."""
    if info.arena > 32 * 1024:
        return 32
    return 16 if small or info.arena > 16 * 1024 else 8


def expected_free(info: CardInfo, device: Device, *, small: bool) -> int:
    """What must be free on this card: the arena but for whole granules of each record and of the reserve."""
    step = granule(info, small=small)
    return max(0, info.arena - sum(-(-size // step) * step for size in [info.reserve, *records(device)]))


def refusal(session: Session, batch: Batch) -> int:
    """The status word with which a batch is refused; fails if it is not."""
    try:
        session.apply(batch)
    except CardError as error:
        return error.sw
    raise AssertionError(f"was not refused: {batch.names}")


def taken(session: Session, batch: Batch) -> bool:
    """Whether the card has room for this batch: memory, nodes, children; any other refusal is an error."""
    try:
        session.apply(batch)
    except CardError as error:
        if error.dm_status != Sw.CARD_FULL.dm_status:
            raise
        return False
    return True


def fill(session: Session, parent: Uri, *sizes: int) -> list[Uri]:
    """Add leaves ``F0``, ``F1``, … with values of these sizes until the card refuses the last size."""
    made: list[Uri] = []
    numbers = count()
    for size in sizes:
        for number in numbers:
            if not taken(session, Batch().add(parent, leaf(f"F{number}", pattern(number, size)))):
                break
            made.append(parent / f"F{number}")
    return made


def shuffled(uris: Iterable[Uri], seed: int) -> list[Uri]:
    """In an order that the seed chooses."""
    out = list(uris)
    Random(seed).shuffle(out)
    return out
