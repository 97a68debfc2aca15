"""mo tree, get, set, add, delete, rename on the real card."""

import pytest


def test_tree_draws_names_formats_sizes_and_acls(filled):
    assert filled.ok("mo", "tree").out.splitlines() == [
        ".  node  [Add=*&Delete=#issuer&Exec=#issuer&Get=*&Replace=#issuer]",
        "└── Mail  node  org.example:mail:1.0  [Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv1]",
        '    ├── Addr  chr  16 B  text/plain  "Where it is"',
        "    ├── Icon  bin  8 B  image/png",
        "    └── Empty  node",
    ]


def test_tree_of_some_levels_says_how_much_lies_below(filled):
    assert "(3 below)" in filled.ok("mo", "tree", "--levels", "1").out
    assert "Addr" not in filled.ok("mo", "tree", "--levels", "1").out
    assert filled.ok("mo", "tree", "./Mail/Empty", "--levels", "0").out == "./Mail/Empty  node\n"


def test_tree_shows_values_only_when_asked(filled):
    assert "mail.example.org" not in filled.ok("mo", "tree").out
    assert '"mail.example.org"' in filled.ok("mo", "tree", "--values").out
    assert "89504e470d0a1a0a" in filled.ok("mo", "tree", "--values").out


def test_flat_tree_is_one_line_of_tabs_for_each_node(filled):
    lines = filled.ok("mo", "tree", "--flat").out.splitlines()
    assert "./Mail/Icon\tbin\t8\timage/png\t" in lines
    assert len(lines) == 5


def test_tree_fits_terminals_without_unicode(filled):
    result = filled("mo", "tree", PYTHONIOENCODING="ascii")
    assert result.code == 0
    assert "`-- Mail" in result.out


def test_get_gives_the_value_exactly(filled):
    assert filled.ok("mo", "get", "./Mail/Addr").raw == b"mail.example.org"
    assert filled.ok("mo", "get", "Mail/Icon").raw == b"\x89PNG\r\n\x1a\n"


def test_get_of_an_interior_node_lists_its_children(filled):
    assert filled.ok("mo", "get", "./Mail").out == "Addr\nIcon\nEmpty\n"
    assert filled.ok("mo", "get", "./Mail/Empty").out == ""


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("./Mail?prop=ACL", "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv1"),
        ("./Mail/Addr?prop=ACL", ""),
        ("./Mail/Addr?prop=Format", "chr"),
        ("./Mail?prop=Format", "node"),
        ("./Mail/Addr?prop=Name", "Addr"),
        (".?prop=Name", ""),
        ("./Mail/Addr?prop=Size", "16"),
        ("./Mail?prop=Size", ""),
        ("./Mail/Addr?prop=Title", "Where it is"),
        ("./Mail?prop=Type", "org.example:mail:1.0"),
        ("./Mail/Addr?prop=VerNo", "1"),
    ],
)
def test_get_of_a_property(filled, target, value):
    filled.ok("mo", "set", "./Mail/Addr", "mail.example.org")
    assert filled.ok("mo", "get", target).out == value


def test_changes_carry_the_time(filled):
    filled.ok("mo", "set", "./Mail/Addr", "x")
    stamp = filled.ok("mo", "get", "./Mail/Addr?prop=TStamp").out
    assert len(stamp) == 16
    assert stamp.startswith("20")
    assert stamp.endswith("Z")


@pytest.mark.parametrize(
    "target", ["./Mail?prop=Nix", "./Mail?prop=acl", "./Mail?list=Struct", "./Mail?prop=ACL?prop=ACL", "./Mail?x=y"]
)
def test_get_of_unknown_properties_is_a_usage_error(filled, target):
    filled.fails(2, "mo", "get", target)


def test_get_writes_files(filled):
    filled.ok("mo", "get", "./Mail/Icon", "--out", "icon.png")
    assert (filled.folder / "icon.png").read_bytes() == b"\x89PNG\r\n\x1a\n"
    assert filled.ok("mo", "get", "./Mail/Icon", "--out", "-").raw == b"\x89PNG\r\n\x1a\n"


def test_set_takes_a_value_a_file_or_stdin(filled):
    filled.ok("mo", "set", "./Mail/Addr", "über")
    assert filled.ok("mo", "get", "./Mail/Addr").raw == "über".encode()
    filled.ok("mo", "set", "./Mail/Icon", "--file", filled.file("v", b"\x00\xff\n"))
    assert filled.ok("mo", "get", "./Mail/Icon").raw == b"\x00\xff\n"
    filled.ok("mo", "set", "./Mail/Addr", "-", stdin=b"piped")
    assert filled.ok("mo", "get", "./Mail/Addr").raw == b"piped"
    filled.ok("mo", "set", "./Mail/Addr", "")
    assert filled.ok("mo", "get", "./Mail/Addr").raw == b""
    filled.ok("mo", "set", "./Mail/Addr", "--", "--json")
    assert filled.ok("mo", "get", "./Mail/Addr").raw == b"--json"


def test_set_keeps_format_and_type_unless_told(filled):
    filled.ok("mo", "set", "./Mail/Icon", "x")
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Type").out == "image/png"
    filled.ok("mo", "set", "./Mail/Icon", "1", "--format", "int")
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Format").out == "int"
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Type").out == "image/png"
    filled.ok("mo", "set", "./Mail/Icon", "2", "--type", "text/x-own")
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Format").out == "int"
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Type").out == "text/x-own"


