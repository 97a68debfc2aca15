"""Definitions on the card, and objects that are held to them, from the command line."""

import pytest

from tests.system.running import REPOSITORY

MAIL = str(REPOSITORY / "tests" / "corpus" / "mail.ddf")
OBJECT = "urn:x:book:1.0"

DDF = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Book</NodeName>
<DFProperties><AccessType><Add/><Delete/><Get/><Replace/></AccessType><DFFormat><node/></DFFormat>
<Occurrence><One/></Occurrence><DFTitle>Address book</DFTitle>
<DFType><DDFName>urn:x:book:1.0</DDFName></DFType></DFProperties>
<Node><NodeName>Owner</NodeName><DFProperties><AccessType><Get/><Replace/></AccessType><DFFormat><chr/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFTitle>Whose it is</DFTitle>
<DFType><MIME>text/plain</MIME><MIME>text/xml</MIME></DFType></DFProperties></Node>
<Node><NodeName>Pin</NodeName><DFProperties><AccessType><Add/><Replace/></AccessType><DFFormat><int/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFType><MIME/></DFType></DFProperties></Node>
<Node><NodeName></NodeName><DFProperties><AccessType><Add/><Delete/><Get/></AccessType><DFFormat><node/></DFFormat>
<Occurrence><ZeroOrN>2</ZeroOrN></Occurrence><DFType><DDFName/></DFType></DFProperties>
<Node><NodeName>Phone</NodeName><DFProperties><AccessType><Get/><Replace/></AccessType><DFFormat><chr/></DFFormat>
<DFType><MIME>text/plain</MIME></DFType></DFProperties></Node></Node></Node></MgmtTree>
"""
BOOK = f"""\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Book</NodeName>
<RTProperties><Format><node/></Format><Type><DDFName>{OBJECT}</DDFName></Type></RTProperties>
<Node><NodeName>Owner</NodeName><Value>Ada</Value></Node>
<Node><NodeName>Pin</NodeName><Value>1234</Value></Node>
<Node><NodeName>bob</NodeName><Node><NodeName>Phone</NodeName><Value>555</Value></Node></Node></Node></MgmtTree>
"""


@pytest.fixture
def books(cli):
    """A card with the definition and one object."""
    cli.file("book.ddf", DDF)
    cli.file("book.xml", BOOK)
    cli.ok("ddf", "load", "book.ddf")
    cli.ok("mo", "import", "book.xml")
    return cli


def test_a_definition_is_loaded_once_and_listed(cli):
    cli.file("book.ddf", DDF)
    assert cli.ok("ddf", "loaded").out == ""
    assert cli.ok("ddf", "load", "book.ddf").out == f"loaded: {OBJECT} (5 nodes)\n"
    assert cli.ok("ddf", "load", "book.ddf", "FUMO").out.splitlines()[0] == f"already there: {OBJECT} (5 nodes)"
    rows = [line.split() for line in cli.ok("ddf", "loaded").out.splitlines()]
    assert rows[0] == ["object", "nodes", "objects", "digest"]
    assert rows[1][:3] == [OBJECT, "5", "0"]
    assert rows[2][0] == "urn:oma:mo:oma-fumo:1.0"
    before = cli.ok("card", "info", "--json").document
    assert cli.ok("ddf", "load", "FUMO").out == "already there: urn:oma:mo:oma-fumo:1.0 (11 nodes)\n"
    after = cli.ok("card", "info", "--json").document
    assert (after["generation"], after["free_bytes"]) == (before["generation"], before["free_bytes"])


def test_definitions_on_the_card_carry_no_times(cli):
    cli.ok("ddf", "load", "FUMO", "--trace-file", "trace")
    decoded = cli.ok("decode", "trace").out
    assert "#     + ?/" in decoded
    assert "time " not in decoded


def test_an_imported_object_has_what_its_definition_says(books):
    assert books.ok("mo", "tree", "./Book", "--values").out.splitlines() == [
        f'./Book  node  {OBJECT}  "Address book"',
        '├── Owner  chr  3 B  "Ada"  text/plain  "Whose it is"',
        "├── Pin  withheld",
        "└── bob  node",
        '    └── Phone  chr  3 B  "555"  text/plain',
    ]
    assert books.ok("mo", "diff", "book.xml").out == ""
    assert books.ok("ddf", "loaded", "--json").document["definitions"][0]["objects"] == 1


def test_an_object_can_be_kept_free_of_its_definition(books):
    books.ok("mo", "delete", "./Book", "--force")
    books.ok("mo", "import", "book.xml", "--plain")
    assert '"1234"' in books.ok("mo", "tree", "./Book", "--values").out
    books.ok("mo", "add", "./Book/bob/Anything", "x")


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (4, ["add", "./Book/bob/Fax", "1"], "allows Phone there"),
        (4, ["add", "./Book/ann", "x"], "says node, not chr"),
        (4, ["add", "./Book/Owner", "x"], "6A89"),
        (4, ["set", "./Book/Owner", "x", "--type", "image/png"], "text/plain, text/xml"),
        (4, ["set", "./Book/Owner", "1", "--format", "int"], "says chr, not int"),
        (4, ["rename", "./Book/Owner", "Other"], "6ADB"),
        (4, ["get", "./Book/Pin"], "6AE1"),
        (4, ["import", "two.xml", "--at", "./Book"], "6AE4"),
    ],
)
def test_what_the_definition_does_not_allow_is_one_line_and_changes_nothing(books, code, arguments, told):
    books.file("two.xml", "<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>b2</NodeName><Node><NodeName>Phone</NodeName>"
        "<Value>1</Value></Node></Node><Node><NodeName>b3</NodeName><Node><NodeName>Phone</NodeName><Value>2</Value>"
        "</Node></Node></MgmtTree>")  # fmt: skip
    before = books.content()
    assert told in books.fails(code, "mo", *arguments)
    assert books.content() == before


def test_what_the_definition_allows_needs_no_formats_and_types(books):
    books.ok("mo", "add", "./Book/ann", "--interior")
    books.file("raw", b"\xff")
    told = books.fails(5, "mo", "add", "./Book/ann/Phone", "--file", "raw")
    assert "cannot be chr; use --format bin" in told
    books.ok("mo", "add", "./Book/ann/Phone", "556")
    assert "Phone  chr  3 B  text/plain" in books.ok("mo", "tree", "./Book/ann").out
    books.ok("mo", "set", "./Book/Owner", "<a/>", "--type", "text/xml")
    assert books.ok("mo", "get", "./Book/Owner?prop=Type").out == "text/xml"
    books.ok("mo", "title", "./Book/Owner", "Mine")
    books.ok("mo", "title", "./Book/Owner", "--remove")
    assert books.ok("mo", "title", "./Book/Owner").out == "Whose it is\n"


def test_a_leaf_that_nobody_reads_is_still_written(books):
    pin = ("mo", "set", "./Book/Pin", "4321")
    books.ok(*pin, "--format", "int", "--type", "text/plain")
    assert "says int, not chr" in books.fails(4, *pin, "--format", "chr", "--type", "text/plain")
    books.file(
        "batch", "add ./N 99 --format int\ncopy ./N ./Book/Pin\nset ./Book/Pin 5 --format int --type text/plain\n"
    )
    books.ok("mo", "batch", "batch")
    assert "6AE1" in books.fails(4, "mo", "get", "./Book/Pin")


def test_anything_can_be_put_into_an_inbox_that_nobody_reads(cli):
    cli.ok("ddf", "load", "Inbox")
    cli.ok("mo", "add", "./Inbox", "--interior", "--type", "urn:oma:mo:oma-dm-inbox:1.0")
    assert cli.ok("mo", "add", "./Inbox/a", "x").out == "added ./Inbox/a\n"
    cli.file("batch", "add ./Inbox/b --interior\nadd ./Inbox/b/c 1 --format int\n")
    cli.ok("mo", "batch", "batch")
    cli.file("p.toml", '[profile]\nname = "p"\n[[node]]\nuri = "./Inbox/d"\ntext = "x"\n')
    cli.ok("provision", "apply", "p.toml", "--yes")
    assert "6A89" in cli.fails(4, "mo", "add", "./Inbox/d", "x")


def test_a_large_value_keeps_to_the_definition_as_a_small_one_does(books):
    books.file("big", b"<b>" + b"Ada" * 200 + b"</b>")
    books.ok("mo", "set", "./Book/Owner", "--file", "big", "--type", "text/xml")
    assert books.ok("mo", "get", "./Book/Owner?prop=Type").out == "text/xml"
    told = books.fails(4, "mo", "set", "./Book/Owner", "--file", "big", "--type", "image/png")
    assert "to ./Book/Owner: a Type that the definition does not list" in told
    assert "text/plain, text/xml" in told
    assert "?/" not in told
    books.file("batch", f"rename ./Book Novel\nset ./Novel/Owner {'Ada' * 200} --type text/plain\n"
        "add ./Novel/ann --interior\nadd ./Novel/ann/Phone 556\n")  # fmt: skip
    books.ok("mo", "batch", "batch")
    assert books.ok("mo", "get", "./Novel/Owner?prop=Type").out == "text/plain"
    assert "Phone  chr  3 B  text/plain" in books.ok("mo", "tree", "./Novel/ann").out
    assert books.ok("ddf", "loaded", "--json").document["definitions"][0]["objects"] == 1


def test_a_definition_is_unloaded_when_its_objects_are_gone(books):
    assert "6AE6" in books.fails(4, "ddf", "unload", OBJECT)
    books.ok("mo", "delete", "./Book", "--force")
    assert books.ok("ddf", "unload", OBJECT).out == f"unloaded {OBJECT}\n"
    assert "is not on the card" in books.fails(2, "ddf", "unload", OBJECT)
    books.ok("ddf", "load", "FUMO")
    books.ok("ddf", "unload", "fumo")
    books.ok("mo", "import", "book.xml")
    assert '"1234"' in books.ok("mo", "tree", "--values").out


def test_reset_takes_definitions_only_when_asked(books):
    books.ok("card", "reset", "--force")
    assert OBJECT in books.ok("ddf", "loaded").out
    books.ok("card", "reset", "--all", "--force")
    assert books.ok("ddf", "loaded").out == ""


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (5, ["load", "nix"], "no such file"),
        (5, ["load", "anonymous.ddf"], "DDFName"),
        (5, ["load", "small.xml"], "small.xml"),
        (2, ["load"], "NAME|FILE"),
    ],
)
def test_a_definition_that_cannot_be_loaded_is_one_line(filled, code, arguments, told):
    filled.file("anonymous.ddf", DDF.replace(f"<DDFName>{OBJECT}</DDFName>", "<DDFName/>"))
    assert told in filled.fails(code, "ddf", *arguments)
    assert filled.ok("ddf", "loaded").out == ""


def test_only_the_issuer_loads_definitions(cli):
    assert "6982" in cli.fails(4, "--as", "nobody", "ddf", "load", "FUMO")


def test_the_catalog_can_be_on_the_card(bare):
    bare.new_card("big", "--arena", "64", "--nodes", "1024")
    names = [entry["name"] for entry in bare.ok("ddf", "list", "--json").document["definitions"]]
    bare.ok("ddf", "load", *names)
    assert len(bare.ok("ddf", "loaded", "--json").document["definitions"]) == len(names)


def test_a_definition_in_use_is_named_with_an_object_that_uses_it(books):
    books.ok("ddf", "load", "FUMO")
    told = books.fails(4, "ddf", "unload", "FUMO", OBJECT)
    assert told.startswith(f"ERROR: Unload {OBJECT}: the definition has instances; ")
    assert "one of them is ./Book\n" in told


def test_what_a_file_loaded_the_same_file_unloads(cli):
    cli.file("book.ddf", DDF)
    cli.ok("ddf", "load", "book.ddf")
    assert cli.ok("ddf", "unload", "book.ddf").out == f"unloaded {OBJECT}\n"
    assert "book.ddf is not on the card" in cli.fails(2, "ddf", "unload", "book.ddf")
    cli.ok("ddf", "load", "book.ddf")
    changed = cli.file("new.ddf", DDF.replace("Whose it is", "Owner"))
    assert cli.ok("ddf", "unload", changed).out == f"unloaded {OBJECT}\n"
    assert "nix is not on the card" in cli.fails(2, "ddf", "unload", "nix")


@pytest.mark.parametrize(
    "lines",
    [
        f"add ./New --interior --type {OBJECT}\nrename ./New Newer\nadd ./Newer/Pin 1\n",
        "rename ./Book Newer\ndelete ./Newer/Pin\nadd ./Newer/Pin 1\n",
        f"delete ./Book\nadd ./Newer --interior --type {OBJECT}\nadd ./Newer/Pin 1\n",
    ],
    ids=["added and renamed", "renamed", "deleted"],
)
def test_a_line_of_a_batch_knows_the_definition_that_the_lines_before_it_leave(cli, lines):
    cli.file("book.ddf", DDF.replace("<Add/><Replace/></AccessType>", "<Add/><Delete/><Get/></AccessType>"))
    cli.file("book.xml", BOOK)
    cli.ok("ddf", "load", "book.ddf")
    cli.ok("mo", "import", "book.xml")
    cli.file("lines", lines)
    cli.ok("mo", "batch", "lines")
    assert cli.ok("mo", "get", "./Newer/Pin?prop=Format").out.strip() == "int"
