"""mo batch on the real card: what is done, what is refused, and what is told about it."""

import base64

import pytest

from tests.system.running import Cli, Result
from tests.system.test_json import check


def batch(cli: Cli, text: str, *options: str) -> Result:
    return cli("mo", "batch", cli.file("b.dm", text), *options)


def refused(cli: Cli, text: str, *options: str) -> list[str]:
    """What is told on stderr, line by line."""
    result = batch(cli, text, *options)
    assert result.code == 4, result.err
    return result.err.splitlines()


def test_commands_are_done_in_one_batch_and_told_in_one_line(filled):
    before = filled.ok("card", "info", "--json").document["generation"]
    text = """
        # Makes a note, and moves things about.
        add ./Notes --interior --type org.example:notes:1.0 --title 'All notes' --acl 'Add=*&Get=*&Replace=srv9'
        add ./Notes/One "Hello, 'card'"
        add ./Notes/Raw AP8= --base64        # format bin: it is no text
        set ./Mail/Addr x#y --type text/x-own
        rename ./Mail/Icon Picture
        copy ./Mail/Picture ./Notes/Picture
        title ./Mail/Addr ''
        acl ./Mail --remove
        delete ./Mail/Empty
    """
    result = filled.ok("mo", "batch", filled.file("b.dm", text))
    assert result.out == f"done: 9 commands, generation {before + 1}\n"
    assert result.err == ""
    assert filled.ok("mo", "tree", "--values").out.splitlines()[1:] == [
        "├── Mail  node  org.example:mail:1.0",
        '│   ├── Addr  chr  3 B  "x#y"  text/x-own',
        "│   └── Picture  bin  8 B  89504e470d0a1a0a  image/png",
        '└── Notes  node  org.example:notes:1.0  "All notes"  [Add=*&Get=*&Replace=srv9]',
        "    ├── One  chr  13 B  \"Hello, 'card'\"  text/plain",
        "    ├── Raw  bin  2 B  00ff  application/octet-stream",
        "    └── Picture  bin  8 B  89504e470d0a1a0a  image/png",
    ]


def test_an_atomic_batch_is_rolled_back_as_a_whole(filled):
    before = filled.content()
    text = "set ./Mail/Addr x\n\nadd ./New y\ndelete ./Nix\nset ./Mail/Icon z\nget ./Mail\n"
    lines = refused(filled, text)
    assert lines[:2] == ["b.dm:1: 216 Replace ./Mail/Addr: rolled back", "b.dm:3: 216 Add ./New: rolled back"]
    assert lines[2].startswith("b.dm:4: 404 Delete ./Nix: no node has this URI (6A82")
    assert lines[3:5] == ["b.dm:5: 215 Replace ./Mail/Icon: not executed", "b.dm:6: 215 Get ./Mail: not executed"]
    assert lines[5:] == ["ERROR: b.dm: the command of line 4 was refused, so nothing was changed"]
    assert filled.content() == before


@pytest.mark.parametrize("mode", ["sequence", "plain"])
def test_other_batches_go_on_behind_a_refused_command(filled, mode):
    text = "set ./Mail/Addr x\nget ./Mail/Addr\ndelete ./Nix\nadd ./Mail y\nset ./Mail/Addr z\nget ./Mail --levels 0\n"
    result = batch(filled, text, "--mode", mode)
    assert result.code == 4
    assert result.out.splitlines() == [
        './Mail/Addr  chr  1 B  "x"  text/plain  "Where it is"',
        "./Mail  node  (3 below)  org.example:mail:1.0  [Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv1]",
    ]
    first, second, last = result.err.splitlines()
    assert first.startswith("b.dm:3: 404 Delete ./Nix: ")
    assert second.startswith("b.dm:4: 418 Add ./Mail: ")
    assert last == "ERROR: b.dm: 2 of 6 commands were refused; the others were done"
    assert filled.ok("mo", "get", "./Mail/Addr").out == "z"


