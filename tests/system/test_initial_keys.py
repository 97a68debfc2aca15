"""sim new --initial: a simulated card that was installed with keys of its own."""

from pathlib import Path

import pytest

from tests.system.running import Cli

REAL = {"KEY": "0f" * 16, "OTHER": "1e" * 16, "WRONG": "4b" * 16, "LONG": "2d" * 32, "LONG_NEW": "3c" * 32}
TEST = {"TEST": bytes(range(0x40, 0x50)).hex(), "TEST_LONG": bytes(range(0x40, 0x60)).hex()}
PARTS = "enc=env:KEY,mac=env:OTHER,dek=env:KEY"
PERSONALIZE = ("card", "personalize", "--test-keys", "--yes")


@pytest.fixture
def keyed(bare: Cli) -> Cli:
    bare.environment.update(REAL | TEST)
    return bare


@pytest.mark.parametrize("keys", ["env:KEY", PARTS])
def test_a_card_answers_to_the_keys_that_it_was_installed_with(keyed: Cli, keys: str):
    made = keyed.ok("sim", "new", "a", "--arena", "8", "--initial", keys, "--insecure")
    assert "card personalize --test-keys --initial" in made.out
    assert "no try was spent" in keyed.fails(5, *PERSONALIZE)
    assert "no try was spent" in keyed.fails(5, *PERSONALIZE, "--initial", "env:WRONG")
    keyed.ok(*PERSONALIZE, "--initial", keys)
    keyed.ok("mo", "add", "./A", "kept")
    assert keyed.ok("mo", "get", "./A").out == "kept"
    keyed.ok("sim", "cut", "a", "--at", "1")
    assert keyed("mo", "set", "./A", "lost").code == 3
    assert keyed.ok("mo", "get", "./A").out == "kept"
    assert keyed.ok("sim", "list", "--json").document["cards"][0]["arena"] == 8


def test_keys_of_another_length_are_those_of_the_whole_card(keyed: Cli):
    keyed.ok("sim", "new", "a", "--initial", "env:LONG", "--insecure")
    assert "as long as" in keyed.fails(4, *PERSONALIZE, "--initial", "env:LONG")
    new = [word for part in ("enc", "mac", "dek") for word in (f"--{part}", "env:LONG_NEW")]
    keyed.ok("card", "personalize", *new, "--initial", "env:LONG", "--insecure", "--yes")
    keyed.ok("--keys", "enc=env:LONG_NEW,mac=env:LONG_NEW,dek=env:LONG_NEW", "mo", "tree")


def test_a_simulated_card_is_given_real_keys_only_if_that_is_meant(keyed: Cli):
    told = keyed.fails(2, "sim", "new", "a", "--initial", "env:KEY")
    assert "in clear" in told
    assert "--insecure" in told
    assert REAL["KEY"] not in told
    assert not keyed.ok("card", "list").out
    keyed.ok("sim", "new", "a", "--initial", "env:TEST")
    keyed.ok(*PERSONALIZE)


def test_the_test_key_may_be_longer(keyed: Cli):
    assert keyed.ok("sim", "new", "a", "--initial", "env:TEST_LONG", "--json").document["initial_keys"] == "own"
    keyed.fails(5, *PERSONALIZE)


@pytest.mark.parametrize("keys", ["0f" * 16, "master=env:KEY,diversify=kdf3", "enc=env:KEY", "env:NOBODY_SET_THIS"])
def test_what_is_no_way_to_keys_makes_no_card(keyed: Cli, keys: str):
    told = keyed("sim", "new", "a", "--initial", keys, "--insecure")
    assert told.code != 0
    assert "0f0f" not in told.err
    assert not keyed.ok("card", "list").out


def test_the_keys_are_in_the_image_alone(keyed: Cli):
    keyed.ok("sim", "new", "a", "--initial", "env:KEY", "--insecure")
    folder = Path(keyed.environment["SMARTDM_HOME"], "sim")
    raw = bytes.fromhex(REAL["KEY"])
    holding = [
        path.name for path in folder.iterdir() if raw in path.read_bytes() or raw.hex() in path.read_text("latin1")
    ]
    assert holding == ["a.card"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
