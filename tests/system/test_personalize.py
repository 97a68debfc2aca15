"""card personalize and card terminate: the beginning and the end of a card's life."""

import re

import pytest

from tests.system.running import Cli

OWN = {"ENC": "0f" * 16, "MAC": "1e" * 16, "DEK": "2d" * 16, "MASTER": "3c" * 16}
BY_PARTS = ("--enc", "env:ENC", "--mac", "env:MAC", "--dek", "env:DEK")
BY_MASTER = ("--master", "env:MASTER", "--diversify", "kdf3")


@pytest.fixture
def fresh(bare: Cli) -> Cli:
    """A card that waits for its keys, and keys for it in the environment."""
    bare.ok("sim", "new", "a")
    bare.environment.update(OWN)
    return bare


def state(cli: Cli) -> str:
    return str(cli.ok("card", "info", "--json").document["state"])


def test_a_new_card_says_what_it_waits_for(fresh: Cli):
    assert "smartdm card personalize" in fresh.ok("card", "info").out
    assert state(fresh) == "installed"
    for arguments in (["mo", "tree"], ["--as", "nobody", "mo", "tree"], ["pin", "status"], ["card", "terminate", "-y"]):
        told = fresh.fails(4, *arguments)
        assert "6AE8" in told
        assert "`smartdm card personalize`" in told


def test_personalizing_is_asked_for_and_cannot_be_done_twice(fresh: Cli):
    refused = fresh("card", "personalize", "--test-keys", stdin=b"n\n")
    assert (refused.code, state(fresh)) == (2, "installed")
    assert "for good" in refused.err
    told = fresh("card", "personalize", "--test-keys", "--kdd", "00112233445566778899", stdin=b"y\n").out
    assert re.fullmatch(
        r"personalized sim:a: card id [0-9A-F]{16}, KDD 00112233445566778899, keys of version 31, without a PIN\n", told
    )
    assert state(fresh) == "personalized"
    assert "personalized already" in fresh.fails(4, "card", "personalize", "--test-keys", "--yes")
    fresh.ok("mo", "add", "./A", "x")


def test_each_card_gets_an_id_of_its_own(fresh: Cli):
    fresh.ok("sim", "new", "b")
    documents = [fresh.personalize("--card", f"sim:{name}", "--json").document for name in ("a", "b")]
    assert len({document["card_id"] for document in documents}) == 2
    assert len({document["kdd"] for document in documents}) == 2
    assert all(document["pin"] for document in documents)


@pytest.mark.parametrize("keys", [BY_PARTS, BY_MASTER])
def test_a_simulated_card_takes_real_keys_only_if_that_is_meant(fresh: Cli, keys: tuple[str, ...]):
    told = fresh.fails(2, "card", "personalize", *keys, "--yes")
    assert "in clear" in told
    assert "--insecure" in told
    assert state(fresh) == "installed"
    fresh.ok("card", "personalize", *keys, "--yes", "--insecure", "--kvn", "42")
    assert "no try was spent" in fresh.fails(5, "mo", "tree")  # the test keys are not its keys any more
    spec = ",".join("=".join(pair).removeprefix("--") for pair in zip(keys[::2], keys[1::2], strict=True))
    fresh.ok("--keys", spec, "mo", "tree")
    fresh.ok("--keys", f"{spec},kvn=42,level=03", "mo", "tree")


def test_the_check_values_are_those_of_the_keys(fresh: Cli):
    document = fresh.ok("card", "personalize", *BY_MASTER, "--yes", "--insecure", "--json").document
    derived = fresh.ok("keys", "derive", *BY_MASTER, "--json").document
    assert (derived["kdd"], derived["check_values"]) == (document["kdd"], document["check_values"])
    assert len(set(document["check_values"])) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say where the keys are: --enc, --mac and --dek; or --master and --diversify; or --test-keys"),
        (["--test-keys", "--enc", "env:ENC"], "several ways"),
        (["--enc", "env:ENC", "--dek", "env:DEK"], "--enc, --mac and --dek belong together; also give --mac"),
        (["--master", "env:MASTER"], "belong together"),
        (["--test-keys", "--pin", "env:CARD_PIN"], "give --pin and --puk"),
        (["--test-keys", "--kvn", "80"], "01 to 7F"),
        (["--test-keys", "--kdd", "00"], "20 hex digits"),
        (["--enc", "0f" * 16], "no place for a secret"),
        (["--test-keys", "--pin", "1234", "--puk", "12345678"], "no place for a secret"),
    ],
)
def test_what_is_no_way_to_keys_is_refused_before_the_card_is_asked(fresh: Cli, arguments: list[str], told: str):
    message = fresh.fails(2, "card", "personalize", "--yes", *arguments)
    assert told in message
    assert "0f0f" not in message
    assert "1234" not in message
    assert state(fresh) == "installed"


def test_a_pin_that_the_card_cannot_hold_is_refused(fresh: Cli):
    secrets = ("--pin", "env:SHORT", "--puk", "env:CARD_PUK")
    fresh.environment["SHORT"] = "123"
    assert "4 to 8" in fresh.fails(5, "card", "personalize", "--test-keys", *secrets, "--yes")
    assert state(fresh) == "installed"


def test_wrong_initial_keys_cost_nothing(fresh: Cli):
    told = fresh.fails(5, "card", "personalize", "--test-keys", "--initial", "env:ENC", "--yes")
    assert "no try was spent" in told
    assert "--initial" in told
    fresh.environment["TEST"] = bytes(range(0x40, 0x50)).hex()
    fresh.ok("card", "personalize", "--test-keys", "--initial", "env:TEST", "--yes")


def test_a_card_ends_only_when_its_name_is_typed(cli: Cli):
    for typed in (b"y\n", b"sim:b\n", b""):
        refused = cli("card", "terminate", stdin=typed)
        assert (refused.code, state(cli)) == (2, "personalized")
    assert cli("card", "terminate", stdin=b"sim:a\n").out == "terminated sim:a\n"
    assert "terminated" in cli.ok("card", "info").out
    endings = (["card", "terminate"], ["card", "personalize", "--test-keys"])
    for arguments in (["mo", "tree"], ["pin", "status"], *endings):
        assert "6AE9" in cli.fails(4, *arguments), "nobody is asked first"


def test_the_end_of_a_card_without_keys_is_not_asked_for(fresh: Cli):
    assert "smartdm card personalize" in fresh.fails(4, "card", "terminate")


def test_only_the_issuer_ends_a_card(filled: Cli):
    for who in ("srv1", "nobody", "holder"):
        told = filled.fails(4, "--as", who, "card", "terminate", "--yes")
        assert "6982" in told
        assert "only the issuer ends a card's life" in told
    assert state(filled) == "personalized"
