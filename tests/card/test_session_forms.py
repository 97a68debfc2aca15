"""Commands that depend on those before them in the same batch, on a card with definitions."""

from __future__ import annotations

import pytest

from smartdm.errors import AlreadyExists, BadRequest, CardError, CommandNotAllowed
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ZERO_OR_MORE, ZERO_OR_ONE, Access, Definition, Scope
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Mode, Session
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.store import Watch, branch, leaf, pattern, refusal, uri

ALL = Access.ADD | Access.DELETE | Access.GET | Access.REPLACE | Access.COPY
KEY = Definition("K", Format.CHR, ALL, ("text/plain", "a/b"), occurrence=ZERO_OR_ONE)
NUMBER = Definition("I", Format.INT, ALL, occurrence=ZERO_OR_ONE)
SUB = Definition("", Format.NODE, ALL, children=(NUMBER,), occurrence=ZERO_OR_MORE)
OBJECT = Definition("", Format.NODE, ALL, ("x.y",), occurrence=ZERO_OR_MORE, children=(KEY, NUMBER, SUB))
LONG = pattern(1, 3000)
FIRST, SECOND = "text/plain", "a/b"


def an_object(*children: Node, name: str = "M") -> Node:
    return branch(name, *children, type="x.y")


def key(value: bytes = b"1", node_type: str = FIRST) -> Node:
    return leaf("K", value, node_type)


def number(value: bytes = b"5") -> Node:
    return Node("I", Format.INT, value)


def free(*children: Node) -> Node:
    """What stands where an object could be, but is none."""
    return branch("M", *children)


@pytest.fixture
def defined(session: Session) -> Session:
    """A card with the definition, an object, and a leaf to copy from."""
    session.apply(Batch().define(OBJECT))
    session.apply(Batch().add(ROOT, an_object(key()), leaf("src", b"77"), branch("Free")))
    return session


def check(session: Session, wanted: Node, *without: str) -> None:
    """The node is there as wanted, and all below have their definitions but those ``without``."""
    found = session.read(uri(wanted.name))
    assert diff(wanted, found) == []
    assert {str(where) for where, node in found.walk() if node.definition is None} == set(without)


