"""--as: who asks, and where keys and PINs for that come from."""

import pytest

from tests.system.running import Cli


def who(cli: Cli, *arguments: str) -> str:
    """Who got in: of those that may add below a node of their own, the one whose node took it."""
    for name in ("issuer", "holder", "srv1", "srv2"):
        if cli(*arguments, "mo", "add", f"./{name}/x", "v").code == 0:
            cli.ok("mo", "delete", f"./{name}/x")
            return name
    return "nobody"


@pytest.fixture
def card(filled: Cli) -> Cli:
    """A card with a node for each principal, to which only he may add; srv1 and srv2 have keys."""
    filled.ok("principal", "add", "srv2", "--test-keys", "--kvn", "42")
    for name, spelled in (("issuer", "#issuer"), ("holder", "#holder"), ("srv1", "srv1"), ("srv2", "srv2")):
        filled.ok("mo", "add", f"./{name}", "--interior", "--acl", f"Add={spelled}&Delete=#issuer&Get=*")
    return filled


def test_each_door_leads_in_as_its_principal(card: Cli):
    assert who(card) == "issuer"
    assert who(card, "--as", "issuer") == "issuer"
    assert who(card, "--as", "#holder") == "holder"
    assert who(card, "--as", "srv1") == "srv1"
    assert who(card, "--as", "srv2", "--keys", "test,kvn=42") == "srv2"
    assert who(card, "--as", "nobody") == "nobody"


def test_the_environment_says_who_asks_unless_the_option_does(card: Cli):
    card.environment["SMARTDM_AS"] = "srv1"
    assert card("mo", "add", "./srv1/x", "v").code == 0
    assert card("--as", "issuer", "mo", "add", "./issuer/x", "v").code == 0
    assert card("mo", "add", "./issuer/y", "v").code == 4


@pytest.mark.parametrize("level", ["33", "03"])
def test_a_door_has_the_level_that_it_says(card: Cli, level: str):
    card.door("srv2", "test = true", "kvn = 0x42", f'level = "{level}"')
    told = card.ok("--as", "srv2", "mo", "get", "./Mail/Addr", "--trace")
    assert told.out == "mail.example.org"
    assert f"EXTERNAL_AUTHENTICATE level {level}" in told.err


def test_a_server_speaks_in_clear_only_if_the_issuer_allowed_it(card: Cli):
    clear = ("--as", "srv2", "--keys", "test,kvn=42,level=01", "mo", "get", "./Mail/Addr")
    assert "6A86" in card.fails(4, *clear)
    card.ok("principal", "add", "srv2", "--test-keys", "--mac-only", "--replace", "--kvn", "43")
    card.ok(*(word.replace("kvn=42", "kvn=43") for word in clear))


def test_the_pin_is_verified_beside_the_keys(card: Cli):
    told = card.ok("--as", "srv1", "--pin", "env:CARD_PIN", "mo", "get", "./Mail/Addr", "--trace").err
    assert told.index("EXTERNAL_AUTHENTICATE") < told.index("# VERIFY, its secrets") < told.index("# READ")
    assert "00000000" in told
    wrong = card("--as", "srv1", "--pin", "env:CARD_PUK", "mo", "get", "./Mail/Addr")
    assert (wrong.code, "63C2" in wrong.err) == (4, True)


def test_wrong_keys_are_found_before_they_cost_anything(card: Cli):
    card.environment["KEY"] = "77" * 16
    told = card.fails(5, "--keys", "enc=env:KEY,mac=env:KEY,dek=env:KEY", "mo", "tree", "--trace-file", "t")
    assert "no try was spent" in told
    assert "84823300" not in (card.folder / "t").read_text()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['enc = "00112233445566778899AABBCCDDEEFF"'], "is not a reference"),
        (['master = "env:"', 'diversify = "kdf3"'], "is not a reference"),
        (['pin = "00112233"'], "something other than"),
        (['password = "00112233"'], "something other than"),
        (['enc = "env:A"'], "enc, mac and dek belong together; also give mac and dek"),
        (["test = true"], "kvn"),
        (["test = true", "kvn = 300"], "kvn is a key version"),
        (["test = true", "kvn = 0x41", "level = 13"], "level is 33, 03 or 01"),
        (['master = "env:A"', 'diversify = "00112233"', "kvn = 1"], "diversify is kdf3 or emv"),
        (['enc = "00112233'], "not a TOML file"),
    ],
)
def test_a_bad_door_is_refused_without_being_repeated(card: Cli, lines: list[str], told: str):
    doors = card.file("doors.toml", "\n".join(['["x.example"]', *lines, ""]))
    result = card("--doors", doors, "--as", "x.example", "mo", "tree")
    assert result.code in {2, 5}
    assert told in result.err
    assert result.err.count("\n") == 1
    assert "00112233" not in result.err


def test_a_file_of_doors_that_was_named_must_be_there(card: Cli):
    assert "nix.toml" in card.fails(5, "--doors", "nix.toml", "mo", "tree")
    assert card("mo", "tree", SMARTDM_DOORS="nix.toml").code == 5


def test_what_does_not_go_together_is_refused(card: Cli):
    assert "nobody has no keys" in card.fails(2, "--as", "nobody", "--keys", "test", "mo", "tree")
    assert "has a PIN" in card.fails(2, "--as", "holder", "--keys", "test", "mo", "tree")
    assert "keys are test, or" in card.fails(2, "--keys", "404142", "mo", "tree")
    assert "everybody" in card.fails(2, "--as", "*", "mo", "tree")


def test_a_card_is_looked_at_without_any_door(card: Cli):
    card.door("issuer", *(f'{name} = "prompt:"' for name in ("enc", "mac", "dek")))
    told = card.ok("card", "info", "--trace-file", "t").out
    assert "personalized" in told
    assert (card.folder / "t").read_text().count(">") == 1


def test_completion_asks_for_no_secret(card: Cli):
    card.environment.update({"COMP_LINE": "smartdm --as holder --pin prompt: mo get ./M", "COMP_BREAKS": ":="})
    result = card(_SMARTDM_COMPLETE="bash_complete")
    assert (result.code, result.out, result.err) == (0, "\n", "")