def test_gets_are_answered_with_what_the_batch_made(filled):
    text = b"add ./New v\nget ./New\nget ./Mail/Empty\n"
    result = filled.ok("mo", "batch", "-", stdin=text)
    assert result.out.splitlines()[:2] == ['./New  chr  1 B  "v"  text/plain', "./Mail/Empty  node"]
    assert result.out.splitlines()[2].startswith("done: 3 commands, ")
    many = filled.ok("mo", "batch", "-", "--mode", "plain", stdin=b"get ./New\n" * 20)
    assert many.out.count('"v"') == 20


def test_an_expected_generation_guards_the_card(filled):
    generation = filled.ok("card", "info", "--json").document["generation"]
    name = filled.file("b.dm", "set ./Mail/Addr x\n")
    for mode in ("atomic", "sequence"):
        told = filled.fails(4, "mo", "batch", name, "--expect", str(generation + 1), "--mode", mode)
        assert f"it is at {generation}, not {generation + 1}" in told
    filled.ok("mo", "batch", name, "--expect", str(generation))
    assert "6ADC" in filled.fails(4, "mo", "batch", name, "--expect", str(generation))
    assert "6ADC" in filled.fails(4, "mo", "batch", "-", "--expect", str(generation))
    filled.ok("mo", "batch", "-", "--expect", str(generation + 1))


def test_a_faulty_file_is_told_whole_and_nothing_is_sent(filled):
    before = filled.content()
    result = batch(filled, "set ./Mail/Addr x\nset ./Mail/Icon\nfoo\n")
    assert result.code == 5
    lines = result.err.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["b.dm:2:", "b.dm:3:", "ERROR:"]
    assert lines[-1] == "ERROR: b.dm: 2 faults; nothing was sent"
    assert filled.content() == before
    assert filled.fails(5, "mo", "batch", "-", stdin=b"\nfoo").startswith("ERROR: stdin:2: 'foo' is no command")
    assert "nix.dm" in filled.fails(5, "mo", "batch", "nix.dm")
    document = batch(filled, "foo\nbar\n", "--json").document
    check("error", document)
    assert "b.dm:1: " in document["error"]["message"]
    assert "b.dm:2: " in document["error"]["message"]
    assert filled("--card", "sim:nix", "mo", "batch", "b.dm").code == 5  # before any card is looked for


def test_a_server_does_what_it_has_the_right_to(filled):
    text = "set ./Mail/Addr x\ndelete ./Mail/Icon\nget ./Mail/Addr\n"
    lines = refused(filled, text, "--as", "srv1")
    assert lines[1].startswith("b.dm:2: 425 Delete ./Mail/Icon: ")
    assert filled.ok("mo", "get", "./Mail/Addr").out == "mail.example.org"
    result = batch(filled, text, "--as", "srv1", "--mode", "sequence")
    assert (result.code, result.out.split()[0]) == (4, "./Mail/Addr")
    assert result.err.startswith("b.dm:2: 425 ")
    assert filled.ok("mo", "get", "./Mail/Addr").out == "x"
    assert "6982" in filled.fails(4, "mo", "batch", "b.dm", "--as", "nobody")
    told = filled.fails(4, "mo", "batch", "b.dm", "--as", "nobody", "--mode", "sequence")
    assert "a batch that is not atomic may be done in part: see with `smartdm mo tree`" in told


def test_who_may_write_what_he_may_not_read_still_writes(filled):
    filled.ok("mo", "acl", "./Mail/Addr", "Get=#issuer&Replace=srv1")
    filled.ok("mo", "acl", "./Mail/Icon", "Get=#issuer&Replace=srv1")
    big = base64.b64encode(bytes(300)).decode()
    done = batch(filled, f"set ./Mail/Icon {big} --base64\n", "--as", "srv1")
    assert (done.code, filled.ok("mo", "get", "./Mail/Icon").raw) == (0, bytes(300))
    lines = refused(filled, "copy ./Mail/Icon ./Mail/Addr\n", "--as", "srv1")
    assert lines[0].startswith("b.dm:1: 425 Copy ./Mail/Icon to ./Mail/Addr: ")
    done = batch(filled, "set ./Mail/Icon AP8= --base64\n", "--as", "srv1")
    assert (done.code, filled.ok("mo", "get", "./Mail/Icon").raw) == (0, b"\x00\xff")
    lines = refused(filled, "set ./Mail/Icon x --type image/gif\n", "--as", "srv1")
    assert lines[0].startswith("b.dm:1: 425 Replace ./Mail/Icon: ")  # the Format that shall stay is not known


