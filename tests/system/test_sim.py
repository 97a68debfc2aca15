"""Simulated cards: making, listing, deleting, locking, and cutting their power."""

import stat
from pathlib import Path

import pytest

from tests.system.running import SMALL, Cli


def home(cli: Cli) -> Path:
    return Path(cli.environment["SMARTDM_HOME"]) / "sim"


def test_a_new_card_is_listed_and_private(bare):
    assert "made sim:one" in bare.ok("sim", "new", "one", "--arena", "8", "--profile", "small").out
    assert bare.ok("card", "list").out == "sim:one\n"
    assert "small" in bare.ok("sim", "list").out
    assert stat.S_IMODE(home(bare).stat().st_mode) == 0o700
    for path in home(bare).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_install_options_reach_the_applet(bare):
    bare.ok("sim", "new", "one", "--arena", "24", "--nodes", "333", "--reserve", "700")
    info = bare.ok("card", "info", "--json").document
    assert (info["arena_bytes"], info["node_limit"], info["reserve_bytes"]) == (24 * 1024, 333, 700)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--reserve", "63"], "--reserve"),
        (["--reserve", "4097"], "--reserve"),
        (["--nodes", "15"], "--nodes"),
        (["--nodes", "513", "--profile", "small"], "--nodes"),
        (["--arena", "65"], "--arena"),
    ],
)
def test_sizes_that_no_card_can_have_are_usage_errors(bare, options, named):
    assert named in bare.fails(2, "sim", "new", "one", *options)
    assert not bare.ok("card", "list").out


@pytest.mark.parametrize("profile", ["small", "default"])
def test_the_list_shows_the_sizes_that_the_applet_chose(bare, profile):
    bare.ok("sim", "new", "one", "--profile", profile)
    card = bare.ok("sim", "list", "--json").document["cards"][0]
    info = bare.ok("card", "info", "--json").document
    assert (card["arena"] * 1024, card["nodes"]) == (info["arena_bytes"], info["node_limit"])
    assert card["reserve"] == info["reserve_bytes"]


def test_a_simulated_card_may_be_named_without_its_prefix(cli):
    cli.ok("sim", "new", "b")
    assert cli.ok("--card", "b", "card", "info", "--json").document["card"] == "sim:b"
    assert "SMARTDM_CARD" not in cli.fails(2, "--card", "nix", "mo", "tree")
    assert "SMARTDM_CARD" in cli("mo", "tree", SMARTDM_CARD="nix").err


def test_a_card_keeps_its_content_between_commands(cli):
    cli.ok("mo", "add", "./A", "kept")
    assert cli.ok("mo", "get", "./A").out == "kept"


def test_a_second_card_of_the_same_name_is_refused_and_the_first_one_kept(cli):
    cli.ok("mo", "add", "./A", "kept")
    assert "exists" in cli.fails(2, "sim", "new", "a")
    assert cli.ok("mo", "get", "./A").out == "kept"


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "-f x", "", "x" * 65, "a b", "ä", "a\x00b"[:1] + "\n"])
def test_names_that_are_no_plain_file_names_are_refused(bare, name):
    bare.fails(2, "sim", "new", "--", name)
    assert not home(bare).exists()


def test_a_card_that_cannot_be_made_leaves_nothing_behind(bare):
    result = bare("sim", "new", "x", PATH="/nonexistent")
    assert result.code == 3
    assert "Java" in result.err
    assert not list(home(bare).iterdir())


def test_delete_asks_first(cli):
    refused = cli("sim", "delete", "a", stdin=b"n\n")
    assert refused.code == 2
    assert "will be lost" in refused.err
    assert cli.ok("card", "list").out == "sim:a\n"
    cli.ok("sim", "delete", "a", stdin=b"y\n")
    assert not cli.ok("card", "list").out
    assert not list(home(cli).iterdir())


def test_delete_without_an_answer_deletes_nothing(cli):
    assert cli("sim", "delete", "a").code == 2
    assert cli.ok("card", "list").out == "sim:a\n"


def test_an_unknown_card_is_named_with_the_known_ones(cli):
    message = cli.fails(3, "--card", "sim:b", "mo", "tree")
    assert "'b'" in message
    assert "sim:a" in message


def test_without_a_card_the_way_to_one_is_told(bare):
    assert "sim new" in bare.fails(3, "mo", "tree")


