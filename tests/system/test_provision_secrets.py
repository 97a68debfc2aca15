"""Profiles with principals and secrets: by reference only, and shown to nobody."""

import pytest

from tests.system.running import Cli

SECRET = "cafe5ecre7-0123456789-abc"
PROFILE = """
definitions = ["DMAcc"]

[profile]
name = "p"

[[principal]]
id = "mgmt.example"
keys = { test = true }
kvn = 0x45

[[principal]]
id = "backup.example"

[[mo]]
uri = "./DMAcc/a"
type = "urn:oma:mo:oma-dm-dmacc:1.0"
nodes = [
    { name = "AppID", text = "w7" },
    { name = "ServerID", text = "mgmt.example" },
    { name = "AppAddr", nodes = [{ name = "1", nodes = [
        { name = "Addr", text = "https://x/" },
        { name = "AddrType", text = "URI" },
    ] }] },
    { name = "AppAuth", nodes = [{ name = "s", nodes = [
        { name = "AAuthLevel", text = "SRVCRED" },
        { name = "AAuthType", text = "DIGEST" },
        { name = "AAuthSecret", secret = "env:DM_SECRET" },
    ] }] },
]

[[node]]
uri = "./Note"
secret = "env:NOTE"
acl = "Get=*&Replace=#issuer"
"""


@pytest.fixture
def profile(cli: Cli) -> Cli:
    cli.environment.update({"DM_SECRET": SECRET, "NOTE": "note-" + SECRET})
    cli.file("p.toml", PROFILE)
    return cli


def test_principals_get_their_keys_once(profile: Cli):
    planned = profile.ok("provision", "plan", "p.toml")
    assert "\n+ keys of mgmt.example  (withheld)\n+ server backup.example\n" in planned.out
    applied = profile.ok("provision", "apply", "p.toml", "--yes")
    assert applied.out.startswith("done: keys of 1 server given, 1 definition loaded, ")
    assert profile.ok("--as", "mgmt.example", "--keys", "test,kvn=45", "mo", "get", "./Note").out == "note-" + SECRET
    assert "nothing to do" in profile.ok("provision", "plan", "p.toml").out
    again = profile.ok("provision", "plan", "p.toml", "--rewrite", "--json").document
    assert again["keys"] == ["mgmt.example"]


def test_no_plan_trace_or_difference_shows_a_secret(profile: Cli):
    told = [profile.ok("provision", "plan", "p.toml", *more) for more in ([], ["--apdus"], ["--json", "--apdus"])]
    told.append(profile.ok("provision", "apply", "p.toml", "--yes", "--trace", "--trace-file", "t"))
    profile.environment["NOTE"] = "another-" + SECRET
    changed = profile.ok("provision", "plan", "p.toml", "--apdus")
    assert f"~ ./Note  value: (withheld) -> {len('another-' + SECRET)} bytes" in changed.out
    told += [changed, profile.ok("provision", "plan", "p.toml", "--rewrite", "--json", "--apdus")]
    trace = (profile.folder / "t").read_text()
    for text in (trace, *(result.out + result.err for result in told)):
        assert SECRET not in text
        assert SECRET.encode().hex() not in text.lower()
    assert "00" * len(SECRET) in trace


def test_a_weak_secret_is_refused_unless_that_is_meant(profile: Cli):
    profile.environment["DM_SECRET"] = "short-5ecre7"
    told = profile.fails(5, "provision", "apply", "p.toml", "--yes")
    assert "has 12 bytes" in told
    assert "short-5" not in told
    profile.ok("provision", "apply", "p.toml", "--yes", "--weak-secret")


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (('"env:DM_SECRET"', f'"{SECRET}"'), 2, "no place for a secret"),
        (('"env:DM_SECRET"', "12345678901234567890"), 5, "a reference to a secret is wanted"),
        (("{ test = true }", f'{{ enc = "{SECRET}", mac = "env:A", dek = "env:B" }}'), 2, "not a reference"),
        (("{ test = true }", '{ enc = "env:A" }'), 2, "enc, mac and dek belong together; also give mac and dek"),
        (("kvn = 0x45", ""), 5, "'kvn' is missing"),
        (("kvn = 0x45", "kvn = 0x80"), 5, "0x01 to 0x7F"),
        (('id = "backup.example"', 'id = "mgmt.example"'), 5, "stands there twice"),
        (
            ('id = "backup.example"', 'id = "b"\nkeys = { test = true }\nkvn = 69'),
            5,
            "mgmt.example has the version 0x45",
        ),
        (('secret = "env:DM_SECRET"', f'text = "{SECRET}"'), 5, "itself has no place in a profile"),
        (('secret = "env:DM_SECRET"', f'value = "{SECRET}"'), 5, 'secret = "env:NAME"'),
        (
            ('secret = "env:DM_SECRET"', 'base64 = "MDEyMzQ1Njc4OTEyMzQ1Njc4OTA="'),
            5,
            "itself has no place in a profile",
        ),
    ],
)
def test_a_profile_with_a_bad_secret_is_one_line_without_it(
    profile: Cli, change: tuple[str, str], code: int, told: str
):
    profile.file("p.toml", PROFILE.replace(*change))
    message = profile.fails(code, "provision", "plan", "p.toml")
    assert told in message
    assert SECRET not in message
    assert "1234567890" not in message
    assert "MDEyMz" not in message