def test_a_copy_onto_what_cannot_be_read_is_the_cards_business(filled):
    filled.ok("mo", "acl", "./Mail/Icon", "Get=#issuer&Replace=srv1")
    done = batch(filled, "copy ./Mail/Addr ./Mail/Icon\n", "--as", "srv1")
    assert (done.code, filled.ok("mo", "get", "./Mail/Icon").out) == (0, "mail.example.org")
    filled.ok("mo", "add", "./Large", "L" * 300)
    done = batch(filled, "copy ./Large ./Mail/Icon\n", "--as", "srv1")
    assert (done.code, filled.ok("mo", "get", "./Mail/Icon").out) == (0, "L" * 300)


def test_a_copy_goes_only_where_the_value_fits(filled):
    text = "add ./Number 5 --format int\ncopy ./Mail/Addr ./Number\n"
    lines = refused(filled, text)
    assert lines[1].startswith("b.dm:2: 415 Copy ./Mail/Addr to ./Number: ")
    assert "./Number: the value 'mail.example.org' is not a whole number" in lines[1]
    lines = refused(filled, text, "--mode", "plain")
    assert lines[0].startswith("b.dm:2: 415 Copy ")
    told = filled.fails(4, "mo", "copy", "./Mail/Addr", "./Number")
    assert told.startswith("ERROR: Copy ./Mail/Addr to ./Number: ")
    assert "is not a whole number" in told
    assert filled.ok("mo", "get", "./Number").out == "5"


def test_binary_values_go_only_where_they_fit(filled):
    lines = refused(filled, "set ./Mail/Addr AP8= --base64\n")
    assert "cannot be chr; use --format bin" in lines[0]
    lines = refused(filled, "set ./Mail/Nix AP8= --base64\n")
    assert lines[0].startswith("b.dm:1: 404 ")
    lines = refused(filled, "set ./Mail AP8= --base64\n")
    assert "6ADA" in lines[0]


def test_documents_tell_what_became_of_each_command(filled):
    text = "# two\nadd ./New v\ndelete ./Nix\nget ./Mail/Addr\n"
    result = batch(filled, text, "--json")
    assert (result.code, result.err) == (4, "")
    check("mo-batch", result.document)
    statuses = [(item["line"], item["dm_status"]) for item in result.document["commands"]]
    assert statuses == [(2, 216), (3, 404), (4, 215)]
    result = batch(filled, text, "--json", "--mode", "plain")
    check("mo-batch", result.document)
    made, missing, got = result.document["commands"]
    assert (made["dm_status"], missing["status_word"], result.document["ok"]) == (200, "6A82", False)
    assert got["node"]["value"] == "mail.example.org"


@pytest.mark.parametrize("mode", ["atomic", "sequence"])
def test_what_a_command_leaves_open_follows_from_those_before(filled, mode):
    text = """
        add ./A text --type text/x-a
        set ./A 17 --format int
        rename ./A B
        copy ./B ./C
        copy ./Mail/Addr ./Mail/Icon
        copy ./Mail/Icon ./D
        delete ./Mail/Addr
        copy ./B ./Mail/Addr
        get .
    """
    out = filled.ok("mo", "batch", filled.file("b.dm", text), "--mode", mode).out
    for leaf in ('B  int  2 B  "17"  text/x-a', 'C  int  2 B  "17"  text/x-a', 'Addr  int  2 B  "17"  text/x-a'):
        assert leaf in out
    assert 'D  bin  16 B  "mail.example.org"  image/png' in out