def test_several_cards_need_a_choice(cli):
    cli.new_card("b")
    assert "--card" in cli.fails(2, "mo", "tree")
    assert cli("mo", "tree", SMARTDM_CARD="sim:b").code == 0
    cli.ok("mo", "tree", "--card", "sim:a")


def test_a_missing_image_is_an_error_and_not_an_empty_card(cli):
    (home(cli) / "a.card").unlink()
    assert "gone" in cli.fails(3, "mo", "tree")
    assert not (home(cli) / "a.card").exists()


def test_a_damaged_image_is_one_clear_error(cli):
    (home(cli) / "a.card").write_bytes(b"nonsense")
    message = cli.fails(5, "mo", "tree")
    assert "a.card" in message
    assert "smartdm sim delete a" in message


@pytest.mark.parametrize(
    "text", ["arena = 'big'", "= 1", "nodes = true", "profile = 'huge'", "\xff", "cut = 3\narena = -1"]
)
def test_a_damaged_settings_file_is_one_clear_error(cli, text):
    (home(cli) / "a.toml").write_bytes(text.encode("latin-1"))
    assert "a.toml" in cli.fails(5, "mo", "tree")


def test_a_second_process_is_told_who_has_the_card(cli):
    # An import that waits for its input holds nothing yet; a question holds the card until it is answered.
    cli.ok("mo", "add", "./A/B", "x", "--parents")
    with cli.asking(b"Delete it?", "mo", "delete", "./A") as first:
        message = cli.fails(3, "mo", "tree")
        pid = first.pid
        assert f"another smartdm (process {pid}) is using sim:a" in message
        assert f"in use by process {pid}" in cli.ok("card", "list").out
        assert f"(process {pid})" in cli.fails(3, "sim", "delete", "a", "--force")
        output, _ = first.communicate(b"y\n", timeout=60)
    assert first.returncode == 0
    assert b"deleted" in output
    assert cli.ok("mo", "get", ".").out == ""


@pytest.mark.parametrize("mode", ["before", "after", "half", "garbage"])
def test_a_power_cut_in_an_import_loses_nothing(filled, mode):
    filled.ok("mo", "export", "--out", "before.xml")
    filled.ok("mo", "add", "./Copy", "--interior")
    filled.ok("sim", "cut", "a", "--at", "3", "--mode", mode, "--seed", "7")
    message = filled.fails(3, "mo", "import", "small.xml", "--at", "./Copy")
    assert "lost power" in message
    assert "smartdm mo tree" in message
    copy = filled.ok("mo", "get", "./Copy").out
    assert copy in ("", "Mail\n")
    if not copy:
        filled.ok("mo", "import", "small.xml", "--at", "./Copy")
    filled.ok("mo", "diff", "card:./Mail", "card:./Copy/Mail")
    filled.ok("mo", "delete", "./Copy", "-f")
    filled.ok("mo", "diff", "before.xml", "card:.")


def test_a_cut_is_used_up_when_it_happens_and_waits_until_then(cli):
    cli.ok("sim", "cut", "a", "--at", "1")
    cli.ok("mo", "tree")
    assert "at write 1" in cli.ok("sim", "list").out
    cli.fails(3, "mo", "add", "./A", "x")
    assert "at write" not in cli.ok("sim", "list").out
    cli.ok("mo", "add", "./A", "x")


def test_each_command_counts_its_writes_anew(cli):
    cli.ok("sim", "cut", "a", "--at", "5")
    for number in range(3):
        cli.ok("mo", "add", f"./A{number}", "x")
    assert "at write 5" in cli.ok("sim", "list").out


def test_a_cut_can_be_taken_back(cli):
    cli.ok("sim", "cut", "a", "--at", "1")
    cli.ok("sim", "cut", "a", "--off")
    cli.ok("mo", "add", "./A", "x")
    cli.fails(2, "sim", "cut", "a")
    cli.fails(2, "sim", "cut", "a", "--at", "1", "--off")
    cli.fails(2, "sim", "cut", "a", "--at", "0")


def test_nobody_may_change_anything(filled):
    message = filled.fails(4, "--as", "nobody", "mo", "set", "./Mail/Addr", "x")
    assert "6982" in message
    assert filled.ok("mo", "get", "./Mail/Addr").out == "mail.example.org"


def test_info_shows_how_full_the_card_is(filled):
    before = filled.ok("card", "info", "--json").document
    filled.ok("mo", "import", filled.file("again.xml", SMALL.replace("Mail<", "Mail2<")))
    after = filled.ok("card", "info", "--json").document
    assert after["nodes"] == before["nodes"] + 4
    assert after["free_bytes"] < before["free_bytes"]
    assert "Memory" in filled.ok("card", "info").out


