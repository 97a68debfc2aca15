"""A DM account on the card of a command line, and what its server knows."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode

from tests.oracle import dmauth
from tests.system.running import Cli, Result

ACCOUNT = "./DMAcc/x"
CLIENT, SERVER = f"{ACCOUNT}/AppAuth/cl", f"{ACCOUNT}/AppAuth/srv"
SERVER_ID = "srv1"
STORED = bytes(range(0x50, 0x60))
"""The nonce that the card keeps for the server's next notification."""
BODY = b"<SyncML/>"
CLIENT_SECRET, SERVER_SECRET = b"the client's, 23 letters", b"and a secret of the server's"
CLIENT_NAME, SERVER_NAME = b"Bruce2", b"srvuser"

PROFILE = f"""
definitions = ["DMAcc"]

[profile]
name = "account"

[[mo]]
uri = "{ACCOUNT}"
type = "urn:oma:mo:oma-dm-dmacc:1.0"
acl = "Add=#issuer&Delete=#issuer&Exec=#issuer+#holder&Get=*&Replace=#issuer"
nodes = [
    {{ name = "AppID", text = "w7" }},
    {{ name = "ServerID", text = "{SERVER_ID}" }},
    {{ name = "Name", text = "Mine" }},
    {{ name = "AppAddr", nodes = [
        {{ name = "main", nodes = [
            {{ name = "Addr", text = "https://srv1/" }},
            {{ name = "AddrType", text = "URI" }},
        ] }},
    ] }},
    {{ name = "AppAuth", nodes = [
        {{ name = "cl", nodes = [
            {{ name = "AAuthLevel", text = "CLCRED" }},
            {{ name = "AAuthType", text = "DIGEST" }},
            {{ name = "AAuthName", text = "{CLIENT_NAME.decode()}" }},
            {{ name = "AAuthSecret", secret = "env:CLIENT_SECRET" }},
        ] }},
        {{ name = "srv", nodes = [
            {{ name = "AAuthLevel", text = "SRVCRED" }},
            {{ name = "AAuthType", text = "DIGEST" }},
            {{ name = "AAuthName", text = "{SERVER_NAME.decode()}" }},
            {{ name = "AAuthSecret", secret = "env:SERVER_SECRET" }},
            {{ name = "AAuthData", base64 = "{b64encode(STORED).decode()}" }},
        ] }},
    ] }},
]
"""


def give_account(cli: Cli) -> None:
    """Puts the account on the card, which must know its server."""
    cli.environment["CLIENT_SECRET"] = CLIENT_SECRET.decode()
    cli.environment["SERVER_SECRET"] = SERVER_SECRET.decode()
    cli.ok("provision", "apply", cli.file("account.toml", PROFILE), "--yes")


def give_files(cli: Cli) -> None:
    """Writes a message and a notification of the server."""
    cli.file("message", BODY)
    cli.file("package0", notification())


def notification(nonce: bytes = STORED, secret: bytes = SERVER_SECRET) -> bytes:
    """A package 0 of the server's."""
    return dmauth.notification(SERVER_ID.encode(), secret, nonce)


def answered(
    cli: Cli, *arguments: str, secret: bytes = SERVER_SECRET, body: bytes | None = None, form: str = "base64"
) -> Result:
    """Runs ``credential verify`` and answers the nonce that it shows as a server with this secret does."""
    with cli.start(*arguments) as process:
        assert process.stderr is not None
        told = b""
        while b"\n" not in told:
            told += (read := os.read(process.stderr.fileno(), 4096))
            assert read, told
        (nonce,) = re.findall(rb"^nonce: (\S+)\n", told)
        digest = dmauth.credential(SERVER_NAME, secret, b64decode(nonce), body)
        text = b64encode(digest) if form == "base64" else f"hex:{digest.hex()}".encode()
        out, err = process.communicate(text + b"\n", timeout=60)
        return Result(process.returncode, out, err.decode("utf-8"))
