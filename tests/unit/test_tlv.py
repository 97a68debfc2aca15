import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.codec import tlv
from smartdm.errors import CodecError

tags = st.integers(1, 0xFF).filter(lambda tag: tag & 0x1F != 0x1F) | st.builds(
    lambda first, second: (first << 5 | 0x1F) << 8 | second, st.integers(0, 7), st.integers(0x1F, 0x7F)
)


@pytest.mark.parametrize(
    ("tag", "value", "data"),
    [
        (0x84, b"", "8400"),
        (0x84, b"\xf0\x53", "8402F053"),
        (0x5F2D, b"en", "5F2D02656E"),
        (0xA5, b"x" * 0x7F, "A57F" + "78" * 0x7F),
        (0xA5, b"x" * 0x80, "A58180" + "78" * 0x80),
        (0xA5, b"x" * 0xFF, "A581FF" + "78" * 0xFF),
        (0xA5, b"x" * 0x100, "A5820100" + "78" * 0x100),
    ],
)
def test_a_data_object_has_the_octets_of_iso_7816_4(tag: int, value: bytes, data: str):
    assert tlv.encode(tag, value) == bytes.fromhex(data)
    assert tlv.decode_all(bytes.fromhex(data)) == [(tag, value)]


@given(st.lists(st.tuples(tags, st.binary(max_size=300)), max_size=5))
def test_data_objects_are_read_as_they_were_written(objects):
    assert tlv.decode_all(b"".join(tlv.encode(tag, value) for tag, value in objects)) == objects


def test_one_object_is_read_out_of_many():
    assert tlv.decode_from(bytes.fromhex("8401AA8501BB"), 3) == (0x85, b"\xbb", 6)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("84", 1),
        ("8401", 1),
        ("840200", 1),
        ("8400FF", 3),
        ("0000", 0),
        ("1F", 1),
        ("1F1E00", 0),
        ("1F8000", 0),
        ("1FFF", 0),
        ("8480", 1),
        ("84817F" + "00" * 0x7F, 1),
        ("848100", 1),
        ("8481", 2),
        ("848200FF" + "00" * 0xFF, 1),
        ("84820100", 1),
        ("848201", 3),
        ("848300000100", 1),
        ("848400000001", 1),
        ("84FF00", 1),
        ("8482FFFF", 1),
    ],
)
def test_threat_18_a_wrong_length_or_tag_is_refused_with_its_place(data: str, offset: int):
    with pytest.raises(CodecError) as caught:
        tlv.decode_all(bytes.fromhex(data))
    assert caught.value.offset == offset


@pytest.mark.fuzz
@given(st.binary(max_size=40))
def test_threat_18_any_octets_are_read_exactly_or_refused(data: bytes):
    try:
        objects = tlv.decode_all(data)
    except CodecError:
        return
    assert b"".join(tlv.encode(tag, value) for tag, value in objects) == data


@pytest.mark.parametrize("tag", [0x1F, 0x100, 0x1F1E, 0x1F80, 0x8401])
def test_a_number_that_is_no_tag_is_a_callers_bug(tag: int):
    with pytest.raises(ValueError):
        tlv.encode(tag, b"")


def test_a_value_beyond_two_length_octets_is_a_callers_bug():
    with pytest.raises(ValueError, match="65536"):
        tlv.encode(0x84, bytes(65_536))
