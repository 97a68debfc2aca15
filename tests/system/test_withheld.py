"""Commands that change what whoever asks may not read."""

import pytest

from tests.system.running import SMALL, Cli

DDF = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Box</NodeName>
<DFProperties><AccessType><Add/><Delete/><Get/></AccessType><DFFormat><node/></DFFormat>
<DFType><DDFName>urn:x:box:1.0</DDFName></DFType></DFProperties>
<Node><NodeName>Pin</NodeName><DFProperties><AccessType><Add/><Delete/><Replace/></AccessType><DFFormat><chr/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node></Node></MgmtTree>
"""


@pytest.fixture
def secret(filled: Cli) -> Cli:
    """A card on which the issuer may not read ./Mail/Addr, nor ./Mail/Deep, which has a child."""
    filled.ok("mo", "export", "--out", "before.xml")
    filled.ok("mo", "add", "./Mail/Deep/Below", "x", "--parents")
    filled.ok("mo", "acl", "./Mail/Deep", "Get=srv1")
    filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1")
    return filled


def tnds(name: str, value: str) -> str:
    return f"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>{name}</NodeName><Value>{value}</Value></Node></MgmtTree>"


def test_an_import_does_not_replace_what_nobody_could_bring_back(secret: Cli):
    export = secret.ok("mo", "export", "--out", "after.xml")
    assert export.err == "note: left out: 2 nodes that the card withholds\n"
    before = secret.content()
    for more in ([], ["--dry-run"]):
        told = secret.fails(5, "mo", "import", "after.xml", "--replace", *more)
        assert "what the card withholds and after.xml may not bring back: ./Mail/Addr, ./Mail/Deep;" in told
        assert "--force" in told
    assert secret.content() == before
    assert secret.ok("--as", "srv1", "mo", "get", "./Mail/Addr").out == "mail.example.org"


def test_an_import_replaces_what_is_withheld_if_that_is_meant(secret: Cli):
    secret.ok("mo", "export", "--out", "after.xml")
    out = secret.ok("mo", "import", "after.xml", "--replace", "--force", "--dry-run").out
    assert out.splitlines() == [
        "would delete ./Mail (5 nodes)",
        "would lose   ./Mail/Addr (withheld)",
        "would lose   ./Mail/Deep (withheld)",
        "would add    ./Mail (3 nodes)",
    ]
    document = secret.ok("mo", "import", "after.xml", "--replace", "-f", "--json").document
    assert document["lost"] == ["./Mail/Addr", "./Mail/Deep"]
    assert secret.ok("mo", "get", "./Mail").out == "Icon\nEmpty\n"


def test_a_leaf_that_the_file_brings_may_be_replaced_unread(secret: Cli):
    secret.ok("mo", "acl", "./Mail/Deep", "Get=*&Delete=*")
    assert secret.ok("mo", "import", "small.xml", "--replace", "--json").document["lost"] == []
    assert secret.ok("mo", "get", "./Mail/Addr").out == "mail.example.org"


def test_what_an_interior_node_holds_that_is_withheld_is_lost_also_if_the_file_brings_it(secret: Cli):
    secret.ok("mo", "acl", "./Mail/Deep", "--remove")
    secret.ok("mo", "acl", "./Mail/Empty", "Get=srv1")
    assert "back: ./Mail/Empty;" in secret.fails(5, "mo", "import", "small.xml", "--replace")


def test_many_nodes_that_would_be_lost_are_counted(cli: Cli):
    cli.file("b.dm", "add ./Box --interior\n" + "".join(f"add ./Box/n{n} x --acl Get=srv1\n" for n in range(6)))
    cli.ok("mo", "batch", "b.dm")
    cli.ok("mo", "export", "--out", "box.xml")
    assert "back: ./Box/n0, ./Box/n1, ./Box/n2, 3 more;" in cli.fails(5, "mo", "import", "box.xml", "--replace")


def test_the_place_itself_may_be_withheld(secret: Cli):
    for uri in ("./Mail/Addr", "./Mail/Deep"):
        secret.ok("mo", "acl", uri, "Get=srv1&Delete=#issuer")
    secret.file("addr.xml", tnds("Addr", "new.example.org"))
    secret.ok("mo", "import", "addr.xml", "--at", "./Mail", "--replace")
    assert secret.ok("mo", "get", "./Mail/Addr").out == "new.example.org"
    secret.file("deep.xml", SMALL.replace("<NodeName>Mail<", "<NodeName>Deep<"))
    assert "back: ./Mail/Deep;" in secret.fails(5, "mo", "import", "deep.xml", "--at", "./Mail", "--replace")
    secret.ok("mo", "import", "deep.xml", "--at", "./Mail", "--replace", "--force")
    assert secret.ok("mo", "get", "./Mail/Deep").out == "Addr\nIcon\nEmpty\n"


def test_a_leaf_without_a_name_replaces_none_unless_that_is_meant(filled: Cli):
    filled.file("leaf.xml", tnds("", "new"))
    assert "6A89" in filled.fails(4, "mo", "import", "leaf.xml", "--at", "./Mail/Addr")
    assert filled.ok("mo", "get", "./Mail/Addr").out == "mail.example.org"
    filled.ok("mo", "import", "leaf.xml", "--at", "./Mail/Addr", "--replace")
    assert filled.ok("mo", "get", "./Mail/Addr").out == "new"


@pytest.fixture
def pin(cli: Cli) -> Cli:
    """A card with a leaf ./Box/Pin whose definition lets nobody read it."""
    cli.ok("ddf", "load", cli.file("box.ddf", DDF))
    cli.ok("mo", "add", "./Box", "--interior", "--type", "urn:x:box:1.0")
    cli.ok("mo", "add", "./Box/Pin", "4711", "--format", "chr", "--type", "text/plain")
    return cli


def test_what_has_no_get_can_be_deleted(pin: Cli):
    refused = pin("mo", "delete", "./Box/Pin")
    assert refused.code == 2
    assert refused.err.startswith("./Box/Pin may not be read; whatever is below it will be lost. Delete it?")
    document = pin.ok("mo", "delete", "./Box/Pin", "--force", "--json").document
    assert document["deleted_nodes"] is None
    assert "6A82" in pin.fails(4, "mo", "get", "./Box/Pin")


def test_who_may_delete_but_not_read_is_asked(filled: Cli):
    filled.ok("mo", "acl", "./Mail", "Get=#issuer&Delete=srv1")
    answer = filled("--as", "srv1", "mo", "delete", "./Mail", stdin=b"y\n")
    assert (answer.code, answer.out) == (0, "deleted ./Mail, and what was below it\n"), answer.err
    filled.ok("mo", "add", "./Mail", "x", "--acl", "Get=#issuer")
    assert "6982" in filled.fails(4, "--as", "srv1", "mo", "delete", "./Mail", "--force")


def test_a_deletion_says_that_it_cannot_count_what_is_withheld(secret: Cli):
    refused = secret("mo", "delete", "./Mail")
    assert "./Mail has 4 nodes (more if the card withholds some) below it" in refused.err


def test_a_server_is_not_removed_unasked_when_acls_are_withheld(cli: Cli):
    cli.add_server("srv1", 0x41)
    cli.ok("mo", "add", "./Box/x", "v", "--parents", "--acl", "Get=srv1")
    listed = cli.ok("principal", "list")
    assert listed.err == "note: not counted: 1 node that the card withholds, and what is below\n"
    assert cli.ok("principal", "list", "--json").document["withheld"] == 1
    refused = cli("principal", "remove", "srv1")
    assert refused.code == 2
    assert "They lose their rights on perhaps 1 node that the card withholds. Remove them?" in refused.err
    assert cli.ok("--as", "srv1", "mo", "get", "./Box/x").out == "v"
    cli.ok("mo", "add", "./y", "v", "--acl", "Get=srv1+#issuer")
    refused = cli("principal", "remove", "srv1")
    assert "rights on 1 node and perhaps 1 node that the card withholds. Remove" in refused.err
    assert cli.ok("principal", "remove", "srv1", "--force").out == "removed srv1\n"
