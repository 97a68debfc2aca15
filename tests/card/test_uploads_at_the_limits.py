"""Values in pieces where the tree ends: the deepest level, the longest URI, the uploads themselves."""

from __future__ import annotations

import pytest

from smartdm.wire import PIECES, Format, Kind, Limit, Sw, Verb
from tests.card.attack import (
    READ_ALL,
    Attacker,
    add,
    attacker,
    delete,
    interior,
    leaf,
    node,
    rename,
    replace,
    source,
    sourced,
    text,
)
from tests.card.device import SMALL, Device

NO_PIECES = bytes((PIECES, 0))
DEPTHS = {"default": (b"", Limit.DEPTH), "small": (SMALL, Limit.DEPTH_SMALL)}


def uploaded(card: Attacker, name: bytes = b"u", value: bytes = b"p" * 100) -> bytes:
    """A value of one piece is ready; returns the SOURCE that names it."""
    card.done(add(b"?/Up", node(name, NO_PIECES, Format.BIN)))
    card.done(add(b"?/Up/" + name, leaf(b"", value, kind=Format.BIN)))
    return source(b"?/Up/" + name)


@pytest.mark.parametrize("profile", DEPTHS)
def test_a_leaf_at_the_deepest_level_takes_no_pieces(device: Device, profile: str):
    parameters, depth = DEPTHS[profile]
    card, uri = attacker(device, parameters), b""
    for _ in range(depth - 2):
        card.done(add(uri, interior(b"d")))
        uri = (uri + b"/d").lstrip(b"/")
    card.done(add(uri, leaf(b"above", kind=Format.BIN), interior(b"d"), roots=2))
    card.done(add(uri + b"/d", leaf(b"x", kind=Format.BIN)))
    taken = uploaded(card)
    card.refused(Sw.TOO_DEEP, taken, sourced(replace(uri + b"/d/x", b"")))
    card.refused(Sw.TOO_DEEP, taken, sourced(add(uri + b"/d", leaf(b"y", kind=Format.BIN))))
    card.done(taken, sourced(replace(uri + b"/above", b"")))
    assert device.apdu(READ_ALL)[1] in {Sw.OK, Sw.MORE}
    card.done(delete(b""))


def test_an_upload_cannot_begin_with_the_value_of_another(device: Device):
    card = attacker(device)
    taken = uploaded(card)
    uploaded(card, b"v")
    # Behind the list of uploads there are bytes that are no ids.
    card.done(add(b"", *(leaf(b"%d" % at, b"\xff" * 7, kind=Format.BIN) for at in range(8)), roots=8))
    card.done(*(delete(b"%d" % at) for at in range(0, 8, 2)))
    device.open()
    card.refused(Sw.PERMANENT, taken, sourced(add(b"?/Up", leaf(b"wwwww", kind=Format.BIN))))


def test_pieces_add_nothing_to_the_longest_uri(device: Device):
    card = attacker(device)
    above, name = b"/".join((b"a" * 63, b"b" * 63)), b"c" * 64
    card.done(add(b"", interior(b"a" * 63)))
    card.done(add(b"a" * 63, interior(b"b" * 63)))
    card.done(add(above, node(name, bytes((PIECES, 1)), Format.BIN), leaf(b"", b"piece", kind=Format.BIN)))
    card.done(uploaded(card), sourced(replace(above + b"/" + name, b"")))
    card.done(rename(b"a" * 63, b"z" * 63))
    card.refused(Sw.URI_TOO_LONG, rename(b"z" * 63, b"z" * 64))


@pytest.mark.parametrize(
    "new",
    [
        (interior(b"n"),),
        (interior(b"n", 1), leaf(b"x")),
        (leaf(b"n", b"v"),),
        (node(b"n", bytes((PIECES, 1)), Format.BIN), leaf(b"", b"p", kind=Format.BIN)),
    ],
    ids=["interior", "with a child", "with a value", "in pieces"],
)
@pytest.mark.parametrize("parent", [b"?/Srv", b"?/Up"])
def test_servers_and_uploads_begin_as_empty_leaves(device: Device, parent: bytes, new: tuple[bytes, ...]):
    card = attacker(device)
    card.refused(Sw.PERMANENT, add(parent, *new))


def test_only_uploads_are_to_get_pieces(device: Device):
    card = attacker(device)
    card.refused(Sw.PERMANENT, add(b"?/Srv", node(b"n", NO_PIECES, Format.BIN)))
    card.refused(Sw.PERMANENT, add(b"?/Up", leaf(b"n", kind=Format.BIN)))
    card.done(add(b"?/Srv", leaf(b"n")), add(b"?/Up", node(b"n", NO_PIECES, Format.BIN)))


def test_an_acl_does_not_come_into_the_registry(device: Device):
    card = attacker(device)
    for parent in (b"?/Srv", b"?/Up"):
        for who in (b"srv", b"nix"):
            entry = bytes((Verb.GET,)) + text(who)
            card.refused(Sw.PERMANENT, add(parent, leaf(b"n", kind=Format.CHR | Kind.ACL, texts=text(entry))))
