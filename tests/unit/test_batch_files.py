"""Files of DM commands: what they mean, and that whatever is wrong with them is told by its line."""

import base64
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.cli.batchfile import USAGE, FaultyFile, Line, parse
from smartdm.cli.batchwords import Add, Copy, Delete, DmCommand, Get, Rename, Set, SetAcl, SetTitle
from smartdm.cli.kinds import unsuited
from smartdm.errors import CodecError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from tests.unit.strategies import LEAVES, acls, names, values

A = Uri.parse("./A")


def one(text: str) -> DmCommand:
    (line,) = parse(text.encode(), "f", atomic=True)
    return line.command


def faults(data: bytes | str, *, atomic: bool = True) -> list[str]:
    with pytest.raises(FaultyFile) as caught:
        parse(data.encode() if isinstance(data, str) else data, "f", atomic=atomic)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("add ./A", Add(A)),
        ("add A 'a value'", Add(A, b"a value")),
        (
            "add ./A --interior --type org.example:a:1.0 --title 'T t' --acl 'Get=*'",
            Add(A, b"", Format.NODE, "org.example:a:1.0", "T t", Acl.parse("Get=*")),
        ),
        ("add ./A /4A= --base64 --format bin --type image/png", Add(A, b"\xff\x80", Format.BIN, "image/png")),
        ("set ./A -5 --format=int", Set(A, b"-5", Format.INT)),
        ("set ./A -- --json", Set(A, b"--json")),
        ("set ./A -", Set(A, b"-")),
        ("set ./A ''", Set(A, b"")),
        ("delete ./A", Delete(A)),
        ("rename ./A 'B c'", Rename(A, "B c")),
        ("copy ./A ./A/B", Copy(A, A / "B")),
        ("acl ./A Get=#issuer", SetAcl(A, Acl.parse("Get=#issuer"))),
        ("acl ./A --remove", SetAcl(A, Acl())),
        ('title ./A "a \\"b\\" $c"', SetTitle(A, 'a "b" $c')),
        ("get .", Get(Uri())),
        ("get ./A --levels 0", Get(A, 0)),
    ],
)
def test_a_command_is_what_its_words_say(text, command):
    assert one(text) == command


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("set ./A x # y", b"x"),
        ("set ./A x#y", b"x#y"),
        ("set ./A '#x' #", b"#x"),
        ("set ./A \\#x", b"#x"),
        ("set ./A \"it's\"# 'y", None),
        ("set ./A \"it's\" # 'y", b"it's"),
        ("set ./A x\u2028y", "x\u2028y".encode()),
        ("set ./A x\r", b"x"),
    ],
)
def test_a_comment_begins_where_a_word_would(text, value):
    if value is None:
        assert "no closing quotation" in faults(text)[0]
    else:
        assert one(text) == Set(A, value)


def test_lines_are_counted_with_comments_and_empty_ones():
    text = "\ufeff# a file\r\n\r\n  delete ./A \n\n\t# more\ndelete ./B"
    assert parse(text.encode(), "f", atomic=True) == [Line(3, Delete(A)), Line(6, Delete(Uri.parse("./B")))]
    assert parse(b"", "f", atomic=True) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("erase ./A", "'erase' is no command; use one of add, set,"),
        ("ADD ./A", "'ADD' is no command"),
        ("''", "'' is no command"),
        ("add", "write add URI"),
        ("add .", "the root exists always"),
        ("add ./A x y", "(y)"),
        ("add ./A x --interior", "an interior node has neither VALUE nor --format; write add URI"),
        ("add ./A --interior --format int", "neither VALUE nor --format"),
        ("add ./A --base64", "there is none"),
        ("add ./A '*' --base64", "leave out --base64"),
        ("add ./A x --format node", "node"),
        ("add ./A x --parents", "--parents"),
        ("add ./A --json", "--json"),
        ("add ./A --help", "--help"),
        ("add ./A x --acl Eat=*", "'Eat' is no ACL command"),
        (f"add ./A x --title {'t' * 128}", "127"),
        (f"add ./A x --type {'t' * 100} --title {'t' * 127} --acl Get={'s' * 60}", "fit one APDU"),
        (f"add ./A {'x' * 53_761}", "53760"),
        ("set ./A", "write set URI VALUE"),
        ("set ./A /4A= --base64 --format chr", "--format bin"),
        ("set ./A yes --format bool", "./A: the value 'yes' is not 'true' or 'false', as Format bool needs"),
        ("add ./A 2026-13-45 --format date", "--format changes the Format"),
        (f"set ./A {'x' * 53_761}", "53760"),
        (f"set ./A x --type {'t' * 300}", "300"),
        ("set ./A?prop=Title x", "suffix"),
        ("set ./A//B x", "segment"),
        ("delete .", "name a node below it"),
        ("delete ./A --force", "--force"),
        ("rename ./A b/c", "'/'"),
        ("rename ./A ''", "empty"),
        (f"rename ./A {'n' * 65}", "64"),
        ("copy . ./A", "name two leaves"),
        ("copy ./A", "write copy SOURCE TARGET"),
        ("acl ./A", "give either ACL or --remove"),
        ("acl ./A Get=* --remove", "give either ACL or --remove"),
        ("acl ./A ''", "--remove"),
        ("acl . --remove", "the root must have an ACL"),
        ("title ./A", "write title URI TITLE"),
        ("get ./A --levels 255", "254"),
        ("set ./A 'x", "close it on the same line"),
        ("set ./A x\\", "write \\\\ for a backslash"),
        ("set ./A \x1b[2J\x07\\", "no escaped character"),
        ("\x1b", "no command"),
    ],
)
def test_a_fault_names_file_and_line_and_what_to_do(text, told):
    (fault,) = faults(f"# first\n{text}\n# last")
    assert fault.startswith("f:2: ")
    assert told in fault
    assert fault.isprintable()