def test_a_copy_sees_what_was_really_done_before_it(filled):
    # As a sequence the deletion is refused, so the leaf is still there; the copy must not try to add it.
    filled.ok("mo", "acl", "./Mail/Icon", "Get=*&Replace=*")
    filled.ok("mo", "acl", "./Mail", "Get=*&Replace=srv1")
    text = "delete ./Mail/Icon\ncopy ./Mail/Addr ./Mail/Icon\n"
    lines = refused(filled, text, "--mode", "sequence", "--as", "srv1")
    assert [line[:11] for line in lines] == ["b.dm:1: 425", "ERROR: b.dm"]
    assert filled.ok("mo", "get", "./Mail/Icon?prop=Size").out == "16"


def test_large_values_come_in_pieces_and_are_given_up_with_the_batch(filled):
    large = "L" * 1000
    generation = filled.ok("card", "info", "--json").document["generation"]
    ok = f"set ./Mail/Addr {large}\nadd ./New {large}\ncopy ./Mail/Addr ./Mail/Icon\n"
    filled.ok("mo", "batch", filled.file("b.dm", ok), "--expect", str(generation))
    for uri in ("./Mail/Addr", "./New", "./Mail/Icon"):
        assert filled.ok("mo", "get", uri).out == large
    before = filled.content()
    assert refused(filled, f"set ./Mail/Addr {large}x\ndelete ./Nix\n")[1].startswith("b.dm:2: 404")
    assert refused(filled, f"set ./Nix {large}\n", "--mode", "plain")[0].startswith("b.dm:1: 404")
    assert filled.content() == before
    assert filled.ok("mo", "uploads", "--json").document["uploads"] == []


def test_what_a_plain_batch_gives_up_is_room_for_the_commands_behind(filled):
    large = "L" * 5_000
    filled.ok("mo", "batch", "-", stdin=f"add ./N1 {large}\nadd ./N2 {large}\n".encode())
    text = f"delete ./N1\nadd ./M1 {large}\nadd ./M2 {large}\ndelete ./N2\nadd ./M3 {large}\n"
    assert "420" in refused(filled, text)[1]
    lines = refused(filled, text, "--mode", "plain")
    assert [line[:11] for line in lines] == ["b.dm:3: 420", "ERROR: b.dm"]
    assert filled.ok("mo", "get", "./M3").out == large


def test_a_card_too_full_for_a_batch_stays_as_it_is(filled):
    before = filled.content()
    text = "".join(f"add ./N{number} {'x' * 20_000}\n" for number in range(4))
    told = "\n".join(refused(filled, text))
    assert "6A84" in told
    assert "bytes are needed" in told
    assert filled.content() == before


def test_binary_values_keep_to_the_format_of_their_leaf(filled):
    filled.ok("mo", "batch", filled.file("b.dm", "set ./Mail/Icon /4A= --base64\n"))
    assert filled.ok("mo", "get", "./Mail/Icon").raw == b"\xff\x80"
    (line, _) = refused(filled, "set ./Mail/Addr /4A= --base64\n")
    assert line.startswith("b.dm:1: 415 Replace ./Mail/Addr: ")
    assert "--format bin" in line


def test_nodes_below_a_new_object_take_the_form_of_its_definition(filled):
    filled.ok("ddf", "load", "FUMO")
    text = """
        add ./F --interior --type urn:oma:mo:oma-fumo:1.0
        add ./F/PkgName firmware
        add ./F/Download --interior
        add ./F/Download/PkgURL http://example.org/f
        add ./F/State 10
    """
    filled.ok("mo", "batch", filled.file("b.dm", text))
    assert filled.ok("mo", "get", "./F/State?prop=Format").out == "int"
    (line,) = [line for line in refused(filled, "add ./F/Nix x\n") if line.startswith("b.dm")]
    assert line.startswith("b.dm:1: 405 Add ./F/Nix: ")


def test_a_cut_leaves_an_atomic_batch_done_or_not(filled):
    before = filled.content()
    filled.ok("sim", "cut", "a", "--at", "2")
    name = filled.file("b.dm", "set ./Mail/Addr x\nset ./Mail/Icon y\n")
    assert "nothing in between" in filled.fails(3, "mo", "batch", name)
    assert filled.content() == before
    filled.ok("sim", "cut", "a", "--at", "2")
    assert "may be done in part" in filled.fails(3, "mo", "batch", name, "--mode", "plain")
