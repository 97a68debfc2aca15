"""mo import, export and diff."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.system.running import REPOSITORY, Cli

CORPUS = REPOSITORY / "tests" / "corpus"


def tnds(name: str, value: str, path: str = "") -> str:
    place = f"<Path>{path}</Path>" if path else ""
    node = f"<Node><NodeName>{name}</NodeName>{place}<Value>{value}</Value></Node>"
    return f"<MgmtTree><VerDTD>1.2</VerDTD>{node}</MgmtTree>"


@pytest.mark.parametrize("name", ["passpoint.xml", "reference.xml"])
@pytest.mark.parametrize("kind", ["tnds", "packed"])
def test_a_corpus_file_comes_back_equal(bare, name, kind):
    bare.new_card("big", "--arena", "32")
    bare.ok("mo", "import", str(CORPUS / name))
    bare.ok("mo", "diff", str(CORPUS / name))
    bare.ok("mo", "export", "--form", kind, "--out", "out")
    bare.new_card("other", "--arena", "32")
    bare.ok("--card", "sim:other", "mo", "import", "out")
    assert bare.ok("--card", "sim:other", "mo", "diff", "out", "card:.").out == ""
    # What an ACL withholds from the issuer cannot be exported.
    flat = bare.ok("--card", "sim:big", "mo", "tree", "--flat").out.splitlines()
    withheld = [line.split("\t")[0] for line in flat if "withheld" in line]
    missing = bare("mo", "diff", str(CORPUS / name), "--card", "sim:other").out.splitlines()
    assert missing == [f"- {uri}" for uri in withheld]


@pytest.mark.skipif("SMARTDM_SAMPLES" not in os.environ, reason="SMARTDM_SAMPLES names no folder of foreign files")
def test_a_foreign_passpoint_object_comes_back_equal(bare):
    sample = str(Path(os.environ["SMARTDM_SAMPLES"], "mo", "PerProviderSubscription.xml").absolute())
    bare.new_card("one")
    bare.ok("mo", "import", sample)
    bare.ok("mo", "diff", sample)
    bare.ok("mo", "export", "./PerProviderSubscription", "--out", "out.xml")
    assert bare.ok("mo", "diff", sample, "out.xml").out == ""


def test_import_reads_stdin_and_below_a_node(filled):
    filled.ok("mo", "import", "-", "--at", "./Mail/Empty", stdin=tnds("New", "v").encode())
    assert filled.ok("mo", "get", "./Mail/Empty/New").out == "v"


def test_import_honours_path(filled):
    filled.ok("mo", "import", "-", stdin=tnds("New", "v", "./Mail/Empty").encode())
    assert filled.ok("mo", "get", "./Mail/Empty/New").out == "v"


def test_import_on_what_exists_is_refused_unless_replacing(filled):
    filled.ok("mo", "add", "./Mail/Extra", "x")
    assert "6A89" in filled.fails(4, "mo", "import", "small.xml")
    assert filled.ok("mo", "get", "./Mail/Extra").out == "x"
    out = filled.ok("mo", "import", "small.xml", "--replace").out
    assert "imported 4 nodes" in out
    assert "deleting 5" in out
    filled.ok("mo", "diff", "small.xml", "card:./Mail")


def test_replace_works_where_nothing_is_yet(cli):
    cli.ok("mo", "import", "small.xml", "--replace")
    cli.ok("mo", "diff", "small.xml")


def test_dry_run_tells_and_does_nothing(filled):
    before = filled.content()
    out = filled.ok("mo", "import", "small.xml", "--replace", "--dry-run").out
    assert out == "would delete ./Mail (4 nodes)\nwould add    ./Mail (4 nodes)\n"
    assert filled.content() == before


def test_a_whole_tree_replaces_a_whole_tree(filled):
    filled.ok("mo", "export", "--out", "all.xml")
    filled.ok("mo", "add", "./More", "x")
    assert filled("mo", "diff", "all.xml", "card:.").out == "+ ./More\n"
    filled.ok("mo", "import", "all.xml", "--replace")
    assert filled.ok("mo", "diff", "all.xml", "card:.").out == ""


def test_a_tree_without_a_name_is_merged_into_the_place_of_the_import(filled):
    filled.ok("mo", "export", "--form", "packed", "--out", "all.packed")
    filled.ok("mo", "import", "all.packed", "--at", "./Mail/Empty")
    assert filled.ok("mo", "get", "./Mail/Empty/Mail/Addr").out == "mail.example.org"
    filled.ok("mo", "import", "all.packed", "--at", "./New")
    assert filled.ok("mo", "get", "./New").out == "Mail\n"


def test_a_nameless_leaf_has_no_place_at_the_root(cli):
    assert "--at" in cli.fails(5, "mo", "import", "-", stdin=tnds("", "v").encode())
    cli.ok("mo", "import", "-", "--at", "./Leaf", stdin=tnds("", "v").encode())
    assert cli.ok("mo", "get", "./Leaf").out == "v"


def test_export_of_a_subtree_says_where_it_belongs(filled):
    filled.ok("mo", "add", "./Mail/Empty/Deep", "v")
    filled.ok("mo", "export", "./Mail/Empty", "--out", "part.xml")
    filled.ok("mo", "delete", "./Mail/Empty", "--force")
    filled.ok("mo", "import", "part.xml")
    assert filled.ok("mo", "get", "./Mail/Empty/Deep").out == "v"


def test_export_to_a_pipe_is_the_document_alone(filled):
    assert filled.ok("mo", "export", "./Mail").raw.startswith(b"<?xml")
    assert filled.ok("mo", "export", "./Mail", "--form", "packed").raw[0] == 2


def test_export_that_cannot_be_written_leaves_the_old_file(filled):
    filled.file("out.xml", "old")
    filled.fails(5, "mo", "export", "--out", "missing/out.xml")
    filled.fails(4, "mo", "export", "./Nix", "--out", "out.xml")
    assert (filled.folder / "out.xml").read_text() == "old"


def test_diff_tells_each_difference_and_the_exit_code(filled):
    filled.ok("mo", "set", "./Mail/Addr", "other.example.org")
    filled.ok("mo", "add", "./Mail/New", "x")
    filled.ok("mo", "delete", "./Mail/Icon")
    result = filled("mo", "diff", "small.xml")
    assert result.code == 1
    assert result.out.splitlines() == [
        '~ ./Mail/Addr  value: "mail.example.org" -> "other.example.org"',
        "- ./Mail/Icon",
        "+ ./Mail/New",
    ]


def test_diff_ignores_what_the_card_sets_unless_asked(filled):
    filled.ok("mo", "export", "--out", "before.xml")
    filled.ok("mo", "set", "./Mail/Addr", "mail.example.org")
    filled.ok("mo", "diff", "before.xml", "card:.")
    result = filled("mo", "diff", "--all", "before.xml", "card:.")
    assert result.code == 1
    assert re.search(r'^~ \./Mail/Addr  verno: "0" -> "1"$', result.out, re.MULTILINE)


def test_diff_compares_files_without_a_card(bare):
    bare.file("a.xml", tnds("A", "1"))
    bare.file("b.xml", tnds("A", "2"))
    assert bare("mo", "diff", "a.xml", "b.xml").code == 1
    assert bare("mo", "diff", "a.xml", "a.xml").code == 0
    assert bare("mo", "diff", "a.xml", bare.file("c.xml", tnds("C", "1"))).out == "- ./A\n+ ./C\n"
    assert bare("mo", "diff", "-", "b.xml", stdin=tnds("A", "1").encode()).code == 1


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ["card:."]),
        (2, ["-", "-"]),
        (2, ["small.xml", "card:./x//y"]),
        (2, ["small.xml", "small.xml", "--at", "./X"]),
        (4, ["small.xml", "card:./Nix"]),
        (5, ["missing.xml"]),
        (5, ["small.xml", "missing.xml"]),
        (5, ["two.xml", "card:."]),
    ],
)
def test_diff_with_wrong_sides(filled, code, arguments):
    node = "<Node><NodeName>{}</NodeName><Value>1</Value></Node>"
    filled.file("two.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{node.format('A')}{node.format('B')}</MgmtTree>")
    filled.fails(code, "mo", "diff", *arguments)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + tnds("A", "&b;")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "neither"),
        (b"hello", "neither"),
        (b"\x7fELF", "neither"),
        (b"<", "XML"),
        (b"<html></html>", "line 1"),
        (b"<MgmtTree/>", "VerDTD"),
        (BOMB.encode(), "DOCTYPE"),
        (tnds("A", "x").replace("1.2", "2.0").encode(), "VerDTD"),
        (tnds("A/B", "x").encode(), "/"),
        (tnds("A", "x", "./x//y").encode(), "segment"),
        (tnds("A", "x").encode("utf-16"), "UTF-8"),
        (b"\xef\xbb\xbf" + tnds("A", "\x01").encode(), "XML"),
        (("<Node>" * 100).join(["<MgmtTree><VerDTD>1.2</VerDTD>", "</MgmtTree>"]).encode(), "line 1"),
        (b"<" + b"a" * (17 << 20), "16 MiB"),
        (b"\x02", "4 bytes"),
        (b"\x02\x00\x00\x00", "at 4"),
        (b"\x02\x00\x00\x00\x00\x00\x45\x00", "at"),
        (b"\x00\x00\x00\x00\x03\x00\x01A\x01x\x00", "follow"),
        (b"\x00\x00\x00\x00\x0b\x00\x01A\x00", "at"),
    ],
)
def test_files_that_are_no_trees_are_one_line_and_change_nothing(filled, content, told):
    before = filled.content()
    filled.file("bad", content)
    for arguments in (["mo", "import", "bad"], ["mo", "diff", "bad"], ["decode", "bad"]):
        message = filled.fails(5, *arguments)
        assert message.startswith("ERROR: bad: ")
        assert told in message or arguments[0] == "decode"
        assert len(message) < 400
    assert filled.content() == before


@pytest.mark.parametrize(
    ("chain", "value", "code", "told"),
    [
        (["n"] * 16, "v", 4, "6AD2"),
        (["n" * 65], "v", 4, "6AD1"),
        (["n"], "v" * 53_761, 5, "53760"),
        (["n" * 20] * 14, "v", 4, "6AD3"),
    ],
)
def test_trees_that_the_card_cannot_hold_are_refused_whole(filled, chain, value, code, told):
    before = filled.content()
    inner = f"<Node><NodeName>leaf</NodeName><Value>{value}</Value></Node>"
    for name in chain:
        inner = f"<Node><NodeName>{name}</NodeName>{inner}</Node>"
    filled.file("bad.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{inner}</MgmtTree>")
    assert told in filled.fails(code, "mo", "import", "bad.xml")
    assert filled.content() == before


def test_a_folder_is_no_file(filled):
    (filled.folder / "folder").mkdir()
    filled.fails(5, "mo", "import", "folder")
    filled.fails(5, "mo", "export", "--out", "folder")


def test_output_that_nobody_reads_is_no_error_message(filled: Cli):
    run = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | true; echo "${PIPESTATUS[0]}"', "bash", *filled.command("mo", "tree")],
        capture_output=True,
        cwd=filled.folder,
        env=filled.environment,
        timeout=60,
        check=False,
    )
    assert run.stderr == b""
    assert run.stdout.strip() in (b"0", b"141")


def test_a_file_may_bring_a_node_and_what_goes_below_it_apart(cli):
    trees = [
        "<Node><NodeName>A</NodeName><RTProperties><Format><node/></Format><Type><DDFName/></Type></RTProperties></Node>",
        "<Node><NodeName>B</NodeName><Path>./A</Path><Value>x</Value></Node>",
    ]
    cli.file("two.xml", f"<MgmtTree><VerDTD>1.2</VerDTD>{''.join(trees)}</MgmtTree>")
    cli.ok("mo", "import", "two.xml")
    assert cli.ok("mo", "get", "./A/B").out == "x"


def test_a_folder_that_is_missing_is_named(filled: Cli):
    told = filled.fails(5, "mo", "export", "--out", "/nope/x.xml")
    assert told == "ERROR: /nope/x.xml: there is no folder /nope; make it first\n"
    assert "nope/x" in filled.fails(5, "mo", "export", "--out", "nope/x")
