"""Reading CAP files: what a converted package holds, and what it asks of a card.

A CAP file is a zip with one file for each component (Java Card VM specification, chapter 6). A component is
``tag 1, size 2, info``; ``size`` counts ``info`` alone. All numbers are big-endian.

What the interpreter executes is not looked at: that is for the off-card verifier and for the card.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import PurePosixPath

from smartdm.errors import CodecError
from smartdm.gp.octets import Octets

MAX_COMPONENT = 3 + 0xFFFF
"""Bytes of the longest component."""

_MAGIC = 0xDECAFFED
_SUFFIX = ".cap"


class Component(IntEnum):
    """The components (table 6-1), by their tags; each lies in a file of its name (table 6-2)."""

    Header = 1
    Directory = 2
    Applet = 3
    Import = 4
    ConstantPool = 5
    Class = 6
    Method = 7
    StaticField = 8
    RefLocation = 9
    Export = 10
    Descriptor = 11
    Debug = 12


LOAD_ORDER = (
    Component.Header,
    Component.Directory,
    Component.Import,
    Component.Applet,
    Component.Class,
    Component.Method,
    Component.StaticField,
    Component.Export,
    Component.ConstantPool,
    Component.RefLocation,
)
"""What is loaded, in its order (6.2). Descriptor serves verifiers, Debug debuggers; cards take neither."""

_OPTIONAL = {Component.Applet, Component.Export, Component.Debug}
_BY_FILE = {f"{component.name}{_SUFFIX}".lower(): component for component in Component}


class Flag(IntFlag):
    """Flags of the Header component (table 6-3; EXTENDED since format 2.3)."""

    INT = 0x01
    EXPORT = 0x02
    APPLET = 0x04
    EXTENDED = 0x08


@dataclass(frozen=True, slots=True)
class Package:
    """A package and its version: (major, minor)."""

    aid: bytes
    version: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cap:
    """A CAP file.  ``name``: of the package, with dots; ``format``: (major, minor) of the CAP format."""

    name: str
    format: tuple[int, int]
    flags: Flag
    package: Package
    imports: tuple[Package, ...]
    applets: tuple[bytes, ...]
    """The AID of each applet class."""
    components: dict[Component, bytes]
    """As they are in the file, with tag and size; by tag."""

    @property
    def load_data(self) -> bytes:
        """What a card takes: the components in the order of loading, without the tag C4 and length around them."""
        return b"".join(self.components.get(component, b"") for component in LOAD_ORDER)

    @property
    def load_hash(self) -> bytes:
        """SHA-256 of the load data (GlobalPlatform's load file data block hash)."""
        return hashlib.sha256(self.load_data).digest()


def decode(data: bytes) -> Cap:
    """The CAP file in these bytes; CodecError when it is damaged or of a kind that is not read here."""
    name, components = _unzip(data)
    missing = [component.name for component in Component if component not in {*components, *_OPTIONAL}]
    if missing:
        raise CodecError(f"the CAP file has no component {', '.join(missing)}")
    for component, content in components.items():
        _check_frame(component, content)
    version, flags, package = _header(components[Component.Header])
    imports = _imports(components[Component.Import])
    applets = _applets(components[Component.Applet]) if Component.Applet in components else ()
    if bool(applets) != (Flag.APPLET in flags):
        raise CodecError("the Header component and the Applet component disagree on whether there are applets")
    cap = Cap(name, version, flags, package, imports, applets, components)
    _check_directory(cap)
    return cap


def _unzip(data: bytes) -> tuple[str, dict[Component, bytes]]:
    """The name of the package and its components, by tag."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            found = [(path, _component(path), _read(file, entry)) for path, entry in _entries(file)]
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise CodecError(f"not a CAP file, which is a zip: {error}") from error
    folders = {path.parent for path, _, _ in found}
    if not found:
        raise CodecError("not a CAP file: the zip holds no component (*/javacard/*.cap)")
    if len(folders) > 1:
        raise CodecError(f"{len(folders)} packages are in the CAP file; only one is understood")
    components = {component: content for _, component, content in found}
    if len(components) < len(found):
        raise CodecError("a component is in the CAP file twice")
    name = ".".join(folders.pop().parts[:-1])
    return name, dict(sorted(components.items()))


def _entries(file: zipfile.ZipFile) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """The files in folders named javacard that end in .cap, which JCVM 6.1.1 keeps for components."""
    paths = [(PurePosixPath(entry.filename), entry) for entry in file.infolist()]
    result = [
        (path, entry)
        for path, entry in paths
        if path.parent.name == "javacard" and len(path.parts) > 2 and path.suffix.lower() == _SUFFIX
    ]
    if len(result) > len(Component):
        raise CodecError(f"{len(result)} components are in the CAP file; a package has {len(Component)} at most")
    return result


def _component(path: PurePosixPath) -> Component:
    component = _BY_FILE.get(path.name.lower())
    if component is None:
        raise CodecError(f"the CAP file has an unknown component {path.name!r}")
    return component


def _read(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise CodecError(f"{entry.filename!r} is compressed in a way that no CAP file uses")
    with file.open(entry) as stream:
        content = stream.read(MAX_COMPONENT + 1)
    if len(content) > MAX_COMPONENT:
        raise CodecError(f"{entry.filename!r} is longer than a component can be")
    return content


def _check_frame(component: Component, content: bytes) -> None:
    octets = _Reader(component, content, info=False)
    if octets.u1() != component:
        raise CodecError(f"{component.name}.cap does not begin with its tag {component:02X}")
    size = octets.u2()
    if size != len(content) - 3:
        raise CodecError(f"{component.name}.cap gives its size as {size} bytes, but {len(content) - 3} follow")


class _Reader(Octets):
    """The info of a component, or all of it."""

    def __init__(self, component: Component, content: bytes, *, info: bool = True) -> None:
        super().__init__(content, f"{component.name}.cap", 3 if info else 0)

    def package(self) -> Package:
        """package_info (6.3): minor 1, major 1, AID."""
        minor, major = self.u1(), self.u1()
        return Package(self.aid(), (major, minor))


def _header(content: bytes) -> tuple[tuple[int, int], Flag, Package]:
    octets = _Reader(Component.Header, content)
    if octets.u4() != _MAGIC:
        raise CodecError("Header.cap does not begin with DECAFFED")
    minor, major = octets.u1(), octets.u1()
    if major != 2 or minor not in {1, 2, 3}:
        raise CodecError(f"the CAP format {major}.{minor} is not known here (2.1, 2.2 and 2.3 are)")
    flags = octets.u1()
    if flags & ~sum(Flag) or (flags & Flag.EXTENDED and minor < 3):
        raise CodecError(f"Header.cap has unknown flags: {flags:02X}")
    if flags & Flag.EXTENDED:
        raise CodecError("an extended CAP file: only compact ones (one package, 64 KiB) are understood")
    package = octets.package()
    if minor > 1:
        octets.take(octets.u1())  # the package's name, only there when it has remote interfaces
    octets.end()
    return (major, minor), Flag(flags), package


def _imports(content: bytes) -> tuple[Package, ...]:
    octets = _Reader(Component.Import, content)
    result = tuple(octets.package() for _ in range(octets.u1()))
    octets.end()
    return result


def _applets(content: bytes) -> tuple[bytes, ...]:
    """The AIDs; what follows each is the offset of its install method (6.5)."""
    octets = _Reader(Component.Applet, content)
    result = []
    for _ in range(octets.u1()):
        result.append(octets.aid())
        octets.u2()
    octets.end()
    return tuple(result)


def _check_directory(cap: Cap) -> None:
    """The Directory component (6.4) tells the sizes and numbers of everything else."""
    octets = _Reader(Component.Directory, cap.components[Component.Directory])
    for component in list(Component)[: 11 if cap.format == (2, 1) else 12]:
        size, there = octets.u2(), len(cap.components.get(component, b"\0\0\0")) - 3
        if size != there:
            raise CodecError(f"Directory.cap says that {component.name} has {size} bytes, but it has {there}")
    if cap.format >= (2, 3):
        octets.u4()  # static resources
    octets.take(6)  # static fields
    imports, applets = octets.u1(), octets.u1()
    if (imports, applets) != (len(cap.imports), len(cap.applets)):
        raise CodecError(f"Directory.cap says {imports} imports and {applets} applets, which is not what there is")
    for _ in range(octets.u1()):  # components of others
        octets.take(3)
        octets.take(octets.u1())
    octets.end()
