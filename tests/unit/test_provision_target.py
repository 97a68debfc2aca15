"""The wanted tree: what the profile says, completed by definitions, and held to them."""

from collections.abc import Mapping

import pytest

from smartdm.codec import catalog
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ONE_OR_MORE, ZERO_OR_ONE, Access, Definition, Registry
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.target import Rules, Target, target_of
from smartdm.provision.wishes import Wish, wishes_of
from tests.corpus import load_passpoint

ALL = Access.ADD | Access.DELETE | Access.GET | Access.REPLACE
MAIL = Definition(
    "",
    Format.NODE,
    ALL,
    ("urn:mail",),
    children=(
        Definition("Addr", Format.CHR, ALL, ("text/plain",), title="Where"),
        Definition("Port", Format.INT, ALL, title="Port", occurrence=ZERO_OR_ONE),
        Definition("Icon", Format.BIN, ALL, ("image/png", "image/jpeg"), occurrence=ZERO_OR_ONE),
        Definition("Secret", Format.CHR, Access.REPLACE, ("text/plain",), title="Key", occurrence=ZERO_OR_ONE),
        Definition("Ext", Format.NODE, ALL, occurrence=ZERO_OR_ONE),
        Definition(
            "List",
            Format.NODE,
            ALL,
            occurrence=ZERO_OR_ONE,
            children=(Definition("", Format.CHR, ALL, occurrence=ONE_OR_MORE),),
        ),
    ),
)
ENFORCED = Rules(Registry([MAIL]), {"urn:mail"})
KNOWN = Rules(Registry([MAIL]))
EMPTY = Node("", Format.NODE)
BOX = ROOT / "Box"


def branch(name: str, *children: Node, **more: object) -> Node:
    return Node(name, Format.NODE, children=children, **more)  # type: ignore[arg-type]


def silent(name: str, value: bytes = b"") -> Node:
    return Node(name, Format.CHR, value)


def box(*children: Node) -> Node:
    return branch("Box", *children, type="urn:mail")


def wanted(node: Node, present: Node = EMPTY, rules: Rules = ENFORCED, *, exact: bool = False) -> Target:
    return target_of(present, dict(wishes_of(ROOT / node.name, node, "p", exact=exact)), rules)


def one(wishes: Mapping[str, Wish], present: Node = EMPTY, rules: Rules = ENFORCED) -> Target:
    return target_of(present, {Uri.parse(text): wish for text, wish in wishes.items()}, rules)


def at(target: Target, text: str) -> Node:
    found = target.tree.find(Uri.parse(text))
    assert found is not None
    return found


def sentences(target: Target) -> list[str]:
    return [str(fault) for fault in target.faults]


def test_nodes_that_say_nothing_take_it_from_their_definition():
    target = wanted(box(silent("Addr", b"a"), silent("Port", b"25"), silent("Icon", b"AP8="), silent("Ext")))
    assert not target.faults
    assert at(target, "./Box/Addr") == Node("Addr", Format.CHR, b"a", "text/plain", "Where")
    assert at(target, "./Box/Port") == Node("Port", Format.INT, b"25", "", "Port")
    assert at(target, "./Box/Icon") == Node("Icon", Format.BIN, b"\x00\xff", "image/png")
    assert at(target, "./Box/Ext") == branch("Ext")


def test_titles_come_from_definitions_only_where_the_card_holds_them():
    assert at(wanted(box(silent("Addr", b"a")), rules=KNOWN), "./Box/Addr").title == ""


def test_what_goes_without_saying_is_not_wanted():
    port = Node("Port", Format.INT, b"25", "text/plain")
    assert at(wanted(box(silent("Addr"), port)), "./Box/Port").type == ""


def test_a_further_type_stays():
    present = branch("", box(silent("Addr"), Node("Icon", Format.BIN, b"1", "image/jpeg", definition=9)))
    target = wanted(box(silent("Icon", b"Mg==")), present)
    assert at(target, "./Box/Icon") == Node("Icon", Format.BIN, b"2", "image/jpeg")


def test_text_that_is_no_base64_cannot_be_a_binary_value():
    target = wanted(box(silent("Addr"), silent("Icon", b"?")))
    assert sentences(target) == ["./Box/Icon: the value is not base64, as text for Format bin must be (415)"]


def test_all_faults_are_told():
    nodes = silent("Port", b"many"), silent("Nix"), Node("Icon", Format.CHR, b"x", "text/plain"), branch("List")
    assert sentences(wanted(box(*nodes))) == [
        "./Box/Addr: the node is missing (One) (405)",
        "./Box/Icon: Format is chr; it must be bin (415)",
        "./Box/List: at least one node is needed below it (OneOrMore) (405)",
        "./Box/Nix: the definition has no such node; it has Addr, Port, Icon, Secret, Ext, List (405)",
        "./Box/Port: the value 'many' is not a whole number from -2147483648 to 2147483647, as Format int needs (415)",
    ]


