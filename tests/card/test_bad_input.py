"""Malformed and forbidden elements: each has its own status word, changes nothing, and the session goes on."""

from __future__ import annotations

import pytest

from smartdm.wire import TYPES, Command, Format, Ins, Kind, Limit, Option, Principal, Sw
from tests.card.attack import (
    OPTIONS,
    Attacker,
    acl_leaf,
    add,
    apdu,
    assert_sw,
    delete,
    get,
    interior,
    leaf,
    node,
    options,
    rename,
    replace,
    text,
)
from tests.oracle.reading import one_tree

SECOND = leaf(b"z")
PARTS = ("name", "title", "type", "acl", "replaced type", "new name", "new title", "new acl", "source")


def put_text(part: str, raw: bytes, length: int | None = None) -> bytes:
    """A command that carries a text in one of PARTS; ``length``: what its L says, None = the truth."""
    field = text(raw, length)
    return {
        "name": add(b"", bytes((Format.CHR, 0)) + field + b"\x00"),
        "title": add(b"", leaf(b"n", kind=Format.CHR | Kind.TITLE, texts=field)),
        "type": add(b"", leaf(b"n", meta=0x80, texts=field)),
        "acl": add(b"", leaf(b"n", kind=Format.CHR | Kind.ACL, texts=field)),
        "replaced type": replace(b"L", kind=Format.CHR, meta=0x80, texts=field),
        "new name": bytes((Command.RENAME,)) + text(b"L") + field,
        "new title": bytes((Command.TITLE,)) + text(b"L") + field,
        "new acl": bytes((Command.ACL,)) + text(b"L") + field,
        "source": bytes((Command.SOURCE,)) + field,
    }[part]


# The frame of a batch.


def test_unknown_command_tag_is_refused(card: Attacker):
    before = card.tree()
    for tag in sorted(set(range(256)) - {int(known) for known in Command}):
        assert_sw(card.run(bytes((tag,)) + text(b"L")), Sw.BAD_ELEMENT)
    assert card.tree() == before
    card.works()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(delete(b"L"), Sw.BAD_ELEMENT, id="missing"),
        pytest.param(OPTIONS + OPTIONS, Sw.BAD_ELEMENT, id="twice"),
        pytest.param(delete(b"L") + OPTIONS, Sw.BAD_ELEMENT, id="late"),
        pytest.param(OPTIONS + delete(b"L") + OPTIONS, Sw.BAD_ELEMENT, id="again after a command"),
        pytest.param(options(0) + delete(b"L"), Sw.UNSUPPORTED, id="not atomic"),
        pytest.param(options(Option.TIME, bytes(4)) + delete(b"L"), Sw.UNSUPPORTED, id="not atomic, with a time"),
        pytest.param(options(Option.ATOMIC | Option.IF_GENERATION, bytes(3)), Sw.CONFLICT, id="wrong generation"),
        pytest.param(options(Option.ATOMIC | Option.IF_GENERATION, bytes(2)), Sw.TRUNCATED, id="short generation"),
        pytest.param(options(Option.ATOMIC | Option.TIME, bytes(3)), Sw.TRUNCATED, id="short time"),
        pytest.param(OPTIONS[:1], Sw.TRUNCATED, id="no flags"),
    ],
)
def test_options_that_are_out_of_place_or_short_are_refused(card: Attacker, raw: bytes, expected: Sw):
    before = card.tree()
    assert_sw(card.verdict(*card.part(raw)), expected)
    assert card.tree() == before
    card.works()


@pytest.mark.parametrize("flag", [0x10, 0x20, 0x40, 0x80])
def test_reserved_option_flag_is_unsupported(card: Attacker, flag: int):
    assert_sw(card.verdict(*card.part(options(Option.ATOMIC | flag) + delete(b"L"))), Sw.UNSUPPORTED)
    card.works()


