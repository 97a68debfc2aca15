"""Secret references: where secrets come from, and that nothing ever tells one."""

import os
import pty
import select
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from smartdm.cli.failures import CliError, Exit, failure_of
from smartdm.cli.secrets import Purpose, resolve

KEY = bytes(range(0xA0, 0xB0))
HEX = KEY.hex()
CANARY = "c0ffee5ecre7"
"""Part of each secret that is wrong in some way; no message may have it, nor a part of it."""


def secret_file(tmp_path: Path, content: bytes, mode: int = 0o600) -> str:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return f"file:{path}"


def refused(reference: str, purpose: Purpose = Purpose.KEY, **options: bool) -> CliError:
    """The error; all that could be printed of it is searched for the canary."""
    with pytest.raises(CliError) as caught:
        resolve(reference, purpose, "ENC", **options)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(failure_of(error)) + repr(error.__context__)
    chain: BaseException | None = error
    while chain is not None:
        told += repr(vars(chain)) + repr(chain.args)
        chain = chain.__context__
    for form in (CANARY, CANARY.encode().hex(), CANARY[:6], CANARY[6:]):
        assert form not in told.lower()
    assert str(error).startswith("ENC: ")
    return error


# env:


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_key_in_the_environment_is_hex(size: int, case: object, monkeypatch: pytest.MonkeyPatch):
    assert callable(case)
    monkeypatch.setenv("MY_KEY", case(bytes(range(0x9A, 0x9A + size)).hex()))
    assert resolve("env:MY_KEY", Purpose.KEY) == bytes(range(0x9A, 0x9A + size))


def test_a_pin_is_text(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_PIN", "12 äß")
    assert resolve("env:MY_PIN", Purpose.PIN) == "12 äß".encode()


def test_a_secret_in_place_of_a_variables_name_is_not_repeated():
    assert "write it without a $" in str(refused(f"env:{CANARY}"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "this is empty"),
        ("00" * 15, "these are 30"),
        ("00" * 17, "these are 34"),
        ("0" * 31, "these are 31"),
        (CANARY, "12 bytes, not all of them hex digits"),
        (CANARY + "x" * 20, "32 bytes"),
        (f"0x{HEX}", "34 bytes"),
        (f" {HEX}", "33 bytes"),
        (CANARY + "\udcff" * 20, "32 bytes"),
    ],
)
def test_a_wrong_key_is_told_by_its_length_only(text: str, told: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", text)
    error = refused("env:MY_KEY")
    assert told in str(error)
    assert "32, 48 or 64 hex digits" in str(error)
    assert error.exit_code is Exit.INPUT


@pytest.mark.parametrize("raw", [b"", b"\n", CANARY.encode() + b"\xff", CANARY.encode() + b"\x00", b"\xc3"])
def test_a_pin_that_is_no_text_is_refused(raw: bytes, tmp_path: Path):
    refused(secret_file(tmp_path, raw), Purpose.PIN)


def test_other_raw_bytes_than_a_files_are_no_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", "ÿ" * 8)
    assert "16 bytes, not all" in str(refused("env:MY_KEY"))


# file:


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_newline_at_the_end_of_a_file_does_not_count(ending: bytes, tmp_path: Path):
    assert resolve(secret_file(tmp_path, HEX.encode() + ending), Purpose.KEY) == KEY
    assert resolve(secret_file(tmp_path, b"1234" + ending), Purpose.PIN) == b"1234"


@pytest.mark.parametrize("purpose", [Purpose.KEY, Purpose.PIN])
def test_a_second_newline_counts(purpose: Purpose, tmp_path: Path):
    refused(secret_file(tmp_path, HEX.encode() + b"\n\n"), purpose)


def test_a_second_newline_belongs_to_a_value(tmp_path: Path):
    assert resolve(secret_file(tmp_path, b"one\ntwo\n\n"), Purpose.VALUE) == b"one\ntwo\n"


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("last", [b"\x00", b"\n", b"\xff"])
def test_a_file_may_hold_the_bytes_of_a_key(size: int, last: bytes, tmp_path: Path):
    raw = bytes(range(0xC0, 0xC0 + size - 1)) + last
    assert resolve(secret_file(tmp_path, raw), Purpose.KEY) == raw


def test_hex_digits_are_never_taken_for_raw_bytes(tmp_path: Path):
    assert resolve(secret_file(tmp_path, HEX.encode()), Purpose.KEY) == KEY
    assert "these are 16" in str(refused(secret_file(tmp_path, b"0123456789abcdef")))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o440])
def test_a_file_that_others_can_read_is_refused_unless_told_otherwise(mode: int, tmp_path: Path):
    reference = secret_file(tmp_path, HEX.encode(), mode)
    error = refused(reference)
    assert "chmod 600" in str(error)
    assert resolve(reference, Purpose.KEY, readable_by_others=True) == KEY


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700, 0o610])
def test_a_file_of_its_owner_is_taken(mode: int, tmp_path: Path):
    assert resolve(secret_file(tmp_path, HEX.encode(), mode), Purpose.KEY) == KEY


def test_the_file_behind_a_link_is_the_one_that_counts(tmp_path: Path):
    secret_file(tmp_path, HEX.encode(), 0o644)
    (tmp_path / "link").symlink_to("secret")
    refused(f"file:{tmp_path / 'link'}")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    secret_file(tmp_path, HEX.encode())
    assert resolve("file:~/secret", Purpose.KEY) == KEY