CASES: list[tuple[Batch, Node, list[str]]] = [
    # What the batch adds.
    (
        Batch().add(uri("Free"), an_object(key())).replace(uri("Free/M/K"), b"2", Format.CHR, FIRST),
        branch("Free", an_object(key(b"2"))),
        ["."],
    ),
    (
        Batch().add(uri("Free"), an_object(key())).replace(uri("Free/M/K"), b"2", Format.CHR, SECOND),
        branch("Free", an_object(key(b"2", SECOND))),
        ["."],
    ),
    (
        Batch().add(uri("M"), branch("s"), number()).add(uri("M/s"), number(b"6")),
        an_object(key(), branch("s", number(b"6")), number()),
        [],
    ),
    # What it renames.
    (
        Batch().rename(uri("M"), "Z").add(uri("Z"), number()).replace(uri("Z/K"), b"2", Format.CHR, SECOND),
        an_object(key(b"2", SECOND), number(), name="Z"),
        [],
    ),
    (
        Batch().rename(uri("M"), "Z").add(ROOT, free(number())).replace(uri("M/I"), b"x", Format.CHR, "u/v"),
        free(leaf("I", b"x", "u/v")),
        [".", "./I"],
    ),
    (
        Batch().add(uri("M"), branch("s", number())).rename(uri("M/s"), "t").delete(uri("M/t/I")).add(
            uri("M/t"), number(b"6")
        ),
        an_object(key(), branch("t", number(b"6"))),
        [],
    ),
    # What it deletes.
    (
        Batch().delete(uri("M")).add(ROOT, free(Node("K", Format.BIN))).replace(uri("M/K"), b"2", Format.INT, "u/v"),
        free(Node("K", Format.INT, b"2", "u/v")),
        [".", "./K"],
    ),
    (
        Batch().delete(uri("M")).add(ROOT, free()).add(uri("M"), leaf("Any", b"2", "u/v")),
        free(leaf("Any", b"2", "u/v")),
        [".", "./Any"],
    ),
    (
        Batch().delete(uri("Free")).add(ROOT, an_object(name="Free")).add(uri("Free"), key(), number()),
        an_object(key(), number(), name="Free"),
        [],
    ),
    (
        Batch().erase().add(ROOT, free()).add(uri("M"), leaf("Any")),
        free(leaf("Any")),
        [".", "./Any"],
    ),
    # What it copies.
    (Batch().copy(uri("src"), uri("M/I"), number(b"")), an_object(key(), number(b"77")), []),
    (Batch().copy(uri("src"), uri("M/I"), Node("I", Format.CHR)), an_object(key(), number(b"77")), []),
    (
        Batch().copy(uri("src"), uri("M/K"), kind=(Format.CHR, SECOND)).copy(uri("M/K"), uri("M/I"), number(b"")),
        an_object(key(b"77", SECOND), number(b"77")),
        [],
    ),
    (
        Batch().delete(uri("M/K")).copy(uri("src"), uri("M/K"), key(b"", SECOND)).rename(uri("M"), "Z").copy(
            uri("src"), uri("Z/K"), kind=(Format.CHR, FIRST)
        ),
        an_object(key(b"77"), name="Z"),
        [],
    ),
    (
        Batch().copy(uri("src"), uri("Free/c"), Node("c", Format.INT, type="u/v")).copy(
            uri("src"), uri("Free/c"), kind=(Format.BIN, "w/x")
        ),
        branch("Free", Node("c", Format.BIN, b"77", "w/x")),
        [".", "./c"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].names[-1])
def test_after_the_batch_the_tree_is_what_was_asked_for(
    defined: Session, device: Device, case: tuple[Batch, Node, list[str]], known: bool
):
    batch, wanted, without = case
    other = defined if known else device.open()
    other.apply(batch)
    check(other, wanted, *without)


def test_what_the_batch_itself_tells_is_not_asked_of_the_card(defined: Session, device: Device):
    watch = Watch(device.sim)
    session = watch.open()
    assert session.registry.roots
    before = watch.answers.total()
    batch = Batch().add(ROOT, an_object(key(), name="N")).replace(uri("N/K"), b"2", Format.CHR, SECOND)
    session.apply(batch.add(uri("N"), branch("s")).copy(uri("src"), uri("N/s/I"), number(b"")).rename(uri("N"), "O"))
    assert watch.answers.total() - before == len(batch.parts())
    check(defined, an_object(key(b"2", SECOND), branch("s", number(b"77")), name="O"))


@pytest.mark.parametrize("node_type", [FIRST, SECOND, ""])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_large_value_comes_with_a_type_of_the_definition(
    defined: Session, device: Device, node_type: str, known: bool
):
    session = defined if known else device.open()
    session.put_value(uri("M/K"), LONG, (Format.CHR, node_type))
    check(session, an_object(key(LONG, node_type or FIRST)))
    assert session.uploads() == []


def test_an_upload_can_be_taken_by_a_leaf_that_the_batch_has_moved_or_made(defined: Session):
    place = defined.upload(uri("M/K"), LONG)
    defined.apply(Batch().rename(uri("M"), "Z").copy(place, uri("Z/K"), kind=(Format.CHR, SECOND)))
    check(defined, an_object(key(LONG, SECOND), name="Z"))
    place = defined.upload(uri("M/K"), LONG)
    defined.apply(Batch().add(ROOT, an_object()).copy(place, uri("M/K"), key(b"", SECOND)))
    check(defined, an_object(key(LONG, SECOND)))


def test_a_large_value_with_a_type_that_the_definition_lacks_is_refused_in_the_words_of_the_user(defined: Session):
    with pytest.raises(BadRequest, match=r"the uploaded value to \./M/K: .*6AE3") as caught:
        defined.put_value(uri("M/K"), LONG, (Format.CHR, "u/v"))
    assert "lists text/plain, a/b, not u/v" in caught.value.__notes__[0]
    assert defined.uploads() == []
    check(defined, an_object(key()))


@pytest.mark.parametrize(
    ("batch", "sw"),
    [
        (Batch().copy(uri("src"), uri("M/Z"), Node("Z", Format.CHR)), Sw.BAD_FORMAT),
        (Batch().copy(uri("src"), uri("M/I"), Node("I", Format.BIN)), Sw.BAD_FORMAT),
        (Batch().rename(uri("M"), "Z").copy(uri("src"), uri("Z/K"), kind=(Format.INT, "")), Sw.BAD_FORMAT),
        (Batch().add(uri("M"), branch("s")).add(uri("M/s"), leaf("Any")), Sw.NOT_DEFINED),
        (Batch().rename(uri("M"), "Z").add(uri("M"), number()), Sw.NOT_FOUND),
        (Batch().delete(uri("M/K")).copy(uri("src"), uri("M/K"), kind=(Format.CHR, SECOND)), Sw.NOT_FOUND),
    ],
)
def test_what_cannot_be_done_by_then_is_refused_and_changes_nothing(defined: Session, batch: Batch, sw: Sw):
    before = defined.read()
    assert refusal(defined, batch) == sw
    assert defined.read() == before


def test_the_session_and_the_card_refuse_the_same_command(defined: Session):
    batch = Batch().delete(uri("src")).add(uri("M"), branch("s")).add(uri("M/s"), leaf("Any"))
    with pytest.raises(CommandNotAllowed, match=r"Add \./M/s/Any") as caught:
        defined.apply(batch)
    assert caught.value.index == 2
    with pytest.raises(CardError, match=r"Copy \./nix to \./M/I") as refused:
        defined.apply(Batch().delete(uri("M/K")).copy(uri("nix"), uri("M/I"), number(b"")))
    assert (refused.value.index, refused.value.sw) == (1, Sw.NOT_FOUND)


# Servers that ACLs name.


def test_a_server_that_finds_no_place_counts_for_the_command_that_names_it(session: Session):
    session.apply(Batch().add(ROOT, leaf("x", b"1")))
    session.apply(Batch().server(*(f"s{number}" for number in range(237))))
    acl = Acl.parse("Get=*&Replace=#issuer+new")
    batch = Batch().replace(uri("x"), b"2").acl(uri("x"), acl).replace(uri("x"), b"3")
    outcome = session.run(batch, Mode.ATOMIC)
    assert outcome.statuses == (216, Sw.TOO_WIDE.dm_status, 215)
    assert session.read(uri("x")).value == b"1"
    outcome = session.run(batch.add(ROOT, branch("A", acl=acl)), Mode.PLAIN)
    assert outcome.statuses == (200, Sw.TOO_WIDE.dm_status, 200, Sw.TOO_WIDE.dm_status)
    assert str(outcome.errors[1]).startswith("Add server new: ")
    assert outcome.errors[1].__notes__ == ["Replace ./x?prop=ACL names new, not known to the card yet"]
    assert session.read(uri("x")).value == b"3"


def test_an_add_of_many_nodes_has_a_short_name(session: Session):
    nodes = [leaf(f"L{number}") for number in range(100)]
    session.apply(Batch().add(ROOT, *nodes))
    with pytest.raises(AlreadyExists) as caught:
        session.apply(Batch().add(ROOT, *nodes))
    assert str(caught.value).startswith("Add ./L0, ./L1 and 98 more: ")


@pytest.mark.parametrize(("scope", "status"), [(Scope.PERMANENT, 405), (Scope.DYNAMIC, 415)])
def test_neither_format_nor_type_of_a_permanent_node_changes(session: Session, scope: Scope, status: int):
    fixed = Definition("K", Format.CHR, ALL & ~Access.DELETE, ("text/plain",), scope=scope)
    session.apply(Batch().define(Definition("", Format.NODE, ALL, ("x.y",), children=(fixed,))))
    session.apply(Batch().add(ROOT, an_object(key())))
    for kind in ((Format.INT, FIRST), (Format.CHR, SECOND)):
        assert session.run(Batch().replace(uri("M/K"), b"2", *kind), Mode.PLAIN).statuses == (status,)
    assert session.run(Batch().replace(uri("M/K"), b"2", Format.CHR, FIRST), Mode.PLAIN).ok
