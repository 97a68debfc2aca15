"""Large values, changes and unfinished uploads from the command line."""

import pytest

BIG = bytes(range(256)) * 20


@pytest.fixture
def leaf(cli):
    """A card with the leaf ./v and the file big."""
    cli.ok("mo", "add", "./v", "old")
    cli.file("big", BIG)
    return cli


def test_a_large_value_is_set_and_read(leaf):
    assert leaf.ok("mo", "set", "./v", "--file", "big", "--format", "bin").out == f"set ./v ({len(BIG)} bytes)\n"
    assert leaf.ok("mo", "get", "./v").raw == BIG
    assert "v  bin  5120 B" in leaf.ok("mo", "tree").out
    leaf.ok("mo", "add", "./w", "--file", "big")
    assert leaf.ok("mo", "get", "./w").raw == BIG


@pytest.mark.parametrize("kind", ["tnds", "packed"])
def test_a_large_value_survives_files(leaf, kind):
    leaf.ok("mo", "set", "./v", "--file", "big", "--format", "bin")
    leaf.ok("mo", "export", "--form", kind, "--out", "all")
    leaf.ok("card", "reset", "--force")
    leaf.ok("mo", "import", "all")
    assert leaf.ok("mo", "get", "./v").raw == BIG


def test_an_interrupted_value_goes_on_where_it_stopped(leaf):
    at = 6
    while True:
        leaf.ok("sim", "cut", "a", "--at", str(at))
        result = leaf("mo", "set", "./v", "--file", "big", "--format", "bin")
        assert result.code == 3, "the power did not fail"
        assert "run the same command again" in result.err
        assert leaf.ok("mo", "get", "./v").out == "old"
        unfinished = leaf.ok("mo", "uploads", "--json").document["uploads"]
        if unfinished:
            break
        at += 5
    assert f"{unfinished[0]['size']} B" in leaf.ok("mo", "uploads").out
    again = leaf.ok("mo", "set", "./v", "--file", "big", "--format", "bin")
    assert f"note: {unfinished[0]['size']} of {len(BIG)} bytes are on the card already" in again.err
    assert leaf.ok("mo", "get", "./v").raw == BIG
    assert leaf.ok("mo", "uploads").out == ""


def test_unfinished_values_can_be_removed(leaf):
    free = leaf.ok("card", "info", "--json").document["free_bytes"]
    for at in range(5, 200, 3):
        leaf.ok("sim", "cut", "a", "--at", str(at))
        leaf("mo", "set", "./v", "--file", "big", "--format", "bin")
        if leaf.ok("mo", "uploads", "--json").document["uploads"]:
            break
    leaf.file("huge", bytes(20_000))
    assert "`smartdm mo uploads --remove`" in leaf.fails(4, "mo", "set", "./v", "--file", "huge", "--format", "bin")
    assert leaf.ok("mo", "uploads", "--remove").out.startswith("removed ")
    assert leaf.ok("mo", "uploads").out == ""
    assert leaf.ok("card", "info", "--json").document["free_bytes"] >= free - 32


def test_a_value_that_the_card_has_no_room_for_leaves_nothing_behind(leaf):
    leaf.file("huge", bytes(20_000))
    message = leaf.fails(4, "mo", "set", "./v", "--file", "huge", "--format", "bin")
    assert "6A84" in message
    assert message.startswith("ERROR: Replace ./v: ")
    assert "?" not in message
    assert "20000 bytes" in message
    assert "the old value and the new one need room together" in message
    assert "uploads --remove" not in message
    assert leaf.ok("mo", "uploads").out == ""


# Changes.


def test_what_is_newer_is_listed_with_its_uri(filled):
    since = filled.ok("card", "info", "--json").document["generation"]
    assert filled.ok("mo", "changes", "--since", str(since)).out == ""
    filled.ok("mo", "set", "./Mail/Addr", "x")
    filled.ok("mo", "rename", "./Mail/Icon", "Logo")
    filled.ok("mo", "acl", "./Mail/Empty", "Get=srv1")
    lines = filled.ok("mo", "changes", "--since", str(since), "--values").out.splitlines()
    assert [line.split()[0] for line in lines] == ["./Mail", "./Mail/Addr", "./Mail/Logo", "./Mail/Empty"]
    assert '"x"' in lines[1]
    assert lines[3] == "./Mail/Empty  withheld"
    document = filled.ok("mo", "changes", "./Mail", "--since", str(since + 2), "--json").document
    assert [entry["node"]["uri"] for entry in document["changed"]] == ["./Mail/Empty"]
    assert len(filled.ok("mo", "changes", "--since", "0").out.splitlines()) == 5


def test_a_generation_that_was_not_yet_is_a_usage_error(filled):
    assert "generation" in filled.fails(2, "mo", "changes", "--since", "9999")
    assert "--since" in filled.fails(2, "mo", "changes")
