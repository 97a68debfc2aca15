"""mo acl, mo title, mo copy, principal list|remove, and what an ACL withholds, on the real card."""

import pytest


def test_an_acl_is_shown_with_the_node_that_it_comes_from(filled):
    assert filled.ok("mo", "acl", "./Mail").out == "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv1\n"
    assert "(inherited from ./Mail)" in filled.ok("mo", "acl", "./Mail/Addr").out
    document = filled.ok("mo", "acl", "./Mail/Empty", "--json").document
    assert (document["acl"], document["from"]) == ("", "./Mail")
    assert document["effective"].startswith("Add=#issuer")


def test_an_acl_can_be_given_and_taken_away(filled):
    told = filled.ok("mo", "acl", "./Mail/Addr", "Replace=srv2+#issuer&Get=*&Replace=srv1").out
    assert told == "the ACL of ./Mail/Addr is Get=*&Replace=#issuer+srv1+srv2\n"
    assert filled.ok("mo", "get", "./Mail/Addr?prop=ACL").out == "Get=*&Replace=#issuer+srv1+srv2"
    assert "no ACL of its own" in filled.ok("mo", "acl", "./Mail/Addr", "--remove").out
    assert filled.ok("mo", "get", "./Mail/Addr?prop=ACL").out == ""


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (5, ["./Mail", "Eat=*"], "'Eat' is no ACL command"),
        (5, ["./Mail", "Get=a&Add"], "(at 6)"),
        (5, ["./Mail", f"Get={'s' * 65}"], "64"),
        (2, ["./Mail", ""], "--remove"),
        (2, ["./Mail", "Get=*", "--remove"], "not both"),
        (5, [".", "--remove"], "the root must have an ACL"),
        (4, ["./Nix"], "6A82"),
        (4, ["./Nix", "Get=*"], "6A82"),
    ],
)
def test_a_bad_acl_is_one_line_and_changes_nothing(filled, code, arguments, told):
    before = filled.content()
    assert told in filled.fails(code, "mo", "acl", *arguments)
    assert filled.content() == before


def test_a_right_that_is_missing_is_named_and_explained(filled):
    filled.ok("mo", "acl", "./Mail", "Get=*&Replace=srv1")
    message = filled.fails(4, "mo", "set", "./Mail/Addr", "x")
    assert "Replace ./Mail/Addr" in message
    assert "6982" in message
    assert message.endswith(
        "; Replace on ./Mail/Addr is wanted; what counts there is the ACL of ./Mail: Get=*&Replace=srv1\n"
    )
    # The right to change the root's children includes their ACLs.
    filled.ok("mo", "acl", "./Mail", "Get=*&Replace=#issuer")
    filled.ok("mo", "set", "./Mail/Addr", "x")


def test_what_an_acl_withholds_is_shown_by_name_only(filled):
    filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1")
    assert "├── Addr  withheld" in filled.ok("mo", "tree").out
    assert "./Mail/Addr\twithheld\t\t\t" in filled.ok("mo", "tree", "--flat").out.splitlines()
    children = filled.ok("mo", "tree", "./Mail", "--json").document["tree"]["children"]
    assert {"uri": "./Mail/Addr", "name": "Addr", "withheld": True} in children
    assert filled.ok("mo", "get", "./Mail").out == "Addr\nIcon\nEmpty\n"
    assert "6982" in filled.fails(4, "mo", "get", "./Mail/Addr")


def test_what_is_withheld_is_neither_exported_nor_compared(filled):
    filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1")
    exported = filled.ok("mo", "export")
    assert exported.err == "note: left out: 1 node that the card withholds\n"
    assert b"Addr" not in exported.raw
    compared = filled.ok("mo", "diff", "small.xml")
    assert (compared.out, compared.err) == ("", "note: not compared: 1 node that the card withholds\n")


def test_a_title_is_shown_and_changed(filled):
    assert filled.ok("mo", "title", "./Mail/Addr").out == "Where it is\n"
    filled.ok("mo", "title", "./Mail/Addr", "Über")
    assert filled.ok("mo", "get", "./Mail/Addr?prop=Title").out == "Über"
    filled.ok("mo", "title", "./Mail/Addr", "--remove")
    assert filled.ok("mo", "get", "./Mail/Addr?prop=Title").out == ""
    assert "127" in filled.fails(5, "mo", "title", "./Mail/Addr", "t" * 128)


def test_a_copy_makes_a_leaf_or_fills_one(filled):
    filled.ok("mo", "copy", "./Mail/Icon", "./Mail/Empty/New")
    assert filled.ok("mo", "get", "./Mail/Empty/New?prop=Type").out == "image/png"
    filled.ok("mo", "copy", "./Mail/Addr", "./Mail/Icon")
    assert filled.ok("mo", "get", "./Mail/Icon").out == "mail.example.org"
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Format").out == "bin"


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (4, ["./Nix", "./Mail/Addr"], "6A82"),
        (4, ["./Mail/Addr", "./Nix/New"], "./Nix does not exist"),
        (4, ["./Mail", "./New"], "6ADA"),
        (4, ["./Mail/Addr", "./Mail"], "6ADA"),
        (5, [".", "./Mail/Addr"], "leaves"),
    ],
)
def test_a_copy_that_cannot_be_is_one_line(filled, code, arguments, told):
    before = filled.content()
    assert told in filled.fails(code, "mo", "copy", *arguments)
    assert filled.content() == before


