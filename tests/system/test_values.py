"""Values that their Format does not allow: refused for single nodes, told of files, and not seen by who may not."""

import pytest

from tests.system.running import SMALL, Cli, Result

NOT_INT = "is not a whole number from -2147483648 to 2147483647, as Format int needs"
CHANGE = "--format changes the Format"
WRONG = (("int", "abc"), ("bool", "yes"), ("date", "2026-13-45"), ("time", "25:00:00"), ("float", "1,5"))
DDF = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Box</NodeName>
<DFProperties><AccessType><Add/><Delete/><Get/></AccessType><DFFormat><node/></DFFormat>
<DFType><DDFName>urn:x:box:1.0</DDFName></DFType></DFProperties>
<Node><NodeName>Size</NodeName><DFProperties><AccessType><Get/><Replace/></AccessType><DFFormat><int/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node>
<Node><NodeName>Pin</NodeName><DFProperties><AccessType><Add/><Replace/></AccessType><DFFormat><int/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node></Node></MgmtTree>
"""
BOX = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Box</NodeName>
<RTProperties><Format><node/></Format><Type><DDFName>urn:x:box:1.0</DDFName></Type></RTProperties>
<Node><NodeName>Size</NodeName><Value>{}</Value></Node><Node><NodeName>Pin</NodeName><Value>1</Value></Node>
</Node></MgmtTree>
"""
ODD = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>N</NodeName>
<RTProperties><Format><int/></Format></RTProperties><Value>abc</Value></Node></MgmtTree>
"""


@pytest.fixture
def number(cli: Cli) -> Cli:
    """A card with a leaf of Format int."""
    cli.ok("mo", "add", "./N", "1", "--format", "int")
    return cli


def batch(cli: Cli, text: str, *options: str) -> Result:
    return cli("mo", "batch", cli.file("b.dm", text), *options)


@pytest.mark.parametrize(("node_format", "value"), WRONG)
def test_a_new_leaf_takes_no_value_that_breaks_its_format(cli: Cli, node_format: str, value: str):
    told = cli.fails(5, "mo", "add", "./n", value, "--format", node_format)
    assert told.startswith(f"ERROR: ./n: the value '{value}' is not ")
    assert f"as Format {node_format} needs; {CHANGE}" in told
    assert "6A82" in cli.fails(4, "mo", "get", "./n")


def test_a_leaf_keeps_its_value_when_the_new_one_breaks_its_format(number: Cli):
    assert number.fails(5, "mo", "set", "./N", "abc") == f"ERROR: ./N: the value 'abc' {NOT_INT}; {CHANGE}\n"
    assert NOT_INT in number.fails(5, "mo", "set", "./N", "abc", "--type", "text/x-own")
    assert "Format bool needs" in number.fails(5, "mo", "set", "./N", "yes", "--format", "bool")
    assert number.ok("mo", "get", "./N").out == "1"


def test_another_format_with_the_value_and_no_value_at_all_are_taken(number: Cli):
    number.ok("mo", "set", "./N", "")
    number.ok("mo", "set", "./N", "-7")
    number.ok("mo", "set", "./N", "abc", "--format", "chr")
    assert number.ok("mo", "get", "./N").out == "abc"
    number.ok("mo", "add", "./Empty", "--format", "date")


def test_what_may_not_be_read_is_left_to_the_card(number: Cli):
    number.add_server("srv1", 0x41)
    number.ok("mo", "acl", "./N", "Replace=#issuer+srv1")
    number.ok("--as", "srv1", "mo", "set", "./N", "abc")
    assert batch(number, "set ./N 'no number'").code == 0
    number.ok("ddf", "load", number.file("box.ddf", DDF))
    number.ok("mo", "import", number.file("box.xml", BOX.format("5")))
    number.ok("mo", "set", "./Box/Pin", "4711")
    assert NOT_INT in number.fails(5, "mo", "set", "./Box/Size", "big")


@pytest.mark.parametrize("mode", ["atomic", "sequence", "plain"])
def test_a_batch_refuses_such_values_with_their_lines(number: Cli, mode: str):
    result = batch(number, "add ./a 1 --format int\nadd ./b abc --format int\n", "--mode", mode)
    assert (result.code, result.err) == (5, f"ERROR: b.dm:2: ./b: the value 'abc' {NOT_INT}; {CHANGE}\n")
    assert "6A82" in number.fails(4, "mo", "get", "./a")
    result = batch(number, "set ./N abc\n", "--mode", mode)
    assert result.code == 4
    assert result.err.splitlines()[0].startswith("b.dm:1: 415 Replace ./N: ")
    assert f"./N: the value 'abc' {NOT_INT}; {CHANGE}" in result.err
    assert number.ok("mo", "get", "./N").out == "1"


def test_a_batch_knows_the_formats_that_its_own_commands_make(number: Cli):
    assert batch(number, "set ./N x --format chr\nset ./N y\ndelete ./N\nadd ./N z\nset ./N w\n").code == 0
    assert number.ok("mo", "get", "./N").out == "w"
    assert "./M: the value 'x' is not a" in batch(number, "rename ./N M\nset ./M 5 --format int\nset ./M x\n").err


def test_a_sequence_looks_at_what_was_really_done(number: Cli):
    result = batch(number, "add ./N x --format chr\nset ./N y\nset ./N 5\n", "--mode", "sequence")
    assert [line.split(":")[1] for line in result.err.splitlines()[:2]] == ["1", "2"]
    assert NOT_INT in result.err
    assert number.ok("mo", "get", "./N").out == "5"


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--plain"]])
def test_an_import_names_such_values_and_takes_them(cli: Cli, options: list[str]):
    wrong = SMALL.replace("<Format><chr/></Format>", "<Format><int/></Format>")
    told = cli.ok("mo", "import", cli.file("wrong.xml", wrong), *options).err
    assert told == f"note: ./Mail/Addr: the value 'mail.example.org' {NOT_INT}\n"
    assert cli.ok("mo", "get", ".").out == ("" if "--dry-run" in options else "Mail\n")


def test_an_import_names_the_first_of_many_such_values(cli: Cli):
    leaf = "<Node><NodeName>n{}</NodeName><RTProperties><Format><int/></Format><Type><MIME/></Type></RTProperties>"
    leaves = "".join(f"{leaf.format(n)}<Value>x</Value></Node>" for n in range(5))
    cli.file("many.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{leaves}</MgmtTree>")
    told = cli.ok("mo", "import", "many.xml").err.splitlines()
    assert [line.split(":")[1] for line in told[:3]] == [" ./n0", " ./n1", " ./n2"]
    assert told[3:] == ["note: 2 more values that do not suit their Format"]


def test_an_import_looks_at_leaves_without_a_format_by_that_of_their_definition(cli: Cli):
    cli.ok("ddf", "load", cli.file("box.ddf", DDF))
    told = cli.ok("mo", "import", cli.file("wrong.xml", BOX.format("big"))).err
    assert told == f"note: ./Box/Size: the value 'big' {NOT_INT}\n"
    assert cli.ok("mo", "import", cli.file("box.xml", BOX.format("5")), "--replace", "--force").err == ""


@pytest.mark.parametrize("kind", ["tnds", "packed"])
def test_what_does_not_suit_its_format_can_be_exported_and_imported(number: Cli, kind: str):
    number.file("odd.xml", ODD)
    assert NOT_INT in number.ok("mo", "import", "odd.xml", "--replace").err
    number.ok("mo", "export", "--form", kind, "--out", "all")
    number.ok("card", "reset", "--force")
    assert NOT_INT in number.ok("mo", "import", "all").err
    number.ok("mo", "diff", "all", "card:.")


def test_of_an_atomic_batch_that_was_never_sent_nothing_is_rolled_back(number: Cli):
    lines = batch(number, "add ./a 1\nset ./N abc\nget .\n").err.splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["215", "415", "215"]
