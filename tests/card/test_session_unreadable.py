"""What cannot be read is not judged by the host: commands at and below nodes without Get."""

from __future__ import annotations

import pytest

from smartdm.errors import CommandNotAllowed
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ZERO_OR_MORE, ZERO_OR_ONE, Access, Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch, Session
from smartdm.wire import Principal, Sw
from tests.card.device import Device
from tests.card.store import branch, leaf, pattern, refusal, uri

ALL = Access.ADD | Access.DELETE | Access.GET | Access.REPLACE | Access.COPY
SILENT = ALL & ~Access.GET
FIRST, SECOND = "text/plain", "a/b"
SECRET = Definition("S", Format.CHR, SILENT, (FIRST, SECOND), occurrence=ZERO_OR_ONE)
PLAIN = Definition("P", Format.CHR, ALL, (FIRST, SECOND), occurrence=ZERO_OR_ONE)
BELOW = Definition("", Format.NODE, ALL, children=(SECRET, PLAIN), occurrence=ZERO_OR_MORE)
CLOSED = Definition("Closed", Format.NODE, SILENT, children=(SECRET, PLAIN, BELOW), occurrence=ZERO_OR_ONE)
OPEN = Definition("Open", Format.NODE, SILENT, occurrence=ZERO_OR_ONE)
INNER = (SECRET, PLAIN, BELOW, CLOSED, OPEN)
OBJECT = Definition("", Format.NODE, ALL, ("x.y",), children=INNER, occurrence=ZERO_OR_MORE)
INBOX = Definition("", Format.NODE, Access.ADD, ("in.box",), occurrence=ZERO_OR_MORE)
LONG = pattern(1, 1000)
WRITER = Acl.parse("Get=#issuer&Add=srv&Replace=srv")


def pair() -> tuple[Node, Node]:
    """A leaf that nobody reads, and one that may be read."""
    return leaf("S", b"1", FIRST), leaf("P", b"1", FIRST)


@pytest.fixture
def defined(session: Session) -> Session:
    """A card with two definitions, and an object of each."""
    session.apply(Batch().define(OBJECT))
    session.apply(Batch().define(INBOX))
    top = branch("M", *pair(), branch("c", *pair()), branch("Closed", *pair()), branch("Open"), type="x.y")
    session.apply(Batch().add(ROOT, top, branch("Inbox", type="in.box"), leaf("src", b"7")))
    return session


def server(device: Device, at: str) -> Session:
    """A session of a server that may write there, but reads nothing of it."""
    issuer = device.open()
    issuer.apply(Batch().acl(uri(at), WRITER))
    (number,) = [number for number, name in issuer.registry.servers.items() if name == "srv"]
    other = device.open()
    device.sim.principal(number)
    return other


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("place", ["Inbox", "M/Open"])
def test_anything_can_be_added_below_an_open_node_that_nobody_reads(
    defined: Session, device: Device, known: bool, place: str
):
    session = defined if known else device.open()
    before = session.refresh().nodes
    device.sim.principal(Principal.ISSUER)
    with pytest.raises(CommandNotAllowed):
        session.read(uri(place))
    session.apply(Batch().add(uri(place), leaf("v", b"1", "u/v"), branch("b", leaf("w"))))
    session.apply(Batch().add(uri(f"{place}/b"), branch("o", *pair(), type="x.y")))
    assert session.refresh().nodes == before + 6


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_what_is_added_below_a_node_that_nobody_reads_takes_the_form_of_its_definition(
    defined: Session, device: Device, known: bool
):
    session = defined if known else device.open()
    before = session.refresh().nodes
    device.sim.principal(Principal.ISSUER)
    session.apply(Batch().delete(uri("M/Closed/S")).delete(uri("M/Closed/P")).rename(uri("M"), "N"))
    session.apply(Batch().add(uri("N/Closed"), *pair()))
    assert refusal(session, Batch().add(uri("N/Closed"), leaf("Z", b"1", FIRST))) == Sw.BAD_FORMAT
    add = Batch().delete(uri("N/Closed/P")).add(uri("N/Closed"), leaf("P", b"2", SECOND), branch("b", *pair()))
    session.apply(add.rename(uri("N/Closed/b"), "d").delete(uri("N/Closed/d/P")))
    session.apply(Batch().add(uri("N/Closed/d"), leaf("P", b"2", SECOND)))
    assert refusal(session, Batch().add(uri("N/Closed/d"), leaf("Z"))) == Sw.NOT_DEFINED
    assert session.refresh().nodes == before + 3


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("given", [(FIRST, b"2"), (SECOND, b"2"), ("", b"2"), (FIRST, LONG), (SECOND, LONG)])
@pytest.mark.parametrize("place", ["M/S", "M/Closed/S"])
def test_a_leaf_that_nobody_reads_takes_format_and_type(
    defined: Session, device: Device, known: bool, given: tuple[str, bytes], place: str
):
    node_type, value = given
    session = defined if known else device.open()
    before = session.generation
    session.put_value(uri(place), value, (Format.CHR, node_type))
    session.apply(Batch().copy(uri("src"), uri(place), kind=(Format.CHR, node_type)))
    assert session.generation == device.open().generation == before + 2
    assert refusal(session, Batch().replace(uri(place), b"", Format.INT, node_type)) == Sw.BAD_FORMAT
    assert refusal(session, Batch().replace(uri(place), b"", Format.CHR, "u/v")) == Sw.BAD_TYPE


