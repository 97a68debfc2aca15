"""What kind of node a value makes: the same for single commands and for those of a batch.  Pure: values in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from smartdm.cli.view import fits_text
from smartdm.mo.tree import BINARY, Format
from smartdm.mo.values import value_fault

if TYPE_CHECKING:
    from smartdm.mo.definition import Definition
    from smartdm.mo.uri import Uri

LEAF_FORMATS: Final = tuple(str(item) for item in Format if item is not Format.NODE)

_TYPES: Final = {Format.NODE: "", Format.BIN: "application/octet-stream", Format.XML: "application/xml"}
_TYPE: Final = "text/plain"


def new_kind(defined: Definition | None, value: bytes, chosen: Format | None, type_: str | None) -> tuple[Format, str]:
    """Format and Type of a new node: as chosen, else as its definition says, else what suits the value.

    ``defined``: the definition of the node, None if there is none, or if nothing is left open.
    """
    suits = chosen == defined.format if defined and chosen else defined and (defined.is_leaf or not value)
    if defined and suits:  # else the refusal tells what the definition wants
        return defined.format, type_ or ""
    node_format = chosen or (Format.CHR if fits_text(value) else Format.BIN)
    return node_format, _TYPES.get(node_format, _TYPE) if type_ is None else type_


def can_hold(node_format: Format, value: bytes) -> bool:
    """Whether a leaf of that Format can have the value.  That interior nodes cannot is the card's to say."""
    return node_format in BINARY or node_format is Format.NODE or fits_text(value)


def misfit(what: str, node_format: str) -> str:
    """What to tell where ``can_hold`` says no.  ``what``: how the value is called."""
    return (
        f"{what} is not UTF-8 text, or holds characters that XML cannot carry, and so cannot be {node_format}; "
        "use --format bin"
    )


def unsuited(uri: Uri, node_format: Format, value: bytes) -> str | None:
    """What to tell about a value that a leaf of that Format cannot have; None if it can.

    An empty value always can be: the leaf has none yet.
    """
    if not can_hold(node_format, value):
        return misfit(f"the value for {uri}", node_format)
    if not value or node_format is Format.NODE:
        return None
    fault = value_fault(node_format, value)
    return f"{uri}: {fault}; --format changes the Format" if fault else None


def check_interior(value: str | bytes | None, chosen: str | None) -> None:
    """UsageError for what an interior node cannot be given; None where nothing was."""
    if not (value is None and chosen is None):
        raise click.UsageError("an interior node has neither VALUE nor --format")