def test_objects_that_the_profile_does_not_speak_of_are_not_judged():
    present = branch("", branch("Other", type="urn:mail"))
    assert not wanted(box(silent("Addr")), present).faults
    assert one({"./Other/Port": Wish("p", b"1", Format.INT)}, present).faults


def test_values_outside_of_objects_suit_their_format():
    target = one({"./A": Wish("p", b"x", Format.INT), "./B": Wish("p", b"\xff", Format.CHR)})
    assert [fault.dm_status for fault in target.faults] == [415, 415]


@pytest.mark.parametrize(
    "wish", [Wish("p", title="x" * 128), Wish("p", b"", type="x" * 128), Wish("p", b"x" * 60000, Format.CHR)]
)
def test_what_no_command_can_carry_is_a_fault(wish: Wish):
    (fault,) = one({"./A": wish}).faults
    assert "is the most" in fault.sentence


def test_a_plain_leaf_keeps_what_the_profile_does_not_say():
    present = branch("", Node("A", Format.INT, b"1", "text/x", "T", Acl.parse("Get=*")))
    assert at(one({"./A": Wish("p", b"2", hint=Format.CHR)}, present), "./A") == Node(
        "A", Format.INT, b"2", "text/x", "T", Acl.parse("Get=*")
    )
    assert at(one({"./A": Wish("p", title="", acl=Acl())}, present), "./A") == Node("A", Format.INT, b"1", "text/x")


def test_a_new_leaf_has_the_usual_format_and_type():
    found = at(one({"./A": Wish("p", b"2", hint=Format.INT, hint_type="text/plain")}), "./A")
    assert (found.format, found.type) == (Format.INT, "text/plain")


def test_exact_removes_what_the_file_has_not_but_no_properties():
    present = branch("", branch("B", silent("Old"), branch("Deep", silent("Old")), title="T", acl=Acl.parse("Get=*")))
    target = wanted(branch("B", branch("Deep")), present, exact=True)
    assert target.tree == branch("", branch("B", branch("Deep"), title="T", acl=Acl.parse("Get=*")))
    kept = wanted(branch("B", branch("Deep")), present)
    assert kept.tree == present


def test_removed_nodes_are_gone():
    present = branch("", branch("A", silent("B"), silent("C")))
    gone = Wish("p", absent=True)
    assert one({"./A/B": gone, "./Nix/X": gone}, present).tree == branch("", branch("A", silent("C")))


def test_the_root_stays_an_interior_node_without_a_type():
    assert "root" in sentences(one({".": Wish("p", type="urn:x")}))[0]
    assert one({".": Wish("p", acl=Acl.parse("Get=*"))}).tree.acl == Acl.parse("Get=*")


def withheld(name: str, format_: Format = Format.NULL) -> Node:
    return Node(name, format_, withheld=True, verno=4)


def test_a_secret_is_written_blindly_with_what_is_not_usual():
    present = branch("", branch("Box", silent("Addr"), withheld("Secret", Format.CHR), type="urn:mail", definition=7))
    target = wanted(box(Node("Secret", Format.CHR, b"s", "text/plain", "Key")), present)
    assert target.blind == {BOX / "Secret": frozenset({"value"})}
    target = wanted(box(Node("Secret", Format.CHR, b"s", "text/plain", "Mine", Acl.parse("Get=*"))), present)
    assert target.blind == {BOX / "Secret": frozenset({"value", "title", "acl"})}


def test_a_secret_that_is_not_spoken_of_stays():
    present = branch("", withheld("S"), branch("A", withheld("S")))
    assert one({"./A/B": Wish("p", b"1", Format.INT)}, present).tree.child("S") == withheld("S")


def test_an_interior_node_that_cannot_be_read_cannot_be_exact():
    target = wanted(branch("A", silent("B")), branch("", withheld("A")), exact=True)
    assert [fault.dm_status for fault in target.faults] == [425]
    assert not wanted(branch("A", silent("B")), branch("", withheld("A"))).faults


def test_a_secret_cannot_be_kept_when_what_is_above_is_added_again():
    present = branch("", branch("A", withheld("S"), type="urn:old"))
    assert [str(fault.uri) for fault in wanted(branch("A", type="urn:new"), present).faults] == ["./A/S"]


def test_real_files_keep_to_their_definitions():
    rules = Rules(catalog.registry(), {load_passpoint().type})
    target = wanted(load_passpoint(), rules=rules)
    assert not target.faults
    assert target.tree.count() == load_passpoint().count() + 1
