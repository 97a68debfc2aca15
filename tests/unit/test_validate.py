import os
from dataclasses import replace
from pathlib import Path

import pytest

from smartdm import wire
from smartdm.codec import catalog, tnds
from smartdm.mo import validate
from smartdm.mo.definition import (
    ONE_OR_MORE,
    TREE_ROOT,
    ZERO_OR_ONE,
    Access,
    Definition,
    Occurrence,
    Scope,
)
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.mo.validate import Fault, definition_faults, faults, tree_faults
from tests.corpus import load_passpoint, load_reference

NOT_INT = "is not a whole number from -2147483648 to 2147483647, as Format int needs (415)"
NODE, CHR, INT, BIN = Format.NODE, Format.CHR, Format.INT, Format.BIN
TEXT = ("text/plain",)

ADDRESS = Definition("", NODE, occurrence=Occurrence(1, 2), children=(Definition("Port", INT, types=TEXT),))
DEFINITION = Definition(
    "",
    NODE,
    types=("urn:account",),
    children=(
        Definition("Id", CHR, types=TEXT),
        Definition("Icon", BIN, types=("image/png", "image/jpeg"), occurrence=ZERO_OR_ONE),
        Definition("Addrs", NODE, occurrence=ZERO_OR_ONE, children=(ADDRESS,)),
        Definition("Ext", NODE, occurrence=ZERO_OR_ONE),
    ),
)
ID = Node("Id", CHR, b"a", "text/plain")


def account(*children: Node) -> Node:
    return Node("acc", NODE, type="urn:account", children=children)


def address(name: str, port: bytes = b"1", node_format: Format = INT, mime: str = "text/plain") -> Node:
    return Node(name, NODE, children=(Node("Port", node_format, port, mime),))


def addresses(*children: Node) -> Node:
    return Node("Addrs", NODE, children=children)


def told(node: Node) -> list[str]:
    return [str(fault) for fault in faults(node, DEFINITION)]


def test_what_keeps_to_its_definition_has_no_fault():
    icon = Node("Icon", BIN, b"\xff", "image/jpeg")
    ext = Node("Ext", NODE, children=(Node("any", NODE, type="urn:x", children=(Node("thing", INT, b"x", "a/b"),)),))
    assert told(account(ID, icon, addresses(address("home"), address("away")), ext)) == []
    assert told(account(ID)) == []


