"""Every command prints one JSON document that keeps to its schema, also when it fails."""

import json

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from smartdm.cli.reference import leaves
from tests.corpus import caps
from tests.system.logins import CLIENT, SERVER, answered
from tests.system.running import REPOSITORY, Cli

SCHEMAS = REPOSITORY / "docs" / "schema"
CORPUS = REPOSITORY / "tests" / "corpus"
MAIL = str(CORPUS / "mail.ddf")
FLEET = str(CORPUS / "fleet.toml")

RUNS: dict[str, list[list[str]]] = {
    "card list": [[]],
    "card info": [[], ["--as", "nobody"]],
    "card reset": [["--force"], ["--all", "--force"]],
    "card personalize": [["--card", "sim:new", "--test-keys", "--yes"]],
    "card terminate": [["--yes"]],
    "pin status": [[]],
    "pin verify": [["--pin", "env:CARD_PIN"]],
    "pin change": [["--pin", "env:CARD_PIN", "--new", "env:CARD_PUK"]],
    "pin unblock": [["--puk", "env:CARD_PUK", "--new", "env:CARD_PIN"]],
    "pin set": [["--pin", "env:CARD_PIN", "--puk", "env:CARD_PUK"]],
    "keys list": [[], ["--versions"]],
    "keys put": [["--test-keys"]],
    "keys rotate": [["--test-keys"]],
    "keys derive": [
        ["--master", "env:KEY", "--diversify", "kdf3"],
        ["--master", "env:KEY", "--diversify", "emv", "--out", "k"],
    ],
    "principal list": [[]],
    "principal add": [["a.example", "--test-keys"], ["b.example"]],
    "principal remove": [["srv1", "--force"]],
    "principal rename": [["srv1", "srv2"]],
    "mo tree": [[], ["./Mail", "--levels", "0"], ["--values", "--flat"]],
    "mo get": [["./Mail"], ["./Mail/Addr"], ["./Mail/Icon"], ["./Mail?prop=ACL"], ["./Mail/Addr", "--out", "v"]],
    "mo set": [["./Mail/Addr", "x"], ["./Mail/Addr", "1", "--format", "int"]],
    "mo add": [["./New", "x"], ["./Other/A/B", "--interior", "--parents"]],
    "mo delete": [["./Mail", "--force"], ["./Mail/Addr"]],
    "mo rename": [["./Mail", "Post"]],
    "mo acl": [["./Mail/Addr"], ["./Mail", "Get=*&Replace=#issuer"], ["./Mail", "--remove"]],
    "mo title": [["./Mail/Addr"], ["./Mail", "T"], ["./Mail", "--remove"]],
    "mo copy": [["./Mail/Addr", "./New"]],
    "mo batch": [["changes.dm"], ["changes.dm", "--mode", "sequence"], ["empty.dm"]],
    "mo changes": [["--since", "0"], ["./Mail", "--since", "1"]],
    "mo uploads": [[], ["--remove"]],
    "credential compute": [
        [CLIENT, "--nonce", "AA=="],
        [CLIENT, "--nonce", "hex:00", "--body", "message", "--user", "Bruce2"],
    ],
    "credential challenge": [[]],
    "credential verify": [[SERVER, "--notification", "package0"]],  # with an answer: test_credential.py
    "ddf load": [["FUMO"], ["FUMO", "DMAcc"]],
    "ddf unload": [["FUMO"]],
    "ddf loaded": [[]],
    "mo import": [["small.xml", "--replace"], ["small.xml", "--at", "./Mail/Empty", "--dry-run"]],
    "mo export": [[], ["./Mail", "--form", "packed"], ["--out", "all.xml"]],
    "mo diff": [["small.xml"], ["small.xml", "card:./Mail", "--all"], ["card:.", "card:./Mail"]],
    "mo validate": [["./Mail", "--ddf", MAIL], [str(CORPUS / "passpoint.xml")]],
    "ddf check": [[MAIL]],
    "ddf show": [[MAIL], ["DMAcc", "Ext"]],
    "ddf tree": [[MAIL], ["Passpoint"]],
    "ddf list": [[]],
    "provision plan": [[FLEET], [FLEET, "--apdus"]],
    "provision apply": [[FLEET, "--yes"], [FLEET, "--yes"]],
    "sim new": [["b", "--arena", "8"], ["c", "--initial", "env:KEY", "--insecure"]],
    "sim list": [[]],
    "sim delete": [["a", "--force"]],
    "sim cut": [["a", "--at", "5", "--mode", "garbage"], ["a", "--off"]],
    "sim serve": [],  # runs until it is interrupted: tests/interop checks its document
    "applet build": [],  # wants the SDK: test_applet_build.py
    "applet info": [["smartdm.cap"], ["../work/smartdm.cap"]],
    "decode": [["small.xml"], ["trace"], ["../home/../work/small.xml", "--form", "tnds"]],
    "doctor": [[]],
    "completion": [["bash"], ["zsh"], ["fish"]],
}

