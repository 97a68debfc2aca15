"""Definitions, servers and what is added below them, as a user of the session meets them."""

from __future__ import annotations

import pytest

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.card.place import REGISTRY, server_place
from smartdm.codec import packed
from smartdm.errors import CardError, CommandNotAllowed, NotFound
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ZERO_OR_MORE, Access, Definition
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.wire import Principal, Sw
from tests.card.device import Device
from tests.card.store import Watch, branch, leaf, refusal, uri

ALL = Access.ADD | Access.DELETE | Access.GET | Access.REPLACE
ADDR = Definition("Addr", Format.CHR, ALL, ("text/plain", "a/b", "c/d"), "Address")
SECRET = Definition("Secret", Format.BIN, ALL & ~Access.GET)
SUB = Definition("", Format.NODE, ALL, children=(Definition("P", Format.INT, ALL),), occurrence=ZERO_OR_MORE)
EXT = Definition("Ext", Format.NODE, ALL)
OBJECT = Definition("X", Format.NODE, ALL, ("urn:x",), "The X", children=(ADDR, SECRET, SUB, EXT))
TREE = branch(
    "My",
    leaf("Addr", b"1", "a/b", "Address"),
    branch("q", Node("P", Format.INT, b"2"), title="Mine"),
    branch("Ext", leaf("free", b"3", "x/y")),
    type="urn:x",
    title="The X",
)


@pytest.fixture
def loaded(session: Session) -> Session:
    """A card with the definition and one object."""
    session.apply(Batch().define(OBJECT))
    session.apply(Batch(time=1).add(ROOT, TREE))
    return session


def test_an_object_reads_as_it_was_written_and_knows_its_definition(loaded: Session):
    read = loaded.read(uri("My"))
    assert diff(TREE, read) == []
    assert [node.definition is not None for _, node in read.walk()] == [True, True, True, True, True, False]


def test_an_object_takes_less_room_when_its_definition_is_known(device: Device):
    plain = device.new()
    before = plain.info.free
    plain.apply(Batch().add(ROOT, TREE))
    taken = before - plain.refresh().free
    defined = device.new()
    defined.apply(Batch().define(OBJECT))
    before = defined.refresh().free
    device.sim.principal(Principal.ISSUER)
    defined.apply(Batch().add(ROOT, TREE))
    assert before - defined.refresh().free < taken


def test_another_session_learns_the_definition_from_the_card(loaded: Session, device: Device):
    other = device.open()
    assert diff(TREE, other.read(uri("My"))) == []
    (root,) = other.registry.roots.values()
    assert root.digest == packed.digest(OBJECT) == packed.digest(root.definition)
    assert loaded.generation == other.generation


def test_a_session_that_knows_the_digest_does_not_read_the_definition(loaded: Session, device: Device):
    assert loaded.registry.roots
    watch = Watch(device.sim)
    known = Session(Card(Channel(watch)), {packed.digest(OBJECT): OBJECT}.get)
    device.sim.principal(Principal.ISSUER)
    unknown_watch = Watch(device.sim)
    known.read(uri("My"))
    unknown = Session(Card(Channel(unknown_watch)))
    device.sim.principal(Principal.ISSUER)
    unknown.read(uri("My"))
    assert watch.answers.total() == 3  # SELECT, the object, `?`
    assert unknown_watch.answers.total() > watch.answers.total()


def test_without_definitions_nothing_is_asked(device: Device):
    watch = Watch(device.sim)
    session = watch.open()
    session.apply(Batch().add(ROOT, branch("A")))
    session.apply(Batch().add(uri("A"), leaf("b", b"1", "text/plain")))
    session.apply(Batch().replace(uri("A/b"), b"2", Format.INT, "a/b"))
    assert watch.answers == {Sw.OK: 4}


def test_a_node_below_an_object_is_put_in_form_when_the_card_asks_for_it(loaded: Session, device: Device):
    other = device.open()  # does not know yet that there are definitions
    other.apply(Batch().add(uri("My"), branch("r", Node("P", Format.INT, b"7"))))
    other.apply(Batch().replace(uri("My/Addr"), b"9", Format.CHR, "c/d"))
    assert other.read(uri("My/r/P")).definition is not None
    assert diff(leaf("Addr", b"9", "c/d", "Address"), other.read(uri("My/Addr"))) == []
    assert loaded.read(uri("My/r")).count() == 2


def test_what_the_definition_does_not_allow_is_refused_with_its_names(loaded: Session):
    with pytest.raises(CommandNotAllowed, match=r"Add \./My/q/Z") as caught:
        loaded.apply(Batch().add(uri("My/q"), Node("Z", Format.INT)))
    assert (caught.value.sw, caught.value.dm_status) == (Sw.NOT_DEFINED, 405)
    assert "allows P there" in caught.value.__notes__[0]


def test_the_definition_decides_on_the_card(loaded: Session):
    loaded.apply(Batch().add(uri("My"), Node("Secret", Format.BIN, b"\x00\x01")))
    assert refusal(loaded, Batch().rename(uri("My/Addr"), "Other")) == Sw.PERMANENT
    assert refusal(loaded, Batch().get(uri("My/Secret"))) == Sw.ACCESS_DENIED


