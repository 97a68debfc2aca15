"""The table of threats names the tests that attack them: each is there, and each file for a row is named in it."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs" / "threats.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if re.match(r"\| \d+ \|", line)
]
ATTACKS = {int(row[0]): row[-1] for row in ROWS if len(row) == 4}
CLAIMS = [(int(row[0]), row[-1].strip("`")) for row in ROWS if len(row) == 3]
WITH_DOORS = (1, 2, 11, 12, 13, 14, 20, 21, 22, 24, 31)
"""Rows about who is asking: what they claim is named test by test."""


def files_of(cell: str) -> list[Path]:
    """The test files of a cell; a name without a folder is in that of the one before."""
    found: list[Path] = []
    folder = ""
    for name in re.findall(r"`([\w/*.]+\.py)`", cell):
        folder = name.rpartition("/")[0] or folder
        matches = sorted(REPOSITORY.glob(f"{folder}/{name.rpartition('/')[2]}"))
        assert matches, f"{name} is gone"
        found += matches
    return found


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_stands_there_once_and_in_order():
    assert list(ATTACKS) == sorted(set(ATTACKS))
    assert set(WITH_DOORS) <= set(ATTACKS)
    assert {number for number, _ in CLAIMS} == set(WITH_DOORS)


@pytest.mark.parametrize("number", list(ATTACKS))
def test_the_files_of_a_row_are_there(number: int):
    for path in files_of(ATTACKS[number]):
        assert path.name == "hostile.py" or functions_of(path), f"{path.name} has no test"


@pytest.mark.parametrize(("number", "place"), CLAIMS)
def test_the_test_of_a_claim_is_there(number: int, place: str):
    name, _, function = place.partition("::")
    found = [path for path in REPOSITORY.glob(name) if function in functions_of(path)]
    assert found, f"{function} is gone from {name}"
    assert set(found) <= set(files_of(ATTACKS[number])), f"row {number} does not name {name}"


def test_every_file_and_test_for_a_row_is_in_it():
    for path in sorted(REPOSITORY.glob("tests/*/test_threat_[0-9]*.py")):
        number = int(path.name.split("_")[2])
        assert path in files_of(ATTACKS[number]), f"row {number} does not name {path.name}"
    for path in sorted(REPOSITORY.glob("tests/*/test_*.py")):
        for name in functions_of(path):
            found = re.match(r"test_threat_(\d+)_", name)
            if found:
                assert path in files_of(ATTACKS[int(found.group(1))]), f"row {found.group(1)} does not name {path.name}"
