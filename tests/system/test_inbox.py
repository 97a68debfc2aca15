"""./Inbox: what is put there nobody reads (OMA DM TND 1.2: Get on it or below is 405)."""

import pytest

from tests.system.running import Cli

INBOX = "urn:oma:mo:oma-dm-inbox:1.0"
PROFILE = """
[profile]
name = "in"

[[node]]
uri = "./Inbox/z"
text = "provisioned"
"""
FILE = """\
<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>f</NodeName><Value>file</Value></Node></MgmtTree>
"""


@pytest.fixture
def inbox(cli: Cli) -> Cli:
    """A card with an Inbox, empty but for what `mo batch` put there."""
    cli.ok("ddf", "load", "Inbox")
    cli.file("lines", f"add ./Inbox --interior --type {INBOX}\nadd ./Inbox/b batch\n")
    cli.ok("mo", "batch", "lines")
    return cli


def test_everything_can_be_put_into_the_inbox(inbox: Cli):
    inbox.file("in.toml", PROFILE)
    inbox.file("f.xml", FILE)
    inbox.ok("mo", "add", "./Inbox/a", "added")
    inbox.ok("mo", "import", "f.xml", "--at", "./Inbox")
    inbox.ok("provision", "apply", "in.toml", "--yes")
    inbox.ok("provision", "plan", "in.toml")
    for name in "abfz":
        assert "6A89" in inbox.fails(4, "mo", "add", f"./Inbox/{name}", "again")


def test_nobody_reads_what_is_in_the_inbox(inbox: Cli):
    for uri in (".", "./Inbox"):
        assert "batch" not in inbox("mo", "tree", uri, "--values").out
    for arguments in (["get", "./Inbox"], ["get", "./Inbox/b"], ["copy", "./Inbox/b", "./Stolen"]):
        assert "6AE1 ACCESS_DENIED, DM 405" in inbox.fails(4, "mo", *arguments)
    inbox.ok("mo", "set", "./Inbox/b", "changed", "--format", "chr", "--type", "text/plain")
    inbox.ok("mo", "delete", "./Inbox/b", "--force")
