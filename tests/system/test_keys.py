"""keys list|put|rotate|derive: what can be known of keys, and how they are changed."""

import stat

import pytest

from tests.system.running import Cli

SECRET = "5a" * 16


@pytest.fixture
def card(filled: Cli) -> Cli:
    filled.environment["MASTER"] = SECRET
    filled.environment["OTHER"] = "a5" * 16
    return filled


def listed(cli: Cli, *arguments: str) -> dict[str, object]:
    return cli.ok("keys", "list", "--json", *arguments).document


def test_what_can_be_known_of_the_keys_is_listed(card: Cli):
    document = listed(card, "--versions")
    assert document["owners"] == ["#issuer", "srv1"]
    assert document["versions"] == ["31", "41"]
    issuer = document["issuer"]
    assert isinstance(issuer, dict)
    assert (issuer["kvn"], issuer["options"]) == ("31", "60")
    told = listed(card, "--as", "nobody")
    assert (told["owners"], told["issuer"]) == (None, issuer)
    assert "not told to who asks" in card.ok("keys", "list", "--as", "nobody").out


def test_rotated_keys_work_and_the_old_ones_do_not(card: Cli):
    by_master = ("--master", "env:MASTER", "--diversify", "kdf3")
    assert "--insecure" in card.fails(2, "keys", "rotate", *by_master)
    assert card.ok("mo", "tree").out
    document = card.ok("keys", "rotate", *by_master, "--insecure", "--json").document
    assert (document["replaced"], document["kvn"]) == ("31", "32")
    assert document["check_values"] == card.ok("keys", "derive", *by_master, "--json").document["check_values"]
    assert "no try was spent" in card.fails(5, "mo", "tree")
    told = card.fails(3, "--keys", "test,kvn=31", "mo", "tree")
    assert "no keys of version 31" in told
    card.ok("--keys", "master=env:MASTER,diversify=kdf3", "mo", "tree")
    card.ok("--keys", "master=env:MASTER,diversify=kdf3", "keys", "rotate", "--test-keys")
    assert listed(card)["issuer"] == {**dict(listed(card)["issuer"]), "kvn": "33"}  # type: ignore[call-overload]
    card.ok("mo", "tree")


def test_a_server_rotates_its_own_keys_and_nobody_elses(card: Cli):
    result = card.ok("--as", "srv1", "keys", "rotate", "--test-keys", "--kvn", "51")
    assert result.err == "note: where the file of doors has kvn, it is 51 now\n"
    assert "no keys of version 41" in card.fails(3, "--as", "srv1", "mo", "tree")
    card.ok("--as", "srv1", "--keys", "test,kvn=51", "mo", "get", "./Mail/Addr")
    mine = ("--as", "srv1", "--keys", "test,kvn=51", "keys", "put", "--test-keys")
    told = card.fails(4, *mine, "--replace", "31")
    assert "6982" in told
    assert "only their owner and the issuer replace keys" in told
    taken = card.fails(4, *mine, "--kvn", "31")
    assert "6A89" in taken
    assert "another key set has this version: give the new one another (--kvn)" in taken
    assert listed(card, "--versions")["versions"] == ["31", "51"]


def test_the_issuer_puts_keys_of_others(card: Cli):
    card.ok("keys", "put", "--replace", "41", "--kvn", "61", "--test-keys")
    assert listed(card, "--versions")["versions"] == ["31", "61"]
    assert "6A88" in card.fails(4, "keys", "put", "--replace", "41", "--test-keys")
    card.ok("keys", "put", "--test-keys")
    assert listed(card, "--versions")["versions"] == ["31", "61"]


def test_nobody_and_the_holder_have_no_keys_to_change(card: Cli):
    for who in ("nobody", "holder"):
        assert "has no keys" in card.fails(2, "--as", who, "keys", "rotate", "--test-keys")


def test_a_cut_leaves_the_old_keys_or_the_new_ones(card: Cli):
    for at in (1, 2, 3, 5, 8):
        card.ok("sim", "cut", "a", "--at", str(at))
        assert card("keys", "rotate", "--test-keys").code in {0, 3}
        card.ok("sim", "cut", "a", "--off")
        card.ok("mo", "tree")


def test_derived_keys_are_never_shown_but_can_be_kept(card: Cli):
    derive = ("keys", "derive", "--master", "env:MASTER", "--kdd", "00" * 10)
    shown = {method: card.ok(*derive, "--diversify", method).out for method in ("kdf3", "emv")}
    assert shown["kdf3"] != shown["emv"]
    assert card.ok(*derive, "--diversify", "kdf3", "--out", "keys").out == shown["kdf3"]
    folder = card.folder / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in shown["kdf3"]
    assert "keys: File exists" in card.fails(5, *derive, "--diversify", "emv", "--out", "keys")
    files = ",".join(f"{name}=file:keys/{name}" for name in ("enc", "mac", "dek"))
    assert "no try was spent" in card.fails(5, "--keys", files, "mo", "tree")
