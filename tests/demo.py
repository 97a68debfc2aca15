"""The tour of ``make demo``: the real command line on a simulated card, in a folder of its own.

Each step is one line saying what was shown, under the commands that showed it.  The tour checks what it
says: it ends with exit code 1 at the first thing that is not as said.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from hashlib import md5
from pathlib import Path

from smartdm.transport.pcsclib import Context
from smartdm.wire import Sw
from tests.interop import pcscd
from tests.tour import CARD, DM_SECRET, ROOT, Tour, Wrong, expect, say

PASSPOINT = ROOT / "tests" / "corpus" / "passpoint.xml"
REFERENCE = ROOT / "tests" / "corpus" / "reference.xml"


def make_and_fill(tour: Tour) -> None:
    tour.run("sim", "new", CARD, "--arena", "32", "--nodes", "1000")
    tour.run("mo", "tree", code=4)
    tour.run("card", "personalize", "--test-keys", "--pin", "env:DEMO_PIN", "--puk", "env:DEMO_PUK", "--yes")
    tour.run("card", "info")
    tour.shown("A simulated card was made, the real applet, its memory in a file, and personalized: it has its keys.")

    tour.run("mo", "add", "./Demo", "--interior")
    tour.run("mo", "import", str(PASSPOINT), "--at", "./Demo")
    tour.run("mo", "import", str(REFERENCE))
    tour.run("mo", "diff", str(PASSPOINT), "--at", "./Demo")
    tour.run("mo", "diff", str(REFERENCE))
    tour.shown("A Passpoint subscription and the reference tree were imported; the card's nodes equal the files'.")

    tour.run("mo", "tree", "--levels", "2")
    tour.run("mo", "tree", "./Demo", "--values")
    tour.shown("The tree was drawn: names, formats, sizes, types and access control lists.")


def change(tour: Tour) -> None:
    tour.run("mo", "add", "./Demo/Notes/First", "Hello, card", "--parents", "--acl", "Get=*&Replace=#issuer")
    tour.run("mo", "set", "./Demo/Notes/First", "Hello again")
    tour.run("mo", "rename", "./Demo/Notes", "Remarks")
    value = tour.run("mo", "get", "./Demo/Remarks/First")
    expect(value == "Hello again", "the value read is not the value written")
    version = tour.run("mo", "get", "./Demo/Remarks/First?prop=VerNo")
    tour.shown(f"Nodes were added, changed and renamed from the command line (VerNo is now {version.strip()}).")


def cut_power(tour: Tour) -> None:
    again = ("mo", "import", str(PASSPOINT), "--at", "./Second")
    tour.run("mo", "add", "./Second", "--interior")
    tour.run("mo", "export", "--out", "before.xml")
    tour.run("sim", "cut", CARD, "--at", "5", "--mode", "half")
    tour.run(*again, code=3)
    difference = tour.run("mo", "diff", "before.xml", "card:.")
    expect(not difference, "the power cut changed the tree")
    tour.shown("The power was cut in the middle of an import: the card holds exactly what it held before.")

    tour.run(*again)
    tour.run("mo", "diff", "card:./Demo/PerProviderSubscription", "card:./Second/PerProviderSubscription")
    tour.shown("The same import then went through.")


def export(tour: Tour) -> None:
    tour.run("mo", "export", "--out", "all.xml")
    tour.run("mo", "export", "--form", "packed", "--out", "all.packed")
    tour.run("mo", "diff", "all.xml", "all.packed")
    tour.run("card", "reset", "--force")
    tour.run("mo", "import", "all.packed")
    difference = tour.run("mo", "diff", "all.xml", "card:.")
    expect(not difference, "the tree is not the one exported")
    tour.shown("The tree was exported, erased and brought back: the difference is empty.")


PROFILE = """
definitions = ["DMAcc", "FUMO"]

[profile]
name = "fleet"

[[mo]]
uri = "./DMAcc/fleet"
type = "urn:oma:mo:oma-dm-dmacc:1.0"
acl = "Add=#issuer&Delete=#issuer&Exec=#issuer&Get=*&Replace=#issuer+dm.fleet.example"
nodes = [
    { name = "AppID", text = "w7" },
    { name = "ServerID", text = "dm.fleet.example" },
    { name = "Name", text = "Fleet" },
    { name = "AppAddr", nodes = [
        { name = "main", nodes = [
            { name = "Addr", text = "https://dm.fleet.example/" },
            { name = "AddrType", text = "URI" },
        ] },
    ] },
    { name = "AppAuth", nodes = [
        { name = "client", nodes = [
            { name = "AAuthLevel", text = "CLCRED" },
            { name = "AAuthType", text = "DIGEST" },
            { name = "AAuthName", text = "modem-7" },
            { name = "AAuthSecret", secret = "env:DEMO_DM_SECRET" },
        ] },
    ] },
]