def test_add_makes_leaves_interior_nodes_and_missing_parents(cli):
    acl = "Get=*&Add=s1+#issuer"
    cli.ok("mo", "add", "./A", "--interior", "--type", "org.example:a:1.0", "--title", "A", "--acl", acl)
    cli.ok("mo", "add", "./A/Leaf", "v")
    cli.ok("mo", "add", "./A/B/C/D", "deep", "--parents")
    cli.ok("mo", "add", "./A/Empty", "--format", "bin")
    lines = cli.ok("mo", "tree", "./A").out.splitlines()
    assert lines[0] == './A  node  org.example:a:1.0  "A"  [Add=#issuer+s1&Get=*]'
    assert lines[1] == "├── Leaf  chr  1 B  text/plain"
    assert lines[-1] == "└── Empty  bin  0 B  application/octet-stream"
    assert cli.ok("mo", "get", "./A/B/C/D").out == "deep"


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (4, ["add", "./Mail", "x"], "6A89"),
        (4, ["add", "./Nix/Leaf", "x"], "6A82"),
        (4, ["add", "./Mail/Addr/Leaf", "x"], "6AD9"),
        (4, ["add", "./Mail/Addr/Leaf", "x", "--parents"], "6AD9"),
        (2, ["add", ".", "x"], "root"),
        (2, ["add", "./New", "x", "--interior"], "interior"),
        (2, ["add", "./New", "x", "--file", "y"], "--file"),
        (5, ["add", "./New", "x", "--acl", "Eat=*"], "Eat"),
        (5, ["add", "./New", "--file", "missing"], "missing"),
        (5, ["add", "./New", "x" * 53_761], "53760"),
        (5, ["add", "./New", "x", "--title", "t" * 128], "127"),
        (4, ["set", "./Nix", "x"], "6A82"),
        (4, ["set", "./Mail", "x"], "6ADA"),
        (5, ["set", "./Mail/Addr", "x" * 53_761], "53760"),
        (2, ["set", "./Mail/Addr"], "VALUE"),
        (2, ["set", "./Mail/Addr", "x", "--format", "node"], "node"),
        (4, ["delete", "./Nix"], "6A82"),
        (5, ["delete", "."], "the root cannot be deleted"),
        (4, ["rename", ".", "X"], "6ADB"),
        (4, ["rename", "./Nix", "X"], "6A82"),
        (4, ["rename", "./Mail/Addr", "Icon"], "6A89"),
        (2, ["rename", "./Mail/Addr", "a/b"], "/"),
        (2, ["rename", "./Mail/Addr", "a."], "."),
        (2, ["rename", "./Mail/Addr", ""], "empty"),
        (5, ["rename", "./Mail/Addr", "n" * 65], "64"),
        (4, ["tree", "./Nix"], "6A82"),
        (4, ["get", "./Nix"], "6A82"),
        (4, ["export", "./Nix"], "6A82"),
        (2, ["tree", "./"], "/"),
        (2, ["tree", "./A//B"], "segment"),
        (2, ["tree", "./../A"], "."),
        (2, ["tree", "./%2e%2e/A"], "."),
        (2, ["tree", "./A%00"], "control"),
        (2, ["tree", "./A%ff"], "UTF-8"),
        (2, ["tree", "./A b"], "%20"),
        (2, ["tree", "--levels", "255"], "254"),
        (2, ["nix"], "nix"),
        (2, ["tree", "--nix"], "--nix"),
        (2, ["tree", "./A", "./B"], "./B"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(filled, code, arguments, told):
    before = filled.content()
    assert told in filled.fails(code, "mo", *arguments)
    assert filled.content() == before


def test_bytes_that_are_no_text_are_refused_as_a_value(filled):
    assert "UTF-8" in filled.fails(5, "mo", "set", "./Mail/Addr", "\udcff")


def test_delete_asks_before_it_takes_children_along(filled):
    refused = filled("mo", "delete", "./Mail", stdin=b"n\n")
    assert refused.code == 2
    assert "3 nodes" in refused.err
    assert filled.ok("mo", "get", ".").out == "Mail\n"
    filled.ok("mo", "delete", "./Mail/Addr")
    assert "(3 nodes)" in filled.ok("mo", "delete", "./Mail", stdin=b"y\n").out
    assert filled.ok("mo", "get", ".").out == ""


def test_rename_keeps_the_place_and_the_children(filled):
    filled.ok("mo", "rename", "./Mail", "Post Büro")
    assert filled.ok("mo", "get", ".").out == "Post%20B%C3%BCro\n"
    assert filled.ok("mo", "get", "./Post%20Büro/Addr").out == "mail.example.org"


def test_a_card_too_full_says_so_and_stays_as_it_is(bare):
    bare.new_card("small", "--arena", "8", "--profile", "small")
    most = "".join(f"<Node><NodeName>N{n}</NodeName><Value>{'x' * 224}</Value></Node>" for n in range(26))
    bare.ok("mo", "import", "-", stdin=f"<MgmtTree><VerDTD>1.2</VerDTD>{most}</MgmtTree>".encode())
    number = 26
    while (result := bare("mo", "add", f"./N{number}", "x" * 224)).code == 0:
        number += 1
    assert result.code == 4
    assert "6A84" in result.err
    assert 26 < number < 40
    assert len(bare.ok("mo", "get", ".").out.splitlines()) == number
    bare.ok("card", "reset", "--force")
    bare.ok("mo", "add", "./Again", "x" * 224)


def test_control_characters_never_reach_the_screen(cli):
    cli.ok("mo", "add", "./A", "red \x1b[31m bell \x07", "--title", "\x1b]0;owned\x07")
    out = cli.ok("mo", "tree", "--values").raw
    assert b"\x1b" not in out
    assert b"\\x1b[31m" in out
    assert b"\x1b" not in cli.ok("mo", "get", "./A?prop=Title").raw
