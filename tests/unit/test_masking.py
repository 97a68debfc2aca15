"""Traffic as a trace may show it."""

from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.apdu import CommandApdu
from smartdm.cli.masking import Mask
from smartdm.wire import Cla, Ins

KEY = bytes.fromhex("c0ffee00c0ffee11c0ffee22c0ffee33")


def parts(data: bytes, cuts: list[int]) -> list[bytes]:
    """A chained batch whose data are cut there."""
    ends = sorted({*(cut % (len(data) + 1) for cut in cuts), len(data)})
    starts = [0, *ends[:-1]]
    pieces = [data[start:end] for start, end in zip(starts, ends, strict=True)]
    return [
        CommandApdu(Cla.PLAIN, Ins.BATCH, data=bytes((number,)) + piece).encode() for number, piece in enumerate(pieces)
    ]


@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(0, 99), max_size=5))
def test_a_secret_is_hidden_however_the_batch_is_cut(before: bytes, after: bytes, cuts: list[int]):
    mask = Mask(lambda: [KEY])
    sent = parts(before + KEY + after, cuts)
    shown = [mask.command(apdu) for apdu in sent]
    assert [apdu[:6] for apdu in shown] == [apdu[:6] for apdu in sent]
    assert [len(apdu) for apdu in shown] == [len(apdu) for apdu in sent]
    data = b"".join(apdu[6:] for apdu in shown)
    assert data[len(before) : len(before) + len(KEY)] == bytes(len(KEY))


@given(st.binary(min_size=1, max_size=200))
def test_without_secrets_nothing_changes(data: bytes):
    mask = Mask(list)
    apdu = CommandApdu(Cla.PLAIN, Ins.BATCH, data=data).encode()
    assert mask.command(apdu) == apdu
    assert mask.answer(apdu) == apdu


def test_what_is_no_secret_stays():
    mask = Mask(lambda: [KEY])
    (apdu,) = parts(b"a" + KEY[:-1] + b"b", [])
    assert mask.command(apdu) == apdu
    (apdu,) = parts(b"a" + KEY, [])
    assert mask.command(apdu) == apdu[:7] + bytes(len(KEY))


def test_commands_about_secrets_show_none_of_their_data():
    for ins in (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.PERSONALIZE, Ins.PUT_KEY):
        apdu = CommandApdu(Cla.PLAIN, ins, 1, 2, b"12345678", 256).encode()
        assert Mask(list).command(apdu) == apdu[:5] + bytes(8) + apdu[13:]
    assert Mask(list).command(bytes.fromhex("80200001")) == bytes.fromhex("80200001")


def test_an_answer_with_a_secret_is_masked_too():
    assert Mask(lambda: [KEY]).answer(b"x" + KEY + b"\x90\x00") == b"x" + bytes(16) + b"\x90\x00"