[[mo]]
uri = "./FUMO/modem"
type = "urn:oma:mo:oma-fumo:1.0"
acl = "Get=*&Replace=dm.fleet.example+#issuer"
nodes = [
    { name = "PkgName", text = "modem" },
    { name = "State", value = 10 },
]

[[node]]
uri = "./Certs/operator"
format = "bin"
type = "application/pkix-cert"
base64 = "MIIB"
"""
ON_FLEET = ("--card", "sim:fleet")
AS_SERVER = (*ON_FLEET, "--as", "dm.fleet.example")
AS_OTHER = (*ON_FLEET, "--as", "other.example")
DOORS = """
["dm.fleet.example"]
test = true
kvn = 0x41

["other.example"]
test = true
kvn = 0x42
"""


def provision(tour: Tour) -> None:
    (tour.folder / "fleet.toml").write_text(PROFILE, encoding="utf-8")
    tour.run("sim", "new", "fleet")
    tour.run(*ON_FLEET, "card", "personalize", "--test-keys", "--yes")
    tour.run(*ON_FLEET, "provision", "plan", "fleet.toml")
    tour.run(*ON_FLEET, "provision", "apply", "fleet.toml", "--yes")
    tour.run(*ON_FLEET, "provision", "plan", "fleet.toml", "--check")
    tour.run(*ON_FLEET, "mo", "validate", "card:./DMAcc/fleet")
    tour.run(*ON_FLEET, "mo", "tree")
    tour.shown("A profile was planned and applied: definitions, then one batch; after it nothing was left to do.")


def credential(tour: Tour) -> None:
    login, nonce = "./DMAcc/fleet/AppAuth/client", b"a nonce of the server"
    trace = tour.folder / "credential.trace"
    given = (*ON_FLEET, "credential", "compute", login, "--nonce", b64encode(nonce).decode("ascii"))
    digest = tour.run(*given, "--trace-file", trace.name).strip()
    inner = b64encode(md5(f"modem-7:{DM_SECRET}".encode(), usedforsecurity=False).digest())
    expect(digest == b64encode(md5(inner + b":" + nonce, usedforsecurity=False).digest()).decode(), "it is another one")
    expect(DM_SECRET.encode().hex().upper() not in trace.read_text(encoding="ascii"), "the card told the secret")
    tour.run(*ON_FLEET, "mo", "get", f"{login}/AAuthSecret", code=4)
    tour.shown("The card computed a DM 1.2 credential: the secret, once written, never left it.")


def two_servers(tour: Tour) -> None:
    (tour.folder / "home" / "doors.toml").write_text(DOORS, encoding="utf-8")
    for name, version in (("dm.fleet.example", "41"), ("other.example", "42")):
        tour.run(*ON_FLEET, "principal", "add", name, "--test-keys", "--kvn", version)
        acl = f"Add={name}&Delete={name}&Get={name}&Replace={name}"
        tour.run(*ON_FLEET, "mo", "add", f"./Of-{name}", "--interior", "--acl", acl)
    tour.run(*ON_FLEET, "principal", "list")
    tour.run(*AS_SERVER, "mo", "add", "./Of-dm.fleet.example/Note", "mine")
    tour.run(*AS_OTHER, "mo", "add", "./Of-other.example/Note", "mine as well")
    tour.refused(f"0001{Sw.NOT_ALLOWED:04X}", *AS_OTHER, "mo", "set", "./Of-dm.fleet.example/Note", "stolen")
    tour.run(*AS_OTHER, "mo", "get", "./Of-dm.fleet.example/Note", code=4)
    value = tour.run(*AS_SERVER, "mo", "get", "./Of-dm.fleet.example/Note")
    expect(value == "mine", "a server changed what is another's")
    tour.run(*AS_OTHER, "--keys", "test,kvn=43", "mo", "tree", code=3)
    tour.shown(
        "Two servers, each with keys of its own, worked on the card: the one was refused on the other's subtree."
    )


def hundred_nodes(tour: Tour) -> None:
    nodes = "\n".join(f'[[node]]\nuri = "./Many/n{number:02}"\nvalue = {number}\n' for number in range(99))
    (tour.folder / "many.toml").write_text(f'[profile]\nname = "many"\n{nodes}', encoding="utf-8")
    planned = json.loads(tour.run("provision", "plan", "many.toml", "--json"))
    trace = tour.folder / "many.trace"
    tour.run("provision", "apply", "many.toml", "--yes", "--trace-file", trace.name)
    before = trace.read_text(encoding="ascii")
    expect("\n> 84823300" in before, "no channel of level 33 was opened")
    batch = before.count("\n> 8030") + before.count("\n> 9030")
    expect(batch == planned["apdus"], "the plan told another number of commands")
    added = sum(change["nodes"] for change in planned["changes"])
    expect(added == 100, f"{added} nodes instead of 100")
    say(f"\n  100 nodes: {batch} commands of the batch at level 33, {planned['bytes']} bytes before encryption,")
    say(f"  {before.count('> ')} commands in all with SELECT, the channel, and reading the card before and after.")
    tour.shown("A profile of 100 nodes was applied through a secure channel of level 33.")


def refuse(tour: Tour) -> None:
    tour.run(*AS_SERVER, "mo", "set", "./DMAcc/fleet/Name", "Fleet of 2026")
    tour.refused(f"0001{Sw.NOT_ALLOWED:04X}", *AS_SERVER, "mo", "set", "./Certs/operator", "x")
    tour.shown("The server changed what its ACL gives it; a Replace elsewhere was refused by the card (425).")
    tour.refused(f"0001{Sw.ACCESS_DENIED:04X}", *AS_SERVER, "mo", "set", "./FUMO/modem/State", "60")
    as_text = ("--format", "chr", "--type", "text/plain")
    tour.refused(f"0001{Sw.BAD_FORMAT:04X}", *ON_FLEET, "mo", "set", "./FUMO/modem/State", "60", *as_text)
    tour.shown("AccessType of the definition refused the server (405), its Format refused even the issuer (415).")

    commands = ["set ./DMAcc/fleet/Name Renamed", "set ./FUMO/modem/PkgName other", "set ./Certs/operator x"]
    (tour.folder / "batch.txt").write_text("\n".join(commands), encoding="utf-8")
    tour.run(*ON_FLEET, "mo", "export", "--out", "fleet.xml")
    tour.refused(f"0003{Sw.NOT_ALLOWED:04X}", *AS_SERVER, "mo", "batch", "batch.txt")
    difference = tour.run(*ON_FLEET, "mo", "diff", "fleet.xml", "card:.")
    expect(not difference, "the refused batch changed the tree")
    tour.shown("The card refused the third command of an Atomic batch, and the first two did not happen either.")


def follow(tour: Tour) -> None:
    info = json.loads(tour.run(*ON_FLEET, "card", "info", "--json"))
    tour.run(*AS_SERVER, "mo", "set", "./FUMO/modem/PkgName", "modem 9")
    news = tour.run(*ON_FLEET, "mo", "changes", "--since", str(info["generation"]))
    expect("PkgName" in news and "AppID" not in news, "the feed is not the one change")
    tour.shown("The change feed told the one change since the generation before.")


def store_large(tour: Tour) -> None:
    certificate = bytes(number * number % 251 for number in range(3000))
    (tour.folder / "operator.der").write_bytes(certificate)
    store = (*ON_FLEET, "mo", "set", "./Certs/operator", "--file", "operator.der")
    tour.run("sim", "cut", "fleet", "--at", "12", "--mode", "garbage")
    tour.run(*store, code=3)
    size = tour.run(*ON_FLEET, "mo", "get", "./Certs/operator?prop=Size")
    expect(size.strip() == "3", "the old value is gone before the new one is there")
    tour.run(*ON_FLEET, "mo", "uploads")
    tour.run(*store)
    tour.run(*ON_FLEET, "mo", "get", "./Certs/operator", "--out", "back.der")
    expect((tour.folder / "back.der").read_bytes() == certificate, "the certificate is not the one stored")
    tour.shown("3,000 bytes of certificate were stored across a power cut; until the last piece the old value held.")


def through_pcscd(tour: Tour) -> None:
    lacking = pcscd.missing()
    expect(not (lacking and os.environ.get("CI")), f"missing: {', '.join(lacking)}")
    if lacking:
        say(f"\n  (the step with pcscd is left out: {', '.join(lacking)} missing)")
        return
    with pcscd.running() as service:
        tour.environment[pcscd.SOCKET_VARIABLE] = str(service.socket)
        serve = [*service.enter, sys.executable, "-m", "smartdm.cli", "sim", "serve", "fleet"]
        say(f"\n  $ smartdm {shlex.join(serve[serve.index('sim') :])} &")
        quiet = subprocess.DEVNULL
        with subprocess.Popen(serve, env=tour.environment, stdout=quiet, stderr=quiet) as card:
            try:
                pcscd.wait_for(lambda: Context().readers()[0].present, "the card to be seen")
                tour.run("card", "list")
                tour.run("--card", f"pcsc:{pcscd.FIRST}", "--keys", "test", "mo", "get", "./DMAcc/fleet/Name")
            finally:
                card.send_signal(signal.SIGINT)
    tour.shown("The same card was read through pcscd and a virtual reader, as a real one would be.")


PARTS = (
    make_and_fill,
    change,
    cut_power,
    export,
    hundred_nodes,
    provision,
    credential,
    two_servers,
    refuse,
    follow,
    store_large,
    through_pcscd,
)


def main() -> int:
    """Runs the tour; 0 when everything was as said."""
    with tempfile.TemporaryDirectory(prefix="smartdm-demo-") as folder:
        tour = Tour(Path(folder))
        try:
            for part in PARTS:
                part(tour)
        except Wrong as error:
            sys.stderr.write(f"\nThe demo failed: {error}\n")
            return 1
        say(f"\nAll {tour.steps} steps were as said.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
