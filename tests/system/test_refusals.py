"""What cannot be done is refused before or by the card, with figures and a way out."""

import re

import pytest

from tests.system.running import SMALL, Cli


def many(count: int, value: str = "x") -> str:
    """A document of one interior node with this many leaves."""
    leaf = "<Node><NodeName>N{}</NodeName><RTProperties><Format><chr/></Format><Type><MIME>text/plain</MIME></Type>"
    leaves = "".join(leaf.format(i) + f"</RTProperties><Value>{value}</Value></Node>" for i in range(count))
    head, _, tail = SMALL.partition("    <Node>")
    return head.replace("Mail", "Many") + leaves + tail[tail.rindex("  </Node>") :]


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_too_many_nodes_are_refused_with_figures(bare, dry_run):
    bare.new_card("a", "--nodes", "16")
    message = bare.fails(4, "mo", "import", bare.file("many.xml", many(19)), *dry_run)
    assert "20 nodes, but 7 are left of 16" in message


def test_a_tree_below_the_deepest_place_is_refused_before_it_is_sent(cli):
    assert "at most 16" in cli.fails(4, "mo", "add", "./" + "/".join("abcdefghijklmnopq"), "x", "--parents")


def test_lack_of_memory_is_told_in_bytes(bare):
    bare.new_card("a", "--arena", "8", "--nodes", "512")
    message = bare.fails(4, "mo", "import", bare.file("many.xml", many(60, "v" * 200)))
    assert "about 1" in message
    assert " are free" in message
    assert "--replace" not in message


def test_lack_of_memory_while_replacing_names_the_way_around(bare):
    bare.new_card("a", "--arena", "8", "--nodes", "512")
    bare.ok("mo", "import", bare.file("many.xml", many(22, "v" * 200)))
    message = bare.fails(4, "mo", "import", "many.xml", "--replace")
    assert "must fit together" in message
    assert "mo delete" in message


def test_free_memory_in_pieces_is_told_as_such(cli):
    value = "v" * 220
    adds = "".join(f"add ./B/n{i} {value}\n" for i in range(24))
    cli.new_card("b", "--arena", "8", "--profile", "small")
    cli.ok("--card", "sim:b", "mo", "batch", cli.file("b.dm", f"add ./B --interior\n{adds}"))
    for i in range(24, 40):
        result = cli("--card", "sim:b", "mo", "add", f"./B/n{i}", value)
        if result.code:
            break
    needed, free = map(int, re.findall(r"(\d+) (?:bytes are needed|are free)", result.err))
    assert (result.code, needed < free) == (4, True), result.err
    assert "free, but in pieces too small for a node or the new version of the one above it;" in result.err
    assert "`mo import`" in result.err
    assert "in pieces too small" in cli.fails(4, "--card", "sim:b", "mo", "set", "./B/n1", "w" * 224)


def test_trees_that_come_together_leave_no_pieces(cli):
    leaf = "<Node><NodeName>n{}</NodeName><RTProperties><Format><chr/></Format><Type><MIME>text/plain</MIME></Type>"
    leaves = "".join(leaf.format(i) + f"</RTProperties><Value>{'v' * 220}</Value></Node>" for i in range(60))
    cli.file("many.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{leaves}</MgmtTree>")
    assert cli.ok("mo", "import", "many.xml").out == "imported 60 nodes from many.xml\n"


def test_one_of_several_trees_that_is_refused_is_named(filled):
    trees = "".join(f"<Node><NodeName>{name}</NodeName><Value>x</Value></Node>" for name in ("A", "Mail", "B", "C"))
    filled.file("four.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{trees}</MgmtTree>")
    assert filled.fails(4, "mo", "import", "four.xml").startswith("ERROR: Add ./Mail: a node of this name exists")
    assert filled.ok("mo", "get", ".").out == "Mail\n"


def test_a_missing_parent_is_named_with_the_option_that_makes_it(cli):
    for line in (["mo", "add", "./Q/R/S", "x"], ["mo", "import", "small.xml", "--at", "./Q/R"]):
        message = cli.fails(4, *line)
        assert "./Q does not exist" in message
        assert "--parents" in message
        cli.ok(*line, "--parents")
        cli.ok("mo", "delete", "./Q", "--force")