COMMANDS = [path for path, _, _ in leaves()]


def registry() -> Registry:
    documents = [json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")]
    return Registry().with_resources((document["$id"], Resource.from_contents(document)) for document in documents)


def check(name: str, document: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator(schema, registry=registry()).validate(document)


def test_there_is_a_schema_and_a_run_for_each_command_and_no_other():
    assert sorted(RUNS) == sorted(COMMANDS)
    files = {path.stem for path in SCHEMAS.iterdir()}
    assert files == {path.replace(" ", "-") for path in COMMANDS} | {"common", "error"}


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_schemas_are_schemas(path):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f"/{path.name}")


@pytest.mark.parametrize("path", COMMANDS)
def test_the_document_keeps_to_the_schema(request, path):
    filled = request.getfixturevalue("account" if path.startswith("credential ") else "filled")
    filled.file("trace", "> 00A4040007F0534D444D010100\n< 9000\n> 80310000\n")
    filled.file("changes.dm", "set ./Mail/Addr x\nrename ./Mail/Empty Full\nrename ./Mail/Full Empty\nget ./Mail\n")
    filled.file("empty.dm", "# nothing to do\n")
    filled.file("smartdm.cap", caps.packed(caps.components()))
    filled.environment["KEY"] = bytes(range(16)).hex()
    if path == "card personalize":
        filled.ok("sim", "new", "new")
    for arguments in RUNS[path]:
        if path == "mo delete":
            filled("mo", "import", "small.xml", "--replace")
        if path in {"ddf unload", "ddf loaded"}:
            filled.ok("ddf", "load", "FUMO")
        result = filled("--json", *path.split(), *arguments)
        assert result.code in {0, 1}, result.err
        assert result.err == ""
        assert result.document["command"] == path
        check(path.replace(" ", "-"), result.document)


def test_a_verified_answer_keeps_to_the_schema(account: Cli):
    result = answered(account, "credential", "verify", SERVER, "--json")
    assert result.code == 0, result.err
    check("credential-verify", result.document)


def test_a_schema_refuses_what_is_not_there():
    with pytest.raises(ValidationError):
        check("mo-set", {"schema_version": "1.0", "command": "mo set", "uri": "./A", "size": 1})
    with pytest.raises(ValidationError):
        check(
            "mo-rename",
            {"schema_version": "2.0", "command": "mo rename", "uri": "./A", "new_uri": "./B", "generation": 1},
        )


@pytest.mark.parametrize(
    ("kind", "code", "arguments"),
    [
        ("usage", 2, ["mo", "get"]),
        ("usage", 2, ["mo"]),
        ("usage", 2, ["sim"]),
        ("usage", 2, ["card"]),
        ("usage", 2, ["mo", "tree", "--nix"]),
        ("usage", 2, ["nix"]),
        ("usage", 2, ["--card", "x", "mo", "tree"]),
        ("usage", 2, ["mo", "get", "./A?prop=Nix"]),
        ("aborted", 2, ["card", "reset"]),
        ("link", 3, ["--card", "sim:nix", "mo", "tree"]),
        ("refused", 4, ["mo", "get", "./Nix"]),
        ("input", 5, ["mo", "import", "nix"]),
        ("input", 5, ["mo", "add", "./A", "x", "--acl", "=="]),
        ("power", 3, ["mo", "add", "./A", "x"]),
    ],
)
def test_failures_are_documents_too(filled, kind, code, arguments):
    if kind == "power":
        filled.ok("sim", "cut", "a", "--at", "1")
    result = filled(*arguments, "--json")
    assert result.code == code
    assert "ERROR" not in result.err
    check("error", result.document)
    error = result.document["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)
    if kind == "refused":
        assert (error["status_word"], error["dm_status"]) == ("6A82", 404)


def test_documents_are_ascii_and_true_to_the_value(filled: Cli):
    filled.ok("mo", "set", "./Mail/Addr", 'ü "\u2028\x1b', "--format", "bin")
    result = filled.ok("mo", "get", "./Mail/Addr", "--json")
    assert result.raw.isascii()
    assert result.document["value"] == 'ü "\u2028\x1b'
