"""What pyproject.toml declares is pinned, with hashes, by the lock files that `make` installs from."""

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
MAIN, READERS = "requirements.lock", "requirements-pcsc.lock"
LOCKED_IN = {"dev": MAIN, "keyring": MAIN, "pcsc": READERS, "foreign": READERS}
NOT_YET = {"modem"}
"""Nothing imports what they name."""


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def pinned(lock: str) -> dict[str, tuple[str, int]]:
    """Name -> (version, number of hashes)."""
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    blocks = re.findall(r"^(\S+?)==(\S+) \\\n((?: .*\n)*)", text, re.MULTILINE)
    return {name: (version, rest.count("--hash=sha256:")) for name, version, rest in blocks}


def test_every_extra_has_its_lock_file():
    assert set(EXTRAS) == {*LOCKED_IN, *NOT_YET}


@pytest.mark.parametrize("extra", [*LOCKED_IN, ""])
def test_what_is_declared_is_pinned_with_hashes(extra: str):
    lock = pinned(LOCKED_IN.get(extra, MAIN))
    for requirement in EXTRAS.get(extra, PROJECT["dependencies"]):
        assert name_of(requirement) in lock, requirement
    assert all(hashes for _, hashes in lock.values())


def test_the_lock_files_do_not_contradict_each_other():
    main, readers = pinned(MAIN), pinned(READERS)
    both = main.keys() & readers.keys()
    assert "keyring" in both
    assert {name: main[name][0] for name in both} == {name: readers[name][0] for name in both}