def test_a_secret_itself_is_refused_also_if_it_may_be_weak(profile: Cli):
    profile.file("p.toml", PROFILE.replace('secret = "env:DM_SECRET"', 'text = "weak"'))
    told = profile.fails(5, "provision", "apply", "p.toml", "--yes", "--weak-secret")
    assert "./DMAcc/a/AppAuth/s/AAuthSecret itself has no place in a profile" in told


def test_a_file_that_a_profile_names_brings_no_secret_but_a_node_beside_it_does(profile: Cli):
    secret = f"<Node><NodeName>AAuthSecret</NodeName><Value>{SECRET}</Value></Node>"
    login = "<Node><NodeName>s</NodeName>{}<Node><NodeName>AAuthType</NodeName><Value>DIGEST</Value></Node></Node>"
    tree = f"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>L</NodeName>{login}</Node></MgmtTree>"
    profile.file("p.toml", '[profile]\nname = "p"\n[[mo]]\nuri = "./L"\nfile = "l.xml"\n')
    profile.file("l.xml", tree.format(secret))
    told = profile.fails(5, "provision", "plan", "p.toml")
    assert "[[mo]] 1 (l.xml): the secret ./L/s/AAuthSecret itself has no place in a profile" in told
    assert SECRET not in told
    profile.file("l.xml", tree.format(""))
    with (profile.folder / "p.toml").open("a") as file:
        file.write('[[node]]\nuri = "./L/s/AAuthSecret"\nsecret = "env:DM_SECRET"\n')
    profile.ok("provision", "apply", "p.toml", "--yes")
    assert profile.ok("mo", "get", "./L/s/AAuthSecret").out == SECRET


@pytest.mark.parametrize(
    ("version", "told"), [("0x31", "the issuer's keys have"), ("0x44", "a key set on the card has")]
)
def test_a_key_version_that_the_card_has_is_refused_before_anything_is_written(profile: Cli, version: str, told: str):
    profile.add_server("other.example", 0x44)
    profile.file("p.toml", PROFILE.replace("0x45", version))
    before = profile.content()
    for command in (["plan"], ["apply", "--yes"]):
        result = profile("provision", *command, "p.toml")
        assert result.code == 5
        assert f"! .: {told} the version {version} already: give those of mgmt.example another kvn" in result.out
    assert profile.content() == before
    assert "mgmt.example" not in profile.ok("principal", "list").out


def test_keys_that_are_written_again_may_keep_their_version(profile: Cli):
    profile.ok("provision", "apply", "p.toml", "--yes")
    profile.ok("provision", "apply", "p.toml", "--yes", "--rewrite")
    profile.ok("--as", "mgmt.example", "--keys", "test,kvn=45", "mo", "get", "./Note")


def test_real_keys_come_to_a_simulated_card_only_if_that_is_meant(profile: Cli):
    profile.environment["MASTER"] = "5a" * 16
    profile.file("p.toml", PROFILE.replace("{ test = true }", '{ master = "env:MASTER", diversify = "kdf3" }'))
    assert "--insecure" in profile.fails(2, "provision", "apply", "p.toml", "--yes")
    profile.ok("provision", "apply", "p.toml", "--yes", "--insecure")
    keys = "master=env:MASTER,diversify=kdf3,kvn=45"
    assert profile.ok("--as", "mgmt.example", "--keys", keys, "mo", "get", "./Note").raw
