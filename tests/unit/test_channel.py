"""What the channel makes of the status words of the transport, and of nonsense."""

import pytest

from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.card.channel import Channel
from smartdm.errors import AlreadyExists, BadRequest, CardError, CardFull, Conflict, NotAllowed, NotFound, WireError
from smartdm.wire import Ins, Sw
from tests.unit.cards import Told

READ = CommandApdu(0x80, Ins.READ, 0, 0, b"\x00", 256)


def send(*answers: str | bytes, command: CommandApdu = READ, t0: bool = False) -> tuple[ResponseApdu, list[str]]:
    transport = Told(answers)
    return Channel(transport, t0=t0).send(command), [apdu.hex() for apdu in transport.sent]


def test_an_answer_is_given_as_it_comes():
    assert send("AABB 9000") == (ResponseApdu(b"\xaa\xbb", 0x9000), ["803100000100" + "00"])


@pytest.mark.parametrize("sw", [Sw.OK, Sw.MORE, Sw.BATCH_FAILED])
@pytest.mark.parametrize(
    ("ins", "fine"),
    [
        (Ins.BATCH, {Sw.OK, Sw.MORE, Sw.BATCH_FAILED}),
        (Ins.READ, {Sw.OK, Sw.MORE}),
        (Ins.READ_NEXT, {Sw.OK, Sw.MORE}),
        (0xA4, {Sw.OK}),
    ],
)
def test_what_is_no_error_depends_on_the_instruction(ins: int, fine: set[Sw], sw: Sw):
    command = CommandApdu(0x80, ins, le=256)
    if sw in fine:
        assert send(b"x" + sw.to_bytes(2), command=command)[0] == ResponseApdu(b"x", sw)
    else:
        with pytest.raises(CardError, match=f"{sw:04X}"):
            send(b"x" + sw.to_bytes(2), command=command)


def test_61xx_is_fetched_and_put_together():
    answer, sent = send("01 6103", "020304 6100", "05 6101", "06 6310")
    assert answer == ResponseApdu(bytes(range(1, 7)), Sw.MORE)
    assert sent[1:] == ["00c0000003", "00c0000000", "00c0000001"]


@pytest.mark.parametrize(
    ("cla", "fetching"), [(0x82, "02"), (0x90, "00"), (0x93, "03"), (0x8C, "00"), (0xC5, "45"), (0xD0, "40")]
)
def test_get_response_goes_to_the_channel_of_its_command(cla: int, fetching: str):
    _, sent = send("6105", "9000", command=CommandApdu(cla, Ins.READ, 0, 0, b"\x00", 256))
    assert sent[1] == f"{fetching}c0000005"


def test_6cxx_is_asked_again_once_with_the_length_it_tells():
    answer, sent = send("6C05", "0102030405 9000")
    assert answer.data == bytes(range(1, 6))
    assert sent == ["80310000010000", "80310000010005"]
    assert send("6C00", "9000")[1][1] == "80310000010000"
    assert send("6C05", "6102", "0102 9000")[0].data == b"\x01\x02"
    with pytest.raises(CardError, match="6C05"):
        send("6C05")


def test_6cxx_to_get_response_is_asked_again_once():
    answer, sent = send("6110", "6C02", "0102 6101", "03 9000")
    assert answer.data == b"\x01\x02\x03"
    assert sent[1:] == ["00c0000010", "00c0000002", "00c0000001"]
    with pytest.raises(CardError, match="6C02"):
        send("6110", "6C02")


@pytest.mark.parametrize("cla", [0x84, 0x97, 0x88, 0x0C, 0xE3, 0x64])
def test_6cxx_to_a_wrapped_command_is_not_asked_again(cla: int):
    transport = Told(["6C05"])
    with pytest.raises(CardError, match="6C05"):
        Channel(transport).send(CommandApdu(cla, Ins.READ, 0, 0, b"\x00", 256))
    assert len(transport.sent) == 1


# T=0: a command has data or an expected length (ISO 7816-3, 12.2)


@pytest.mark.parametrize(
    ("data", "le", "sent"),
    [
        (b"", None, "8031000000"),
        (b"", 5, "8031000005"),
        (b"", 256, "8031000000"),
        (b"\x07", None, "803100000107"),
        (b"\x07", 256, "803100000107"),
        (bytes(255), 256, "80310000ff" + "00" * 255),
    ],
    ids=["case 1", "case 2", "case 2 all", "case 3", "case 4", "case 4 longest"],
)
def test_t0_sends_data_or_a_length(data: bytes, le: int | None, sent: str):
    assert send("9000", command=CommandApdu(0x80, Ins.READ, 0, 0, data, le), t0=True)[1] == [sent]


