"""The commands that the tear tests cut, each with the card on which it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch
from smartdm.wire import Sw
from tests.card.device import Device, parameters
from tests.card.store import Watch, branch, fill, leaf, leaves, pattern, uri

NOW = 0x2F000000
ACL = Acl.parse("Get=*&Replace=op.example+#issuer")
MIME = "application/vnd.example.settings"


def basic(device: Device) -> None:
    """A tree with every property in it."""
    session = device.open()
    dev = branch(
        "Dev",
        leaf("Man", b"Maker", type="text/plain", title="Manufacturer"),
        leaf("Swv", pattern(3, 120), type=MIME, acl=ACL),
        Node("Cnt", Format.INT, b"42"),
        branch("Ext", leaf("A", b"a"), branch("B", leaf("C", b"c"))),
        title="Device details",
        acl=ACL,
        type="urn:oma:mo:oma-dm-dmacc:1.0",
    )
    session.apply(Batch(time=NOW - 1).add(ROOT, dev))
    # Without a time: what is added here and deleted again leaves a record of the same size.
    session.apply(Batch().add(ROOT, branch("Scratch")))


def wide(device: Device) -> None:
    """With a node whose children take several pages of the id table."""
    basic(device)
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Big", *leaves(most(device), 6))))


def fresh(device: Device) -> None:
    """Nothing yet: all superblock slots but one were never written."""


def before_commit(number: int) -> Callable[[Device], None]:
    """The next commit has this number; slots are written in turn, and the number's low byte tells which is newest."""

    def prepare(device: Device) -> None:
        basic(device)  # the third commit; install made the first
        session = device.open()
        for _ in range(number - 4):
            session.apply(touch())

    return prepare


def most(device: Device) -> int:
    """As many leaves as take three pages of the id table."""
    return 140 if device.open().info.node_limit > 160 else 75


def full(device: Device) -> None:
    """Not one more leaf fits."""
    basic(device)
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Big", *leaves(40, 6))))
    fill(session, uri("Scratch"), 200, 50, 10, 0)


def nearly_full(device: Device) -> None:
    """One leaf fits, and no other."""
    full(device)
    device.open().apply(Batch().delete(uri("Scratch/F1")))


def in_pieces(device: Device) -> None:
    """There is room for a leaf with 100 bytes, but only after gathering."""
    basic(device)
    session = device.open()
    for at in range(6):
        session.apply(Batch().add(ROOT, branch(f"G{at}")))
        fill_group(device, at)
    for at in range(6):
        for child in session.read(uri(f"G{at}")).children[::2]:
            session.apply(Batch().delete(uri(f"G{at}/{child.name}")))
    for at in range(60):
        kept = device.sim.snapshot()
        watch = Watch(device.sim)
        watch.open().apply(Batch().add(uri("Scratch"), leaf(f"P{at:02}", pattern(at, 100))))
        if watch.answers[Sw.SEND_AGAIN]:
            device.sim.restore(kept)
            return
    raise AssertionError("memory never lay in pieces")


def fill_group(device: Device, group: int) -> None:
    """Some leaves of one size."""
    session = device.open()
    for at in range(18):
        session.apply(Batch().add(uri(f"G{group}"), leaf(f"L{at:02}", pattern(at, 22))))


@dataclass(frozen=True)
class Command:
    """``prepare`` makes the card, ``batch`` is what is cut.

    ``warm_up``: batches after power-up, so that the cut one is not the first; ``gathers``: whether memory is gathered
    first (None = perhaps); ``full``: there is no room for an Add afterwards; ``below``: where one is made else.
    """

    name: str
    batch: Callable[[], Batch]
    prepare: Callable[[Device], None] = basic
    parameters: bytes = b""
    warm_up: tuple[Callable[[], Batch], ...] = ()
    gathers: bool | None = False
    full: bool = False
    below: str = "Scratch"

    def afterwards(self) -> list[Batch]:
        """What is done next."""
        if self.full:
            return [Batch().delete(uri("Scratch/F2")), Batch().delete(uri("Dev/Ext"))]
        place = uri(self.below) / "Next"
        return [Batch().add(place.parent, branch(place.name, leaf("Leaf", b"next"))), Batch().delete(place)]