def test_a_copy_makes_what_is_missing_above_its_target_if_asked(filled):
    told = filled.fails(4, "mo", "copy", "./Mail/Icon", "./A/B/New")
    assert "./A does not exist; use --parents to make what is missing" in told
    filled.ok("mo", "copy", "./Mail/Icon", "./A/B/New", "--parents")
    assert filled.ok("mo", "get", "./A/B/New").raw == filled.ok("mo", "get", "./Mail/Icon").raw
    assert filled.ok("mo", "get", "./A/B/New?prop=Type").out == "image/png"
    filled.ok("mo", "copy", "./Mail/Addr", "./A/B/New", "--parents")
    assert filled.ok("mo", "get", "./A/B/New?prop=Format").out == "bin"
    for source, told in (("./Nix", "Copy ./Nix to ./C/New: no node has this URI"), ("./Mail", "6ADA")):
        assert told in filled.fails(4, "mo", "copy", source, "./C/New", "--parents")
    assert "6A82" in filled.fails(4, "mo", "get", "./C")


def test_servers_are_listed_with_their_nodes_and_can_be_removed(filled):
    rows = [line.split() for line in filled.ok("principal", "list").out.splitlines()]
    assert rows == [
        ["principal", "has", "nodes"],
        ["*", "-", "2"],
        ["#issuer", "keys", "2"],
        ["#holder", "PIN", "0"],
        ["srv1", "keys", "1"],
    ]
    refused = filled("principal", "remove", "srv1", stdin=b"n\n")
    assert (refused.code, "rights on 1 node. Remove them?" in refused.err) == (2, True)
    assert filled.ok("principal", "remove", "srv1", "--force").out == "removed srv1\n"
    assert filled.ok("mo", "get", "./Mail?prop=ACL").out == "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer"
    assert "does not know" in filled.fails(2, "principal", "remove", "srv1")
    assert "neither removed nor renamed" in filled.fails(5, "principal", "remove", "*")


def test_an_acl_that_takes_rights_from_the_issuer_who_gives_it_is_noted(filled):
    assert filled.ok("mo", "acl", "./Mail/Addr", "Get=*&Replace=#issuer").err == ""
    assert filled.ok("mo", "acl", "./Mail/Addr", "Get=*&Replace=srv1").err == (
        "note: the issuer has no Replace there any more\n"
    )
    assert filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1").err == "note: the issuer has no Get there any more\n"
    filled.ok("mo", "acl", "./Mail/Addr", "--remove")
    told = filled.ok("mo", "acl", "./Mail/Addr", "Get=srv1").err
    assert told == "note: the issuer has no Replace and no Get there any more\n"


def test_a_server_that_the_card_did_not_know_is_noted_once(filled):
    assert (
        filled.ok("mo", "acl", "./Mail/Addr", "Get=*+new2&Replace=#issuer+srv1+new1").err == "note: new server new1\n"
    )
    assert filled.ok("mo", "acl", "./Mail/Addr", "Get=*&Replace=#issuer+new1").err == ""


WANTS = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Box</NodeName>
<DFProperties><AccessType><Add/><Delete/><Get/><Replace/></AccessType><DFFormat><node/></DFFormat>
<DFType><DDFName>urn:x:box:1.0</DDFName></DFType><?smartdm proof change="LIVE HOLDER"?></DFProperties>
<Node><NodeName>Leaf</NodeName><DFProperties><AccessType><Add/><Get/><Replace/></AccessType><DFFormat><chr/></DFFormat>
<Occurrence><ZeroOrOne/></Occurrence><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node></Node></MgmtTree>
"""


def test_proof_that_is_missing_is_named_with_how_to_give_it(filled):
    filled.ok("ddf", "load", filled.file("box.ddf", WANTS))
    filled.ok("mo", "add", "./Box", "--interior", "--type", "urn:x:box:1.0", "--acl", "Add=*&Get=*&Replace=*")
    told = "; the definition wants HOLDER besides the right: have the holder's PIN verified as well (--pin)\n"
    for arguments in (["add", "./Box/Leaf", "x"], ["set", "./Box/Leaf", "y"], ["title", "./Box/Leaf", "y"]):
        message = filled.fails(4, "mo", *arguments)
        assert message.endswith(told)
        assert "what counts there" not in message, "the ACL does give the right"
        nobody = filled.fails(4, "--as", "nobody", "mo", *arguments)
        assert "say with --as who does" in nobody, "who is nobody does not see the definitions"
        filled.ok("--as", "issuer", "--keys", "test", "--pin", "env:CARD_PIN", "mo", *arguments)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "./Mail/New", "x"], "Add on ./Mail is wanted; what counts there is the ACL of ./Mail: Add=#issuer"),
        (["delete", "./Mail/Addr", "-f"], "Delete on ./Mail/Addr is wanted; what counts there is the ACL of ./Mail: "),
        (["title", "./Hidden", "x"], "Replace on ./Hidden is wanted; who asks may not see the ACL that counts there"),
        (["get", "./Hidden"], "Get on ./Hidden is wanted; who asks may not see the ACL that counts there"),
        (["acl", "./Hidden", "Get=*"], "Replace on . is wanted; what counts there is the ACL of .: "),
    ],
)
def test_each_refusal_says_which_right_was_wanted_where(filled, arguments, told):
    filled.ok("mo", "add", "./Hidden", "x", "--acl", "Get=#issuer&Replace=#issuer")
    before = filled.content()
    assert told in filled.fails(4, "--as", "srv1", "mo", *arguments)
    assert filled.content() == before
