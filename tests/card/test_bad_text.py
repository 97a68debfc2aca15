"""Names, texts and URIs: random and chosen bytes against a second opinion that is written from the documents alone.

The rules: OMA DM TND 1.2 (URI), RFC 3629 (UTF-8), docs/store.md and the limits that SELECT tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.errors import UriError
from smartdm.mo.uri import Uri, check_name
from smartdm.transport.sim import SimTransport
from smartdm.wire import Command, Format, Ins, Kind, Limit, Sw
from tests.card.attack import (
    Attacker,
    add,
    apdu,
    assert_sw,
    attacker,
    delete,
    get,
    interior,
    leaf,
    rename,
    replace,
    server,
    text,
    title,
)
from tests.card.device import THROUGH_PCSC, Device
from tests.card.jcardsim import simulator_folder

# RFC 3629, section 4: each kind of a broken sequence.
BROKEN = {
    "lone continuation": b"\x80",
    "two continuations": b"\xbf\xbf",
    "overlong 2, C0": b"\xc0\x80",
    "overlong 2, C1": b"\xc1\xbf",
    "overlong 3": b"\xe0\x80\x80",
    "overlong 3, the last": b"\xe0\x9f\xbf",
    "overlong 4": b"\xf0\x80\x80\x80",
    "overlong 4, the last": b"\xf0\x8f\xbf\xbf",
    "overlong slash": b"\xc0\xaf",
    "overlong dot": b"\xc0\xae",
    "high surrogate": b"\xed\xa0\x80",
    "low surrogate": b"\xed\xbf\xbf",
    "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond 10FFFF": b"\xf4\x90\x80\x80",
    "F5": b"\xf5\x80\x80\x80",
    "F8": b"\xf8\x88\x80\x80\x80",
    "FE": b"\xfe",
    "FF": b"\xff",
    "2 bytes, second is ASCII": b"\xc3a",
    "3 bytes, third is ASCII": b"\xe2\x82a",
    "4 bytes, fourth is ASCII": b"\xf0\x9f\x98a",
    "2 bytes, second is a first": b"\xc3\xc3",
    "3 bytes, second too high": b"\xe2\xc0\x80",
}
CUT_SHORT = {
    "2 bytes": b"\xc3",
    "3 bytes after 1": b"\xe2",
    "3 bytes after 2": b"\xe2\x82",
    "4 after 3": b"\xf0\x9f\x98",
}
EDGES = ["\x80", "߿", "ࠀ", "\ud7ff", "\ue000", "\uffff", "𐀀", "\U0010ffff", "\u200b", "\ufeff"]
TITLED = Format.CHR | Kind.TITLE


def everywhere(raw: bytes) -> dict[str, bytes]:
    """The commands that carry a text, by the field that holds it."""
    return {
        "name": add(b"", leaf(raw)),
        "name of an interior node": add(b"", interior(raw)),
        "name below": add(b"", interior(b"S", 1), leaf(raw)),
        "new name": rename(b"L", raw),
        "title": add(b"", leaf(b"n", kind=TITLED, texts=text(raw))),
        "type": add(b"", leaf(b"n", meta=0x80, texts=text(raw))),
        "replaced type": replace(b"L", kind=Format.CHR, meta=0x80, texts=text(raw)),
        "changed title": title(b"L", raw),
        "server": server(raw),
    }


FIELDS = list(everywhere(b""))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("fault", BROKEN)
def test_invalid_utf8_is_refused(card: Attacker, field: str, fault: str):
    for raw in (BROKEN[fault], b"a" + BROKEN[fault] + b"z", "é".encode() + BROKEN[fault]):
        card.refused(Sw.BAD_TEXT, everywhere(raw)[field])


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("fault", CUT_SHORT)
def test_a_character_that_the_end_of_its_text_cuts_is_refused(card: Attacker, field: str, fault: str):
    card.refused(Sw.BAD_TEXT, everywhere(b"a" + CUT_SHORT[fault])[field])


@pytest.mark.parametrize("size", [0x80, 0xBF, 0xC0, 0xE0])
def test_a_length_is_never_read_as_the_rest_of_a_character(card: Attacker, size: int):
    value = b"\x80" * size
    card.refused(Sw.BAD_TEXT, add(b"", leaf(b"n\xc3", value[: 0xE0 - 4])))
    card.refused(Sw.BAD_TEXT, replace(b"L", value[: 0xE0 - 8], kind=Format.CHR, meta=0x80, texts=text(b"t\xc3")))


def test_a_character_cannot_go_on_in_the_next_text(card: Attacker):
    card.refused(Sw.BAD_TEXT, add(b"", leaf(b"n\xc3", kind=TITLED, texts=text(b"\xa9t"))))


@pytest.mark.parametrize("field", FIELDS)
def test_characters_at_the_edges_of_utf8_are_taken(card: Attacker, field: str):
    start = card.device.sim.snapshot()
    for char in EDGES:
        card.done(everywhere(char.encode())[field])
        card.device.sim.restore(start)
        card.device.open()


# Names and URIs.

FORBIDDEN = [
    b".",
    b"..",
    b"a.",
    b"...",
    b"/",
    b"a/b",
    b"?",
    b"?prop=ACL",
    b"a?list=Struct",
    b"a/",
    b"/a",
    b"../a",
    b"./a",
    b"\x00",
    b"a\x00",
    b"a\x7f",
    b"\t",
    b"\n",
]
STRANGE = [
    b".a",
    b"a.b",
    b"..a",
    b" ",
    b"%2e",
    b"%2F",
    b"%3F",
    b"*",
    b"\\",
    b"~",
    b"a ",
    b"\xc2\x85",
]


@pytest.mark.parametrize("name", [*FORBIDDEN, *[bytes((code,)) for code in range(0x20)]])
def test_forbidden_name_is_refused(card: Attacker, name: bytes):
    for field in ("name", "name of an interior node", "name below", "new name"):
        card.refused(Sw.BAD_NAME, everywhere(name)[field])


@pytest.mark.parametrize("name", STRANGE)
def test_strange_name_is_taken_and_found(card: Attacker, name: bytes):
    card.done(add(b"A/B", leaf(name, b"v")))
    data, sw = card.batch(get(b"A/B/" + name))
    assert_sw(sw, Sw.OK)
    assert data.endswith(name + b"\x01v")


def test_case_and_composition_tell_names_apart(card: Attacker):
    names = ["a", "A ", "é", "e\u0301", "\u212b", "\u00c5"]
    card.done(*[add(b"A/B", leaf(name.encode())) for name in names])
    for name in names:
        card.refused(Sw.ALREADY_EXISTS, add(b"A/B", leaf(name.encode())))


BAD_URIS = [
    b"A/",
    b"/",
    b"/A",
    b"A//x",
    b"//",
    b"A/B/",
    b".",
    b"..",
    b"./A",
    b"../A",
    b"A/../L",
    b"A/./x",
    b"A/..",
    b"A./x",
    b"A/x.",
]


@pytest.mark.parametrize("uri", BAD_URIS)
def test_uri_form_that_is_forbidden_finds_nothing(card: Attacker, uri: bytes):
    for command in (add(uri, leaf(b"z")), replace(uri), delete(uri), rename(uri, b"n"), get(uri)):
        before = card.tree()
        sw = card.run(command)
        assert sw in {Sw.BAD_NAME, Sw.NOT_FOUND}, f"{sw:04X}"
        assert sw == uri_verdict(uri, {b"": {b"A", b"L"}, b"A": {b"B", b"x"}, b"A/B": {b"y"}})
        assert card.tree() == before
    assert card.device.apdu(apdu(Ins.READ, text(uri)))[1] in {Sw.BAD_NAME, Sw.NOT_FOUND}


def name_verdict(raw: bytes) -> Sw:
    """What a new name gets.  In this order: the length, the forms, UTF-8."""
    if len(raw) > 64:
        return Sw.NAME_TOO_LONG
    if raw in {b"", b".", b".."} or raw.endswith(b".") or re.search(rb"[\x00-\x1f\x7f/?]", raw):
        return Sw.BAD_NAME
    try:
        raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return Sw.BAD_TEXT
    return Sw.OK


def uri_verdict(raw: bytes, children: dict[bytes, set[bytes]]) -> Sw:
    """What a URI gets that names a node: segment by segment, as far as there are nodes."""
    if len(raw) > 192:
        return Sw.URI_TOO_LONG
    if raw == b"":
        return Sw.OK
    here = b""
    if raw.startswith(b"?"):
        # The registry; the byte behind the "?" is not looked at.
        if len(raw) == 1:
            return Sw.OK
        raw, children = raw[2:], {b"": {b"Srv", b"Up"}, b"Srv": {b"*", b"#issuer", b"#holder", b"srv"}}
    for segment in raw.split(b"/"):
        if segment == b"" or segment.endswith(b"."):
            return Sw.BAD_NAME
        if segment not in children.get(here, set()):
            return Sw.NOT_FOUND
        here = here + b"/" + segment if here else segment
    return Sw.OK


PIECES = st.sampled_from(
    [b"A", b"B", b"x", b"L", b"/", b"/", b".", b"..", b"\x00", b"\x7f", b"\xc3", b"\xa9", b"a" * 60]
)
RANDOM_BYTES = st.lists(PIECES | st.binary(min_size=1, max_size=2), max_size=8).map(b"".join).map(lambda raw: raw[:230])


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    """One card for all examples of a search; each leaves it as it was."""
    with SimTransport(simulator_folder(tmp_path_factory.mktemp("simulator"))) as simulator:
        yield attacker(Device(simulator))


@pytest.mark.skipif(THROUGH_PCSC, reason="has a simulator of its own")
@given(raw=RANDOM_BYTES)
def test_threat_27_the_card_judges_names_as_the_documents_do(lasting: Attacker, raw: bytes):
    expected = name_verdict(raw)
    if raw in {b"A", b"L"}:
        expected = Sw.ALREADY_EXISTS
    verdict = lasting.run(add(b"", leaf(raw)))
    assert_sw(verdict, expected)
    if verdict == Sw.OK:
        lasting.done(delete(raw))
    if expected in {Sw.OK, Sw.BAD_NAME, Sw.BAD_TEXT}:
        assert host_takes(raw) == (expected is Sw.OK)


@pytest.mark.skipif(THROUGH_PCSC, reason="has a simulator of its own")
@given(raw=RANDOM_BYTES)
def test_threat_27_the_card_judges_uris_as_the_documents_do(lasting: Attacker, raw: bytes):
    expected = uri_verdict(raw, {b"": {b"A", b"L"}, b"A": {b"B", b"x"}, b"A/B": {b"y"}})
    assert_sw(lasting.run(bytes((Command.GET,)) + text(raw) + b"\x00"), expected)
    sw = lasting.device.apdu(apdu(Ins.READ, text(raw), p1=0))[1]
    assert_sw(sw, expected)
    if expected is Sw.OK and not raw.startswith(b"?"):
        assert Uri.from_wire(raw).wire() == raw


def host_takes(raw: bytes) -> bool:
    try:
        check_name(raw.decode())
    except (UnicodeDecodeError, UriError):
        return False
    return True


def test_the_limits_of_the_second_opinion_are_those_that_select_tells(card: Attacker):
    info = card.device.open().info
    assert (info.max_seg_len, info.max_tot_len) == (64, 192) == (Limit.NAME, Limit.URI)
