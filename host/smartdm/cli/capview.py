"""A CAP file as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartdm.cli.output import Output, printable
from smartdm.gp.api import card_needed, name_of, oldest_card
from smartdm.gp.cap import LOAD_ORDER, Cap, Flag, Package

_NEWER = "newer than any that is known here"


@dataclass(frozen=True, slots=True)
class CapView:
    """A CAP file and the name of the file.  ``limit``: load size in bytes that is allowed, None if nobody says."""

    file: str
    cap: Cap
    limit: int | None = None

    def document(self) -> dict[str, object]:
        """The members of the JSON document."""
        cap = self.cap
        document: dict[str, object] = {
            "file": self.file,
            "cap_format": _dotted(cap.format),
            "package": {"name": cap.name, "aid": _hex(cap.package.aid), "version": _dotted(cap.package.version)},
            "applets": [_hex(aid) for aid in cap.applets],
            "uses_int": Flag.INT in cap.flags,
            "java_card": card_needed(cap.imports),
            "imports": [_import(package) for package in cap.imports],
            "components": [
                {"name": component.name, "bytes": len(content), "loaded": component in LOAD_ORDER}
                for component, content in cap.components.items()
            ],
            "load_bytes": len(cap.load_data),
            "load_sha256": _hex(cap.load_hash),
        }
        return document if self.limit is None else {**document, "load_limit": self.limit}

    def fields(self) -> dict[str, object]:
        """The head of the text."""
        cap = self.cap
        needed = card_needed(cap.imports)
        size = f"{len(cap.load_data)} bytes"
        return {
            "Package": f"{printable(cap.name)} {_dotted(cap.package.version)} ({_hex(cap.package.aid)})",
            "Applets": ", ".join(map(_hex, cap.applets)) or "none (a library)",
            "Card needed": f"Java Card {needed} or newer" if needed else f"Java Card {_NEWER}",
            "int": "used; few cards support it" if Flag.INT in cap.flags else "not used",
            "CAP format": _dotted(cap.format),
            "Load size": size if self.limit is None else f"{size} of {self.limit}",
            "Load SHA-256": _hex(cap.load_hash),
        }

    def show(self, out: Output, more: Mapping[str, object]) -> None:
        """Prints all of it as text; ``more`` are lines for the head."""
        out.fields({"File": printable(self.file), **more, **self.fields()})
        out.line()
        rows = [_row(package) for package in self.cap.imports]
        out.table(("IMPORTED PACKAGE", "AID", "VERSION", "SINCE JAVA CARD"), rows)
        out.line()
        parts = self.cap.components.items()
        out.table(
            ("COMPONENT", "BYTES", "LOADED"),
            [(part.name, f"{len(content):>5}", "yes" if part in LOAD_ORDER else "no") for part, content in parts],
        )


def _import(package: Package) -> dict[str, object]:
    return {
        "name": name_of(package.aid),
        "aid": _hex(package.aid),
        "version": _dotted(package.version),
        "java_card": oldest_card(package),
    }


def _row(package: Package) -> tuple[str, ...]:
    name = name_of(package.aid) or "(not of Java Card)"
    return name, _hex(package.aid), _dotted(package.version), oldest_card(package) or "-"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _hex(data: bytes) -> str:
    return data.hex().upper()
