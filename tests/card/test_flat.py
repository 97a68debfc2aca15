"""The step that makes one class of the applet's layers: programs do afterwards what they did before.

Each file in ``flat/same`` is a tower whose top has the file's name and prints what it reckons; ``towers`` makes more of
them. Each file in ``flat/refused`` breaks a rule; its first line is what the step says then.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.card import towers
from tests.card.java import JARS, ROOT, compile_into, release, run
from tests.depth import pick

FIXTURES = Path(__file__).parent / "flat"
TOOL = ROOT / "build" / "flat"
CLASSPATH = [TOOL, *(JARS / f"asm{part}.jar" for part in ("", "-tree", "-analysis"))]
SAME = sorted((FIXTURES / "same").glob("*.java"))
REFUSED = sorted((FIXTURES / "refused").glob("*.java"))


def flatten(classes: Path, out: Path, top: str) -> subprocess.CompletedProcess[str]:
    if not TOOL.is_dir():
        pytest.fail("the step is not built: run 'make setup'")
    return run(CLASSPATH, "smartdm.flat.Main", classes, out, top)


def printed(classes: Path, main: str) -> list[str]:
    """What the program prints; every class is verified, also those of its own loader."""
    done = run([classes, JARS / "jcardsim.jar"], main)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return done.stdout.splitlines()


def became(said: str) -> tuple[int, int, int]:
    """(classes before, classes after, methods of the top)."""
    match = re.fullmatch(r"flat: (\d+) classes became (\d+), with (\d+) methods\n", said)
    assert match, said
    return int(match[1]), int(match[2]), int(match[3])


def check_same(source: Path, top: str, folder: Path) -> int:
    """Flattens a program, runs it before and after; returns how many methods are left."""
    classes = compile_into(folder / "in", [source], release())
    done = flatten(classes, folder / "out", top)
    assert done.returncode == 0, done.stderr
    _, after, methods = became(done.stdout)
    assert after == 1
    assert [path.relative_to(folder) for path in (folder / "out").rglob("*.class")] == [Path("out", f"{top}.class")]
    assert printed(folder / "out", top.replace("/", ".")) == printed(classes, top.replace("/", "."))
    return methods


@pytest.mark.parametrize("source", SAME, ids=lambda path: path.stem)
def test_a_program_prints_the_same_when_it_is_flat(source: Path, tmp_path: Path):
    check_same(source, f"same/{source.stem}", tmp_path)


def test_methods_with_one_caller_are_put_there(tmp_path: Path):
    source = FIXTURES / "same" / "Calls.java"
    written = re.findall(r"^  [^=;]*\) \{$", source.read_text("utf-8"), re.MULTILINE)
    assert check_same(source, "same/Calls", tmp_path) < len(written) - 2


@pytest.mark.search
@pytest.mark.parametrize("seed", range(pick(3, 30, 1000)))
def test_a_random_program_prints_the_same_when_it_is_flat(seed: int, tmp_path: Path):
    source = tmp_path / "Tower.java"
    source.write_text(towers.tower(seed), encoding="utf-8")
    check_same(source, towers.TOP, tmp_path)


def test_the_step_does_the_same_each_time(tmp_path: Path):
    classes = compile_into(tmp_path / "in", [FIXTURES / "same" / "Flows.java"], release())
    for out in ("one", "other"):
        assert flatten(classes, tmp_path / out, "same/Flows").returncode == 0
    assert (tmp_path / "one/same/Flows.class").read_bytes() == (tmp_path / "other/same/Flows.class").read_bytes()


def test_a_top_that_is_not_there_is_told(tmp_path: Path):
    classes = compile_into(tmp_path / "in", [FIXTURES / "same" / "Flows.java"], release())
    assert flatten(classes, tmp_path / "out", "same/Flow").stderr == "flat: there is no class same/Flow\n"


@pytest.mark.parametrize("source", REFUSED, ids=lambda path: path.stem)
def test_what_cannot_be_one_class_is_refused_and_the_place_is_told(source: Path, tmp_path: Path):
    classes = compile_into(tmp_path / "in", [source], release())
    done = flatten(classes, tmp_path / "out", f"refused/{source.stem}")
    assert done.returncode == 1
    assert done.stderr == source.read_text("utf-8").splitlines()[0].removeprefix("// ") + "\n"
    assert not list((tmp_path / "out").rglob("*.class"))