def test_a_refusal_names_what_the_user_asked_for(filled):
    assert "Delete ./Nix: " in filled.fails(4, "mo", "delete", "./Nix")
    nobody = ["--as", "nobody", "mo"]
    for line, name in (
        (["add", "./A", "x"], "Add ./A"),
        (["set", "./Mail/Addr", "x"], "Replace ./Mail/Addr"),
        (["rename", "./Mail", "x"], "Rename ./Mail"),
        (["delete", "./Mail/Addr", "--force"], "Delete ./Mail/Addr"),
        (["import", "small.xml", "--at", "./Mail/Empty"], "Import small.xml"),
    ):
        message = filled.fails(4, *nobody, *line)
        assert f"{name}: " in message
        assert "BATCH" not in message


@pytest.mark.parametrize("value", [b"\xff\xfe", b"a\x00b", b"\x1b[0m"])
def test_a_value_that_is_no_text_becomes_binary_and_no_text_node_takes_it(filled: Cli, value: bytes):
    filled.file("value", value)
    assert "bin" in filled.ok("mo", "add", "./B", "--file", "value").err
    assert filled.ok("mo", "get", "./B?prop=Format").out == "bin"
    assert filled.ok("mo", "get", "./B").raw == value
    assert "--format bin" in filled.fails(5, "mo", "add", "./C", "--format", "chr", "--file", "value")
    assert "--format bin" in filled.fails(5, "mo", "set", "./Mail/Addr", "--file", "value")
    filled.ok("mo", "set", "./Mail/Addr", "--format", "bin", "--file", "value")
    filled.ok("mo", "set", "./Mail/Icon", "--file", "value")
    filled.ok("mo", "export", "--out", "all.xml")


def test_what_xml_cannot_carry_can_be_exported_packed(cli):
    cli.ok("mo", "add", "./A", "x", "--title", "a\x01b")
    assert "--form packed" in cli.fails(5, "mo", "export")
    cli.ok("mo", "export", "--form", "packed", "--out", "all.bin")


def test_negative_numbers_are_values_and_other_dashes_are_explained(cli):
    cli.ok("mo", "add", "./P", "-5", "--format", "int")
    assert cli.ok("mo", "get", "./P").out == "-5"
    cli.ok("mo", "set", "./P", "-0.25e1", "--format", "float")
    assert cli.ok("mo", "get", "./P").out == "-0.25e1"
    assert " -- " in cli.fails(2, "mo", "set", "./P", "-x")
    assert cli("mo", "set", "./P", "-5", "--nix").code == 2
    cli.ok("mo", "set", "./P", "--format", "chr", "--", "-x")


def test_a_uri_longer_than_the_wire_holds_is_refused_with_its_length(cli):
    long = "./" + "/".join(["n" * 60] * 5)
    for command in (["mo", "get", long], ["mo", "tree", long], ["mo", "delete", long, "--force"]):
        assert "at most 192" in cli.fails(5, *command)


def test_one_is_told_as_one(cli):
    cli.ok("mo", "add", "./N", "x", "--title", "T")
    assert cli.ok("mo", "set", "./N", "y").out == "set ./N (1 byte)\n"
    assert cli.ok("mo", "export", "./N", "--out", "n.xml").out.startswith("exported 1 node to n.xml (")
    assert cli.ok("mo", "import", "n.xml", "--replace").out == "imported 1 node from n.xml after deleting 1\n"
    assert cli("mo", "batch", cli.file("b.dm", "delete ./Nix\n"), "--mode", "plain").err.endswith(
        "ERROR: b.dm: 1 of 1 command was refused; nothing was changed\n"
    )
    profile = "[profile]\nname = 'p'\n[[node]]\nuri = './M'\ntext = 'x'\nformat = 'int'\n"
    assert cli("provision", "plan", cli.file("p.toml", profile)).out.endswith(
        "\n1 fault; nothing can be done before all is mended\n"
    )


def test_what_a_definition_keeps_is_not_called_the_root(cli):
    cli.ok("ddf", "load", "DevInfo")
    cli.ok("mo", "add", "./DevInfo", "--interior", "--type", "urn:oma:mo:oma-dm-devinfo:1.0")
    cli.ok("mo", "add", "./DevInfo/Man", "Example Corp")
    assert "a name or node that its definition keeps" in cli.fails(4, "mo", "rename", "./DevInfo", "Foo")
    assert "; where there may be several, delete one before" in cli.fails(4, "mo", "delete", "./DevInfo/Man")
