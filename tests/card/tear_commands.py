"""The commands that the tear tests cut, each with the card on which it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smartdm.wire import Format
from tests.card.judge import Judge
from tests.card.tear_cards import (
    ACL,
    DEFINITION,
    MIME,
    NOW,
    UP,
    basic,
    before_commit,
    fresh,
    full,
    governed,
    in_pieces,
    leaves,
    nearly_full,
    pattern,
    touch,
    uploading,
    wide,
)
from tests.oracle.acl import ISSUER, NONE, Acl
from tests.oracle.commands import Add, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.commands import Command as Dm
from tests.oracle.nodes import REGISTRY, SERVERS, Node, Path, branch, defined, large, leaf, rule_branch, rule_leaf
from tests.oracle.writing import NO_OPTIONS, Options

TIMED = Options(time=NOW)
TAGGED = Options(time=NOW, tag=b"hosttag1")
SRV = (REGISTRY, SERVERS)


@dataclass(frozen=True)
class Command:
    """``prepare`` makes the card, ``batch`` is what is cut, ``who`` sends it.

    ``warm_up``: batches after power-up, so that the cut one is not the first; ``gathers``: whether memory is gathered
    first (None = perhaps); ``full``: there is no room for an Add afterwards; ``below``: where one is made else.
    """

    name: str
    batch: list[Dm]
    prepare: Callable[[Judge], None] = basic
    parameters: bytes = b""
    options: Options = NO_OPTIONS
    who: str = ISSUER
    warm_up: int = 0
    gathers: bool | None = False
    full: bool = False
    below: Path = field(default=("Scratch",))

    def afterwards(self) -> list[Dm]:
        """What is done next, one in each batch."""
        if self.full:
            return [Delete(("Scratch", "F2")), Delete(("Dev", "Ext"))]
        return [Add(self.below, branch("Next", leaf("Leaf", b"next"))), Delete((*self.below, "Next"))]


def subtree() -> Node:
    """Three levels, with values that go on in the next part."""
    inner = branch("In", *(leaf(f"V{at}", pattern(at, 180)) for at in range(4)), title="Inner", acl=ACL)
    return branch("Sub", inner, leaf("Long", pattern(9, 224), type=MIME), branch("None"), leaf("Empty"))


MIXED: list[Dm] = [
    Add(("Dev",), subtree()),
    Replace(("Dev", "Sub", "Long"), pattern(5, 200)),
    Rename(("Dev", "Ext"), "Extended"),
    Delete(("Dev", "Extended", "B")),
    Replace(("Dev", "Swv"), b"2", Format.INT),
    Source(("Dev", "Man")),
    Add(("Dev", "Extended"), leaf("B"), sourced=True),
    SetTitle(("Dev", "Extended"), "More of it"),
    SetAcl(("Dev", "Sub"), Acl.parse("Get=op.example+#issuer&Delete=#issuer")),
    Get(("Dev",), 1),
]
OBJECT = defined(
    "N",
    ("mo",),
    defined("Id", ("mo", "Id"), value=b"1", further=1),
    *(defined(f"p{at}", ("mo", ""), defined("Port", ("mo", "", "Port"), value=b"1")) for at in range(3)),
    defined("Ext", ("mo", "Ext"), leaf("free"), format=Format.NODE),
)
ROOMY = bytes.fromhex("800110 8102012C")
SMALL_ARENA = bytes.fromhex("800108")
EXTRA = Add(("Scratch",), leaf("Pxx", pattern(1, 100)))

PLAIN = [
    Command("first of a card", [Add((), branch("A", leaf("B", b"1")))], fresh, below=()),
    Command("add leaf", [Add((), leaf("New", b"value", title="A new one", acl=ACL))], options=TIMED),
    Command("add subtree", [Add(("Dev", "Ext"), subtree())]),
    Command(
        "add several subtrees", [Add((), subtree(), more=(leaf("New", b"value"), branch("Other", leaf("B", b"2"))))]
    ),
    Command("add over pages", [Add((), branch("More", *leaves(80, 4)))], parameters=ROOMY),
    Command("replace shorter", [Replace(("Dev", "Swv"), b"1")], options=TIMED),
    Command("replace longer", [Replace(("Dev", "Man"), pattern(7, 224))]),
    Command("replace type", [Replace(("Dev", "Cnt"), b"\x00\x01", Format.BIN, MIME)], options=TIMED),
    Command("delete leaf", [Delete(("Dev", "Man"))], options=TIMED),
    Command("delete subtree", [Delete(("Big",))], wide),
    Command("rename leaf", [Rename(("Dev", "Cnt"), "A much longer name than before")]),
    Command("rename interior", [Rename(("Dev",), "D")], options=TIMED),
    Command("mixed", MIXED, options=TAGGED),
    Command("mixed, not the first", MIXED, warm_up=1, options=TIMED),
    Command("delete, not the first", [Delete(("Big",))], wide, warm_up=2),
    Command("tag", [touch()], options=TAGGED),
]
GOVERNING = [
    Command("acl", [SetAcl(("Dev",), Acl.parse("Get=*&Replace=#issuer&Add=#issuer&Delete=#issuer"))]),
    Command("acl of a leaf, gone", [SetAcl(("Dev", "Swv"), NONE)], options=TIMED),
    Command("acl of the root", [SetAcl((), Acl.parse("Add=*&Get=*&Replace=#issuer&Delete=#issuer+op.example"))]),
    Command("title", [SetTitle(("Dev", "Ext"), "A new title")], options=TIMED),
    Command("title, gone", [SetTitle(("Dev",), "")]),
    Command("copy", [Source(("Dev", "Swv")), Replace(("Dev", "Man"), None)]),
    Command("copy to a new leaf", [Source(("Dev", "Swv")), Add((), leaf("Copy"), sourced=True)], options=TIMED),
    Command("load a definition", [Add((REGISTRY,), rule_branch("new", *(rule_leaf(f"Leaf {at}") for at in range(8))))],
            governed),
    Command("unload a definition", [Delete((REGISTRY, "spare"))], governed),
    Command("definition and object", [Delete((REGISTRY, "spare")), Delete(("M",)), Delete((REGISTRY, "mo")),
                                      Add((REGISTRY,), DEFINITION)], governed),
    Command("add an object", [Add((), OBJECT)], governed, options=TIMED),
    Command("replace in an object", [Replace(("M", "Id"), b"new", Format.CHR, further=1)], governed),
    Command("rename in an object", [Rename(("M", "one"), "two"), Rename(("M",), "N")], governed, options=TIMED),
    Command("add a server", [Add(SRV, leaf("new.example")), Add((), branch("N", acl=Acl.parse("Get=new.example")))]),
    Command("remove a server", [Delete((*SRV, "srv"))], governed, options=TIMED),
    Command("remove the server of many lists", [Delete((*SRV, "op.example"))], governed),
    Command("a server's own node", [Add((), branch("Mine", leaf("x", b"1")))], governed, who="srv", options=TIMED),
]  # fmt: skip
LARGE = [
    Command("add a large value", [Add((), large("Large", *(pattern(at, 224) for at in range(5))))], options=TIMED),
    Command("begin an upload", [Add(UP, large("v"))], uploading),
    Command("a piece", [Add((*UP, "u"), Node("", Format.BIN, pattern(9, 224)))], uploading),
    Command("adopt by replace", [Source((*UP, "u")), Replace(("Dev", "Man"), None, Format.BIN)], uploading),
    Command("adopt instead of a large value", [Source((*UP, "u")), Replace(("Big",), None)], uploading, options=TIMED),
    Command("adopt by add", [Source((*UP, "u")), Add(("Dev",), leaf("New", format=Format.BIN), sourced=True)],
            uploading),
    Command("replace a large value", [Replace(("Big",), b"small")], uploading),
    Command("delete a large value", [Delete(("Big",))], uploading, options=TIMED),
    Command("delete an upload", [Delete((*UP, "u"))], uploading),
]  # fmt: skip
FULL = [
    Command("gather", [EXTRA], in_pieces, SMALL_ARENA, gathers=True),
    Command("add, nearly full", [Add(("Scratch",), leaf("Last", pattern(2, 150)))], nearly_full, SMALL_ARENA,
            gathers=None, full=True),
    Command("replace, nearly full", [Replace(("Scratch", "F0"), pattern(2, 150))], nearly_full, SMALL_ARENA,
            gathers=None, full=True),
    Command("delete, full", [Delete(("Scratch", "F1"))], full, SMALL_ARENA, gathers=None, full=True),
    Command("delete subtree, full", [Delete(("Big",))], full, gathers=None, full=True, options=TIMED),
    Command("remove a server, nearly full", [Delete((*SRV, "op.example"))], nearly_full, SMALL_ARENA, gathers=None,
            full=True),
    Command("erase", [Delete(())], wide, below=()),
    Command("erase, full", [Delete(())], full, SMALL_ARENA, gathers=None, below=()),
]  # fmt: skip
NUMBERED = [
    Command(f"commit {number}", [Replace(("Dev", "Man"), b"new")], before_commit(number))
    for number in (*range(5, 13), 127, 128, 129, 255, 256, 257)
]
COMMANDS = [*PLAIN, *GOVERNING, *LARGE, *FULL, *NUMBERED]
