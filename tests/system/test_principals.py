"""principal list|add|remove|rename: who may work with a card."""

import pytest

from tests.system.running import Cli


def listed(cli: Cli) -> dict[str, tuple[bool, int]]:
    document = cli.ok("principal", "list", "--json").document
    return {row["principal"]: (row["secret"], row["nodes"]) for row in document["principals"]}


def test_a_server_can_be_known_without_keys(cli: Cli):
    assert cli.ok("principal", "add", "a.example").out == "added a.example\n"
    assert listed(cli)["a.example"] == (False, 0)
    assert "knows a.example already" in cli.fails(2, "principal", "add", "a.example")


def test_a_server_with_keys_asks_for_itself(cli: Cli):
    told = cli.ok("principal", "add", "a.example", "--test-keys").out
    assert told == "added a.example with keys of version 40; to ask as it, the file of doors wants: kvn = 0x40\n"
    cli.ok("mo", "add", "./A", "x", "--acl", "Get=a.example")
    cli.door("a.example", "test = true", "kvn = 0x40")
    assert cli.ok("--as", "a.example", "mo", "get", "./A").out == "x"
    assert "6982" in cli.fails(4, "mo", "get", "./A")
    assert "6982" in cli.fails(4, "--as", "a.example", "mo", "set", "./A", "y")


def test_keys_come_to_a_server_that_is_known(cli: Cli):
    cli.ok("mo", "add", "./A", "x", "--acl", "Get=a.example")
    cli.ok("principal", "add", "a.example", "--test-keys", "--kvn", "50")
    assert cli.ok("--as", "a.example", "--keys", "test,kvn=50", "mo", "get", "./A").out == "x"


def test_no_two_key_sets_have_one_version(filled: Cli):
    assert "has the version 41 already" in filled.fails(2, "principal", "add", "b", "--test-keys", "--kvn", "41")
    assert "has the version 31 already" in filled.fails(2, "principal", "add", "b", "--test-keys", "--kvn", "31")
    for name, version in (("b", "40"), ("c", "42")):
        assert f"of version {version};" in filled.ok("principal", "add", name, "--test-keys").out


def test_keys_are_replaced_only_if_that_is_meant(filled: Cli):
    assert "srv1 has keys" in filled.fails(2, "principal", "add", "srv1", "--test-keys")
    filled.ok("principal", "add", "srv1", "--test-keys", "--replace", "--kvn", "44")
    assert "no keys of version 41" in filled.fails(3, "--as", "srv1", "mo", "tree")


def test_real_keys_do_not_come_to_a_simulated_card_by_accident(cli: Cli):
    cli.environment["KEY"] = "77" * 16
    keys = ("--enc", "env:KEY", "--mac", "env:KEY", "--dek", "env:KEY")
    assert "--insecure" in cli.fails(2, "principal", "add", "a", *keys)
    assert "a" not in listed(cli)
    cli.ok("principal", "add", "a", *keys, "--insecure")
    cli.ok("--as", "a", "--keys", "enc=env:KEY,mac=env:KEY,dek=env:KEY,kvn=40", "mo", "tree")


def test_a_removed_server_is_gone_from_every_acl_and_its_keys_with_it(filled: Cli):
    assert listed(filled)["srv1"] == (True, 1)
    assert filled.ok("principal", "remove", "srv1", "--force").out == "removed srv1\n"
    assert "srv1" not in listed(filled)
    assert filled.ok("mo", "acl", "./Mail").out == "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer\n"
    assert "no keys of version 41" in filled.fails(3, "--as", "srv1", "mo", "tree")


def test_a_renamed_server_keeps_rights_and_keys(filled: Cli):
    assert filled.ok("principal", "rename", "srv1", "new.example").out == "srv1 is new.example now\n"
    assert "Replace=#issuer+new.example" in filled.ok("mo", "acl", "./Mail").out
    filled.ok("--as", "new.example", "--keys", "test,kvn=41", "mo", "set", "./Mail/Addr", "changed")
    filled.ok("principal", "add", "other")
    assert "6A89" in filled.fails(4, "principal", "rename", "other", "new.example")


@pytest.mark.parametrize("who", ["srv1", "holder", "nobody"])
def test_only_the_issuer_gives_and_takes_keys(filled: Cli, who: str):
    asking = ("--as", who, "principal")
    for arguments in (["add", "b", "--test-keys"], ["rename", "srv1", "b"], ["remove", "srv1", "--force"]):
        assert filled(*asking, *arguments).code == 4, arguments
    assert listed(filled)["srv1"] == (True, 1)


def test_those_of_every_card_stay(filled: Cli):
    for name in ("#issuer", "#holder", "*"):
        assert "neither removed nor renamed" in filled.fails(5, "principal", "remove", name, "--force")
        assert "neither removed nor renamed" in filled.fails(5, "principal", "rename", name, "x")
        assert "on every card" in filled.fails(5, "principal", "add", name)
    told = filled.fails(2, "principal", "rename", "nix", "x")
    assert "does not know the server nix; `smartdm principal list` lists those that it knows" in told
