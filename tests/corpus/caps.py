"""CAP files and export files made by hand, so that no test of reading them wants Oracle's converter."""

import io
import zipfile
from collections.abc import Mapping

from smartdm.gp.cap import Component

PACKAGE = bytes.fromhex("F0534D444D01")
APPLET = bytes.fromhex("F0534D444D0101")
FRAMEWORK = bytes.fromhex("A0000000620101")
LANG = bytes.fromhex("A0000000620001")
UICC = bytes.fromhex("A0000000090005FFFFFFFF8911010000")

IMPORTS = ((FRAMEWORK, (1, 5)), (LANG, (1, 0)))

Import = tuple[bytes, tuple[int, int]]


def aid(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def package(value: bytes, version: tuple[int, int]) -> bytes:
    return bytes([version[1], version[0]]) + aid(value)


def component(tag: Component, info: bytes) -> bytes:
    return bytes([tag]) + len(info).to_bytes(2, "big") + info


def components(
    imports: tuple[Import, ...] = IMPORTS,
    applets: tuple[bytes, ...] = (APPLET,),
    *,
    minor: int = 1,
    flags: int = 0x04,
    export: bytes = b"",
) -> dict[Component, bytes]:
    """What a converter writes, except that nothing in it can run; the Directory is right."""
    header = bytes.fromhex("DECAFFED") + bytes([minor, 2, flags]) + package(PACKAGE, (1, 0))
    infos = {
        Component.Header: header + (b"\0" if minor > 1 else b""),
        Component.Directory: b"",
        Component.Import: bytes([len(imports)]) + b"".join(package(*each) for each in imports),
        Component.Applet: bytes([len(applets)]) + b"".join(aid(each) + b"\x12\x34" for each in applets),
        Component.Class: b"\0" * 10,
        Component.Method: bytes(range(200)),
        Component.StaticField: b"\0" * 10,
        Component.Export: export,
        Component.ConstantPool: b"\0\0",
        Component.RefLocation: b"\0" * 4,
        Component.Descriptor: b"\0" * 30,
    }
    if not applets:
        del infos[Component.Applet]
    if not export:
        del infos[Component.Export]
    return {tag: component(tag, info) for tag, info in with_directory(infos, imports, applets, minor).items()}


def with_directory(
    infos: Mapping[Component, bytes], imports: tuple[Import, ...], applets: tuple[bytes, ...], minor: int
) -> dict[Component, bytes]:
    count = 11 if minor == 1 else 12
    rest = (b"\0" * 4 if minor > 2 else b"") + b"\0" * 6 + bytes([len(imports), len(applets), 0])
    sizes = {tag: len(info) for tag, info in infos.items()} | {Component.Directory: 2 * count + len(rest)}
    listed = b"".join(sizes.get(tag, 0).to_bytes(2, "big") for tag in list(Component)[:count])
    return {**infos, Component.Directory: listed + rest}


def packed(
    parts: Mapping[Component, bytes], folder: str = "smartdm/javacard", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    files = {f"{folder}/{tag.name}.cap": content for tag, content in parts.items()}
    return zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n", **files}, method)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def exported(name: str = "javacard/framework", value: bytes = FRAMEWORK, version: tuple[int, int] = (1, 3)) -> bytes:
    """The beginning of an export file: the constants, and which of them is the package."""
    text = name.encode()
    constants = [
        b"\x03\0\0\0\x07",
        b"\x01" + len(text).to_bytes(2, "big") + text,
        b"\x07\0\x01",
        b"\x0d\x01\0\x01" + package(value, version),
    ]
    head = bytes.fromhex("00FACADE") + bytes([1, 2]) + len(constants).to_bytes(2, "big")
    return head + b"".join(constants) + b"\0\x03" + b"\0" * 8
