"""card info: what the card was given at its personalization is told to those who may know it."""

import pytest

from tests.system.running import Cli

KDD = "00112233445566778899"
REAL = {"ENC": "0f" * 16, "MAC": "1e" * 16, "DEK": "2d" * 16}
PARTS = ("--enc", "env:ENC", "--mac", "env:MAC", "--dek", "env:DEK")
BY_PARTS = ("--keys", "enc=env:ENC,mac=env:MAC,dek=env:DEK")


def told(cli: Cli, *arguments: str) -> tuple[str | None, str | None, str | None]:
    document = cli.ok(*arguments, "card", "info", "--json").document
    return document["card_id"], document["epoch"], document["kdd"]


@pytest.fixture
def known(bare: Cli) -> tuple[Cli, str]:
    """A card with the test keys, and the id that it told when it was personalized."""
    bare.ok("sim", "new", "a")
    card_id = bare.personalize("--kdd", KDD, "--json").document["card_id"]
    return bare, str(card_id)


@pytest.mark.parametrize(
    "who", [(), ("--as", "issuer"), ("--keys", "test"), ("--as", "holder", "--pin", "env:CARD_PIN")]
)
def test_issuer_and_holder_are_told_what_the_card_is_called(known: tuple[Cli, str], who: tuple[str, ...]):
    cli, wanted = known
    card_id, epoch, kdd = told(cli, *who)
    assert (card_id, kdd) == (wanted, KDD)
    assert epoch is not None
    assert len(epoch) == 8
    text = cli.ok(*who, "card", "info").out
    assert wanted in text
    assert epoch in text
    assert KDD in text


@pytest.mark.parametrize("who", ["nobody", "srv1"])
def test_others_are_told_everything_else(filled: Cli, who: str):
    assert told(filled, "--as", who) == (None, None, None)
    assert "Diversification data" not in filled.ok("--as", who, "card", "info").out


def test_a_card_without_keys_or_at_its_end_has_none(bare: Cli):
    bare.ok("sim", "new", "a")
    assert told(bare) == (None, None, None)
    bare.personalize()
    bare.ok("card", "terminate", "--yes")
    assert told(bare) == (None, None, None)


def test_keys_that_nobody_named_are_not_asked_for(bare: Cli):
    bare.ok("sim", "new", "a")
    bare.environment.update(REAL)
    bare.ok("card", "personalize", *PARTS, "--kdd", KDD, "--insecure", "--yes")
    assert told(bare) == (None, None, None), "the test keys are not its keys"
    assert told(bare, *BY_PARTS)[2] == KDD
    bare.door("issuer", *(f'{name} = "prompt:"' for name in ("enc", "mac", "dek")))
    assert told(bare) == (None, None, None)
    assert "no terminal" in bare.fails(2, "--as", "issuer", "card", "info")


def test_a_wrong_pin_is_told_and_spends_one_try(known: tuple[Cli, str]):
    cli, _ = known
    cli.environment["WRONG"] = "0000"
    assert "2 tries are left" in cli.fails(4, "--as", "holder", "--pin", "env:WRONG", "card", "info")
