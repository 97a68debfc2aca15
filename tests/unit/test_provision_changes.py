"""Changes lead from what is there to what is wanted, in an order that a card can take."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.place import UPLOADS
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Registry
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.changes import Action, Change, Terms, changes
from smartdm.provision.commands import commands, completed, large_values
from smartdm.provision.target import Rules, Target, target_of
from smartdm.provision.wishes import Wish, wishes_of
from tests.unit.wished import after, plain, roots

RULES = Rules(Registry(()))


def wanted(present: Node, node: Node, *, exact: bool) -> Target:
    wishes = dict(wishes_of(ROOT, node, "p", exact=exact))
    return target_of(present, {uri: wish for uri, wish in wishes.items() if not uri.is_root or wish.exact}, RULES)


def between(present: Node, target: Target) -> list[Change]:
    ids = {uri: number for number, (uri, _) in enumerate(present.walk())}
    return changes(present, target.tree, Terms(lambda _: "", target.renewed, target.blind), ids)


def leaf(name: str, value: bytes = b"", **more: object) -> Node:
    return Node(name, Format.CHR, value, **more)  # type: ignore[arg-type]


def branch(name: str, *children: Node, **more: object) -> Node:
    return Node(name, Format.NODE, children=children, **more)  # type: ignore[arg-type]


@given(roots, roots, st.booleans())
def test_the_changes_make_the_target_of_any_tree(present: Node, node: Node, exact: bool):
    target = wanted(present, node, exact=exact)
    found = between(present, target)
    assert plain(after(present, found)) == plain(target.tree)


@given(roots, roots, st.booleans())
def test_once_they_are_done_there_is_nothing_to_do(present: Node, node: Node, exact: bool):
    done = after(present, between(present, wanted(present, node, exact=exact)))
    assert not between(done, wanted(done, node, exact=exact))


@given(roots, roots)
def test_exact_leaves_nothing_else(present: Node, node: Node):
    target = wanted(present, node, exact=True).tree
    assert {uri for uri, _ in target.walk()} == {uri for uri, _ in node.walk()}
    for uri, inner in node.walk():
        found = target.find(uri)
        assert found is not None
        assert found.value == inner.value
        assert inner.title in {"", found.title}


@given(roots, roots)
def test_what_is_not_spoken_of_stays(present: Node, node: Node):
    target = wanted(present, node, exact=False)
    for uri, inner in present.walk():
        if node.find(uri) is None and not any(above in target.renewed for above in (uri, *_above(uri))):
            assert plain(target.tree.find(uri) or node) == plain(inner)


@given(roots, roots)
def test_values_that_are_uploaded_come_to_the_same(present: Node, node: Node):
    target = wanted(present, node, exact=True)
    found = between(present, target)
    uploads = {uri: (UPLOADS / "x", None) for uri, _ in large_values(found)}
    whole = completed(found, uploads)
    for change in whole:
        if change.action is Action.ADD and change.new is not None:
            assert not any(len(inner.value) > 1792 for _, inner in change.new.walk())
    assert plain(after(present, whole)) == plain(target.tree)
    made = commands(found, (), uploads, None)
    assert len(made.batch.entries) == len(made.about)
    assert made.batch.parts()


@given(roots, roots, st.booleans())
def test_no_command_comes_behind_the_acl_that_counts_for_it(present: Node, node: Node, exact: bool):
    found = between(present, wanted(present, node, exact=exact))
    for number, change in enumerate(found):
        if change.action is Action.ACL:
            below = [later.uri for later in found[number + 1 :] if change.uri in (later.uri, *_above(later.uri))]
            assert not below, f"the ACL of {change.uri} comes before {below}"


def _above(uri: Uri) -> list[Uri]:
    return [Uri(uri.segments[:depth]) for depth in range(uri.depth)]


def test_the_order_is_that_of_the_contract():
    present = branch(
        "",
        branch("Deep", branch("Er", leaf("Old"))),
        leaf("V1", b"1"),
        leaf("V2", b"2", title="t"),
        leaf("Gone"),
        branch("Acl", leaf("Inner")),
    )
    node = branch(
        "",
        branch("Deep", branch("Er")),
        leaf("V1", b"x", title="u"),
        leaf("V2", b"y", title="u"),
        branch("Acl", leaf("Inner", acl=Acl.parse("Get=*")), acl=Acl.parse("Get=*")),
        branch("New", leaf("A"), leaf("B")),
        leaf("Small"),
    )
    found = between(present, wanted(present, node, exact=True))
    assert [(change.action.name, str(change.uri)) for change in found] == [
        ("REMOVE", "./Deep/Er/Old"),
        ("REMOVE", "./Gone"),
        ("ADD", "./Small"),
        ("ADD", "./New"),
        ("REPLACE", "./V1"),
        ("REPLACE", "./V2"),
        ("TITLE", "./V1"),
        ("TITLE", "./V2"),
        ("ACL", "./Acl/Inner"),
        ("ACL", "./Acl"),
    ]


def test_what_comes_below_one_node_comes_in_one_command():
    present = branch("", branch("A"), branch("B"), leaf("V", b"1"))
    children = [branch(name, leaf("x"), branch("y", leaf("z")), leaf("w")) for name in "AB"]
    target = wanted(present, branch("", *children, branch("C", leaf("x")), leaf("D"), leaf("V", b"2")), exact=False)
    found = between(present, target)
    made = commands(found, ("s", "t"), {}, None)
    assert made.batch.names == [
        "Add servers s, t",
        "Add ./D, ./C",
        "Add ./A/x, ./A/w, ./A/y",
        "Add ./B/x, ./B/w, ./B/y",
        "Replace ./V",
    ]
    assert [len(group) for group in made.about] == [0, 2, 3, 3, 1]
    assert [change for group in made.about for change in group] == found


def test_values_and_titles_go_by_node_id():
    present = branch("", *(leaf(name, b"1") for name in "ABC"))
    target = branch("", *(leaf(name, b"2", title="t") for name in "ABC"))
    ids = {ROOT / "A": 30, ROOT / "B": 10, ROOT / "C": 20}
    found = changes(present, target, Terms(lambda _: "", {}), ids)
    assert [change.uri.name for change in found] == ["B", "C", "A", "B", "C", "A"]


def test_a_node_that_must_be_there_goes_after_the_one_that_comes():
    present, target = branch("", leaf("Old")), branch("", leaf("New"))
    found = changes(present, target, Terms(lambda _: "", {}, {}, lambda uri: uri.name == "Old"), {})
    assert [change.action for change in found] == [Action.ADD, Action.REMOVE_LATE]


def test_a_leaf_that_becomes_interior_is_deleted_and_added():
    present, node = branch("", leaf("A", b"1")), branch("", branch("A", leaf("B", b"2")))
    found = between(present, wanted(present, node, exact=False))
    assert [(change.action.name, change.reason) for change in found] == [
        ("REMOVE", "it is a leaf, wanted is the other"),
        ("ADD", ""),
    ]


def test_what_lies_below_is_kept_when_the_type_of_an_interior_node_changes():
    present = branch("", branch("A", leaf("Kept", b"1"), type="urn:old"))
    target = wanted(present, branch("", branch("A", leaf("New"), type="urn:new")), exact=False)
    assert {str(uri) for uri, _ in target.tree.walk()} == {".", "./A", "./A/Kept", "./A/New"}
    assert plain(after(present, between(present, target))) == plain(target.tree)


def test_a_value_that_cannot_be_read_is_written_without_a_look():
    present = branch("", Node("S", Format.NULL, withheld=True, verno=3))
    target = target_of(present, {ROOT / "S": Wish("p", b"secret", hint=Format.CHR)}, RULES)
    (change,) = between(present, target)
    assert (change.action, change.properties) == (Action.REPLACE, (("value", None, b"secret"),))
    assert not changes(present, target.tree, Terms(lambda _: "", {}, {}), {})


def test_the_acl_above_a_large_new_leaf_comes_last():
    acl = Acl.parse("Get=*")
    new = branch("A", replace(leaf("Big", b"x" * 5000), acl=acl), leaf("Small", acl=acl), acl=acl)
    done = completed([Change(Action.ADD, ROOT / "A", None, new, "")], {ROOT / "A" / "Big": (UPLOADS / "x", None)})
    assert [(change.action.name, str(change.uri)) for change in done] == [
        ("ADD", "./A"),
        ("REPLACE", "./A/Big"),
        ("ACL", "./A/Big"),
        ("ACL", "./A"),
    ]
    assert done[0].new is not None
    assert [bool(inner.acl) for _, inner in done[0].new.walk()] == [False, False, True]
