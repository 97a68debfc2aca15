"""Reading CAP files and export files: true values from good ones, one CodecError from anything else."""

import hashlib
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.errors import CodecError
from smartdm.gp import api, cap
from smartdm.gp.api import JAVA_CARDS, card_needed, decode_export, name_of, oldest_card
from smartdm.gp.cap import Component, Flag, Package
from tests.corpus import caps

GOOD = caps.packed(caps.components())


def test_a_cap_file_tells_what_it_holds():
    read = cap.decode(GOOD)
    assert (read.name, read.format, read.flags) == ("smartdm", (2, 1), Flag.APPLET)
    assert read.package == Package(caps.PACKAGE, (1, 0))
    assert read.imports == (Package(caps.FRAMEWORK, (1, 5)), Package(caps.LANG, (1, 0)))
    assert read.applets == (caps.APPLET,)
    assert read.components == caps.components()
    assert list(read.components) == sorted(read.components)


def test_the_load_data_is_in_the_order_of_loading_and_without_what_no_card_takes():
    parts = caps.components(flags=0x06, export=b"\0")
    read = cap.decode(caps.packed({**parts, Component.Debug: caps.component(Component.Debug, b"x" * 99)}))
    tags = [1, 2, 4, 3, 6, 7, 8, 10, 5, 9]
    assert read.load_data == b"".join(parts[Component(tag)] for tag in tags)
    assert len(read.load_data) == sum(map(len, parts.values())) - len(parts[Component.Descriptor])
    assert read.load_hash == hashlib.sha256(read.load_data).digest()


@pytest.mark.parametrize("minor", [1, 2, 3])
def test_each_format_is_read(minor: int):
    assert cap.decode(caps.packed(caps.components(minor=minor))).format == (2, minor)


def test_a_library_has_no_applets():
    read = cap.decode(caps.packed(caps.components(applets=(), flags=0x02, export=b"\0")))
    assert (read.applets, read.flags) == ((), Flag.EXPORT)


def test_names_of_files_may_be_in_any_case_and_in_any_package():
    files = {f"org/example/x/javacard/{tag.name.upper()}.CAP": data for tag, data in caps.components().items()}
    assert cap.decode(caps.zipped(files)).name == "org.example.x"


def test_other_files_in_the_zip_do_not_matter():
    files = {f"smartdm/javacard/{tag.name}.cap": data for tag, data in caps.components().items()}
    more = {"APPLET-INF/classes/smartdm/A.class": b"\xca\xfe", "x.cap": b"", "a/b.cap": b"", "smartdm/javacard/": b""}
    assert cap.decode(caps.zipped({**files, **more})) == cap.decode(GOOD)


def without(*tags: Component) -> bytes:
    return caps.packed({tag: data for tag, data in caps.components().items() if tag not in tags})


def altered(tag: Component, at: int, value: int) -> bytes:
    parts = caps.components()
    data = bytearray(parts[tag])
    data[at] = value
    return caps.packed({**parts, tag: bytes(data)})


def reframed(tag: Component, info: bytes) -> bytes:
    return caps.packed({**caps.components(), tag: caps.component(tag, info)})


HEADER = caps.components()[Component.Header][3:]
IMPORT = caps.components()[Component.Import][3:]
DIRECTORY = caps.components()[Component.Directory][3:]

