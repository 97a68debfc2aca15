from dataclasses import replace

import pytest
from hypothesis import given

from smartdm import wire
from smartdm.mo.definition import (
    ONE,
    ONE_OR_MORE,
    ZERO_OR_MORE,
    ZERO_OR_ONE,
    Access,
    Definition,
    Occurrence,
    Registry,
    definition_of,
)
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from tests.unit.ddfs import tops

NODE, CHR = Format.NODE, Format.CHR


def interior(name: str, *children: Definition, mo_id: str = "") -> Definition:
    return Definition(name, NODE, types=(mo_id,) if mo_id else (), children=children)


PORT = Definition("Port", Format.INT)
ADDRESS = interior("", Definition("Addr", CHR), PORT)
SPECIAL = interior("special", Definition("Only", CHR))
EXT = interior("Ext")
ACCOUNT = interior("", Definition("Id", CHR), interior("Addrs", ADDRESS, SPECIAL), EXT, mo_id="urn:account")


def uri(text: str) -> Uri:
    return Uri.parse(text)


def test_a_path_finds_the_definition_and_a_named_one_wins_over_the_placeholder():
    assert ACCOUNT.find(ROOT) is ACCOUNT
    assert ACCOUNT.find(uri("Addrs/home/Port")) is PORT
    assert ACCOUNT.find(uri("Addrs/special")) is SPECIAL
    assert ACCOUNT.find(uri("Addrs/*")) is ADDRESS
    assert definition_of(ACCOUNT, ["Addrs", "home"]) is ADDRESS


@pytest.mark.parametrize("path", ["Nix", "Id/X", "Addrs/home/Nix", "Addrs/special/Addr", "Addrs/home/Port/X"])
def test_a_path_that_no_node_can_have_has_no_definition(path: str):
    assert ACCOUNT.find(uri(path)) is None


def test_below_an_open_node_the_open_node_is_the_definition():
    assert ACCOUNT.find(uri("Ext/Any/Thing")) is EXT
    assert (EXT.is_open, ACCOUNT.is_open, PORT.is_open) == (True, False, False)


def test_of_two_placeholders_the_kind_of_node_decides():
    leaf, inner = Definition("", CHR), interior("")
    both = interior("A", leaf, inner)
    assert both.child("x", leaf=True) is leaf
    assert both.child("x", leaf=False) is inner
    assert both.child("x") is leaf
    assert interior("A", inner).child("x", leaf=True) is inner


def test_the_placeholder_is_not_found_by_its_own_empty_name_among_named_ones():
    assert interior("A", PORT).child("") is None


def test_definitions_come_in_pre_order_or_level_by_level_with_their_paths():
    walked = ["./*", "./*/Id", "./*/Addrs", "./*/Addrs/*", "./*/Addrs/*/Addr", "./*/Addrs/*/Port"]
    walked += ["./*/Addrs/special", "./*/Addrs/special/Only", "./*/Ext"]
    assert [str(path) for path, _ in ACCOUNT.walk()] == walked
    levels = [str(path) for path, _ in ACCOUNT.levels()]
    assert levels == [
        "./*",
        "./*/Id",
        "./*/Addrs",
        "./*/Ext",
        "./*/Addrs/*",
        "./*/Addrs/special",
        *walked[4:6],
        walked[7],
    ]
    assert [str(path) for path, _ in EXT.walk(uri("./X"))] == ["./X"]
    assert [str(path) for path, _ in interior(".", PORT).walk()] == [".", "./Port"]


@given(tops)
def test_both_orders_hold_each_definition_once_and_parents_first(top: Definition):
    walked, levels = list(top.walk()), list(top.levels())
    assert len(walked) == len(levels) == top.count()
    assert sorted(map(str, dict(walked))) == sorted(map(str, dict(levels)))
    depths = [path.depth for path, _ in levels]
    assert depths == sorted(depths)
    assert walked[0] == levels[0]