@pytest.mark.usefixtures("defined")
@pytest.mark.parametrize(("node_type", "value"), [(FIRST, b"2"), (SECOND, b"2"), (FIRST, LONG), (SECOND, LONG)])
@pytest.mark.parametrize(("at", "place"), [("M/P", "M/P"), ("M/S", "M/S"), ("M/c", "M/c/P"), ("M/c", "M/c/S")])
def test_who_may_write_what_he_may_not_read_gives_it_format_and_type(
    device: Device, node_type: str, value: bytes, at: str, place: str
):
    other = server(device, at)
    before = other.generation
    other.put_value(uri(place), value, (Format.CHR, node_type))
    assert device.open().generation == before + 1
    if place.endswith("P"):
        found = device.open().read(uri(place))
        assert (found.value, found.type) == (value, node_type)


def test_who_may_add_where_he_may_not_read_adds_what_the_definition_says(defined: Session, device: Device):
    defined.apply(Batch().delete(uri("M/c/P")))
    server(device, "M/c").apply(Batch().add(uri("M/c"), leaf("P", b"2", SECOND)))
    found = device.open().read(uri("M/c/P"))
    assert (found.value, found.type, found.definition is None) == (b"2", SECOND, False)


@pytest.mark.usefixtures("defined")
@pytest.mark.parametrize(("at", "place"), [("", "M/S"), ("", "M/Closed/S"), ("M/P", "M/P")])
def test_a_large_value_is_copied_to_a_leaf_that_cannot_be_read(device: Device, at: str, place: str):
    session = device.open()
    session.apply(Batch().add(ROOT, leaf("big", LONG)))
    other = server(device, at) if at else session
    before = other.generation
    other.copy(uri("big"), uri(place))
    assert device.open().generation == before + 1
    if at:
        assert device.open().read(uri(place)).value == LONG


@pytest.mark.usefixtures("defined")
def test_where_nothing_that_can_be_read_tells_the_definition_the_command_goes_out_as_it_is(device: Device):
    other = server(device, "M")
    other.apply(Batch().replace(uri("M/P"), b"2", Format.CHR))
    assert refusal(other, Batch().replace(uri("M/P"), b"2", Format.INT)) == Sw.BAD_FORMAT
    assert device.open().read(uri("M/P")).value == b"2"


@pytest.mark.usefixtures("defined")
def test_a_free_leaf_that_cannot_be_read_takes_any_format_and_type(device: Device):
    server(device, "src").apply(Batch().replace(uri("src"), b"5", Format.INT, "u/v"))
    found = device.open().read(uri("src"))
    assert (found.value, found.format, found.type) == (b"5", Format.INT, "u/v")