def test_t0_fetches_what_a_command_with_data_answers():
    answer, sent = send("6102", "0102 9000", t0=True)
    assert answer == ResponseApdu(b"\x01\x02", 0x9000)
    assert sent == ["803100000100", "00c0000002"]


def test_t0_asks_again_with_the_length_that_the_card_tells():
    command = CommandApdu(0x80, Ins.READ_NEXT, le=256)
    answer, sent = send("6C03", "010203 6101", "04 9000", command=command, t0=True)
    assert answer.data == bytes(range(1, 5))
    assert sent == [f"80{Ins.READ_NEXT:02x}000000", f"80{Ins.READ_NEXT:02x}000003", "00c0000001"]


@pytest.mark.parametrize("first", ["6100", "6105", "AA6101"])
def test_61xx_without_end_is_cut_off(first: str):
    with pytest.raises(WireError, match="without end"):
        send(first)


@pytest.mark.parametrize("raw", [b"\x90"])
def test_an_answer_without_a_status_word_is_nonsense(raw: bytes):
    with pytest.raises(WireError, match="1 bytes, which is no status word"):
        send(raw)


def test_an_answer_cut_short_behind_61xx_is_nonsense():
    with pytest.raises(WireError):
        send("6105", b"\x61")


@pytest.mark.parametrize(
    ("sw", "error"),
    [
        (Sw.NOT_FOUND, NotFound),
        (Sw.ALREADY_EXISTS, AlreadyExists),
        (Sw.NOT_ALLOWED, NotAllowed),
        (Sw.CARD_FULL, CardFull),
        (Sw.NO_NODE_LEFT, CardFull),
        (Sw.CONFLICT, Conflict),
        (Sw.BAD_NAME, BadRequest),
    ],
)
def test_a_refusal_is_an_error_of_its_cause(sw: Sw, error: type[CardError]):
    with pytest.raises(error) as caught:
        send(sw.to_bytes(2))
    assert caught.value.sw == sw
    assert caught.value.dm_status == sw.dm_status
    assert str(caught.value).startswith(f"READ: {sw.doc} ({sw:04X} {sw.name}, DM {sw.dm_status})")


def test_advice_about_a_status_word_is_a_note_of_the_error():
    channel = Channel(Told([Sw.NOT_ALLOWED.to_bytes(2), Sw.CONFLICT.to_bytes(2)]), advice={Sw.NOT_ALLOWED: "Log in."})
    with pytest.raises(NotAllowed) as caught:
        channel.send(READ)
    assert caught.value.__notes__ == ["Log in."]
    with pytest.raises(Conflict) as other:
        channel.send(READ)
    assert not hasattr(other.value, "__notes__")


@pytest.mark.parametrize("sw", [0x6F00, 0x6999, 0x6A87, 0x9100, 0x0000, 0xFFFF])
def test_an_unknown_status_word_is_named(sw: int):
    with pytest.raises(BadRequest, match=f"READ: unknown status word {sw:04X}") as caught:
        send(sw.to_bytes(2))
    assert caught.value.dm_status == 500


def test_an_unknown_instruction_is_named_by_its_number():
    with pytest.raises(CardError, match="INS 77"):
        send("6D00", command=CommandApdu(0x80, 0x77))


@pytest.mark.parametrize("le", [0, 257, -1])
def test_a_length_that_no_short_apdu_has_is_a_mistake(le: int):
    with pytest.raises(ValueError, match="out of range"):
        CommandApdu(0x80, 0x31, le=le)


def test_data_that_no_short_apdu_holds_is_a_mistake():
    with pytest.raises(ValueError, match="256 bytes"):
        CommandApdu(0x80, 0x31, data=bytes(256))


@pytest.mark.parametrize(("cla", "ins"), [(0x80, Ins.VERIFY), (0x80, Ins.VERIFY_CREDENTIAL), (0x84, 0x82)])
def test_6cxx_to_what_proves_something_is_not_asked_again(cla: int, ins: int):
    transport = Told(["6C05"])
    with pytest.raises(CardError, match="6C05"):
        Channel(transport).send(CommandApdu(cla, ins, 0, 0, b"12345678"))
    assert len(transport.sent) == 1
