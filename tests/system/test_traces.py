"""--trace, --trace-file and decode."""

import re

import pytest

from smartdm.cli.decode import parse_trace
from smartdm.cli.trace import Tracer
from smartdm.errors import CodecError
from smartdm.wire import RULES
from tests.system.running import REPOSITORY


def explained(*exchanges: tuple[str, str]) -> str:
    tracer = Tracer()
    return "\n".join(
        line for command, answer in exchanges for line in tracer.exchange(bytes.fromhex(command), bytes.fromhex(answer))
    )


def test_a_trace_names_commands_elements_and_answers(filled):
    err = filled.ok("--trace", "mo", "set", "./Mail/Addr", "new value").err
    for told in ("# SELECT the applet", "# BATCH part 0, the last", "REPLACE ./Mail/Addr", '"new value"', "(9000 OK)"):
        assert told in err


def test_a_trace_warns_once_that_it_shows_values(filled):
    err = filled.ok("mo", "tree", "--trace").err
    assert err.count("shows everything") == 1


def test_without_trace_no_value_reaches_stderr(filled):
    for arguments in (["mo", "get", "./Mail/Addr"], ["mo", "tree"], ["mo", "set", "./Mail/Addr", "canary-7f"]):
        assert filled.ok("-vv", *arguments).err.find("canary") == -1
        assert filled.ok(*arguments).err == ""


def test_a_trace_is_itself_a_trace_file(filled):
    err = filled.ok("--trace", "mo", "tree", "--values").err
    filled.file("trace", err)
    decoded = filled.ok("decode", "trace").out
    assert [line for line in err.splitlines() if "|" not in line and "+--" not in line] == decoded.splitlines()


def test_a_recorded_import_is_explained_node_by_node(filled):
    filled.ok("--trace-file", "trace", "mo", "import", str(REPOSITORY / "tests" / "corpus" / "passpoint.xml"))
    recorded = (filled.folder / "trace").read_text()
    assert re.fullmatch(r"([<>] [0-9A-F]+\n)+", recorded)
    decoded = filled.ok("decode", "trace").out
    assert "BATCH part 1" in decoded
    assert "+ ./PerProviderSubscription/harbour-wifi/HomeSP/FQDN  chr  " in decoded
    assert "inside an element" not in decoded
    assert "unknown" not in decoded


def test_a_recorded_answer_in_several_pieces_is_put_together(bare):
    bare.ok("sim", "new", "big", "--arena", "32")
    bare.ok("mo", "import", str(REPOSITORY / "tests" / "corpus" / "reference.xml"))
    bare.ok("--trace-file", "trace", "mo", "tree")
    decoded = bare.ok("decode", "trace").out
    assert "READ_NEXT part 1 " in decoded
    assert decoded.count("\n#   ./") == 200


def test_a_refusal_is_in_the_trace_by_name(filled):
    result = filled("--trace", "mo", "add", "./Mail", "x")
    assert result.code == 4
    assert "6A89 ALREADY_EXISTS" in result.err


def test_a_power_cut_is_in_the_trace(filled):
    filled.ok("sim", "cut", "a", "--at", "1")
    assert "# no answer" in filled("--trace", "mo", "add", "./X", "x").err


def test_recordings_are_private(filled):
    filled.ok("--trace-file", "trace", "mo", "tree")
    assert (filled.folder / "trace").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.ins.name)
def test_the_examples_of_the_wire_are_explained(rule):
    text = explained(*((command, answer) for command, answer in rule.example))
    assert rule.ins.name in text
    assert "unknown" not in text
    assert "not a packed stream" not in text
    assert "not understood" not in text


@pytest.mark.parametrize(
    ("command", "answer", "told"),
    [
        ("", "9000", "too short"),
        ("8030", "9000", "too short"),
        ("80300000", "", "too short"),
        ("80FF0000", "6D00", "unknown command"),
        ("8030000000", "9000", "without data"),
        ("803000000200FF", "9000", "unknown element FF"),
        ("803000000400C10005", "9000", "inside an element"),
        ("803000000400C00101", "6300", "batch was dropped"),
        ("803000000400C00101", "00016A896300", "command 1 was refused: a node of this name"),
        ("00A4040000", "6F0184009000", "not understood"),
        ("803100000100", "0200000100000500000000009000", "2 more bytes"),
        ("80310000010000", "020000019000", "not a packed stream"),
        ("80320001", "02000001000045000000FF9000", "generation"),
        ("80310000", "9999", "unknown status word 9999"),
    ],
)
def test_odd_traffic_is_shown_and_never_an_exception(command, answer, told):
    assert told in explained((command, answer))


def test_spaces_comments_and_empty_lines_are_fine():
    exchanges = parse_trace(b"# a\n\n  > 00 A4 04 00\n<90 00\n> 80310000\n> 80320001\n< 6985\n")
    assert [(e.command.hex(), e.answer.hex() if e.answer else None) for e in exchanges] == [
        ("00a40400", "9000"),
        ("80310000", None),
        ("80320001", "6985"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("> 0\n", "line 1"),
        ("> 00\nx\n", "line 2"),
        ("< 9000\n", "without a command"),
        ("# only words\n", "no command"),
        ("> zz\n", "hexadecimal"),
    ],
)
def test_damaged_recordings_name_the_line(text, told, cli):
    with pytest.raises(CodecError, match=told):
        parse_trace(text.encode())
    assert told in cli.fails(5, "decode", cli.file("t", text), "--as", "trace")


def test_decode_finds_out_what_a_file_is(filled):
    filled.ok("mo", "export", "./Mail", "--as", "packed", "--out", "p")
    assert filled.ok("decode", "p").out == filled.ok("decode", "small.xml").out
    assert '"mail.example.org"' in filled.ok("decode", "-", stdin=(filled.folder / "p").read_bytes()).out
    assert "SELECT" in filled.ok("decode", filled.file("t", "> 00A40400\n< 9000\n")).out
    filled.fails(5, "decode", "small.xml", "--as", "packed")
    filled.fails(5, "decode", "p", "--as", "tnds")
    filled.fails(5, "decode", "small.xml", "--as", "trace")
