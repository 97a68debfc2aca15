"""The packages of the Java Card API: which version of each came with which Java Card, and export files.

A card refuses a CAP file that imports a higher minor version of a package than it has, or another major one
(Java Card VM specification 4.5.2). So the imports tell the oldest card that can take a CAP file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from smartdm.errors import CodecError
from smartdm.gp.cap import Package
from smartdm.gp.octets import Octets

JAVA_CARDS = ("2.2.1", "2.2.2", "3.0.1", "3.0.4", "3.0.5", "3.1.0", "3.2.0")
"""The versions of Java Card, oldest first.  3.0.2 and 3.0.3 have the API of 3.0.1."""

_API = {
    "A0000000620001": ("java.lang", "1.0 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A0000000620002": ("java.io", "1.0 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A0000000620003": ("java.rmi", "1.0 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A0000000620101": ("javacard.framework", "1.2 1.3 1.4 1.5 1.6 1.8 1.9"),
    "A000000062010101": ("javacard.framework.service", "1.0 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A0000000620102": ("javacard.security", "1.2 1.3 1.4 1.5 1.6 1.7 1.8"),
    "A0000000620201": ("javacardx.crypto", "1.2 1.3 1.4 1.5 1.6 1.7 1.8"),
    "A0000000620202": ("javacardx.biometry", "- 1.2 1.2 1.2 1.3 1.3 1.4"),
    "A0000000620203": ("javacardx.external", "- 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A0000000620204": ("javacardx.biometry1toN", "- - - - 1.0 1.0 1.1"),
    "A0000000620205": ("javacardx.security", "- - - - 1.0 1.0 1.0"),
    "A000000062020501": ("javacardx.security.cert", "- - - - - 1.0 1.0"),
    "A000000062020502": ("javacardx.security.derivation", "- - - - - 1.0 1.1"),
    "A000000062020503": ("javacardx.security.util", "- - - - - 1.0 1.0"),
    "A000000062020801": ("javacardx.framework.util", "- 1.0 1.0 1.0 1.1 1.1 1.1"),
    "A00000006202080101": ("javacardx.framework.util.intx", "- 1.0 1.0 1.0 1.0 1.1 1.1"),
    "A000000062020802": ("javacardx.framework.math", "- 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A000000062020803": ("javacardx.framework.tlv", "- 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A000000062020804": ("javacardx.framework.string", "- - - 1.0 1.0 1.0 1.0"),
    "A000000062020805": ("javacardx.framework.event", "- - - - - 1.0 1.0"),
    "A000000062020806": ("javacardx.framework.nio", "- - - - - 1.0 1.0"),
    "A000000062020807": ("javacardx.framework.time", "- - - - - 1.0 1.0"),
    "A0000000620209": ("javacardx.apdu", "- 1.0 1.0 1.0 1.0 1.0 1.0"),
    "A000000062020901": ("javacardx.apdu.util", "- - - - 1.0 1.0 1.0"),
}
"""AID -> name, and for each of JAVA_CARDS the version, as its export files have it."""

FRAMEWORK = bytes.fromhex("A0000000620101")
"""javacard.framework, whose version no two versions of Java Card share."""

_EXPORT_MAGIC = 0x00FACADE
_UTF8, _INTEGER, _CLASS, _PACKAGE = 1, 3, 7, 13


def name_of(aid: bytes) -> str | None:
    """The name of a package of the Java Card API; None for packages of others."""
    known = _API.get(aid.hex().upper())
    return known[0] if known else None


def oldest_card(package: Package) -> str | None:
    """The oldest Java Card whose API has this package in this or a later minor version; None if none is known."""
    known = _API.get(package.aid.hex().upper())
    if known is None:
        return None
    for card, text in zip(JAVA_CARDS, known[1].split(), strict=True):
        if text != "-":
            major, minor = map(int, text.split("."))
            if major == package.version[0] and minor >= package.version[1]:
                return card
    return None


def card_needed(imports: Iterable[Package]) -> str | None:
    """The oldest Java Card that has all these packages; None when one of them is in no Java Card known here.

    Packages of others (of GlobalPlatform, of UICCs) do not count: no version of Java Card has them.
    """
    cards = [oldest_card(package) for package in imports if name_of(package.aid)]
    if None in cards:
        return None
    return max((card for card in cards if card), key=JAVA_CARDS.index, default=JAVA_CARDS[0])


@dataclass(frozen=True, slots=True)
class Export:
    """An export file.  ``name``: of the package, with dots; ``format``: (major, minor) of the file's format."""

    name: str
    format: tuple[int, int]
    package: Package


def decode_export(data: bytes) -> Export:
    """The package that an export file describes (Java Card VM specification, chapter 5); the rest is not read."""
    octets = Octets(data, "the export file")
    if octets.u4() != _EXPORT_MAGIC:
        raise CodecError("not an export file: it does not begin with 00FACADE", 0)
    minor, major = octets.u1(), octets.u1()
    pool = [_constant(octets) for _ in range(octets.u2())]
    this = octets.u2()
    entry = pool[this] if this < len(pool) else None
    if not isinstance(entry, tuple) or entry[0] >= len(pool):
        raise CodecError("the export file names no package")
    name = pool[entry[0]]
    if not isinstance(name, str):
        raise CodecError("the export file gives its package no name")
    return Export(name.replace("/", "."), (major, minor), entry[1])


def _constant(octets: Octets) -> str | tuple[int, Package] | None:
    """A text, or (index of the name, package), or None for what does not matter here."""
    tag = octets.u1()
    if tag == _UTF8:
        return octets.take(octets.u2()).decode("utf-8", "replace")
    if tag in {_INTEGER, _CLASS}:
        octets.take(4 if tag == _INTEGER else 2)
        return None
    if tag == _PACKAGE:
        octets.u1()  # flags
        index, minor, major = octets.u2(), octets.u1(), octets.u1()
        return index, Package(octets.aid(), (major, minor))
    raise CodecError(f"the export file has a constant of the unknown kind {tag}")
