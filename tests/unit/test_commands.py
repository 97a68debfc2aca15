"""Commands and session against a card that answers wrongly: a clear error, never a hang, never anything else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.channel import Channel
from smartdm.card.commands import Card, CardInfo
from smartdm.errors import CardError, CardFull, CommandNotAllowed, Conflict, NotAllowed, SmartDmError, WireError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.wire import Select, State, Sw
from tests.unit.cards import FIELDS, SELECTED, fci, told
from tests.unit.strategies import mutations

# flags, generation 9; the root with the leaf "n" = "v".
STREAM = bytes.fromhex("02 000009") + bytes.fromhex("0001 05 00 00 01") + bytes.fromhex("0000 03 00 01 6E 01 76")
TREE = Node("", Format.NODE, verno=1, children=(Node("n", Format.CHR, b"v"),))
AGAIN = "0001 6ADF 6300"


def opened(*answers: str | bytes) -> tuple[Session, list[bytes]]:
    card, transport = told(SELECTED, *answers)
    return Session(card), transport.sent


# SELECT.


def test_the_select_answer_is_read():
    info = CardInfo.decode(fci())
    assert (info.version, info.state, info.generation, info.capabilities) == ((1, 0), State.PERSONALIZED, 7, 0)
    assert (info.free, info.arena, info.reserve, info.nodes, info.node_limit) == (0x3DF0, 16_384, 512, 9, 512)
    assert (info.max_depth, info.max_seg_len, info.max_tot_len) == (16, 64, 192)
    assert (info.max_children, info.max_value) == (240, 224)
    assert info.tags == ((1, 2),)


@pytest.mark.parametrize("tag", Select)
def test_a_select_answer_without_a_field_is_refused(tag: Select):
    with pytest.raises(WireError, match=f"lacks data object {tag:02X}"):
        CardInfo.decode(fci({tag: None}))


@pytest.mark.parametrize("tag", Select)
def test_a_select_answer_with_a_short_field_is_refused(tag: Select):
    whole = bytes.fromhex(FIELDS[tag])
    for size in range(len(whole)):
        with pytest.raises(WireError, match=f"{tag.name} has {size} bytes"):
            CardInfo.decode(fci({tag: whole[:size]}))


def test_later_versions_may_append_to_the_fields_and_add_some():
    longer: dict[int, bytes | None] = {tag: bytes.fromhex(value) + b"\xff\xff" for tag, value in FIELDS.items()}
    assert CardInfo.decode(fci({**longer, 0xCF: b"new"})) == CardInfo.decode(fci())


def test_a_card_of_another_major_version_is_refused():
    card, _ = told(fci({Select.VERSION: b"\x02\x05"}) + b"\x90\x00")
    with pytest.raises(WireError, match=r"2\.5, this package 1"):
        card.select()
    card, _ = told(fci({Select.VERSION: b"\x01\x63"}) + b"\x90\x00")
    assert card.select().version == (1, 99)


@pytest.mark.fuzz
@given(data=mutations(fci()) | st.binary(max_size=60))
def test_a_damaged_select_answer_is_read_or_refused(data: bytes):
    try:
        CardInfo.decode(data)
    except WireError as error:
        assert str(error).startswith("the SELECT answer cannot be read")  # noqa: PT017


# READ.


def test_an_answer_in_parts_is_put_together():
    session, sent = opened(STREAM[:6] + b"\x63\x10", STREAM[6:9] + b"\x63\x10", STREAM[9:] + b"\x90\x00")
    assert session.read() == TREE
    assert session.generation == 9
    assert [apdu.hex() for apdu in sent[1:]] == ["8031ff00010000", "8032090100", "8032090200"]


def test_the_number_of_a_part_goes_on_into_p1():
    parts = [bytes.fromhex("020000FF"), *[b"x"] * 300]
    card, transport = told(*[part + b"\x63\x10" for part in parts], "9000")
    assert len(card.read(ROOT)) == 304
    assert [apdu[2:4].hex() for apdu in transport.sent[255:259]] == ["ffff"[:2] + "ff", "0000", "0001", "0002"]


@pytest.mark.parametrize("first", [b"", b"\x02", b"\x02\x00\x00"])
def test_more_of_an_answer_that_has_not_begun_is_nonsense(first: bytes):
    card, _ = told(first + b"\x63\x10")
    with pytest.raises(WireError, match="has not begun"):
        card.read(ROOT)


@pytest.mark.parametrize("piece", [b"", b"x" * 256])
def test_an_answer_without_end_is_cut_off(piece: bytes):
    card, transport = told(STREAM + b"\x63\x10", piece + b"\x63\x10")
    with pytest.raises(WireError, match="has no end"):
        card.read(ROOT)
    assert len(transport.sent) < 5_000


@pytest.mark.parametrize("size", range(len(STREAM)))
def test_an_answer_cut_short_is_nonsense(size: int):
    session, _ = opened(STREAM[:size] + b"\x90\x00")
    with pytest.raises(WireError, match=r"the answer for \. cannot be read"):
        session.read()


def test_bytes_behind_an_answer_are_nonsense():
    session, _ = opened(STREAM + b"\x00\x90\x00")
    with pytest.raises(WireError, match="follow the last node"):
        session.read()


@pytest.mark.fuzz
@given(data=mutations(STREAM) | st.binary(max_size=60), levels=st.none() | st.integers(0, 3))
def test_a_damaged_answer_is_read_or_refused(data: bytes, levels: int | None):
    session, _ = opened(data + b"\x90\x00")
    try:
        session.read(ROOT, levels)
    except WireError as error:
        assert "cannot be read" in str(error)  # noqa: PT017
    session, _ = opened(data + b"\x90\x00")
    try:
        session.apply(Batch().get(ROOT, levels).get(Uri(("A",)), levels))
    except WireError as error:
        assert "cannot be read" in str(error)  # noqa: PT017


# BATCH.


def test_a_refusal_names_the_command():
    batch = Batch().delete(Uri(("A",))).delete(Uri(("B",)))
    for number, name in ((1, "Delete ./A"), (2, "Delete ./B")):
        session, _ = opened(bytes((0, number)) + bytes.fromhex("6A82 6300"))
        with pytest.raises(CardError, match=name) as caught:
            session.apply(batch)
        assert caught.value.index == number - 1


@pytest.mark.parametrize("number", [0, 3, 0xFFFF])
def test_a_refusal_of_no_command_names_the_batch(number: int):
    session, _ = opened(number.to_bytes(2) + bytes.fromhex("6ADC 6300"))
    with pytest.raises(Conflict, match="BATCH: the tree is not at the expected generation") as caught:
        session.apply(Batch().delete(Uri(("A",))).delete(Uri(("B",))), expect=1)
    assert caught.value.index is None


@pytest.mark.parametrize("data", ["", "00", "000100", "00016A82 00"])
def test_a_refusal_without_a_cause_is_nonsense(data: str):
    session, _ = opened(data + "6300")
    with pytest.raises(WireError, match="without saying why"):
        session.apply(Batch().delete(Uri(("A",))))


def test_an_answer_before_the_last_part_is_nonsense():
    session, _ = opened(STREAM + b"\x63\x10")
    with pytest.raises(WireError, match="before its last one came"):
        session.apply(Batch().replace(Uri(("A",)), b"v" * 224).replace(Uri(("A",)), b"v" * 224))


def test_a_refused_part_is_the_last_that_is_sent():
    session, sent = opened("9000", "0002 6A82 6300")
    batch = Batch()
    for _ in range(5):
        batch.replace(Uri(("A",)), b"v" * 224)
    with pytest.raises(CardError):
        session.apply(batch)
    assert len(sent) == 3


def test_a_batch_is_sent_again_while_memory_is_gathered():
    session, sent = opened("6ADF", "6ADF", "9000")
    session.apply(Batch().delete(Uri(("A",))))
    assert sent[1] == sent[2] == sent[3]
    assert session.generation == 8


def test_all_parts_are_sent_again_not_only_the_refused_one():
    session, sent = opened("9000", "6ADF", "9000", "9000")
    session.apply(Batch().replace(Uri(("A",)), b"v" * 224).replace(Uri(("A",)), b"v" * 224))
    assert sent[1:3] == sent[3:5]
    assert [apdu[5] for apdu in sent[1:]] == [0, 1, 0, 1]


@pytest.mark.parametrize("answer", ["6ADF", AGAIN])
def test_a_card_that_gathers_for_ever_counts_as_full(answer: str):
    session, sent = opened(answer)
    with pytest.raises(CardFull) as caught:
        session.apply(Batch().delete(Uri(("A",))))
    assert caught.value.dm_status == 420
    assert 2 < len(sent) < 100
    assert session.generation == 7


def test_the_generation_follows_what_is_done():
    session, _ = opened("9000", STREAM + b"\x90\x00", "6A82", "9000")
    session.apply(Batch().delete(Uri(("A",))))
    assert session.generation == 8
    assert session.apply(Batch().get(ROOT)) == [TREE]
    assert session.generation == 9
    with pytest.raises(CardError):
        session.apply(Batch().delete(Uri(("A",))))
    assert session.generation == 9
    session.apply(Batch())
    assert session.generation == 9
    session.generation = 0xFFFFFF
    session.apply(Batch().delete(Uri(("A",))))
    assert session.generation == 0


@pytest.mark.parametrize("sw", [sw for sw in Sw if sw not in {Sw.OK, Sw.MORE, Sw.SEND_AGAIN}])
def test_every_refusal_of_a_batch_is_an_error_of_ours(sw: Sw):
    session, _ = opened(sw.to_bytes(2))
    with pytest.raises(SmartDmError):
        session.apply(Batch().delete(Uri(("A",))))


# Ids in answers.

NAMED = "02 000007 0000 45 00 00 02 0128 00 9000"  # the root with an ACL for server 9
SERVERS = "06 000007 0002 0000 05 00 03 537276 01 0009 0009 0000 03 00 01 78 00 9000"
NO_SERVERS = "06 000007 0002 0000 05 00 03 537276 00 9000"


def test_an_id_in_an_answer_is_looked_up_once():
    session, sent = opened(NAMED, SERVERS, NAMED)
    assert str(session.read().acl) == "Get=x"
    assert str(session.read().acl) == "Get=x"
    assert len(sent) == 4


def test_an_id_that_the_card_does_not_have_is_nonsense():
    session, _ = opened(NAMED, NO_SERVERS)
    with pytest.raises(WireError, match="names server 9, which it does not have"):
        session.read()
    session, _ = opened("02 000007 0000 86 0D 02 4D79 00 9000", "06 000007 0001 0000 05 00 00 00 9000")
    with pytest.raises(WireError, match="names definition 13"):
        session.read()


def test_ids_are_looked_up_again_when_somebody_else_changed_the_card():
    later = NAMED.replace("02 000007", "02 000008")
    session, sent = opened(NAMED, SERVERS, later, SERVERS.replace("000007", "000008").replace("01 78", "01 79"))
    assert str(session.read().acl) == "Get=x"
    assert str(session.read().acl) == "Get=y"
    assert (session.generation, len(sent)) == (8, 5)


def test_a_server_that_is_unknown_costs_one_look_and_goes_along():
    session, sent = opened(NO_SERVERS, "9000", NO_SERVERS, "9000")
    session.apply(Batch().acl(ROOT, Acl.parse("Get=x")))
    assert [apdu[1] for apdu in sent[1:]] == [0x31, 0x30]
    assert b"?/Srv" in sent[2]
    session.apply(Batch().acl(ROOT, Acl.parse("Get=*+#issuer")))
    assert sent[-1][1] == 0x30
    assert len(sent) == 4


def test_an_object_asks_for_definitions_and_a_node_without_a_type_does_not():
    session, sent = opened("9000")
    session.apply(Batch().add(ROOT, Node("A", Format.NODE)))
    assert len(sent) == 2
    session, sent = opened("06 000007 0001 0000 05 00 00 00 9000", "9000")
    session.apply(Batch().add(ROOT, Node("A", Format.NODE, type="urn:a")))
    session.apply(Batch().add(ROOT, Node("B", Format.NODE, type="urn:a")))
    assert [apdu[1] for apdu in sent[1:]] == [0x31, 0x30, 0x30]


def test_a_note_of_the_channel_stays_with_the_refusal():
    card, transport = told(SELECTED, "6982")
    session = Session(Card(Channel(transport, advice={Sw.NOT_ALLOWED: "open a door first"})))
    assert card is not None
    with pytest.raises(NotAllowed) as caught:
        session.apply(Batch().delete(Uri(("A",))))
    assert caught.value.__notes__ == ["open a door first"]


@pytest.mark.parametrize("data", ["06 000007 9000", "06 000007 0000 0000 05 00 00 01 0007 9000", "02 000007 9000"])
def test_a_snapshot_with_holes_is_nonsense(data: str):
    session, _ = opened(data)
    with pytest.raises(WireError, match="cannot be read"):
        session.snapshot()


@pytest.mark.fuzz
@given(data=mutations(bytes.fromhex("06 000009 0000 0000 05 00 00 01 0007 0007 0000 03 00 01 41 00")))
def test_a_damaged_feed_is_read_or_refused(data: bytes):
    session, _ = opened(data + b"\x90\x00")
    for ask in (session.snapshot, lambda: session.changes(0), session.uploads, lambda: session.registry.roots):
        with suppress(WireError):
            ask()


@pytest.mark.parametrize("sw", [sw for sw in Sw if sw.dm_status == 405])
def test_what_no_right_can_change_is_an_error_of_its_own_and_says_what_to_do(sw: Sw):
    session, _ = opened(b"\x00\x01" + sw.to_bytes(2) + b"\x63\x00", "6982")
    with pytest.raises(CommandNotAllowed, match=rf"Delete \./A: .* \({sw:04X} {sw.name}") as caught:
        session.apply(Batch().delete(Uri(("A",))))
    assert ";" in str(caught.value)