def test_what_cannot_be_read_is_shown_withheld_with_its_format(loaded: Session):
    loaded.apply(Batch().add(uri("My"), Node("Secret", Format.BIN, b"\x00\x01")))
    secret = loaded.read(uri("My")).child("Secret")
    assert secret is not None
    assert (secret.withheld, secret.format, secret.value) == (True, Format.BIN, b"")


def test_a_definition_goes_when_its_objects_are_gone(loaded: Session):
    place = REGISTRY / packed.digest(OBJECT)
    with pytest.raises(CommandNotAllowed) as caught:
        loaded.apply(Batch().delete(place))
    assert caught.value.sw == Sw.IN_USE
    loaded.apply(Batch().delete(uri("My")))
    loaded.apply(Batch().delete(place))
    assert not loaded.registry.roots
    loaded.apply(Batch().add(ROOT, TREE))  # plain again
    assert loaded.read(uri("My")).definition is None


def test_several_definitions_have_ids_of_their_own(loaded: Session):
    second = Definition("Y", Format.NODE, ALL, ("urn:y",), children=(Definition("Z", Format.INT, ALL),))
    loaded.apply(Batch().define(second))
    loaded.apply(Batch().add(ROOT, branch("Two", Node("Z", Format.INT, b"1"), type="urn:y")))
    assert loaded.read(uri("Two/Z")).definition is not None
    assert diff(TREE, loaded.read(uri("My"))) == []
    assert len(loaded.registry.roots) == 2


# Servers.


def test_servers_that_acls_name_are_added_by_themselves(session: Session, device: Device):
    acl = Acl.parse("Get=*&Replace=srv1+a/b.+#issuer")
    session.apply(Batch().add(ROOT, branch("A", leaf("b", acl=Acl.parse("Get=srv2")), acl=acl)))
    assert session.read(uri("A"), 0).acl == acl
    assert set(session.registry.servers.values()) == {"*", "#issuer", "#holder", "srv1", "a/b.", "srv2"}
    assert device.open().read(uri("A"), 0).acl == acl


def test_a_refusal_counts_the_commands_of_the_caller(session: Session):
    batch = Batch().acl(ROOT, Acl.parse("Get=new&Replace=#issuer&Add=*")).delete(uri("Nix"))
    with pytest.raises(NotFound, match=r"Delete \./Nix") as caught:
        session.apply(batch)
    assert caught.value.index == 1
    assert "new" not in session.registry.servers.values()


def test_a_removed_server_is_gone_from_every_acl(session: Session):
    session.apply(Batch().add(ROOT, branch("A", acl=Acl.parse("Get=*&Replace=gone+#issuer&Exec=gone"))))
    session.apply(Batch().delete(server_place("gone")))
    assert session.read(uri("A"), 0).acl == Acl.parse("Get=*&Replace=#issuer")
    assert "gone" not in session.registry.servers.values()
    session.apply(Batch().acl(uri("A"), Acl.parse("Get=gone&Replace=#issuer")))
    assert session.read(ROOT, 1).children[0].withheld


def test_an_acl_can_be_given_and_taken(session: Session):
    session.apply(Batch().add(ROOT, branch("A", leaf("b"))))
    session.apply(Batch().acl(uri("A/b"), Acl.parse("Get=*")).title(uri("A"), "Über"))
    expected = branch("A", leaf("b", acl=Acl.parse("Get=*")), title="Über")
    assert diff(expected, session.read(uri("A"))) == []
    session.apply(Batch().acl(uri("A/b"), Acl()).title(uri("A"), ""))
    assert (session.read(uri("A/b")).acl, session.read(uri("A")).title) == (Acl(), "")


def test_a_server_sees_what_it_may_see(session: Session, device: Device):
    session.apply(
        Batch()
        .add(ROOT, branch("Open", leaf("v", b"1")))
        .add(ROOT, branch("Own", leaf("v", b"2"), acl=Acl.parse("Get=srv&Replace=srv")))
        .add(ROOT, branch("Shut", leaf("v", b"3"), acl=Acl.parse("Get=other")))
    )
    number = next(number for number, name in session.registry.servers.items() if name == "srv")
    server = Session(Card(Channel(device.sim)))
    device.sim.principal(number)
    tree = server.read()
    assert [(child.name, child.withheld, child.count()) for child in tree.children] == [
        ("Open", False, 2), ("Own", False, 2), ("Shut", True, 1),
    ]  # fmt: skip
    server.apply(Batch().replace(uri("Own/v"), b"9"))
    for refused in (Batch().replace(uri("Open/v"), b"9"), Batch().get(uri("Shut")), Batch().delete(uri("Own"))):
        with pytest.raises(CardError) as caught:
            server.apply(refused)
        assert caught.value.dm_status == 425
    server.apply(Batch().add(ROOT, branch("Mine", leaf("v"))))
    mine = server.read(uri("Mine"))
    assert mine.acl == Acl.parse("Add=srv&Delete=srv&Get=srv&Replace=srv")
    assert Uri(("Mine",)) not in {where for where, node in device.open().read().walk() if not node.withheld}