@pytest.mark.parametrize(
    ("node", "sentences"),
    [
        (account(), ["./acc/Id: the node is missing (One) (405)"]),
        (account(ID, addresses()), ["./acc/Addrs: at least one node is needed below it (OneOrN 2) (405)"]),
        (
            account(ID, addresses(address("a"), address("b"), address("c"))),
            ["./acc/Addrs: 3 nodes below it; at most 2 are allowed (405)"],
        ),
        (
            account(ID, Node("id", CHR)),
            ["./acc/id: the definition has no such node; it has Id, Icon, Addrs, Ext (405)"],
        ),
        (account(ID, ID), ["./acc/Id: a sibling has the same name (418)"]),
        (account(replace(ID, format=INT)), ["./acc/Id: Format is int; it must be chr (415)"]),
        (account(replace(ID, type="a/b")), ["./acc/Id: Type is 'a/b'; it must be text/plain (415)"]),
        (
            account(ID, Node("Icon", BIN, b"", "image/gif")),
            ["./acc/Icon: Type is 'image/gif'; it must be image/png or image/jpeg (415)"],
        ),
        (
            account(ID, replace(addresses(address("a")), type="urn:x")),
            ["./acc/Addrs: no object 'urn:x' can begin here; the Type must be empty (415)"],
        ),
        (account(Node("Id", NODE)), ["./acc/Id: Format is node; it must be chr (415)"]),
        (account(ID, Node("Addrs", INT, b"1")), ["./acc/Addrs: Format is int; it must be node (415)"]),
        (account(ID, Node("Addrs", CHR, b"1")), ["./acc/Addrs: Format is chr; it must be node (415)"]),
        (account(replace(ID, value=b"\xff")), ["./acc/Id: the value is not UTF-8 text, as Format chr needs (415)"]),
        (
            account(ID, addresses(address("a", b"1.5"))),
            [f"./acc/Addrs/a/Port: the value '1.5' {NOT_INT}"],
        ),
        (
            account(ID, addresses(address("é" * 33))),
            [f"./acc/Addrs/{'%C3%A9' * 33}: the name has more than 64 bytes (414)"],
        ),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_node_and_status(node: Node, sentences: list[str]):
    assert told(node) == sentences


def test_all_faults_are_told_in_the_order_of_the_tree():
    node = account(addresses(Node("a", NODE), address("b", b"x")), Node("Nix", CHR))
    assert [str(fault.uri) for fault in faults(node, DEFINITION)] == [
        "./acc/Nix",
        "./acc/Id",
        "./acc/Addrs/a/Port",
        "./acc/Addrs/b/Port",
    ]


@pytest.mark.parametrize("name", ["", "a/b", "a.", "a\nb"])
def test_a_name_that_no_node_can_have_is_a_fault(name: str):
    (fault,) = faults(account(ID, Node(name, CHR)), DEFINITION)
    assert (str(fault.uri), fault.dm_status) == ("./acc", 404)
    assert "bad name" in fault.sentence


def test_a_leaf_that_says_nothing_about_itself_takes_its_format_from_the_definition():
    assert told(account(ID, addresses(address("a", b"80", CHR, "")))) == []
    assert told(account(ID, Node("Icon", CHR, b"AP8Q"), Node("Addrs", CHR), Node("Ext", CHR))) == [
        "./acc/Addrs: at least one node is needed below it (OneOrN 2) (405)"
    ]
    assert told(account(ID, addresses(address("a", b"x", CHR, "")))) == [f"./acc/Addrs/a/Port: the value 'x' {NOT_INT}"]
    assert told(account(ID, Node("Icon", CHR, b"A"))) == [
        "./acc/Icon: the value 'A' is not base64, as Format bin needs (415)"
    ]
    assert told(account(ID, Node("Icon", CHR, b"\xff"))) == ["./acc/Icon: the value is not text; set Format bin (415)"]


def test_a_withheld_node_is_there_and_that_is_all_that_is_known():
    assert told(account(Node("Id", Format.NULL, withheld=True), Node("Addrs", Format.NULL, withheld=True))) == []


def test_the_name_and_the_identifier_of_the_top_are_the_callers_to_judge():
    named = replace(DEFINITION, name="Account")
    assert faults(replace(account(ID), type="urn:alias"), named, Uri.parse("./X/Y")) == []
    (fault,) = faults(replace(account(), name=""), DEFINITION)
    assert fault == Fault(Uri(("Id",)), "the node is missing (One)", 405)


def test_a_tree_that_was_cut_is_not_judged():
    with pytest.raises(ValueError, match=r"the children of \./acc/Addrs were not read"):
        faults(account(ID, Node("Addrs", NODE, child_count=1)), DEFINITION)


@pytest.mark.parametrize(
    ("node_format", "good", "bad"),
    [
        (
            INT,
            ["0", "-1", "+7", "2147483647", "-2147483648"],
            ["", "1.0", "2147483648", "-2147483649", " 1", "0x1", "\u0661"],
        ),
        (Format.BOOL, ["true", "false"], ["", "1", "True", "false "]),
        (Format.NULL, [""], ["0", " "]),
        (Format.DATE, ["20260115", "2026-01-15", "20240229"], ["2026-0115", "20260230", "260115", "2026-01-15T00:00"]),
        (
            Format.TIME,
            ["080000", "08:00:00Z", "0800", "08:00:00.5+01:30", "235959-05"],
            ["240000", "08:0000", "8:00", "080000X", "080000+25", "08"],
        ),
        (Format.FLOAT, ["1", "-1.5", ".5", "1.", "1e-3", "INF", "-INF", "NaN"], ["", ".", "1,5", "1e", "inf", "0x1"]),
        (CHR, ["", "ü", "a\nb"], []),
        (Format.XML, ["", "<a/>"], []),
    ],
)
def test_values_are_judged_by_their_format(node_format: Format, good: list[str], bad: list[str]):
    definition = Definition("V", node_format)

    def found(text: str) -> list[Fault]:
        return faults(Node("V", node_format, text.encode(), "a/b"), definition)

    assert [text for text in good if found(text)] == []
    assert [text for text in bad if not found(text)] == []
    assert all(fault.dm_status == 415 for text in bad for fault in found(text))


@pytest.mark.parametrize("node_format", [BIN, Format.B64])
def test_octets_are_never_wrong(node_format: Format):
    assert faults(Node("V", node_format, b"\xff\x00", "a/b"), Definition("V", node_format)) == []


def test_every_object_of_the_corpora_keeps_to_its_definition():
    found = [(str(uri), node.type) for uri, node, _ in catalog.registry().objects(load_reference())]
    assert len(found) == 12
    assert tree_faults(load_reference(), catalog.registry()) == []
    assert faults(load_passpoint(), catalog.load("Passpoint")) == []


def test_every_node_of_the_corpora_is_told_from_a_changed_one():
    """The definitions are not so loose that nothing could break them."""
    tree, registry = load_reference(), catalog.registry()
    for uri, node, _ in registry.objects(tree):
        for place, inner in node.walk(uri):
            definition = registry.at(tree, place)
            assert definition is not None
            if inner.is_leaf:
                other = INT if inner.format is not INT else CHR
                assert faults(replace(inner, format=other, value=b"1", type="a/b"), definition)


def test_the_subscription_of_another_project_keeps_to_the_definition():
    folder = os.environ.get("SMARTDM_SAMPLES")
    if not folder:
        pytest.skip("set SMARTDM_SAMPLES to a folder with mo/PerProviderSubscription.xml (Android Open Source Project)")
    node = tnds.decode((Path(folder) / "mo" / "PerProviderSubscription.xml").read_bytes()).node
    assert node.count() == 109
    assert faults(node, catalog.load("Passpoint")) == []


def interior(name: str, *children: Definition) -> Definition:
    return Definition(name, NODE, children=children)


def chain(levels: int) -> Definition:
    top = Definition("x", CHR)
    for _ in range(levels - 1):
        top = interior("x", top)
    return top


LEAF, PLACEHOLDER = Definition("A", CHR), Definition("", CHR)


@pytest.mark.parametrize(
    ("definition", "sentences"),
    [
        (DEFINITION, []),
        (interior(TREE_ROOT, LEAF), []),
        (interior("T", PLACEHOLDER, interior(""), LEAF), []),
        (interior("T", LEAF, LEAF), [".: two nodes 'A' below it"]),
        (
            interior("T", PLACEHOLDER, PLACEHOLDER),
            [".: two placeholders for leaves below it; which of them describes a node could not be told"],
        ),
        (
            interior("T", interior(""), interior("")),
            [".: two placeholders for interior nodes below it; which of them describes a node could not be told"],
        ),
        (
            interior("T", replace(LEAF, access=Access(0))),
            ["./A: AccessType is empty: no command could ever reach the node"],
        ),
        (
            replace(LEAF, scope=Scope.PERMANENT, access=Access.DELETE),
            [".: Scope is Permanent, but AccessType has Delete"],
        ),
        (
            replace(LEAF, occurrence=ONE_OR_MORE),
            [".: Occurrence is OneOrMore, but a node with a name is there once at most"],
        ),
        (replace(LEAF, format=Format.BOOL, default="1"),
         [".: DefaultValue: the value '1' is not 'true' or 'false', as Format bool needs"]),
        (replace(LEAF, format=BIN, default="A"), [".: DefaultValue: the value 'A' is not base64, as Format bin needs"]),
        (replace(LEAF, name="x" * 64, title="x" * 127, types=("x" * 127,)), []),
        (replace(LEAF, name="é" * 33), [".: the name has 66 bytes; a card takes 64"]),
        (replace(LEAF, title="x" * 128), [".: the DFTitle has 128 bytes; a card takes 127"]),
        (replace(LEAF, types=("a", "x" * 128)), [".: the DFType has 128 bytes; a card takes 127"]),
        (replace(LEAF, types=tuple(f"a/{n}" for n in range(64))), []),
        (replace(LEAF, types=tuple(f"a/{n}" for n in range(65))), [".: 65 types; a card takes 64"]),
        (replace(PLACEHOLDER, occurrence=Occurrence(0, 255)), []),
        (
            replace(PLACEHOLDER, occurrence=Occurrence(0, 256)),
            [".: Occurrence is ZeroOrN 256; a card counts to 255, so write OrMore instead of OrN"],
        ),
        (interior("T", *(Definition(f"n{number}", CHR) for number in range(240))), []),
        (
            interior("T", *(Definition(f"n{number}", CHR) for number in range(241))),
            [".: 241 nodes directly below it; a card takes 240"],
        ),
        (chain(16), []),
        (chain(18), [f"./{'/'.join('x' * 16)}: more than 16 levels; a card cannot hold it"]),
    ],
)  # fmt: skip
def test_a_definition_is_held_to_sense_and_to_what_a_card_holds(definition: Definition, sentences: list[str]):
    assert [str(fault) for fault in definition_faults(definition)] == sentences


def test_a_card_holds_so_many_definitions():
    branches = [interior(f"b{branch}", *(Definition(f"n{n}", CHR) for n in range(200))) for branch in range(3)]
    assert [str(fault) for fault in definition_faults(interior("T", *branches))] == [
        ".: 604 nodes; a card holds at most 503"
    ]


def test_the_limits_and_statuses_are_those_of_the_card():
    assert wire.Limit.NAME == validate.MAX_NAME
    assert validate.MAX_TEXT == wire.Limit.TEXT
    assert validate.MAX_CHILDREN == wire.Limit.CHILDREN
    assert validate.MAX_DEPTH == wire.Limit.DEPTH
    assert validate.MAX_DEFINITIONS == (wire.DEFINITION_ID_HIGH + 1) * 256 - wire.Principal.FIRST_SERVER
    assert wire.DEFINITION_REQUIRED == validate.MAX_TYPES
    assert wire.Sw.NOT_DEFINED.dm_status == validate.NOT_DEFINED
    assert wire.Sw.OCCURRENCE.dm_status == validate.OCCURRENCE
    assert wire.Sw.ALREADY_EXISTS.dm_status == validate.ALREADY_EXISTS
    assert wire.Sw.NAME_TOO_LONG.dm_status == validate.TOO_LONG
    assert validate.WRONG_FORMAT == wire.Sw.BAD_FORMAT.dm_status == wire.Sw.BAD_TYPE.dm_status
