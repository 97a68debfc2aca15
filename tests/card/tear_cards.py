"""The cards on which the commands of the tear tests run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from smartdm.wire import Format
from tests.card.judge import Judge
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, Command, Delete, Replace
from tests.oracle.nodes import REGISTRY, UPLOADS, Node, Path, branch, defined, large, leaf, rule_branch, rule_leaf
from tests.oracle.writing import Options

NOW = 0x2F000000
ACL = Acl.parse("Get=*&Replace=op.example+#issuer&Delete=#issuer&Add=#issuer")
MIME = "application/vnd.example.settings"
UP = (REGISTRY, UPLOADS)

DEFINITION = rule_branch(
    "mo",
    rule_leaf("Id", types=("a/b",)),
    rule_leaf("Key", 0x37),
    rule_branch("", rule_leaf("Port", format=Format.INT), maximum=4),
    rule_branch("Ext"),
    type="urn:example:mo:1.0",
    title="Defined",
)
SPARE = rule_branch("spare", *(rule_leaf(f"Leaf{at}", title=f"Title {at}") for at in range(12)))


def pattern(seed: int, size: int) -> bytes:
    """Bytes that differ from place to place and from seed to seed."""
    return bytes((seed * 31 + at * 7 + 1) & 0xFF for at in range(size))


def leaves(number: int, size: int = 8) -> tuple[Node, ...]:
    """Leaves ``L000``, ``L001``, …"""
    return tuple(leaf(f"L{at:03}", pattern(at, size)) for at in range(number))


def fresh(judge: Judge) -> None:
    """Nothing yet: all superblock slots but one were never written."""


def basic(judge: Judge) -> None:
    """A tree with every property in it."""
    judge.servers("op.example")
    dev = branch(
        "Dev",
        leaf("Man", b"Maker", type="text/plain", title="Manufacturer"),
        leaf("Swv", pattern(3, 120), type=MIME, acl=ACL),
        leaf("Cnt", b"42", format=Format.INT),
        branch("Ext", leaf("A", b"a"), branch("B", leaf("C", b"c"))),
        title="Device details",
        acl=ACL,
        type="urn:oma:mo:oma-dm-dmacc:1.0",
    )
    judge.done(Add((), dev), options=Options(time=NOW - 1), who=ISSUER)
    # Without a time: what is added here and deleted again leaves a record of the same size.
    judge.done(Add((), branch("Scratch")))


def governed(judge: Judge) -> None:
    """With definitions, an object, and lists of ACLs that name a server here and there."""
    basic(judge)
    judge.servers("srv")
    judge.done(Add((REGISTRY,), DEFINITION), Add((REGISTRY,), SPARE))
    one = defined("one", ("mo", ""), defined("Port", ("mo", "", "Port"), value=b"80"))
    judge.done(Add((), defined("M", ("mo",), defined("Id", ("mo", "Id"), value=b"id"), one)))
    mine = Acl.parse("Get=srv+op.example&Replace=srv")
    judge.done(Add((), branch("Of", leaf("x", acl=mine), branch("y", acl=Acl.parse("Get=srv")), acl=ACL)))


def uploading(judge: Judge) -> None:
    """With an upload of three pieces, and a leaf that has a large value already."""
    basic(judge)
    judge.done(Add((), large("Big", pattern(1, 224), pattern(2, 50))))
    judge.done(Add(UP, large("u")))
    for at in range(3):
        judge.done(Add((*UP, "u"), Node("", Format.BIN, pattern(at, 200))))


def wide(judge: Judge) -> None:
    """With a node whose children take several pages of the id table."""
    basic(judge)
    judge.done(Add((), branch("Big", *leaves(most(judge), 6))))


def most(judge: Judge) -> int:
    """As many leaves as take three pages of the id table."""
    return 140 if judge.select().node_limit > 256 else 75


def before_commit(number: int) -> Callable[[Judge], None]:
    """The next commit has this number; slots are written in turn, and the number's low byte tells which is newest."""

    def prepare(judge: Judge) -> None:
        basic(judge)  # the fourth commit; install made the first
        for _ in range(number - 5):
            judge.done(touch())

    return prepare


def touch() -> Command:
    """A small change."""
    return Replace(("Dev", "Ext", "A"), b"warm")


def fill(judge: Judge, parent: Path, *sizes: int) -> None:
    """Add leaves ``F0``, ``F1``, … with values of these sizes until the card refuses the last size."""
    judge.tight = True
    numbers = count()
    for size in sizes:
        for number in numbers:
            if not judge.do(Add(parent, leaf(f"F{number}", pattern(number, size)))):
                break


def full(judge: Judge) -> None:
    """Not one more leaf fits."""
    basic(judge)
    judge.done(Add((), branch("Big", *leaves(40, 6))))
    fill(judge, ("Scratch",), 200, 50, 10, 0)


def nearly_full(judge: Judge) -> None:
    """One leaf fits, and no other."""
    full(judge)
    judge.done(Delete(("Scratch", "F1")))


def in_pieces(judge: Judge) -> None:
    """There is room for a leaf with 100 bytes, but only after gathering."""
    basic(judge)
    judge.tight = True
    for at in range(6):
        judge.done(Add((), branch(f"G{at}")))
        for number in range(18):
            judge.do(Add((f"G{at}",), leaf(f"L{number:02}", pattern(number, 22))))
    for at in range(6):
        for child in list(judge.model.find((f"G{at}",)).children)[::2]:
            judge.done(Delete((f"G{at}", child.name)))
    for at in range(60):
        kept, model, before = judge.sim.snapshot(), judge.model, judge.gathered
        judge.do(Add(("Scratch",), leaf(f"P{at:02}", pattern(at, 100))))
        if judge.gathered > before:
            judge.back_to(kept, model)
            return
    raise AssertionError("memory never lay in pieces")
