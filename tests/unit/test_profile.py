"""Profiles are read strictly: each mistake is one error that names the file, the table and the key."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from smartdm.codec import catalog, ddf, packed, tnds
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Access
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.profile import Profile, load
from smartdm.provision.wishes import Wish

HEAD = '[profile]\nname = "p"\n'
NAMELESS = b"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName/><Value>x</Value></Node></MgmtTree>"
MAIL = Node("Mail", Format.NODE, children=(Node("Addr", Format.CHR, b"a", "text/plain", acl=Acl.parse("Get=*")),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mail.xml").write_bytes(tnds.encode(MAIL))
    (tmp_path / "two.xml").write_bytes(tnds.encode(tnds.Tnds(((None, MAIL), (None, Node("B", Format.CHR))))))
    (tmp_path / "mail.packed").write_bytes(packed.encode(MAIL))
    (tmp_path / "key.bin").write_bytes(b"\x00\xff")
    (tmp_path / "nameless.xml").write_bytes(NAMELESS)
    (tmp_path / "huge.bin").touch()
    os.truncate(tmp_path / "huge.bin", (16 << 20) + 1)
    fumo = catalog.load("FUMO")
    (tmp_path / "anonymous.ddf").write_bytes(ddf.encode(replace(fumo, types=())))
    (tmp_path / "silent.ddf").write_bytes(ddf.encode(replace(fumo, access=Access(0))))
    return tmp_path


def profile(folder: Path, text: str) -> Profile:
    path = folder / "p.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def wish(folder: Path, text: str, uri: str = "./A") -> Wish:
    return profile(folder, HEAD + text).wishes[Uri.parse(uri)]


def test_a_whole_profile(folder: Path):
    found = profile(
        folder,
        """
        definitions = ["dmacc", "urn:oma:mo:oma-fumo:1.0"]
        servers = ["s1"]
        [profile]
        name = "fleet"
        description = "trucks"
        [[mo]]
        uri = "./Post"
        file = "mail.xml"
        acl = "Get=*"
        exact = true
        [[node]]
        uri = "./Notes/Today"
        text = "hello"
        [[remove]]
        uri = "./Old/Thing"
        """,
    )
    assert (found.name, found.description, found.servers) == ("fleet", "trucks", ("s1",))
    assert found.definitions == (catalog.load("DMAcc"), catalog.load("FUMO"))
    assert {str(uri): (one.absent, one.implied, one.exact) for uri, one in found.wishes.items()} == {
        "./Post": (False, False, True),
        "./Post/Addr": (False, False, True),
        "./Notes": (False, True, False),
        "./Notes/Today": (False, False, False),
        "./Old/Thing": (True, False, False),
    }
    assert found.wishes[ROOT / "Post"].acl == Acl.parse("Get=*")
    assert found.wishes[ROOT / "Post" / "Addr"].place == "p.toml [[mo]] 1 (mail.xml)"


@pytest.mark.parametrize(
    ("text", "value", "hint"),
    [
        ('value = "x"', b"x", Format.CHR),
        ("value = 8080", b"8080", Format.INT),
        ("value = true", b"true", Format.BOOL),
        ("value = 1.5", b"1.5", Format.FLOAT),
        ("value = inf", b"INF", Format.FLOAT),
        ("value = 2026-01-15", b"2026-01-15", Format.DATE),
        ("value = 08:00:00", b"08:00:00", Format.TIME),
        ("value = 2026-01-15T08:00:00Z", b"2026-01-15T08:00:00+00:00", Format.CHR),
        ('text = "5"', b"5", Format.CHR),
        ('text = ""', b"", Format.CHR),
        ('base64 = "AP8="', b"\x00\xff", Format.BIN),
        ('base64 = "aGk="', b"hi", Format.CHR),
        ('file = "key.bin"', b"\x00\xff", Format.BIN),
        ('title = "t"', None, Format.NODE),
    ],
)
def test_values_in_all_their_forms(folder: Path, text: str, value: bytes | None, hint: Format):
    found = wish(folder, f'[[node]]\nuri = "./A"\n{text}')
    assert (found.value, found.hint, found.format) == (value, hint, None)


def test_properties_are_said_or_not(folder: Path):
    found = wish(folder, '[[node]]\nuri = "./A"\nvalue = 1\nformat = "chr"\ntype = ""\ntitle = ""\nacl = ""')
    assert (found.format, found.type, found.title, found.acl) == (Format.CHR, "", "", Acl())
    found = wish(folder, '[[node]]\nuri = "./A"\nvalue = 1')
    assert (found.format, found.type, found.title, found.acl) == (None, None, None, None)


@pytest.mark.parametrize("name", ["mail.xml", "mail.packed", "mail.json"])
def test_trees_of_all_kinds_take_their_place_from_the_profile(folder: Path, name: str):
    (folder / "mail.json").write_text(
        '{"tree": {"name": "Mail", "format": "node", "verno": 1, "child_count": 1, "children": [{"uri":'
        ' "./Mail/Addr", "name": "Addr", "format": "chr", "verno": 0, "type": "text/plain", "acl": "Get=*", "size": 1,'
        ' "value": "a"}]}}'
    )
    found = profile(folder, f'{HEAD}[[mo]]\nuri = "./X/Y"\nfile = "{name}"')
    leaf = found.wishes[Uri.parse("./X/Y/Addr")]
    assert (leaf.value, leaf.format, leaf.type, leaf.acl) == (b"a", Format.CHR, "text/plain", Acl.parse("Get=*"))
    assert found.wishes[Uri.parse("./X")].implied


def test_a_file_for_the_root_keeps_its_own_places(folder: Path):
    found = profile(folder, f'{HEAD}[[mo]]\nuri = "."\nfile = "two.xml"')
    assert sorted(map(str, found.wishes)) == ["./B", "./Mail", "./Mail/Addr"]


def test_nodes_can_be_written_into_the_profile(folder: Path):
    found = profile(
        folder,
        HEAD
        + """
        [[mo]]
        uri = "./Mail"
        type = "org.example:mail:1.0"
        nodes = [{ name = "Addr", text = "a" }, { name = "Ext", nodes = [{ name = "N", value = 5 }] }]
        """,
    )
    assert found.wishes[ROOT / "Mail"].type == "org.example:mail:1.0"
    assert found.wishes[ROOT / "Mail" / "Addr"].value == b"a"
    assert found.wishes[ROOT / "Mail" / "Ext"].is_leaf is False
    assert found.wishes[ROOT / "Mail" / "Ext" / "N"].value == b"5"


FAULTS = [
    ("x = 1\n" + HEAD, "key 'x': there is no such key here; there are profile, definitions"),
    ("", r"\[profile\]: the key 'name' is missing"),
    ('[profile]\nname = ""', "key 'name': the profile needs a name"),
    ("[profile]\nname = 5", "key 'name': text is wanted, not '5'"),
    ("profile = 5", "key 'profile': a table is wanted"),
    (HEAD + "servers = []", r"\[profile\], key 'servers': it stands before \[profile\]"),
    ("[profile", "not a TOML file"),
    ('definitions = "DMAcc"\n' + HEAD, "key 'definitions': a list is wanted"),
    ("definitions = [5]\n" + HEAD, "key 'definitions': a list of texts is wanted"),
    ('definitions = ["nix"]\n' + HEAD, "key 'definitions': nix: no such file"),
    ('definitions = ["mail.xml"]\n' + HEAD, "key 'definitions': mail.xml: "),
    ('definitions = ["."]\n' + HEAD, "key 'definitions': .: Is a directory"),
    ('definitions = ["anonymous.ddf"]\n' + HEAD, "anonymous.ddf: the top node has no identifier"),
    ('definitions = ["silent.ddf"]\n' + HEAD, "silent.ddf: .*AccessType is empty"),
    ('definitions = ["DMAcc", "DMAcc"]\n' + HEAD, "stands there twice"),
    ('definitions = ["DMAcc", "dmacc"]\n' + HEAD, "urn:oma:mo:oma-dm-dmacc:1.0 is defined already"),
    ('servers = ["a b"]\n' + HEAD, "key 'servers': .*a b"),
    ("mo = 5\n" + HEAD, "key 'mo': a list is wanted"),
    ("mo = [5]\n" + HEAD, "key 'mo': a list of tables is wanted"),
    (HEAD + "[[mo]]\nfile = 'mail.xml'", r"\[\[mo\]\] 1: the key 'uri' is missing"),
    (HEAD + "[[mo]]\nuri = './A'", "one of 'file' and 'nodes' is wanted"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\nnodes = []", "one of 'file' and 'nodes' is wanted"),
    (HEAD + "[[mo]]\nuri = './A/'\nfile = 'mail.xml'", "key 'uri': a URI must not end in '/'"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'nix.xml'", r"\[\[mo\]\] 1, key 'file': nix.xml: No such file"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = '.'", "key 'file': .: Is a directory"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'huge.bin'", "huge.bin has more than .* MiB; no card holds that"),
    (HEAD + "[[mo]]\nuri = '.'\nfile = 'nameless.xml'", "its leaf has no name; say which node it is with 'uri'"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'key.bin'", "key 'file': key.bin: "),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'p.toml'", "key 'file': p.toml: neither TNDS"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'two.xml'", "two.xml has 2 trees; one is wanted for ./A"),
    (HEAD + "[[mo]]\nuri = '.'\nfile = 'two.xml'\nacl = 'Get=*'", "key 'acl': the file has no node for . itself"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\nexact = 'yes'", "key 'exact': true or false is wanted"),
    (HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\nacl = 'Get'", "key 'acl': ACL entry 'Get' must have the form"),
    (HEAD + "[[mo]]\nuri = './A'\nnodes = [{ text = 'a' }]", r"\[\[mo\]\] 1, node 1: the key 'name' is missing"),
    (HEAD + "[[mo]]\nuri = './A'\nnodes = [{ name = 'a/b' }]", "node 1, key 'name': node name 'a/b'"),
    (HEAD + "[[mo]]\nuri = './A'\nnodes = [{ name = 'a' }, { name = 'a' }]", "./A/a is there twice"),
    (HEAD + "[[mo]]\nuri = './A'\nnodes = [{ name = 'a', uri = 'b' }]", "key 'uri': there is no such key here"),
    (
        HEAD + "[[mo]]\nuri = './A'\nnodes = [{ name = 'a', text = 'b', nodes = [] }]",
        "node 1, key 'text': an interior node has no value",
    ),
    (
        HEAD + "[[mo]]\nuri = './A'\nnodes = [{ name = 'a', format = 'chr', nodes = [] }]",
        "node 1, key 'nodes': a node has a value or nodes below it",
    ),
    (HEAD + "[[node]]\nuri = './A'\ntext = 'a'\nvalue = 1", "key 'text': only one of value, text, base64, file"),
    (HEAD + "[[node]]\nuri = './A'\ntext = 5", "key 'text': text is wanted"),
    (HEAD + "[[node]]\nuri = './A'\nbase64 = '?'", "key 'base64': not base64"),
    (HEAD + "[[node]]\nuri = './A'\nvalue = []", "key 'value': text, a number, true, false, a date or a time"),
    (HEAD + "[[node]]\nuri = './A'\nformat = 'utf'", "key 'format': 'utf' is no Format; use one of b64"),
    (HEAD + "[[node]]\nuri = './A'\ntext = 'a'\nformat = 'node'", "an interior node has no value"),
    (HEAD + "[[node]]\nuri = './A'\nmime = 'a'", "key 'mime': there is no such key here"),
    (HEAD + "[[remove]]\nuri = '.'", r"\[\[remove\]\] 1, key 'uri': the root cannot be removed"),
    (HEAD + "[[remove]]\nuri = './A'\nvalue = 1", "key 'value': there is no such key here"),
    (
        HEAD + "[[node]]\nuri = './A'\n[[node]]\nuri = 'A'",
        r"\[\[node\]\] 2, key 'uri': ./A is spoken for by \[\[node\]\] 1",
    ),
    (HEAD + "[[node]]\nuri = './A'\n[[remove]]\nuri = './A'", r"./A is spoken for by \[\[node\]\] 1 already"),
    (
        HEAD + "[[node]]\nuri = './A/B'\n[[remove]]\nuri = './A'",
        r"./A/B lies below ./A, which \[\[remove\]\] 1 removes",
    ),
    (HEAD + "[[node]]\nuri = './A/B'\n[[node]]\nuri = './A'\ntext = 'x'", r"./A/B lies below ./A, which is a leaf"),
    (
        HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\n[[mo]]\nuri = './A/B'\nfile = 'mail.xml'",
        r"\[\[mo\]\] 2, key 'uri': ./A/B overlaps with ./A of \[\[mo\]\] 1",
    ),
    (
        HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\n[[node]]\nuri = './A/Addr'\ntext = 'x'",
        r"\[\[node\]\] 1, key 'uri': ./A/Addr is spoken for by \[\[mo\]\] 1 already",
    ),
    (
        HEAD + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\nexact = true\n[[node]]\nuri = './A/New'\ntext = 'x'",
        r"./A/New lies in ./A, of which \[\[mo\]\] 1 says all \(exact\)",
    ),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_each_mistake_is_one_error_that_says_where(folder: Path, text: str, message: str):
    with pytest.raises(CodecError, match=message) as found:
        profile(folder, text)
    assert str(found.value).startswith(str(folder / "p.toml"))
    assert "\n" not in str(found.value)


def test_what_an_object_leaves_out_another_table_may_say(folder: Path):
    found = profile(
        folder,
        HEAD
        + "[[mo]]\nuri = './A'\nfile = 'mail.xml'\n[[node]]\nuri = './A/New'\ntext = 'x'\n[[remove]]\nuri = './A/Old'",
    )
    assert found.wishes[ROOT / "A" / "New"].value == b"x"
    assert found.wishes[ROOT / "A" / "Old"].absent


JSON_FAULTS = [
    ("{", "not a JSON document"),
    ('{"a":' * 100_000, "more than 64 levels"),
    (" " * (1 << 20) + "{}", "a document of 1048578 bytes; 1048576 is the most"),
    ('{"tree": 5}', "is '5', not an object"),
    ('{"format": "node"}', "has no name"),
    ('{"name": "A", "format": "x"}', "'x' is no Format"),
    ('{"name": "A"}', "'' is no Format"),
    ('{"name": "A", "format": "chr", "value": 5}', "value is '5', not text"),
    ('{"name": "A", "format": "chr", "size": 1, "extra": 5}', "'extra' is no member of a node"),
    ('{"name": "A", "format": "chr", "value": "x", "value_base64": "AA=="}', "exclude each other"),
    ('{"name": "A", "format": "bin", "value_base64": "?"}', "node ./A: "),
    ('{"name": "A", "format": "node", "children": 5}', "children is '5', not a list"),
    ('{"name": "A", "format": "node", "child_count": 3}', "read all levels first"),
    ('{"name": "A", "format": "node", "children": [{"name": "", "format": "chr"}]}', "a node name must not be empty"),
    (
        '{"name": "A", "format": "node", "children": [{"name": "B", "format": "chr"}, {"name": "B", "format": "chr"}]}',
        "two children of the same name",
    ),
    ('{"name": "A", "format": "chr", "children": [{"name": "B", "format": "chr"}]}', "leaf 'A' cannot have children"),
    ('{"name": "A", "format": "chr", "acl": "Get"}', "must have the form"),
]


@pytest.mark.parametrize(("text", "message"), JSON_FAULTS)
def test_a_damaged_json_document_is_refused(folder: Path, text: str, message: str):
    (folder / "a.json").write_text(text)
    with pytest.raises(CodecError, match=message) as found:
        profile(folder, f'{HEAD}[[mo]]\nuri = "./A"\nfile = "a.json"')
    assert "key 'file': a.json" in str(found.value)


def test_a_json_document_of_endless_depth_is_refused(folder: Path):
    (folder / "a.json").write_text('{"name": "A", "format": "node", "children": [' * 200 + "]}" * 200)
    with pytest.raises(CodecError, match="levels deep"):
        profile(folder, f'{HEAD}[[mo]]\nuri = "./A"\nfile = "a.json"')
