"""Two logins of one account with one secret never come to a card together, by whichever command."""

import shlex

import pytest

from tests.system import logins
from tests.system.logins import ACCOUNT, CLIENT, CLIENT_SECRET, SERVER
from tests.system.running import Cli

SECRET = "0ne-5ecre7-f0r-b0th"
TOLD = "are secrets of one account, and digests made with them are equal"


def refused(cli: Cli, *arguments: str) -> None:
    """One line without the secret, and nothing was written."""
    before = cli.ok("card", "info", "--json").document
    told = cli.fails(5, *arguments)
    assert TOLD in told
    assert "a secret of its own" in told
    assert SECRET not in told
    assert cli.ok("card", "info", "--json").document == before


def tnds(*parts: tuple[str, str, str]) -> str:
    """A document with an account, with (login, name, secret) each."""

    def leaf(name: str, value: str) -> str:
        return f"<Node><NodeName>{name}</NodeName><Value>{value}</Value></Node>"

    below = "".join(
        f"<Node><NodeName>{login}</NodeName>{leaf('AAuthName', name)}{leaf('AAuthSecret', secret)}</Node>"
        for login, name, secret in parts
    )
    account = f"<Node><NodeName>a</NodeName><Node><NodeName>AppAuth</NodeName>{below}</Node></Node>"
    return f"<MgmtTree><VerDTD>1.2</VerDTD>{account}</MgmtTree>"


@pytest.mark.parametrize(("one", "other"), [(("u", SECRET), ("v", SECRET)), (("u", f"v:{SECRET}"), ("u:v", SECRET))])
@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--plain"]])
def test_an_import_with_equal_secrets_is_refused(
    cli: Cli, one: tuple[str, str], other: tuple[str, str], more: list[str]
):
    cli.file("two.xml", tnds(("cl", *one), ("srv", *other)))
    refused(cli, "mo", "import", "two.xml", *more)
    cli.file("two.xml", tnds(("cl", *one), ("srv", "w", "an0ther")))
    cli.ok("mo", "import", "two.xml", *more)


@pytest.mark.parametrize("mode", ["atomic", "sequence", "plain"])
def test_a_batch_with_equal_secrets_is_refused_before_anything_is_sent(account: Cli, mode: str):
    sets = [f"set {login}/AAuthSecret {SECRET}" for login in (CLIENT, SERVER)]
    account.file("b.dm", "\n".join(["add ./Before x", sets[0], f"set {ACCOUNT}/Name y --format chr", sets[1]]))
    refused(account, "mo", "batch", "b.dm", "--mode", mode)
    account.file("b.dm", "\n".join([*sets, f"set {CLIENT}/AAuthSecret an0ther"]))
    account.ok("mo", "batch", "b.dm", "--mode", mode)


def test_a_profile_with_equal_secrets_has_a_fault(account: Cli):
    account.environment.update(dict.fromkeys(("CLIENT_SECRET", "SERVER_SECRET"), CLIENT_SECRET.decode()))
    account.file("account.toml", logins.PROFILE)
    for command in (["plan"], ["apply", "--yes"]):
        result = account("provision", *command, "account.toml", "--rewrite")
        assert result.code == 5
        assert f"! {SERVER}/AAuthSecret: {CLIENT}/AAuthSecret and {SERVER}/AAuthSecret {TOLD}" in result.out
        assert CLIENT_SECRET.decode() not in result.out + result.err
    answered = logins.answered(account, "credential", "verify", SERVER)
    assert answered.code == 0, "the secrets are still those that were there"


def test_a_secret_is_compared_with_those_that_the_card_shows(account: Cli):
    account.ok("mo", "import", account.file("one.xml", tnds(("cl", "u", SECRET), ("srv", "v", "an0ther"))))
    refused(account, "mo", "set", "./a/AppAuth/srv/AAuthSecret", SECRET)
    account.ok("mo", "set", "./a/AppAuth/cl/AAuthSecret", SECRET)
    account.ok("mo", "delete", "./a/AppAuth/srv/AAuthSecret", "--force")
    refused(account, "mo", "add", "./a/AppAuth/srv/AAuthSecret", SECRET)
    account.ok("mo", "add", "./a/AppAuth/srv/AAuthSecret", "a-third-one")
    sealed = ("mo", "set", f"{SERVER}/AAuthSecret", CLIENT_SECRET.decode())
    assert account.ok(*sealed).code == 0, "nobody can read what the card seals: " + shlex.join(sealed)