def test_reset_erases_everything_and_gives_the_memory_back(cli):
    cli.ok("mo", "import", "small.xml")
    cli.ok("card", "reset", "--all", "--force")
    empty = cli.ok("card", "info", "--json").document  # the root and the list of servers were changed once
    cli.ok("mo", "import", "small.xml")
    refused = cli("card", "reset", stdin=b"n\n")
    assert refused.code == 2
    assert "4 nodes" in refused.err
    assert "./Mail" in refused.err
    assert cli.ok("mo", "get", ".").out == "Mail\n"
    assert "4 nodes" in cli.ok("card", "reset", stdin=b"y\n").out
    assert cli.ok("card", "info", "--json").document["nodes"] == empty["nodes"] + 1  # the server stays
    assert "nothing to erase" in cli.ok("card", "reset").out
    assert "1 other" in cli.ok("card", "reset", "--all", "--force").out
    now = cli.ok("card", "info", "--json").document
    assert (now["nodes"], now["free_bytes"]) == (empty["nodes"], empty["free_bytes"])


def test_a_new_card_does_not_take_over_the_image_of_another(cli):
    cli.ok("mo", "add", "./Old", "x")
    image = next(cli.folder.parent.rglob("a.card"))
    image.with_name("b.card").write_bytes(image.read_bytes())
    assert "left over" in cli.fails(2, "sim", "new", "b")
    assert "b" not in cli.ok("sim", "list").out.split()


def test_somebody_whom_the_card_does_not_know_cannot_ask(filled):
    assert "there are no keys for 'nix'" in filled.fails(2, "--as", "nix", "mo", "tree")
    told = filled.fails(3, "--as", "nix", "--keys", "test,kvn=55", "mo", "tree")
    assert "it has no keys of version 55" in told
    assert filled.ok("--as", "srv1", "mo", "get", "./Mail/Addr").out == "mail.example.org"


def test_a_name_that_is_none_is_refused_before_it_becomes_a_path(cli):
    assert "'../a' is no name for a card" in cli.fails(2, "--card", "sim:../a", "mo", "tree")


def test_without_a_choice_cards_are_where_the_platform_keeps_data(bare, tmp_path):
    del bare.environment["SMARTDM_HOME"]
    bare.environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    assert bare.ok("sim", "list").err == "no simulated cards yet; make one with `smartdm sim new NAME`\n"
    bare.ok("sim", "new", "a")
    assert (tmp_path / "data" / "smartdm" / "sim" / "a.card").exists()


def test_reset_of_everything_takes_unfinished_values_along(cli):
    cli.ok("mo", "add", "./v", "old")
    cli.file("big", bytes(5000))
    for at in range(5, 200, 5):
        cli.ok("sim", "cut", "a", "--at", str(at))
        cli("mo", "set", "./v", "--file", "big", "--format", "bin")
        if cli.ok("mo", "uploads", "--json").document["uploads"]:
            break
    told = cli.ok("card", "reset", "--all", "--force").out
    assert told == "erased 1 nodes and 1 other things\n"
    assert cli.ok("mo", "uploads").out == ""


@pytest.mark.parametrize("damage", [b"no toml", b"\xff", b'profile = "x"'])
def test_a_damaged_card_is_told_beside_the_others_and_can_be_deleted(cli, damage):
    cli.ok("sim", "new", "b")
    (home(cli) / "b.toml").write_bytes(damage)
    listed = cli.ok("sim", "list")
    assert [row.split()[0] for row in listed.out.splitlines()] == ["CARD", "sim:a"]
    assert listed.err.startswith("note: ")
    assert listed.err.count("\n") == 1
    assert "b.toml: " in listed.err
    assert [card["card"] for card in cli.ok("sim", "list", "--json").document["cards"]] == ["sim:a"]
    assert cli.ok("sim", "delete", "b", "--force").out == "deleted sim:b\n"
    assert cli.ok("card", "list").out == "sim:a\n"
    assert not list(home(cli).glob("b*"))


def test_a_power_cut_that_is_taken_back_is_told(cli):
    cli.ok("sim", "cut", "a", "--at", "3")
    assert cli.ok("sim", "cut", "a", "--off").out == "sim:a: the power cut is taken back\n"
    assert cli.ok("sim", "cut", "a", "--off").out == "sim:a: no power cut is armed\n"
