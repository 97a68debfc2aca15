"""Threat 31: secrets reach nobody but the card: not by output, errors, traces, exports, tracebacks, argv or files."""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.system.running import Cli, Result

CANARIES = {
    "ENC": "c1" * 3 + "0e5a17" * 4 + "d1",
    "MAC": "c2" * 3 + "1e5a27" * 4 + "d2",
    "DEK": "c3" * 3 + "2e5a37" * 4 + "d3",
    "MASTER": "c4" * 3 + "3e5a47" * 4 + "d4",
    "THE_PIN": "739185",
    "THE_PUK": "40628173",
    "NEW_PIN": "951357",
}
PARTS = ("--enc", "env:ENC", "--mac", "env:MAC", "--dek", "env:DEK")
ISSUER = ("--keys", "enc=env:ENC,mac=env:MAC,dek=env:DEK")
MASTER = ("--master", "env:MASTER", "--diversify", "kdf3")
SERVER = ("--as", "srv", "--keys", "master=env:MASTER,diversify=kdf3,kvn=40")
RUNS: tuple[tuple[str, ...], ...] = (
    ("card", "personalize", *PARTS, "--pin", "env:THE_PIN", "--puk", "env:THE_PUK", "--insecure", "--yes"),
    (*ISSUER, "principal", "add", "srv", *MASTER, "--insecure"),
    (*ISSUER, "mo", "import", "small.xml"),
    (*SERVER, "mo", "tree"),
    (*SERVER, "--pin", "env:THE_PIN", "mo", "tree"),
    ("pin", "verify", "--pin", "env:THE_PIN"),
    ("pin", "verify", "--pin", "env:THE_PUK"),
    ("pin", "change", "--pin", "env:THE_PIN", "--new", "env:NEW_PIN"),
    ("pin", "unblock", "--puk", "env:THE_PUK", "--new", "env:THE_PIN"),
    ("pin", "unblock", "--puk", "env:NEW_PIN", "--new", "env:THE_PIN"),
    (*ISSUER, "pin", "set", "--pin", "env:NEW_PIN", "--puk", "env:THE_PUK"),
    (*SERVER, "pin", "set", "--pin", "env:THE_PUK", "--puk", "env:THE_PIN"),
    (*ISSUER, "keys", "list", "--versions"),
    (*ISSUER, "keys", "put", *PARTS, "--insecure"),
    ("keys", "derive", *MASTER),
    (*ISSUER, "principal", "list"),
    (*ISSUER, "mo", "export"),
    (*ISSUER, "mo", "changes", "--since", "0"),
    ("--keys", "enc=env:MAC,mac=env:ENC,dek=env:DEK", "mo", "tree"),
    (*ISSUER, "keys", "rotate", *MASTER, "--insecure"),
)  # fmt: skip
"""A card's life, right and wrong; all of it is searched."""


def forms(secret: str) -> list[bytes]:
    """How a secret may be spelled: as it is, its bytes, and hex in either case of what the card gets."""
    raw = bytes.fromhex(secret) if len(secret) == 32 else secret.encode()
    return [secret.encode(), raw, raw.hex().encode(), raw.hex().upper().encode()]


def assert_clean(what: object, *places: bytes) -> None:
    for name, secret in CANARIES.items():
        for form in forms(secret):
            for place in places:
                assert form not in place, f"{name} is in what {what} left"


@pytest.fixture
def fresh(bare: Cli) -> Cli:
    bare.ok("sim", "new", "a")
    bare.environment.update(CANARIES)
    return bare


def test_the_canaries_would_be_found():
    with pytest.raises(AssertionError):
        assert_clean("a test", b"..." + bytes.fromhex(CANARIES["DEK"]) + b"...")
    with pytest.raises(AssertionError):
        assert_clean("a test", CANARIES["THE_PIN"].encode().hex().encode())


def test_no_command_tells_a_secret_in_any_way(fresh: Cli):
    for number, run in enumerate(RUNS):
        traced: Result = fresh("--trace", "--trace-file", f"t{number}", "-vv", "--json", *run)
        assert traced.code in {0, 4, 5}, (run, traced.err)
        assert_clean(run, traced.raw, traced.err.encode())
        trace = fresh.folder / f"t{number}"
        if trace.exists():
            decoded = fresh.ok("decode", trace.name)
            assert_clean(run, trace.read_bytes(), decoded.raw)


def test_no_file_but_the_card_itself_holds_a_secret(fresh: Cli):
    for run in RUNS:
        fresh(*run)
    home = Path(fresh.environment["SMARTDM_HOME"])
    for path in home.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
            if path.suffix != ".card":
                assert_clean(path, path.read_bytes())


def test_a_bug_in_the_middle_shows_no_secret(fresh: Cli):
    code = (
        "import sys; from smartdm.cli.main import main; from smartdm.card import scp03, secrecy\n"
        "from smartdm.card.commands import Card\n"
        "def broken(self, *secrets): raise TypeError('a bug')\n"
        "Card.{0} = broken\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    for method, run in (("personalize", RUNS[0]), ("verify", RUNS[5])):
        result = subprocess.run(
            [sys.executable, "-c", code.format(method), *run],
            capture_output=True, cwd=fresh.folder, env=fresh.environment, check=False,
        )  # fmt: skip
        if method == "personalize":
            assert (result.returncode, b"Traceback" in result.stderr) == (70, True)
        assert_clean(run, result.stdout, result.stderr)


def test_no_process_shows_a_secret_in_its_arguments(fresh: Cli):
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        fresh.ok(*RUNS[0])
        fresh.ok(*ISSUER, "mo", "tree")
    finally:
        over.set()
        watcher.join()
    assert any(re.search(rb"java", line) for line in seen), "the simulated card was not seen"
    assert any(b"env:ENC" in line for line in seen), "the command was not seen"
    assert_clean("a process", *seen)


def test_a_secret_on_the_command_line_is_not_repeated(fresh: Cli):
    canary = CANARIES["ENC"]
    for arguments in (
        ["--keys", f"enc={canary},mac=env:MAC,dek=env:DEK", "mo", "tree"],
        ["--keys", canary, "mo", "tree"],
        ["card", "personalize", "--enc", canary],
        ["--pin", CANARIES["THE_PIN"], "mo", "tree"],
        ["pin", "verify", "--pin", CANARIES["THE_PIN"]],
        ["keys", "derive", "--master", canary, "--diversify", "kdf3"],
    ):
        assert_clean(arguments[:2], fresh.fails(2, *arguments).encode())
