"""Format and Type of a node that is told its value alone: the same rules for mo add and mo batch."""

from __future__ import annotations

import click
import pytest

from smartdm.cli.kinds import can_hold, check_interior, misfit, new_kind, unsuited
from smartdm.codec import catalog
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri

FUMO = catalog.load("FUMO")
NAME = FUMO.find(Uri.parse("PkgName"))


@pytest.mark.parametrize(
    ("value", "chosen", "type_", "kind"),
    [
        (b"text", None, None, (Format.CHR, "text/plain")),
        (b"\xff", None, None, (Format.BIN, "application/octet-stream")),
        (b"a\x00", None, None, (Format.BIN, "application/octet-stream")),
        (b"text", Format.XML, None, (Format.XML, "application/xml")),
        (b"5", Format.INT, None, (Format.INT, "text/plain")),
        (b"5", None, "text/x-own", (Format.CHR, "text/x-own")),
        (b"", Format.NODE, None, (Format.NODE, "")),
        (b"5", None, "", (Format.CHR, "")),
    ],
)
def test_a_node_without_a_definition_is_what_suits_its_value(
    value: bytes, chosen: Format | None, type_: str | None, kind: tuple[Format, str]
):
    assert new_kind(None, value, chosen, type_) == kind


def test_a_definition_says_what_is_left_open_and_the_card_refuses_what_contradicts_it():
    assert NAME is not None
    assert new_kind(NAME, b"\xff", None, None) == (NAME.format, "")
    assert new_kind(NAME, b"x", NAME.format, None) == (NAME.format, "")
    assert new_kind(NAME, b"x", Format.INT, None) == (Format.INT, "text/plain")
    assert new_kind(FUMO, b"", None, None) == (Format.NODE, "")
    assert new_kind(FUMO, b"x", None, None) == (Format.CHR, "text/plain")


@pytest.mark.parametrize("node_format", list(Format))
def test_only_text_formats_are_held_to_text(node_format: Format):
    assert can_hold(node_format, b"text")
    assert can_hold(node_format, b"\x00") is (node_format in {Format.B64, Format.BIN, Format.NODE})
    assert misfit("the value", node_format).endswith(f"cannot be {node_format}; use --format bin")


@pytest.mark.parametrize(("value", "chosen"), [("", None), (b"x", None), (None, "chr"), ("x", "chr")])
def test_an_interior_node_is_given_no_value(value: str | bytes | None, chosen: str | None):
    with pytest.raises(click.UsageError, match="neither VALUE nor --format"):
        check_interior(value, chosen)
    check_interior(None, None)


@pytest.mark.parametrize("node_format", [item for item in Format if item is not Format.NODE])
def test_a_leaf_of_any_format_may_have_no_value_yet(node_format: Format):
    assert unsuited(Uri.parse("./N"), node_format, b"") is None


def test_a_value_that_breaks_its_format_is_told_with_the_way_out():
    uri = Uri.parse("./N")
    told = "./N: the value 'yes' is not 'true' or 'false', as Format bool needs; --format changes the Format"
    assert unsuited(uri, Format.BOOL, b"yes") == told
    assert str(unsuited(uri, Format.INT, b"\xff")).startswith("the value for ./N is not UTF-8 text")
    assert unsuited(uri, Format.NODE, b"\xff") is None
    assert unsuited(uri, Format.BIN, b"\xff") is None