@pytest.mark.parametrize("late", [add(b"", SECOND), replace(b"L"), delete(b"L"), rename(b"L", b"M")])
def test_nothing_but_get_may_follow_a_get(card: Attacker, late: bytes):
    card.refused(Sw.BAD_ELEMENT, get(b"L"), late)


def test_the_ninth_get_is_one_too_many(card: Attacker):
    card.done(*[get(b"A/x")] * Limit.GETS)
    card.refused(Sw.TOO_MANY_GETS, delete(b"L"), *[get(b"A/x")] * (Limit.GETS + 1))


def test_a_refusal_names_the_command(card: Attacker):
    good = replace(b"L")
    for number in range(1, 6):
        data, sw = card.batch(*[good] * (number - 1), delete(b"none"), good)
        assert_sw(sw, Sw.BATCH_FAILED)
        assert data == number.to_bytes(2) + Sw.NOT_FOUND.to_bytes(2)
    assert card.part(options(0))[0] == bytes(2) + Sw.UNSUPPORTED.to_bytes(2)


# Lengths.


@pytest.mark.parametrize("length", [0x7F, 0x80, 0xC0, 0xFF])
@pytest.mark.parametrize("part", PARTS)
def test_length_beyond_the_data_is_truncated(card: Attacker, part: str, length: int):
    card.refused(Sw.TRUNCATED, put_text(part, b"n", length))


