"""``smartdm credential``: what the card computes and verifies is what hashlib says."""

from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from tests.oracle import dmauth
from tests.system import logins
from tests.system.logins import BODY, CLIENT, CLIENT_NAME, CLIENT_SECRET, SERVER, SERVER_SECRET, answered
from tests.system.running import Cli

NONCE = b"\x00a nonce\xff"
IN_BASE64 = b64encode(NONCE).decode()
RIGHT = dmauth.credential(CLIENT_NAME, CLIENT_SECRET, NONCE)
RIGHT_MAC = dmauth.credential(CLIENT_NAME, CLIENT_SECRET, NONCE, BODY)


def compute(cli: Cli, *more: str) -> bytes:
    return b64decode(cli.ok("credential", "compute", CLIENT, *more).out)


@pytest.mark.parametrize("nonce", [IN_BASE64, f"hex:{NONCE.hex()}", f"hex:{NONCE.hex().upper()}"])
def test_the_nonce_is_base64_or_hex(account: Cli, nonce: str):
    assert compute(account, "--nonce", nonce) == RIGHT


@pytest.mark.parametrize("size", [0, 128])
def test_the_nonce_has_any_length_up_to_128(account: Cli, size: int):
    nonce = bytes(range(size))
    expected = dmauth.credential(CLIENT_NAME, CLIENT_SECRET, nonce)
    assert compute(account, "--nonce", f"hex:{nonce.hex()}") == expected


def test_a_longer_nonce_is_refused_before_the_card_gets_it(account: Cli):
    told = account.fails(5, "credential", "compute", CLIENT, "--nonce", f"hex:{'00' * 129}")
    assert "at most 128 bytes, not 129" in told


def test_a_message_makes_it_a_mac(account: Cli):
    digest = b64encode(dmauth.hashed(BODY)).decode()
    assert compute(account, "--nonce", IN_BASE64, "--body", "message") == RIGHT_MAC
    assert compute(account, "--nonce", IN_BASE64, "--body-digest", digest) == RIGHT_MAC


def test_the_header_of_a_mac_is_ready_to_send(account: Cli):
    of_message = ("credential", "compute", CLIENT, "--nonce", IN_BASE64, "--body", "message")
    mac = b64encode(RIGHT_MAC).decode()
    header = f'algorithm=MD5, username="Bruce2", mac={mac}'
    assert account.ok(*of_message, "--user", "Bruce2").out.splitlines() == [mac, header]
    document = account.ok(*of_message, "--user", "Bruce2", "--json").document
    assert (document["credential"], document["header"]) == (mac, header)
    assert "quotation mark" in account.fails(5, *of_message, "--user", 'Bru"ce')


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--nonce", "no base64!"], "is neither base64 nor hex: and hex digits"),
        (["--nonce", "hex:0"], "is neither base64 nor hex: and hex digits"),
        ([], "--nonce"),
        (["--nonce", "AA==", "--user", "Bruce2"], "name the message by --body or --body-digest"),
        (["--nonce", "AA==", "--body", "message", "--body-digest", "AA=="], "--body or --body-digest, not both"),
        (["--nonce", "AA==", "--body", "nix"], "nix"),
    ],
)
def test_a_wrong_command_line_is_one_error_that_says_what_to_do(account: Cli, options: list[str], told: str):
    assert told in account.fails(2, "credential", "compute", CLIENT, *options, "--trace-file", "t")
    assert not (account.folder / "t").exists()


def test_a_digest_of_another_size_is_refused(account: Cli):
    more = ("--nonce", "AA==", "--body-digest", "AA==")
    assert "the body digest must have 16 bytes, not 1" in account.fails(5, "credential", "compute", CLIENT, *more)


def test_the_acl_says_who_gets_a_credential(account: Cli):
    asked = ("credential", "compute", CLIENT, "--nonce", IN_BASE64)
    for who in ("nobody", "srv1"):
        assert "6982" in account.fails(4, "--as", who, *asked)
    assert b64decode(account.ok("--as", "holder", *asked).out) == RIGHT


def test_each_command_takes_logins_of_its_level(account: Cli):
    assert "6AEA" in account.fails(4, "credential", "compute", SERVER, "--nonce", "AA==")
    result = answered(account, "credential", "verify", CLIENT)
    assert (result.code, "6AEA" in result.err) == (4, True)
    assert "6A82" in account.fails(4, "credential", "compute", "./DMAcc/nix", "--nonce", "AA==")


def test_each_challenge_is_another_one(account: Cli):
    drawn = {account.ok("credential", "challenge").out for _ in range(3)}
    assert len(drawn) == 3
    assert {len(b64decode(nonce)) for nonce in drawn} == {16}