def test_a_pipe_is_read_like_a_file():
    reading, writing = os.pipe()
    os.write(writing, HEX.encode() + b"\n")
    os.close(writing)
    try:
        assert resolve(f"file:/dev/fd/{reading}", Purpose.KEY) == KEY
    finally:
        os.close(reading)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError) as caught:
        resolve(f"file:{tmp_path / 'none'}", Purpose.KEY)
    failure = failure_of(caught.value)
    assert failure is not None
    assert failure.exit_code is Exit.INPUT
    assert "none" in failure.message


def test_a_long_file_is_no_secret(tmp_path: Path):
    assert "more than 1024 bytes" in str(refused(secret_file(tmp_path, b"0" * 1025)))


# Secrets on the command line


@pytest.mark.parametrize(
    "given",
    [
        HEX + CANARY,
        CANARY,
        f"pin:{CANARY}",
        f"prompt:{CANARY}",
        f"ENV:{CANARY}",
        f"{CANARY}:x",
        "",
        "env:",
        "file:",
        "keyring:",
        "prompt",
    ],
)
@pytest.mark.parametrize("purpose", Purpose)
def test_what_is_no_reference_is_refused_and_not_repeated(given: str, purpose: Purpose):
    error = refused(given, purpose)
    assert error.exit_code is Exit.USAGE
    assert all(form in str(error) for form in ("env:NAME", "file:PATH", "prompt:", "keyring:SERVICE/NAME"))


# prompt:

PROGRAM = """
import os, sys
os.close(os.open(os.ttyname(2), os.O_RDWR))  # the first terminal that the leader of a session opens is its own
if "stdin" in sys.argv:
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
from smartdm.cli.failures import CliError
from smartdm.cli.secrets import Purpose, resolve
try:
    print("GOT", resolve("prompt:", Purpose.PIN, "PIN of the holder", new="new" in sys.argv).hex())
except CliError as error:
    print("ERROR", error)
"""


def at_terminal(*typed: str, arguments: tuple[str, ...] = ()) -> str:
    """What is shown by a program that asks on a terminal of its own, where each line is typed at a question."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    os.close(follower)
    shown, lines = b"", iter(typed)
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if not select.select([leader], [], [], 0.3)[0]:
                continue
            shown += os.read(leader, 4096)
            if shown.endswith(b": "):
                os.write(leader, next(lines).encode() + b"\n")
    except OSError:  # Linux ends the reading of a terminal that nobody holds any more with EIO
        pass
    finally:
        os.close(leader)
    assert child.wait(60) == 0
    assert next(lines, None) is None, "asked less often"
    return shown.decode()


@pytest.mark.parametrize("arguments", [(), ("stdin",)], ids=["terminal", "stdin elsewhere"])
def test_a_prompt_asks_on_the_terminal_and_shows_nothing(arguments: tuple[str, ...]):
    shown = at_terminal("pässword", arguments=arguments)
    assert f"GOT {'pässword'.encode().hex()}" in shown
    assert shown.startswith("PIN of the holder: ")
    assert "ssword" not in shown


def test_a_new_secret_is_asked_for_twice():
    shown = at_terminal("1234", "1234", arguments=("new",))
    assert "GOT 31323334" in shown
    assert "Once more: " in shown


def test_two_different_entries_are_refused():
    shown = at_terminal(CANARY, CANARY + "x", arguments=("new",))
    assert "ERROR PIN of the holder: the two entries differ" in shown
    assert CANARY not in shown


def test_without_a_terminal_nothing_is_read_from_stdin():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("os.close(", "# ", 1)],
        input=CANARY.encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
        check=True,
    )
    assert b"ERROR PIN of the holder: there is no terminal to ask on" in run.stdout
    assert CANARY.encode() not in run.stdout + run.stderr


# keyring:


class KeyringError(Exception):
    """As the package's."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """In place of the optional package: what it keeps."""
    kept: dict[tuple[str, str], str] = {}

    def get_password(service: str, name: str) -> str | None:
        if service == "locked":
            raise KeyringError(CANARY)
        return kept.get((service, name))

    module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    module.__dict__.update(get_password=get_password, errors=errors)
    errors.__dict__.update(KeyringError=KeyringError)
    monkeypatch.setitem(sys.modules, "keyring", module)
    return kept


def test_the_first_slash_divides_service_and_name(keyring: dict[tuple[str, str], str]):
    keyring["smartdm", "cards/enc"] = HEX
    keyring["smartdm", "pin"] = "1234"
    assert resolve("keyring:smartdm/cards/enc", Purpose.KEY) == KEY
    assert resolve("keyring:smartdm/pin", Purpose.PIN) == b"1234"


@pytest.mark.usefixtures("keyring")
def test_an_entry_that_is_not_there_is_named():
    assert "no entry 'enc' for 'smartdm'" in str(refused("keyring:smartdm/enc"))


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize("place", ["smartdm", "/enc", "smartdm/"])
def test_a_keyring_reference_has_two_parts(place: str):
    assert "keyring:SERVICE/NAME" in str(refused(f"keyring:{place}"))


@pytest.mark.usefixtures("keyring")
def test_what_a_locked_keyring_says_is_not_repeated():
    with pytest.raises(CliError, match=r"cannot be read \(KeyringError\)") as caught:
        resolve("keyring:locked/enc", Purpose.KEY)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install keyring" in str(refused("keyring:smartdm/enc"))
