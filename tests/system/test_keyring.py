"""Secrets in the desktop's keyring, by the real package; the backend is a file of the test's."""

import pytest

from tests.system.running import Cli

BACKEND = """
import json, pathlib
from keyring.backend import KeyringBackend

class Backend(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        found = json.loads(pathlib.Path(__file__).with_name("keyring.json").read_text())
        return found.get(f"{service} {username}")

    def set_password(self, service, username, password):
        raise NotImplementedError
"""


@pytest.fixture
def desktop(cli: Cli) -> Cli:
    """The PIN is in the keyring."""
    cli.file("smartdm_test_backend.py", BACKEND)
    cli.file("keyring.json", '{"smartdm pin": "4711", "smartdm empty": ""}')
    cli.environment["PYTHONPATH"] += f":{cli.folder}"
    cli.environment["PYTHON_KEYRING_BACKEND"] = "smartdm_test_backend.Backend"
    return cli


def test_a_pin_comes_from_the_keyring(desktop: Cli):
    assert desktop.ok("pin", "verify", "--pin", "keyring:smartdm/pin").out == "the PIN is right\n"


def test_what_the_keyring_has_not_is_one_line_and_costs_no_try(desktop: Cli):
    told = desktop.fails(5, "pin", "verify", "--pin", "keyring:smartdm/other")
    assert "the keyring has no entry 'other' for 'smartdm'" in told
    assert "it is empty" in desktop.fails(5, "pin", "verify", "--pin", "keyring:smartdm/empty")
    desktop.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    assert "the keyring cannot be read (NoKeyringError)" in desktop.fails(
        5, "pin", "verify", "--pin", "keyring:smartdm/pin"
    )
    assert desktop.ok("pin", "status").out == "sim:a: 3 tries are left\n"


def test_without_the_package_the_error_says_how_to_get_it(desktop: Cli):
    desktop.file("keyring.py", "raise ImportError")
    told = desktop.fails(2, "pin", "verify", "--pin", "keyring:smartdm/pin")
    assert "pip install keyring" in told
