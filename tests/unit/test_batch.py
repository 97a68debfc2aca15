"""How a batch is cut into parts: the rules are those of docs/store.md, "Batches on the wire"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.batch import Batch
from smartdm.errors import CodecError, UriError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.wire import Command, Limit, Option
from tests.unit.strategies import names, nodes

short_uris = (
    st.lists(names, max_size=3)
    .map(lambda segments: Uri(tuple(segments)))
    .filter(lambda uri: len(uri.wire()) <= Limit.URI)
)
values = st.sampled_from([0, 1, 100, 127, 128, 223, 224]).map(lambda size: b"v" * size) | st.binary(max_size=40)
commands = st.one_of(
    st.tuples(st.just("add"), short_uris, nodes),
    st.tuples(st.just("replace"), short_uris, values),
    st.tuples(st.just("delete"), short_uris.filter(lambda uri: not uri.is_root)),
    st.tuples(st.just("erase")),
    st.tuples(st.just("rename"), short_uris, names),
)
gets = st.tuples(st.just("get"), short_uris, st.none() | st.integers(0, 254))
expected = st.none() | st.integers(0, 0xFFFFFF)
times = st.none() | st.integers(0, 0xFFFFFFFF)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Of everything; commands whose properties do not fit one part are left out."""
    batch = Batch(draw(times))
    for method, *arguments in draw(st.lists(commands, max_size=6)) + draw(st.lists(gets, max_size=3)):
        kept = len(batch.elements), len(batch.names)
        getattr(batch, method)(*arguments)
        if any(len(header) > 254 for header, _ in batch.elements[kept[0] :]):
            del batch.elements[kept[0] :], batch.names[kept[1] :]
    return batch


@given(batch=batches(), expect=expected)
def test_the_parts_are_the_stream_with_a_number_before_each(batch: Batch, expect: int | None):
    parts = batch.parts(expect)
    stream = b"".join(part[1:] for part in parts)
    body = b"".join(header + value for header, value in batch.elements)
    assert stream.endswith(body)
    assert stream[: len(stream) - len(body)] == options(batch.time, expect)
    assert [part[0] for part in parts] == [
        number if number < 256 else (number - 1) % 255 + 1 for number in range(len(parts))
    ]
    assert all(2 <= len(part) <= 255 for part in parts)


@given(batch=batches(), expect=expected)
def test_no_header_is_divided(batch: Batch, expect: int | None):
    ends, at = [], 0
    for part in batch.parts(expect)[:-1]:
        at += len(part) - 1
        ends.append(at)
    at = len(options(batch.time, expect))
    for header, value in batch.elements:
        assert not any(at < end < at + len(header) for end in ends)
        at += len(header) + len(value)


@given(batch=batches())
def test_no_part_could_have_taken_the_next_header(batch: Batch):
    parts = batch.parts()
    starts = {len(options(batch.time, None)): 0}
    at = len(options(batch.time, None))
    for header, value in batch.elements:
        starts[at] = len(header)
        at += len(header) + len(value)
    at = 0
    for part in parts[:-1]:
        at += len(part) - 1
        assert len(part) == 255 or len(part) + starts[at] > 255


def options(time: int | None, expect: int | None) -> bytes:
    flags = (
        Option.ATOMIC | (Option.IF_GENERATION if expect is not None else 0) | (Option.TIME if time is not None else 0)
    )
    fields = b"" if expect is None else expect.to_bytes(3)
    return bytes((Command.OPTIONS, flags)) + fields + (b"" if time is None else time.to_bytes(4))


def test_an_empty_batch_is_its_options():
    assert Batch().parts() == [bytes.fromhex("00C001")]
    assert Batch(time=1).parts(2) == [bytes.fromhex("00C007 000002 00000001")]


def test_part_numbers_go_from_ff_to_01():
    batch = Batch()
    for _ in range(600):
        batch.replace(Uri(("A",)), b"v" * 224)
    numbers = [part[0] for part in batch.parts()]
    assert len(numbers) > 520
    assert numbers[:256] == list(range(256))
    assert numbers[256:511] == list(range(1, 256))
    assert numbers[511] == 1


def test_a_value_that_fills_a_part_needs_no_empty_one_behind_it():
    for size in range(200, 225):
        parts = Batch().replace(Uri(("A",)), b"v" * size).delete(Uri(("A",))).parts()
        assert all(len(part) > 1 for part in parts)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_header_of_254_bytes_is_the_longest(extra: int):
    node = Node("n" * 64, Format.CHR, type="t" * 127, title="T" * (57 + extra))
    batch = Batch().add(Uri(), node)
    size = len(batch.elements[-1][0])
    assert size == 254 + extra
    if extra:
        with pytest.raises(CodecError, match="255 bytes; at most 254"):
            batch.parts()
    else:
        assert max(len(part) for part in batch.parts()) == 255


def test_what_cannot_go_on_the_wire_is_refused_at_once():
    with pytest.raises(CodecError, match="225 bytes; at most 224"):
        Batch().replace(Uri(("A",)), b"v" * (Limit.VALUE + 1))
    with pytest.raises(UriError, match="65 bytes"):
        Batch().rename(Uri(("A",)), "n" * 65)
    with pytest.raises(UriError, match="193 bytes"):
        Batch().delete(Uri(("a" * 64, "b" * 64, "c" * 63)))
    with pytest.raises(ValueError, match="comes with a Format"):
        Batch().replace(Uri(("A",)), b"", type="text/plain")
    with pytest.raises(CodecError, match="225"):
        Batch().add(Uri(), Node("n", Format.BIN, b"v" * 225))


def test_a_command_that_is_refused_leaves_no_trace_in_the_batch():
    batch = Batch().delete(Uri(("A",)))
    before = batch.parts()
    for attempt in (
        lambda: batch.replace(Uri(("A",)), b"v" * 225),
        lambda: batch.rename(Uri(("A",)), "n" * 65),
        lambda: batch.add(Uri(), Node("n", Format.BIN, b"v" * 225)),
        lambda: batch.get(Uri(("a" * 64, "b" * 64, "c" * 63))),
        lambda: batch.rename(Uri(("A",)), "a/b"),
    ):
        with pytest.raises(CodecError):
            attempt()
    assert (batch.parts(), len(batch.names), len(batch.gets)) == (before, 1, 0)