def test_bytes_that_are_no_text_are_a_fault_of_their_line():
    assert faults(b"delete ./A\nset ./A \xff\n") == [
        "f:2: not UTF-8; give binary values in base64, with --base64 (at 8)"
    ]


def test_all_faults_are_told_in_the_order_of_their_lines():
    found = faults("get ./A\nfoo\nset ./A x\n\ndelete .\nset ./A\n")
    assert [fault.split(":")[1] for fault in found] == ["2", "3", "5", "6"]
    assert "; ".join(found) == str(caught("get ./A\nfoo\nset ./A x\n\ndelete .\nset ./A\n"))


def caught(text: str) -> CodecError:
    with pytest.raises(CodecError) as error:
        parse(text.encode(), "f", atomic=True)
    return error.value


def test_an_atomic_file_has_its_gets_last_and_few_of_them():
    early = "get ./A\nset ./A x\nget ./A\n"
    assert faults(early) == ["f:2: an atomic batch has its gets last: move this before line 1, or use --mode sequence"]
    assert len(parse(early.encode(), "f", atomic=False)) == 3
    assert len(parse(b"get ./A\n" * 8, "f", atomic=True)) == 8
    assert [fault[:4] for fault in faults("get ./A\n" * 10)] == ["f:9:", "f:10"]
    assert len(parse(b"get ./A\n" * 10, "f", atomic=False)) == 10


_WORD = st.sampled_from(
    [*USAGE, "./A", ".", "x", "--base64", "--format", "int", "--", "-5", "'", '"', "\\", "#", "Get=*"]
)
_HOSTILE = st.lists(_WORD | st.text(max_size=6), max_size=8).map(" ".join)


@given(data=st.binary(max_size=200) | st.lists(_HOSTILE, max_size=6).map(lambda lines: "\n".join(lines).encode()))
def test_any_bytes_are_commands_or_faults_of_their_lines(data: bytes):
    count = data.count(b"\n") + 1
    messages: list[str] = []
    try:
        lines = parse(data, "f", atomic=False)
    except FaultyFile as error:
        numbers = [fault.line for fault in error.faults]
        messages = [fault.message for fault in error.faults]
    else:
        numbers = [line.number for line in lines]
    assert all(message.isprintable() for message in messages)
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)
    assert all(1 <= number <= count for number in numbers)


_SHORT = names.map(lambda name: Uri((name,)))
_FREE = [item for item in LEAVES if unsuited(A, item, b"?") is None]
_LINES = values.map(lambda text: text.replace("\n", " ").replace("\r", " "))


@given(uri=_SHORT, text=_LINES, raw=st.binary(max_size=300), acl=acls.filter(bool), format_=st.sampled_from(_FREE))
def test_quoted_words_arrive_as_they_are(uri: Uri, text: str, raw: bytes, acl: Acl, format_: Format):
    rows = [
        ["set", "--format", format_, "--", str(uri), text],
        ["add", "--base64", "--", str(uri), base64.b64encode(raw).decode()],
        ["acl", "--", str(uri), str(acl)],
    ]
    data = "\n".join(shlex.join(row) for row in rows).encode()
    expected = [Set(uri, text.encode(), format_), Add(uri, raw), SetAcl(uri, acl)]
    assert [line.command for line in parse(data, "f", atomic=True)] == expected