def subtree() -> Node:
    """Three levels, with values that go on in the next part."""
    inner = branch("In", *(leaf(f"V{at}", pattern(at, 180)) for at in range(4)), title="Inner", acl=ACL)
    return branch("Sub", inner, leaf("Long", pattern(9, 224), type=MIME), branch("None"), leaf("Empty"))


def mixed() -> Batch:
    """Every command in one batch of several parts."""
    return (
        Batch(time=NOW)
        .add(uri("Dev"), subtree())
        .replace(uri("Dev/Sub/Long"), pattern(5, 200))
        .rename(uri("Dev/Ext"), "Extended")
        .delete(uri("Dev/Extended/B"))
        .replace(uri("Dev/Swv"), b"2", Format.INT)
        .add(uri("Dev/Extended"), leaf("B", b"again"))
        .delete(uri("Dev/Sub/In/V2"))
        .get(uri("Dev"), 1)
    )


def touch() -> Batch:
    """A small change."""
    return Batch().replace(uri("Dev/Ext/A"), b"warm")


ROOMY = parameters(nodes=300, arena=16)
SMALL_ARENA = parameters(arena=8)
EXTRA = uri("Scratch/Pxx")

COMMANDS = [
    Command("first of a card", lambda: Batch().add(ROOT, branch("A", leaf("B", b"1"))), fresh, below=""),
    Command("add leaf", lambda: Batch(time=NOW).add(ROOT, leaf("New", b"value", title="A new one", acl=ACL))),
    Command("add subtree", lambda: Batch().add(uri("Dev/Ext"), subtree())),
    Command("add over pages", lambda: Batch().add(ROOT, branch("More", *leaves(80, 4))), parameters=ROOMY),
    Command("replace shorter", lambda: Batch(time=NOW).replace(uri("Dev/Swv"), b"1")),
    Command("replace longer", lambda: Batch().replace(uri("Dev/Man"), pattern(7, 224))),
    Command("replace type", lambda: Batch(time=NOW).replace(uri("Dev/Cnt"), b"\x00\x01", Format.BIN, MIME)),
    Command("delete leaf", lambda: Batch(time=NOW).delete(uri("Dev/Man"))),
    Command("delete subtree", lambda: Batch().delete(uri("Big")), wide),
    Command("rename leaf", lambda: Batch().rename(uri("Dev/Cnt"), "A much longer name than before")),
    Command("rename interior", lambda: Batch(time=NOW).rename(uri("Dev"), "D")),
    Command("mixed", mixed),
    Command("mixed, not the first", mixed, warm_up=(touch,)),
    Command("delete, not the first", lambda: Batch().delete(uri("Big")), wide, warm_up=(touch, touch)),
    Command("gather", lambda: Batch().add(EXTRA.parent, leaf(EXTRA.name, pattern(1, 100))), in_pieces, SMALL_ARENA,
            gathers=True),
    Command("add, nearly full", lambda: Batch().add(uri("Scratch"), leaf("Last", pattern(2, 150))), nearly_full,
            SMALL_ARENA, gathers=None, full=True),
    Command("replace, nearly full", lambda: Batch().replace(uri("Scratch/F0"), pattern(2, 150)), nearly_full,
            SMALL_ARENA, gathers=None, full=True),
    Command("delete, full", lambda: Batch().delete(uri("Scratch/F1")), full, SMALL_ARENA, gathers=None, full=True),
    Command("delete subtree, full", lambda: Batch(time=NOW).delete(uri("Big")), full, gathers=None, full=True),
    Command("erase", lambda: Batch().erase(), wide, below=""),
    Command("erase, full", lambda: Batch().erase(), full, SMALL_ARENA, gathers=None, below=""),
    *(Command(f"commit {number}", lambda: Batch().replace(uri("Dev/Man"), b"new"), before_commit(number))
      for number in (*range(5, 13), 127, 128, 129, 255, 256, 257)),
]  # fmt: skip
