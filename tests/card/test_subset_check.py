"""The check that the applet keeps to Java Card, by classes that keep to it and classes that do not.

What a class breaks stands in it as ``// reject: rule, rule`` on the line that is reported, or ``// reject anywhere:``
where class files tell no line. ``// converter: takes it`` marks rules of our own, stricter than the converter's.
"""

import os
import re
from pathlib import Path

import pytest

from tests.card.java import JARS, ROOT, Sdk, compile_into, release, run

FIXTURES = Path(__file__).parent / "subset"
CHECKER = ROOT / "build" / "check" / "classes"
CLASSPATH = [CHECKER, *(JARS / f"asm{part}.jar" for part in ("", "-tree", "-analysis"))]
APPLET = ROOT / "build" / "applet"
REJECTED = sorted((FIXTURES / "reject").glob("*.java"))
FAULT = re.compile(r"(?P<file>[\w/]+\.java)(:(?P<line>\d+))?: (?P<rule>[\w-]+): .+")
MARK = re.compile(r"// reject(?P<anywhere> anywhere)?: (?P<rules>[a-z, -]+)")

Found = set[tuple[int, str]]

without_sdk = pytest.mark.skipif(
    not os.environ.get("JC_HOME"), reason="JC_HOME names no Java Card SDK; jcsdk/README.md tells how to get one"
)


def check(folder: Path, *options: Path | str) -> tuple[int, list[str]]:
    if not CHECKER.is_dir():
        pytest.fail("the checker is not built: run 'make setup'")
    done = run(CLASSPATH, "smartdm.check.Main", *options, folder)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def faults(lines: list[str]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for line in lines[:-1]:
        match = FAULT.fullmatch(line)
        assert match, f"no fault has this form: {line}"
        found.setdefault(Path(match["file"]).name, set()).add((int(match["line"] or 0), match["rule"]))
    return found


def marked(source: Path) -> Found:
    found: Found = set()
    for number, line in enumerate(source.read_text("utf-8").splitlines(), 1):
        for mark in MARK.finditer(line):
            found |= {(0 if mark["anywhere"] else number, rule.strip()) for rule in mark["rules"].split(",")}
    return found


@pytest.fixture(scope="module")
def rejected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    code, lines = check(compile_into(tmp_path_factory.mktemp("reject"), REJECTED, release()), "--release", "8")
    assert code == 1
    return faults(lines)


@pytest.mark.parametrize("kind", ["classes", "flat"])
def test_the_applet_keeps_to_the_subset(kind: str):
    changing = ROOT / "applet" / "check" / "changing.txt"
    code, lines = check(APPLET / kind, "--release", str(release()), "--changing", changing)
    assert code == 0, "\n".join(lines)


def test_what_the_converter_takes_is_accepted(tmp_path: Path):
    classes = compile_into(tmp_path / "c", sorted((FIXTURES / "accept").glob("*.java")), release())
    code, lines = check(classes, "--release", "8", "--changing", FIXTURES / "accept" / "changing.txt")
    assert code == 0, "\n".join(lines)


@pytest.mark.parametrize("source", REJECTED, ids=lambda path: path.stem)
def test_what_a_card_cannot_run_is_reported_where_it_stands(source: Path, rejected: dict[str, Found]):
    assert marked(source), "a class that is to be rejected says why"
    assert rejected.get(source.name, set()) == marked(source)


def test_class_files_of_newer_java_are_reported_for_what_they_are(tmp_path: Path):
    sources = sorted((FIXTURES / "newer").glob("*.java"))
    _, lines = check(compile_into(tmp_path / "c", sources, 8), "--release", "7")
    assert faults(lines) == {source.name: marked(source) for source in sources}


def test_two_packages_do_not_fit_one_cap_file(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.java").write_text(f"package {name}; final class A {{}}")
    classes = compile_into(tmp_path / "c", [tmp_path / "one.java", tmp_path / "two.java"], release())
    code, lines = check(classes, "--release", "8")
    assert code == 1
    assert {rule for _, rule in faults(lines)["two.java"]} == {"package"}


@pytest.mark.parametrize("kind", ["empty", "missing"])
def test_a_folder_without_classes_is_no_success(tmp_path: Path, kind: str):
    folder = tmp_path / kind
    if kind == "empty":
        folder.mkdir()
    assert run(CLASSPATH, "smartdm.check.Main", folder).returncode != 0


# With Oracle's SDK: the same classes by the real converter


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    return Sdk(Path(os.environ["JC_HOME"]))


@without_sdk
def test_the_converter_and_the_verifier_take_what_we_accept(tmp_path: Path, sdk: Sdk):
    classes = compile_into(tmp_path / "c", sorted((FIXTURES / "accept").glob("*.java")), release())
    assert "with 0 errors" in sdk.convert(classes, "accept", "Language").splitlines()[-1]
    verdict = sdk.verify(classes / "cap" / "accept" / "javacard" / "accept.cap").splitlines()[-1]
    assert "0 errors" in verdict


@without_sdk
@pytest.mark.parametrize("source", REJECTED, ids=lambda path: path.stem)
def test_the_converter_refuses_what_we_reject(source: Path, sdk: Sdk, tmp_path: Path):
    output = sdk.convert(compile_into(tmp_path / "c", [source], release()), "reject")
    taken = "with 0 errors" in output.splitlines()[-1]
    assert taken == ("converter: takes it" in source.read_text("utf-8")), output