@pytest.mark.parametrize("length", [0x02, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("tag", [tag for tag in Command if tag is not Command.OPTIONS])
def test_uri_length_beyond_the_data_is_truncated(card: Attacker, tag: Command, length: int):
    card.refused(Sw.TRUNCATED, bytes((tag,)) + text(b"L", length))


@pytest.mark.parametrize(
    ("part", "size", "expected"),
    [
        ("name", 0, Sw.BAD_NAME),
        ("name", 65, Sw.NAME_TOO_LONG),
        ("name", 0x7F, Sw.NAME_TOO_LONG),
        ("name", 0x80, Sw.NAME_TOO_LONG),
        ("name", 0xE0, Sw.NAME_TOO_LONG),
        ("new name", 0, Sw.BAD_NAME),
        ("new name", 65, Sw.NAME_TOO_LONG),
        ("new name", 0x80, Sw.NAME_TOO_LONG),
        *[(part, 0, Sw.BAD_ELEMENT) for part in ("title", "type", "acl", "replaced type")],
        *[(part, 0x80, Sw.BAD_ELEMENT) for part in ("title", "type", "replaced type", "new title")],
        *[(part, 0xE0, Sw.BAD_ELEMENT) for part in ("title", "type", "replaced type", "new title")],
        *[(part, 0x80, Sw.BAD_ACL) for part in ("acl", "new acl")],
        ("new acl", 1, Sw.BAD_ACL),
    ],
)
def test_text_that_is_too_short_or_too_long_is_refused(card: Attacker, part: str, size: int, expected: Sw):
    card.refused(expected, put_text(part, b"n" * size))


@pytest.mark.parametrize("part", ["title", "type", "replaced type"])
def test_the_longest_text_is_taken(card: Attacker, part: str):
    card.done(put_text(part, b"n" * Limit.TEXT))


@pytest.mark.parametrize("size", [225, 239])
def test_value_above_the_limit_is_too_large(card: Attacker, size: int):
    card.refused(Sw.VALUE_TOO_LARGE, add(b"", leaf(b"n", b"v" * size)))
    card.refused(Sw.VALUE_TOO_LARGE, replace(b"L", b"v" * size))


@pytest.mark.parametrize("length", [0xE1, 0xF0, 0xFD])
def test_value_length_above_the_limit_is_refused_before_the_value_comes(card: Attacker, length: int):
    card.refused(Sw.VALUE_TOO_LARGE, add(b"", node(b"n", bytes((length,)), Format.CHR)))
    card.refused(Sw.VALUE_TOO_LARGE, replace(b"L", b"")[:-1] + bytes((length,)))


@pytest.mark.parametrize("length", [0x01, 0x7F, 0x80, 0xE0])
def test_value_length_beyond_the_data_is_truncated(card: Attacker, length: int):
    card.refused(Sw.TRUNCATED, add(b"", node(b"n", bytes((length,)), Format.CHR)))
    card.refused(Sw.TRUNCATED, replace(b"L", b"")[:-1] + bytes((length,)))


# Kind, meta, Format.


@pytest.mark.parametrize("meta", [len(TYPES), 0x7F, 0x81, 0xFF])
def test_unknown_type_index_is_unsupported(card: Attacker, meta: int):
    # Bit 40 is that of a definition, which has no place in the tree.
    card.refused(Sw.NOT_DEFINED if meta & 0x40 else Sw.UNSUPPORTED, add(b"", leaf(b"n", meta=meta, texts=text(b"t"))))
    card.refused(Sw.UNSUPPORTED, replace(b"L", kind=Format.CHR, meta=meta))


def test_a_tstamp_is_unsupported_in_an_add(card: Attacker):
    card.refused(Sw.UNSUPPORTED, add(b"", leaf(b"n", kind=Format.CHR | Kind.TSTAMP, texts=bytes(4))))


@pytest.mark.parametrize("flag", [flag for flag in Kind if flag > Format.KEEP])
def test_kind_of_a_replace_has_no_flags(card: Attacker, flag: Kind):
    card.refused(Sw.BAD_FORMAT, replace(b"L", kind=Format.CHR | flag))
    card.refused(Sw.BAD_FORMAT, replace(b"L", kind=Format.KEEP | flag))


@pytest.mark.parametrize("number", range(0x0B, 0x10))
def test_format_that_does_not_exist_is_refused(card: Attacker, number: int):
    card.refused(Sw.BAD_FORMAT, add(b"", leaf(b"n", kind=number)))
    if number != Format.KEEP:
        card.refused(Sw.BAD_FORMAT, replace(b"L", kind=number))


def test_replace_makes_no_interior_node(card: Attacker):
    card.refused(Sw.BAD_FORMAT, replace(b"L", b"", kind=Format.NODE))


def test_null_has_no_value(card: Attacker):
    card.refused(Sw.BAD_FORMAT, add(b"", leaf(b"n", b"v", kind=Format.NULL)))
    card.refused(Sw.BAD_FORMAT, replace(b"L", b"v", kind=Format.NULL))
    card.done(replace(b"L", b"", kind=Format.NULL))
    card.refused(Sw.BAD_FORMAT, replace(b"L", b"v", kind=Format.KEEP))


# Packed ACLs.


@pytest.mark.parametrize(
    "acl",
    [
        pytest.param(b"\x00\x01*", id="no verb"),
        pytest.param(b"\x20\x01*", id="verb 20"),
        pytest.param(b"\x80\x01*", id="verb 80"),
        pytest.param(b"\xff\x01*", id="all bits"),
        pytest.param(b"\x01\x00", id="empty id"),
        pytest.param(b"\x01\x02*", id="id beyond the end"),
        pytest.param(b"\x01\x7f*", id="id far beyond the end"),
        pytest.param(b"\x01\x80*", id="negative length"),
        pytest.param(b"\x01\xfe*", id="length that goes back to its own entry"),
        pytest.param(b"\x01\xff*", id="length FF"),
        pytest.param(b"\x01", id="only a mask"),
        pytest.param(b"\x01\x01*\x01", id="second entry is only a mask"),
        pytest.param(b"\x01\x01*\x01\x02b", id="second id beyond the end"),
    ],
)
def test_acl_that_breaks_the_grammar_is_refused(card: Attacker, acl: bytes):
    card.refused(Sw.BAD_ACL, add(b"", acl_leaf(b"n", acl)))
    card.refused(Sw.BAD_ACL, bytes((Command.ACL,)) + text(b"L") + text(acl))


@pytest.mark.parametrize("who", [b"none", b"sr", b"srvr", b"SRV", b"\xff", b"Srv"])
def test_acl_that_names_an_unknown_server_is_refused(card: Attacker, who: bytes):
    for entries in (b"\x01" + text(who), b"\x01\x01*\x01" + text(who)):
        card.refused(Sw.UNKNOWN_SERVER, add(b"", acl_leaf(b"n", entries)))
        card.refused(Sw.UNKNOWN_SERVER, bytes((Command.ACL,)) + text(b"L") + text(entries))


def test_acl_whose_mask_is_the_last_byte_of_the_longest_part_is_refused(card: Attacker):
    texts = text(b"t" * 127) + text(b"m" * 60) + text(b"\x01")
    kind = Format.CHR | Kind.TITLE | Kind.ACL
    room = 254 - len(OPTIONS + add(b"", leaf(b"", kind=kind, meta=0x80, texts=texts)[:-1]))
    data = OPTIONS + add(b"", leaf(b"n" * room, kind=kind, meta=0x80, texts=texts)[:-1])
    for le in (b"", b"\x00"):
        command = apdu(Ins.BATCH, b"\x00" + data, le=le)
        assert command[4] == 255
        assert_sw(card.verdict(*card.device.apdu(command)), Sw.BAD_ACL)
    card.works()


# Places.


def test_the_root_cannot_be_renamed(card: Attacker):
    card.refused(Sw.PERMANENT, rename(b"", b"n"))


def test_to_delete_the_root_empties_it(card: Attacker):
    card.done(add(b"", interior(b"Q", 1), leaf(b"b")) + delete(b""))
    root = one_tree(card.tree())
    assert (root.count, root.acl) == (0, ((0x09, Principal.ANYBODY), (0x1F, Principal.ISSUER)))
    card.works()


def test_the_root_has_no_value(card: Attacker):
    card.refused(Sw.NOT_LEAF, replace(b""))
    card.refused(Sw.NOT_LEAF, replace(b"A"))


def test_nothing_lies_below_a_leaf(card: Attacker):
    card.refused(Sw.NOT_INTERIOR, add(b"L", SECOND))
    for command in (add(b"L/z", SECOND), replace(b"L/z"), delete(b"L/z"), rename(b"L/z", b"n"), get(b"L/z")):
        card.refused(Sw.NOT_FOUND, command)


@pytest.mark.parametrize("uri", [b"N", b"A/N", b"A/x/N", b"N/x", b"a", b"A/X", b"AA", b"L "])
def test_what_is_not_there_is_not_found(card: Attacker, uri: bytes):
    for command in (add(uri, SECOND), replace(uri), delete(uri), rename(uri, b"n"), get(uri)):
        card.refused(Sw.NOT_FOUND, command)


def test_a_name_that_exists_is_refused(card: Attacker):
    card.refused(Sw.ALREADY_EXISTS, add(b"", leaf(b"L")))
    card.refused(Sw.ALREADY_EXISTS, add(b"A", interior(b"x")))
    card.refused(Sw.ALREADY_EXISTS, rename(b"L", b"A"))
    card.refused(Sw.ALREADY_EXISTS, add(b"", SECOND), add(b"", SECOND))
    card.done(rename(b"L", b"L"))


def test_a_subtree_cannot_name_two_siblings_alike(card: Attacker):
    card.refused(Sw.ALREADY_EXISTS, add(b"", interior(b"S", 2), leaf(b"n"), leaf(b"n")))
    card.refused(Sw.ALREADY_EXISTS, add(b"", interior(b"S", 3), leaf(b"n"), leaf(b"m"), interior(b"n")))
    below = (interior(b"a", 2), interior(b"b", 1), leaf(b"n"), leaf(b"n"), leaf(b"n"))
    card.refused(Sw.ALREADY_EXISTS, add(b"", interior(b"S", 2), *below))
    card.done(add(b"", interior(b"S", 2), interior(b"a", 1), interior(b"b", 1), leaf(b"n"), leaf(b"n")))
