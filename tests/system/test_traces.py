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
    bare.new_card("big", "--arena", "32")
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


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.example], ids=lambda rule: rule.ins.name)
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
    assert told in cli.fails(5, "decode", cli.file("t", text), "--form", "trace")


def test_decode_finds_out_what_a_file_is(filled):
    filled.ok("mo", "export", "./Mail", "--form", "packed", "--out", "p")
    assert filled.ok("decode", "p").out == filled.ok("decode", "small.xml").out
    assert '"mail.example.org"' in filled.ok("decode", "-", stdin=(filled.folder / "p").read_bytes()).out
    assert "SELECT" in filled.ok("decode", filled.file("t", "> 00A40400\n< 9000\n")).out
    filled.fails(5, "decode", "small.xml", "--form", "packed")
    filled.fails(5, "decode", "p", "--form", "tnds")
    filled.fails(5, "decode", "small.xml", "--form", "trace")


def batch(text: str) -> str:
    """The explanation of a batch of these elements."""
    data = bytes.fromhex("00 C001" + text)
    return explained((f"80300000{len(data):02X}{data.hex()}00", "9000"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("C6 01 41 07 08 01 2A 10 02 7331", "ACL     of ./A: Get=*&Replace=s1"),
        ("C6 01 41 06 08 04 61253246", "ACL     of ./A: Get=a/"),
        ("C6 01 41 00", "ACL     of ./A: none of its own"),
        ("C7 01 41 01 54", 'TITLE   of ./A: "T"'),
        ("C7 01 41 00", "TITLE   of ./A: none of its own"),
        ("C8 01 41 C2 01 42 0F 00 FE", "SOURCE  ./A, for the next command"),
        ("C8 01 41 C2 01 42 0F 00 FE", "REPLACE ./B  same format  the value of the source"),
        ("C2 01 42 03 80 01 02 01 31", "type: number 02 of the definition's further ones"),
        ("C1 00 01 86 0D 02 4D79 01 88 0E 01 01 01 31", "+ ./My  defined  1 child  definition 13"),
        ("C1 00 01 86 0D 02 4D79 01 88 0E 01 01 01 31", '+ ./My/<definition 14>  defined  "1"  type: number 01'),
        ("C1 00 01 A1 0D 01 54 00", '+ ./<definition 269>  defined  ""  title "T"'),
        ("C1 01 3F 01 05 C0 01 78 48 00 40 01 74 00", "+ ?/x  node  0 children  type t  definition: get permanent"),
        ("C1 01 3F 01 03 41 00 09 01 00 00", "+ ?/*  chr"),
        ("C1 00 01 01 00 01 41 FF 02 01 00 00 01 61 01 00 00 01 62", "+ ./A  bin  a value in 2 pieces"),
        ("C1 00 01 01 00 01 41 FF 02 01 00 00 01 61 01 00 00 01 62", '+ ./A (a piece)  bin  "b"'),
        ("C1 06 3F2F55702F75 01 01 00 00 01 61", '+ ?/Up/u (a piece)  bin  "a"'),
        ("C1 01 41 02 05 00 01 42 01 03 00 01 43 00 03 00 01 44 00", "ADD     below ./A, 2 subtrees"),
        ("C1 01 41 02 05 00 01 42 01 03 00 01 43 00 03 00 01 44 00", "+ ./A/C  chr"),
        ("C1 01 41 02 05 00 01 42 01 03 00 01 43 00 03 00 01 44 00", "+ ./A/B/D  chr"),
        ("C1 01 41 00 C3 01 41", "DELETE  ./A"),
        ("C3 07 3F2F5372762F73", "DELETE  ?/Srv/s"),
    ],
)  # fmt: skip
def test_each_element_of_a_batch_is_explained(text: str, told: str):
    explanation = batch(text)
    assert told in explanation
    assert "unknown" not in explanation
    assert "inside an element" not in explanation


def test_the_tag_of_a_batch_is_told():
    told = explained(("80300000 0B 00 C009 00000007 00000102", "9000"))
    assert "atomic, tag of host 00000007: 00000102" in told


def test_answers_are_explained_without_a_registry():
    told = explained(("80310000 01 00 00", "02 000001 0000 45 00 00 04 0089 0128 00 9000"))
    assert "[Add=*&Get=*]" in told
    told = explained(("80310000 01 00 00", "02 000001 0000 45 00 00 04 0089 0130 00 9000"))
    assert "[Add=*&Get=*&Replace=server-9]" in told
    nodes = "0000 05 00 00 02 0000 86 0D 02 4D79 01 0000 88 0E 01 01 01 31 0000 0E 00 01 53"
    told = explained(("8031FF00 01 00 00", f"02 000001 {nodes} 9000"))
    assert "./My  node" in told
    assert './My/definition-14  bin  1 B  "1"  type-1' in told
    assert "./S  withheld" in told


def test_ids_that_follow_each_other_are_shown_one_by_one():
    told = explained(("8031FF0104 00 000000 00", "06 000001 0000 0000 05 00 00 F3 0007 9000"))
    assert "below it 7, 8, 9" in told


def test_servers_that_a_trace_tells_are_named_from_then_on():
    servers = "0002 0000 05 00 03 537276 01 0009 0009 0000 03 00 01 78 00"
    told = explained(
        ("8031010109 05 3F2F537276 000000 00", f"06 000001 {servers} 9000"),
        ("80310000 01 00 00", "02 000001 0000 45 00 00 02 0128 00 9000"),
    )
    assert "READ ?/Srv, 1 level below, with ids, what is newer than generation 0" in told
    assert 'node 9  "x"  chr  ""' in told
    assert "[Get=x]" in told


def test_what_a_card_tells_by_id_is_explained(filled):
    filled.ok("ddf", "load", "FUMO")
    filled.ok("mo", "add", "./F", "--interior", "--type", "urn:oma:mo:oma-fumo:1.0")
    filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1")
    told = filled.ok("mo", "changes", "--since", "0", "--trace").err
    assert re.search(r'#   node \d+  "Addr"  withheld\n', told)
    assert re.search(r'#   node \d+  "F"  definition \d+', told)
    told = filled.ok("ddf", "loaded", "--trace").err
    assert re.search(r'#   node \d+  "[\w-]{16}"  a definition, rules 1B000000  below it ', told)