@pytest.mark.parametrize(
    ("occurrence", "text", "good", "bad"),
    [
        (ONE, "One", [1], [0, 2]),
        (ZERO_OR_ONE, "ZeroOrOne", [0, 1], [2]),
        (ZERO_OR_MORE, "ZeroOrMore", [0, 1, 1000], []),
        (ONE_OR_MORE, "OneOrMore", [1, 1000], [0]),
        (Occurrence(0, 3), "ZeroOrN 3", [0, 3], [4]),
        (Occurrence(1, 3), "OneOrN 3", [1, 3], [0, 4]),
    ],
)
def test_an_occurrence_counts(occurrence: Occurrence, text: str, good: list[int], bad: list[int]):
    assert str(occurrence) == text
    assert all(occurrence.allows(count) for count in good)
    assert not any(occurrence.allows(count) for count in bad)


@pytest.mark.parametrize(("minimum", "maximum"), [(2, 3), (-1, 1), (0, 0), (1, 65_537)])
def test_an_occurrence_that_no_ddf_can_say_is_refused(minimum: int, maximum: int):
    with pytest.raises(ValueError, match="an Occurrence"):
        Occurrence(minimum, maximum)


def test_access_has_the_numbers_of_the_card():
    assert {member.name: member.value for member in Access} == {
        member.name: member.value for member in wire.Access if member.name != "PERMANENT"
    }
    assert (Access.REPLACE | Access.ADD | Access.COPY).titles == ("Add", "Copy", "Replace")


def test_only_what_a_ddf_can_say_can_be_built():
    with pytest.raises(ValueError, match="leaf 'A' cannot have children"):
        Definition("A", CHR, children=(PORT,))
    with pytest.raises(ValueError, match="one identifier at most"):
        Definition("A", NODE, types=("a", "b"))
    with pytest.raises(ValueError, match="no default"):
        Definition("A", NODE, default="")
    for types in [("",), ("a/b", "a/b")]:
        with pytest.raises(ValueError, match="types of 'A'"):
            Definition("A", CHR, types=types)


def node(name: str, *children: Node, type: str = "") -> Node:  # noqa: A002 - the property's name
    return Node(name, NODE, type=type, children=children)


HOME = node("home", Node("Addr", CHR, b"x"))
TREE = node(
    "",
    node(
        "Accounts",
        node("a", Node("Id", CHR), node("Addrs", HOME), node("Ext", node("b", type="urn:other")), type="urn:account"),
    ),
    node("c", Node("Id", CHR), type="urn:alias"),
    Node("urn", CHR, type="urn:account"),
)
OTHER = interior("Other", mo_id="urn:other")
REGISTRY = Registry([interior("Accounts", ACCOUNT), OTHER], {"urn:alias": "urn:account"})


def test_an_identifier_and_its_aliases_lead_to_the_definition():
    assert REGISTRY.by_id("urn:account") is REGISTRY.by_id("urn:alias") is ACCOUNT
    assert REGISTRY.by_id("urn:nix") is None
    assert REGISTRY.by_id("") is None


def test_the_objects_of_a_tree_are_found_also_inside_open_nodes():
    found = [(str(place), definition) for place, _, definition in REGISTRY.objects(TREE)]
    assert found == [("./Accounts/a", ACCOUNT), ("./Accounts/a/Ext/b", OTHER), ("./c", ACCOUNT)]
    assert [str(place) for place, _, _ in REGISTRY.objects(HOME, uri("./X"))] == []


def test_an_object_inside_a_defined_part_of_another_is_part_of_that():
    stray = replace(HOME, type="urn:other")
    tree = node("a", node("Addrs", stray), type="urn:account")
    assert [str(place) for place, _, _ in REGISTRY.objects(tree)] == ["."]
    assert REGISTRY.at(tree, uri("Addrs/home")) is ADDRESS


@pytest.mark.parametrize(
    ("path", "definition"),
    [
        (".", None),
        ("Accounts", None),
        ("Accounts/a", ACCOUNT),
        ("Accounts/a/Addrs/home", ADDRESS),
        ("Accounts/a/Addrs/home/Addr", ADDRESS.children[0]),
        ("Accounts/a/Addrs/nix", None),
        ("Accounts/a/Ext", EXT),
        ("Accounts/a/Ext/b", OTHER),
        ("c/Id", ACCOUNT.children[0]),
        ("urn", None),
    ],
)
def test_a_node_of_a_tree_is_defined_by_the_object_it_belongs_to(path: str, definition: Definition | None):
    assert REGISTRY.at(TREE, uri(path)) is definition
