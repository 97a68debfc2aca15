"""The holder's PIN: tries are told, never spent unasked, and never repeated."""

import pytest

from tests.system.running import Cli

WRONG = ("--pin", "env:WRONG")
RIGHT = ("--pin", "env:CARD_PIN")


@pytest.fixture
def card(cli: Cli) -> Cli:
    cli.environment.update({"WRONG": "0000", "NEW": "2468"})
    return cli


def left(cli: Cli) -> int:
    return int(cli.ok("pin", "status", "--json").document["tries_left"])


def test_the_tries_are_told_for_nothing(card: Cli):
    assert card.ok("pin", "status").out == "sim:a: 3 tries are left\n"
    assert left(card) == 3


def test_a_wrong_pin_says_what_it_cost(card: Cli):
    told = card.fails(4, "pin", "verify", *WRONG)
    assert "63C2" in told
    assert "2 tries are left for the PIN; it was not tried again" in told
    document = card("pin", "verify", *WRONG, "--json").document
    assert (document["error"]["tries_left"], document["error"]["status_word"]) == (1, "63C1")
    assert left(card) == 1
    assert card.ok("pin", "verify", *RIGHT).err == "note: this is the last try; a wrong PIN blocks it\n"
    assert left(card) == 3


def test_a_blocked_pin_is_not_asked_for_and_the_puk_sets_another(card: Cli):
    for _ in range(3):
        card("pin", "verify", *WRONG)
    assert card.ok("pin", "status").out == "sim:a: the PIN is blocked\n"
    told = card.fails(4, "pin", "verify", "--pin", "env:NOBODY_SET_THIS")
    assert "6983" in told
    assert "smartdm pin unblock" in told
    told = card.fails(4, "pin", "unblock", "--puk", "env:WRONG", "--new", "env:NEW")
    assert "9 tries are left for the PUK" in told
    assert left(card) == 0
    card.ok("pin", "unblock", "--puk", "env:CARD_PUK", "--new", "env:NEW")
    assert left(card) == 3
    card.ok("pin", "verify", "--pin", "env:NEW")
    assert "63C2" in card.fails(4, "pin", "verify", *RIGHT)


def test_the_pin_can_be_changed(card: Cli):
    assert "63C2" in card.fails(4, "pin", "change", *WRONG, "--new", "env:NEW")
    card.ok("pin", "change", *RIGHT, "--new", "env:NEW")
    card.ok("--as", "holder", "--pin", "env:NEW", "mo", "tree")


def test_a_stored_pin_does_not_spend_the_last_try(card: Cli):
    card.fails(4, "--as", "holder", *WRONG, "mo", "tree")
    card.fails(4, "--as", "holder", *WRONG, "mo", "tree")
    assert left(card) == 1
    told = card.fails(4, "--as", "holder", *WRONG, "mo", "tree")
    assert "the PIN was not sent" in told
    assert left(card) == 1


def test_one_command_spends_one_try_however_much_it_sends(card: Cli):
    card.file("big", bytes(3000))
    card.fails(4, "--as", "holder", *WRONG, "mo", "set", "./x", "--file", "big", "--format", "bin")
    assert left(card) == 2


def test_a_card_without_a_pin_says_so(bare: Cli):
    bare.ok("sim", "new", "a")
    bare.ok("card", "personalize", "--test-keys", "--yes")
    assert bare.ok("pin", "status").out == "sim:a: it has no PIN\n"
    assert bare.ok("pin", "status", "--json").document["tries_left"] is None
    assert "has no PIN" in bare.fails(4, "pin", "verify", *RIGHT)
    bare.ok("pin", "set", *RIGHT, "--puk", "env:CARD_PUK")
    bare.ok("pin", "verify", *RIGHT)


SET = ("pin", "set", "--pin", "env:NEW", "--puk", "env:NEW_PUK")


def test_the_issuer_sets_pin_and_puk_also_when_both_are_blocked(card: Cli):
    card.environment["NEW_PUK"] = "24682468"
    for _ in range(10):
        card("pin", "unblock", "--puk", "env:WRONG", "--new", "env:NEW")
    for _ in range(3):
        card("pin", "verify", *WRONG)
    assert "6983" in card.fails(4, "pin", "unblock", "--puk", "env:CARD_PUK", "--new", "env:NEW")
    assert card.ok(*SET).out == "PIN and PUK were set; all their tries are left\n"
    assert left(card) == 3
    card.ok("pin", "verify", "--pin", "env:NEW")
    assert "63C2" in card.fails(4, "pin", "verify", *RIGHT)
    assert "9 tries are left for the PUK" in card.fails(
        4, "pin", "unblock", "--puk", "env:CARD_PUK", "--new", "env:NEW"
    )
    card.ok("pin", "unblock", "--puk", "env:NEW_PUK", "--new", "env:CARD_PIN")
    card.ok("pin", "verify", *RIGHT)


def test_only_the_issuer_sets_a_pin(filled: Cli):
    filled.environment.update({"NEW": "2468", "NEW_PUK": "24682468"})
    for who in (("nobody",), ("holder",), ("holder", "--pin", "env:CARD_PIN"), ("srv1",)):
        filled.fails(4, "--as", *who, *SET)
    filled.ok("pin", "verify", *RIGHT)


@pytest.mark.parametrize(("pin", "puk"), [("123", "12345678"), ("1234", "123456789")])
def test_a_pin_or_puk_of_another_length_is_not_set(card: Cli, pin: str, puk: str):
    card.environment.update({"NEW": pin, "NEW_PUK": puk})
    assert "4 to 8" in card.fails(5, *SET)
    card.ok("pin", "verify", *RIGHT)


def test_no_trace_shows_a_pin_that_is_set(card: Cli):
    card.environment["NEW_PUK"] = "24682468"
    told = card.ok(*SET, "--trace").err
    assert "REPLACE" in told
    assert b"2468".hex() not in told.lower()


def test_a_pin_is_asked_for_on_a_terminal_only(card: Cli):
    assert "no terminal to ask on" in card.fails(2, "pin", "verify")
    assert left(card) == 3