BAD = {
    "no zip": (b"", "not a CAP file"),
    "half a zip": (GOOD[: len(GOOD) // 2], "not a CAP file"),
    "an empty zip": (caps.zipped({}), "holds no component"),
    "a jar": (caps.zipped({"smartdm/A.class": b"\xca\xfe\xba\xbe"}), "holds no component"),
    "no Method": (without(Component.Method), "no component Method"),
    "no Import and no Descriptor": (without(Component.Import, Component.Descriptor), "no component Import, Descriptor"),
    "no Applet though flagged": (without(Component.Applet), "disagree"),
    "an unknown component": (caps.zipped({"a/javacard/Nix.cap": b"\1\0\0"}), "unknown component 'Nix.cap'"),
    "two packages": (
        caps.zipped({f"{p}/javacard/{t.name}.cap": b"\1\0\0" for p in "ab" for t in (Component.Header,)}),
        "2 packages",
    ),
    "a component twice": (
        caps.zipped({"a/javacard/Header.cap": b"\1\0\0", "a/javacard/HEADER.cap": b"\1\0\0"}),
        "twice",
    ),
    "too many components": (
        caps.zipped({f"a{i}/javacard/Header.cap": b"" for i in range(13)}),
        "13 components",
    ),
    "another compression": (caps.packed(caps.components(), method=zipfile.ZIP_BZIP2), "compressed in a way"),
    "a bomb": (caps.packed({Component.Header: b"\0" * 1_000_000}), "longer than a component"),
    "an empty component": (caps.packed({**caps.components(), Component.Class: b""}), "Class.cap ends early"),
    "a wrong tag": (altered(Component.Class, 0, 7), "does not begin with its tag 06"),
    "a wrong size": (altered(Component.Class, 2, 9), "gives its size as 9 bytes, but 10 follow"),
    "a wrong magic": (altered(Component.Header, 3, 0), "DECAFFED"),
    "CAP format 3.1": (altered(Component.Header, 8, 3), "3.1 is not known"),
    "CAP format 2.9": (altered(Component.Header, 7, 9), "2.9 is not known"),
    "unknown flags": (altered(Component.Header, 9, 0x14), "unknown flags: 14"),
    "extended in format 2.1": (altered(Component.Header, 9, 0x0C), "unknown flags: 0C"),
    "extended": (caps.packed(caps.components(minor=3, flags=0x0C)), "extended CAP file"),
    "an AID of 4 bytes": (reframed(Component.Header, HEADER[:9] + b"\4\1\2\3\4"), "5 to 16 bytes, not 4"),
    "an AID of 17 bytes": (reframed(Component.Header, HEADER[:9] + bytes([17, *range(17)])), "not 17"),
    "a header with more": (reframed(Component.Header, HEADER + b"\0"), "1 bytes too many"),
    "imports that end": (reframed(Component.Import, IMPORT[:-1]), "Import.cap ends early"),
    "imports with more": (reframed(Component.Import, IMPORT + b"\0\0"), "2 bytes too many"),
    "a directory with another size": (altered(Component.Directory, 16, 1), "Method has 1 bytes, but it has 200"),
    "a directory with other counts": (altered(Component.Directory, 31, 9), "says 9 imports"),
    "a directory that ends": (reframed(Component.Directory, DIRECTORY[:-1]), "Directory"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_damaged_cap_file_is_refused_with_its_reason(case: str):
    data, reason = BAD[case]
    with pytest.raises(CodecError) as caught:
        cap.decode(data)
    assert reason in str(caught.value)


def decodes_or_refuses(data: bytes) -> None:
    try:
        read = cap.decode(data)
    except CodecError:
        return
    assert len(read.load_data) <= len(read.components) * cap.MAX_COMPONENT


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes):
    decodes_or_refuses(data)


@given(st.data())
def test_any_change_of_a_cap_file_is_read_or_refused(data: st.DataObject):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    decodes_or_refuses(bytes(content))
    decodes_or_refuses(bytes(content[:start] + content[end:]))


@given(st.sampled_from(sorted(caps.components())), st.binary(max_size=60), st.integers(1, 3))
def test_any_component_is_read_or_refused(tag: Component, info: bytes, minor: int):
    decodes_or_refuses(caps.packed({**caps.components(minor=minor), tag: caps.component(tag, info)}))
    decodes_or_refuses(caps.packed({**caps.components(minor=minor), tag: info}))


AIDS = st.binary(min_size=5, max_size=16)
VERSIONS = st.tuples(st.integers(0, 255), st.integers(0, 255))


@given(st.lists(st.tuples(AIDS, VERSIONS), max_size=6), st.lists(AIDS, max_size=3), st.integers(1, 3))
def test_what_was_written_is_read(imports: list[caps.Import], applets: list[bytes], minor: int):
    flags = 0x04 if applets else 0
    read = cap.decode(caps.packed(caps.components(tuple(imports), tuple(applets), minor=minor, flags=flags)))
    assert [(each.aid, each.version) for each in read.imports] == imports
    assert list(read.applets) == applets


@pytest.mark.parametrize(
    ("minor", "card"),
    [(0, "2.2.1"), (2, "2.2.1"), (3, "2.2.2"), (4, "3.0.1"), (5, "3.0.4"), (6, "3.0.5"), (7, "3.1.0"), (9, "3.2.0")],
)
def test_the_framework_tells_the_card(minor: int, card: str):
    assert card_needed([Package(caps.LANG, (1, 0)), Package(caps.FRAMEWORK, (1, minor))]) == card


def test_each_import_can_be_the_one_that_asks_for_more():
    old = Package(caps.FRAMEWORK, (1, 2))
    assert card_needed([old, Package(bytes.fromhex("A0000000620201"), (1, 6))]) == "3.0.5"
    assert card_needed([Package(bytes.fromhex("A0000000620209"), (1, 0)), old]) == "2.2.2"


def test_no_card_is_known_for_versions_of_the_future():
    for version in [(1, 10), (2, 0)]:
        assert card_needed([Package(caps.FRAMEWORK, version)]) is None


def test_packages_of_others_do_not_count():
    other = Package(caps.UICC, (1, 9))
    assert (name_of(other.aid), oldest_card(other)) == (None, None)
    assert card_needed([other, Package(caps.FRAMEWORK, (1, 5))]) == "3.0.4"
    assert card_needed([]) == "2.2.1"


def test_the_table_of_the_api_is_complete_and_only_grows():
    for aid, (name, versions) in api._API.items():
        assert 5 <= len(bytes.fromhex(aid)) <= 16
        assert name.startswith(("java.", "javacard.", "javacardx."))
        listed = [tuple(map(int, text.split("."))) for text in versions.split() if text != "-"]
        assert len(versions.split()) == len(JAVA_CARDS)
        assert listed == sorted(listed)
        assert versions.split()[-1] != "-"
    frameworks = api._API[api.FRAMEWORK.hex().upper()][1].split()
    assert len(set(frameworks)) == len(JAVA_CARDS), "the framework's version tells the Java Card"


def test_an_export_file_tells_its_package():
    read = decode_export(caps.exported())
    assert (read.name, read.format, read.package) == ("javacard.framework", (2, 1), Package(caps.FRAMEWORK, (1, 3)))
    assert oldest_card(read.package) == "2.2.2"
    assert replace(read, name="x") != read


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "ends early"),
        (b"\0" * 20, "00FACADE"),
        (caps.exported()[:30], "ends early"),
        (caps.exported().replace(b"\x07\0\x01", b"\x09\0\x01"), "unknown kind 9"),
        (caps.exported()[:-10] + b"\0\x02", "names no package"),
        (caps.exported()[:-10] + b"\xff\xff", "names no package"),
        (caps.exported().replace(b"\x0d\x01\0\x01", b"\x0d\x01\0\x09"), "names no package"),
        (caps.exported().replace(b"\x0d\x01\0\x01", b"\x0d\x01\0\x00"), "no name"),
    ],
)
def test_a_damaged_export_file_is_refused_with_its_reason(data: bytes, reason: str):
    with pytest.raises(CodecError, match=reason):
        decode_export(data)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_export_file_is_read_or_refused(data: bytes, keep: int):
    for content in (data, caps.exported()[:keep] + data):
        try:
            decode_export(content)
        except CodecError:
            continue