@pytest.mark.parametrize("form", ["base64", "hex"])
def test_a_right_answer_is_verified(account: Cli, form: str):
    result = answered(account, "credential", "verify", SERVER, form=form)
    assert (result.code, result.out) == (0, "verified\n"), result.err


def test_a_right_mac_is_verified(account: Cli):
    digest = b64encode(dmauth.hashed(BODY)).decode()
    for named in (["--body", "message"], ["--body-digest", digest]):
        result = answered(account, "credential", "verify", SERVER, *named, "--json", body=BODY)
        assert result.code == 0, result.err
        assert result.document["verified"] is True
    assert answered(account, "credential", "verify", SERVER, "--body", "message", body=b"another").code == 4


def test_a_wrong_answer_tells_what_it_costs(account: Cli):
    before = account.content()
    result = answered(account, "credential", "verify", SERVER, secret=b"another")
    assert (result.code, result.out) == (4, "")
    assert "6982" in result.err
    assert "uses up its nonce, and counts: after 16 wrong ones the card lets nobody in" in result.err
    assert account.content() == before
    assert answered(account, "credential", "verify", SERVER).code == 0


def test_the_door_ends_with_the_command(account: Cli):
    account.ok("mo", "add", "./Of", "--interior", "--acl", "Get=srv1&Delete=#issuer")
    assert answered(account, "credential", "verify", SERVER).code == 0
    assert "6982" in account.fails(4, "--as", "nobody", "mo", "get", "./Of")


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (b"", 5, "the digest must have 16 bytes, not 0"),
        (b"AAAA\n", 5, "the digest must have 16 bytes, not 3"),
        (b"\xff\xfe\n", 5, "is neither base64 nor hex: and hex digits"),
        (b"A" * 100_000, 5, "must have 16 bytes"),
    ],
)
def test_what_is_no_answer_never_reaches_the_card(account: Cli, answer: bytes, code: int, told: str):
    result = account("credential", "verify", SERVER, "--trace-file", "t", stdin=answer)
    assert result.code == code
    assert told in result.err
    assert "Traceback" not in result.err
    assert "\n> 8036" not in (account.folder / "t").read_text()


def test_a_server_that_the_card_does_not_know_has_no_door(account: Cli):
    account.ok("principal", "remove", "srv1", "--force")
    result = answered(account, "credential", "verify", SERVER)
    assert (result.code, "6A88" in result.err) == (4, True)
    assert "the issuer makes the account's server known to the card: `smartdm principal add SERVERID`" in result.err
    account.ok("principal", "add", "srv1")
    assert answered(account, "credential", "verify", SERVER).code == 0


def test_a_notification_is_checked_with_the_stored_nonce_or_one_for_a_lost_one(account: Cli):
    check = ("credential", "verify", SERVER, "--notification", "package0")
    assert account.ok(*check).out == "genuine: srv1, session 1234\n"
    for nonce in dmauth.RESYNC:
        account.file("package0", logins.notification(nonce))
        assert "not counted" in account.fails(4, *check)
        document = account.ok(*check, "--nonce", b64encode(nonce).decode(), "--json").document
        assert (document["server"], document["session"]) == ("srv1", "1234")


def test_a_notification_that_is_none_is_refused(account: Cli):
    check = ("credential", "verify", SERVER, "--notification", "package0")
    account.file("package0", logins.notification(secret=b"another"))
    assert "6982" in account.fails(4, *check)
    account.file("package0", logins.notification()[:20])
    assert "too short" in account.fails(5, *check)
    account.file("package0", b"")
    assert "too short" in account.fails(5, *check)


def test_what_does_not_go_together_is_refused(account: Cli):
    assert "--nonce belongs to --notification" in account.fails(2, "credential", "verify", SERVER, "--nonce", "AA==")
    for more in (["--as", "srv1"], ["--keys", "test"]):
        assert "--as nobody" in account.fails(2, *more, "credential", "verify", SERVER)
    assert answered(account, "--as", "nobody", "credential", "verify", SERVER).code == 0


def test_a_trace_says_what_was_asked_and_no_secret(account: Cli):
    told = account.ok("credential", "compute", CLIENT, "--nonce", IN_BASE64, "--trace").err
    assert f"# CREDENTIAL MD5 of {CLIENT}\n" in told
    answered(account, "credential", "verify", SERVER, "--trace-file", "t", body=BODY)
    recorded = Path(account.folder, "t").read_text()
    told += account.ok("decode", "t").out + recorded
    assert "# GET_CHALLENGE\n" in told
    assert f"# VERIFY_CREDENTIAL MD5 of {SERVER}, for 255 batches\n" in told
    for secret in (CLIENT_SECRET, SERVER_SECRET):
        assert secret.hex().upper() not in told.upper()
        assert secret.decode() not in told
