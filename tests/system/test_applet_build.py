"""CAP files by the command line: refusals that say what to get, and the real thing where an SDK is at hand.

$JC_HOME is an SDK, as for the command. $SMARTDM_JC_EXPORTS lists folders of older export files (with the SDK 3.0.5),
$SMARTDM_ANT_JAVACARD is ant-javacard.jar. What is not set is not tried.
"""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from smartdm.cli.sdk import Sdk, exports_in, find_sdk
from smartdm.gp import cap
from smartdm.gp.api import card_needed
from smartdm.gp.cap import Component
from tests.card.java import JARS, tool
from tests.corpus import caps
from tests.system.running import REPOSITORY, Cli
from tests.system.test_json import check

HOME = os.environ.get("JC_HOME")
EXPORTS = [path for path in os.environ.get("SMARTDM_JC_EXPORTS", "").split(os.pathsep) if path]
TASK = os.environ.get("SMARTDM_ANT_JAVACARD")
NO_SDK = "JC_HOME names no Java Card SDK; jcsdk/README.md tells how to get one"

wants_sdk = pytest.mark.skipif(not HOME, reason=NO_SDK)


def properties(version: str) -> bytes:
    return f"# as Oracle writes it\r\nconverter.name=Class File Converter\r\nconverter.version={version}\r\n".encode()


def kit(folder: Path, version: str, *targets: str, exports: tuple[int, int] | None = None) -> Path:
    """A folder that looks like an SDK, with nothing in it that runs."""
    (folder / "lib").mkdir(parents=True)
    files = {"com/sun/javacard/toolsversion.properties": properties(version)}
    (folder / "lib" / "tools.jar").write_bytes(caps.zipped(files))
    for target in targets:
        (folder / "lib" / f"api_classic-{target}.jar").write_bytes(b"")
    if exports:
        export_folder(folder, exports)
    return folder


def export_folder(folder: Path, version: tuple[int, int]) -> Path:
    file = folder / "api_export_files" / "javacard" / "framework" / "javacard" / "framework.exp"
    file.parent.mkdir(parents=True)
    file.write_bytes(caps.exported(version=version))
    return folder


@pytest.fixture
def new(bare: Cli) -> str:
    return str(kit(bare.folder / "new", "25.1", "3.0.4", "3.0.5", "3.1.0", "3.2.0"))


@pytest.fixture
def old(bare: Cli) -> str:
    return str(kit(bare.folder / "old", "3.0.5", exports=(1, 6)))


def refused(cli: Cli, *arguments: str) -> str:
    line = cli.fails(5, "applet", "build", *arguments)
    assert not list(cli.folder.glob("*.cap"))
    return line


def test_without_an_sdk_it_says_where_to_read_what_to_get(bare: Cli):
    (bare.folder / "empty").mkdir()
    assert "jcsdk/README.md" in refused(bare, "--sdk", "empty")
    bare.environment["JC_HOME"] = str(bare.folder / "nix")
    assert "jcsdk/README.md" in refused(bare)


def test_a_folder_that_only_looks_like_an_sdk_is_refused(bare: Cli, new: str):
    tools = Path(new, "lib", "tools.jar")
    tools.write_bytes(b"no zip")
    assert "does not tell its version" in refused(bare, "--sdk", new)
    tools.write_bytes(caps.zipped({"x": b""}))
    assert "does not tell its version" in refused(bare, "--sdk", new)
    assert "incomplete" in refused(bare, "--sdk", str(kit(bare.folder / "bare", "25.1")))


def test_an_older_sdk_is_sent_to_the_exports(bare: Cli):
    assert "SDK 3.0.3" in refused(bare, "--sdk", str(kit(bare.folder / "jc303", "3.0.3", exports=(1, 4))))
    jar = bare.folder / "jc222" / "lib" / "converter.jar"
    jar.parent.mkdir(parents=True)
    name = b"product.name.string=Java Card 2.2.2\nconverter.version=1.3\n"
    jar.write_bytes(caps.zipped({"com/sun/javacard/toolsversion.properties": name}))
    line = refused(bare, "--sdk", "jc222")
    assert "SDK 2.2.2" in line
    assert "get the SDK 3.0.5u4" in line
    assert "--exports" in line


def test_new_tools_refuse_what_they_cannot_make(bare: Cli, new: str):
    line = refused(bare, "--sdk", new, "--target", "2.2.2")
    assert "3.0.4, 3.0.5, 3.1.0, 3.2.0" in line
    assert "get the SDK 3.0.5u4" in line
    middle = str(kit(bare.folder / "jc310", "3.1.0", "3.0.4", "3.0.5", "3.1.0"))
    assert "for 3.2.0 get newer tools" in refused(bare, "--sdk", middle, "--target", "3.2.0")


def test_new_tools_never_take_old_export_files(bare: Cli, new: str):
    export_folder(bare.folder / "jc222", (1, 3))
    assert "leave out --exports" in refused(bare, "--sdk", new, "--exports", "jc222")


def test_the_old_sdk_wants_the_export_files_of_the_target(bare: Cli, old: str):
    assert "those of 3.0.5: for 2.2.2 give" in refused(bare, "--sdk", old, "--target", "2.2.2")
    export_folder(bare.folder / "jc221", (1, 2))
    line = refused(bare, "--sdk", old, "--target", "2.2.2", "--exports", "jc221")
    assert "those of 2.2.1: for 2.2.2 give the api_export_files folder of an SDK 2.2.2" in line
    assert "get the tools 25.1" in refused(bare, "--sdk", old, "--target", "3.1.0")
    (bare.folder / "empty").mkdir()
    assert "no export files are at empty" in refused(bare, "--sdk", old, "--exports", "empty")


def test_export_files_that_do_not_fit_are_refused(bare: Cli, old: str):
    export_folder(bare.folder / "jc320", (1, 9))
    assert "3.2.0, which the SDK 3.0.5 does not take" in refused(bare, "--sdk", old, "--exports", "jc320")
    export_folder(bare.folder / "jc400", (2, 0))
    assert "no Java Card that is known" in refused(bare, "--sdk", old, "--exports", "jc400")
    file = bare.folder / "jc400/api_export_files/javacard/framework/javacard/framework.exp"
    file.write_bytes(b"\0\xfa\xca\xde\1\2")
    assert "ends early" in refused(bare, "--sdk", old, "--exports", "jc400")


def test_ant_javacard_is_for_the_new_tools_only(bare: Cli, old: str):
    bare.file("task.jar", b"")
    assert "leave out --ant-javacard" in refused(bare, "--sdk", old, "--ant-javacard", "task.jar")


def test_a_jdk_is_needed_and_not_just_any(bare: Cli, old: str, new: str):
    def fake(name: str, version: str) -> str:
        folder = bare.folder / name / "bin"
        folder.mkdir(parents=True)
        java = folder / "java"
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2030-01-01' >&2\n")
        java.chmod(0o755)
        return str(folder.parent)

    bare.environment["JAVA_HOME"] = fake("jre", "17.0.1")
    assert "no javac beside it" in refused(bare, "--sdk", new)
    bare.environment["JAVA_HOME"] = fake("jdk11", "11.0.1")
    Path(bare.environment["JAVA_HOME"], "bin", "javac").touch()
    assert "too old: install JDK 17" in refused(bare, "--sdk", new)
    bare.environment["JAVA_HOME"] = fake("jdk25", "25")
    Path(bare.environment["JAVA_HOME"], "bin", "javac").touch()
    assert "JDK 25 makes no class files that the SDK 3.0.5 would take" in refused(bare, "--sdk", old)
    bare.environment["JAVA_HOME"] = str(bare.folder / "nix")
    assert "no Java is at $JAVA_HOME" in refused(bare, "--sdk", new)


def test_a_missing_folder_is_told_before_anything_is_built(bare: Cli, new: str):
    assert "no folder nix" in refused(bare, "--sdk", new, "-o", "nix/x.cap")


def test_tools_that_do_not_run_leave_no_file_behind(bare: Cli, new: str):
    result = bare("applet", "build", "--sdk", new)
    assert result.code == 5
    assert result.err.splitlines()[-1].startswith("ERROR: the CAP file was not made: The converter of ")
    assert not list(bare.folder.glob("*.cap"))


@pytest.fixture
def sdk() -> Sdk:
    assert HOME
    return find_sdk(Path(HOME))


def made(cli: Cli, target: str, *arguments: str) -> bytes:
    """The bytes of a CAP file that was built for the target; its document is checked on the way."""
    result = cli.ok("applet", "build", "--json", "--sdk", str(HOME), "-o", "made.cap", *arguments)
    document, data = result.document, (cli.folder / "made.cap").read_bytes()
    check("applet-build", document)
    read = cap.decode(data)
    assert (document["target"], document["java_card"], card_needed(read.imports)) == (target, target, target)
    assert document["verifier"] == "Verification completed with 0 warnings and 0 errors"
    assert document["load_bytes"] == len(read.load_data) <= document["load_limit"]
    assert read.package.aid == caps.PACKAGE
    assert caps.APPLET in read.applets
    return data


def targets(sdk: Sdk) -> dict[str, list[str]]:
    """What the SDK at hand can make, and the arguments for it."""
    if not sdk.old:
        return {target: ["--target", target] for target in sdk.targets}
    return {"3.0.5": []} | {exports_in(Path(path))[1]: ["--exports", path] for path in EXPORTS}


@wants_sdk
def test_every_target_of_the_sdk_is_built_and_verified(bare: Cli, sdk: Sdk):
    for target, arguments in targets(sdk).items():
        assert made(bare, target, *arguments)


@wants_sdk
def test_the_text_tells_size_imports_and_card(bare: Cli, sdk: Sdk):
    target, arguments = next(iter(targets(sdk).items()))
    text = bare.ok("applet", "build", "--sdk", str(sdk.home), *arguments).out
    assert f"Java Card {target} or newer" in text
    assert "javacard.framework" in text
    assert "Verification completed with 0 warnings and 0 errors" in text
    assert (bare.folder / f"smartdm-{target}.cap").is_file()
    assert bare.ok("applet", "info", f"smartdm-{target}.cap").out.splitlines()[-1] in text.splitlines()


@wants_sdk
def test_the_same_source_makes_the_same_file_and_nothing_of_this_machine_is_in_it(bare: Cli, sdk: Sdk):
    target, arguments = next(iter(targets(sdk).items()))
    first = made(bare, target, *arguments)
    bare.environment |= {"TZ": "Asia/Tokyo", "LC_ALL": "C"}
    assert made(bare, target, *arguments) == first
    with zipfile.ZipFile(bare.folder / "made.cap") as file:
        entries = {entry.filename: file.read(entry) for entry in file.infolist()}
        dates = {entry.date_time for entry in file.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    assert {Path(name).suffix for name in entries} == {".cap", ".MF"}
    here = (str(REPOSITORY), str(sdk.home), str(Path.home()), str(bare.folder), "/tmp", "Created-By", "Time")
    assert not [word for word in here for content in entries.values() if word.encode() in content]


@wants_sdk
@pytest.mark.skipif(not TASK, reason="SMARTDM_ANT_JAVACARD names no ant-javacard.jar")
def test_ant_javacard_makes_the_same_file(bare: Cli, sdk: Sdk):
    if sdk.old:
        pytest.skip("ant-javacard runs the tools of 3.1 and later only")
    for target in ("3.0.4", "3.0.5"):
        by_task = made(bare, target, "--target", target, "--ant-javacard", str(TASK))
        assert by_task == made(bare, target, "--target", target)


def ant(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(JARS / "ant.jar"), str(JARS / "ant-launcher.jar")])
    command = [tool("java"), "-cp", path, "org.apache.tools.ant.launch.Launcher", "-e", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)


@wants_sdk
def test_what_the_verifier_finds_fails_the_build(bare: Cli, sdk: Sdk):
    """The tools of 3.2 end with exit code 0 then."""
    made(bare, *next((target, *arguments) for target, arguments in targets(sdk).items()))
    good = bare.folder / "made.cap"
    read = cap.decode(good.read_bytes())
    method = bytearray(read.components[Component.Method])
    method[100:140] = b"\x3b" * 40  # pop, from an empty stack
    bad = bare.folder / "bad.cap"
    bad.write_bytes(caps.packed({**read.components, Component.Method: bytes(method)}))
    place = [f"-Djc.home={sdk.home}", f"-Dcap.dir={bare.folder}/cap"]
    assert ant(*place, f"-Dcap.file={good}", "verify").returncode == 0
    failed = ant(*place, f"-Dcap.file={bad}", "verify")
    assert failed.returncode != 0
    assert "The verifier of" in failed.stdout + failed.stderr


@wants_sdk
def test_a_cap_file_above_the_limit_is_refused(bare: Cli, sdk: Sdk):
    done = ant(f"-Djc.home={sdk.home}", *(f"-D{p}={bare.folder}/{p}" for p in LOCAL), "-Dcap.limit=100", "cap")
    assert done.returncode != 0
    assert "too large" in done.stdout


LOCAL = ("cap.dir", "classes", "flat", "flat.tool", "check.classes")


def test_info_tells_what_a_cap_file_holds(bare: Cli):
    imports = (*caps.IMPORTS, (caps.UICC, (1, 9)))
    bare.file("x.cap", caps.packed(caps.components(imports, flags=0x05)))
    text = bare.ok("applet", "info", "x.cap").out
    assert "Java Card 3.0.4 or newer" in text
    assert "F0534D444D0101" in text
    assert "few cards support it" in text
    assert "(not of Java Card)" in text
    document = bare.ok("applet", "info", "x.cap", "--json").document
    assert [each["java_card"] for each in document["imports"]] == ["3.0.4", "2.2.1", None]
    assert document["load_bytes"] == sum(part["bytes"] for part in document["components"] if part["loaded"])


def test_info_reads_stdin_and_refuses_what_is_no_cap_file(bare: Cli):
    data = caps.packed(caps.components((), (), flags=0))
    assert "none (a library)" in bare.ok("applet", "info", "-", stdin=data).out
    bare.file("x.cap", data[:100])
    assert "x.cap: not a CAP file" in bare.fails(5, "applet", "info", "x.cap")
    bare.file("y.cap", caps.packed(caps.components(((caps.FRAMEWORK, (9, 9)),))))
    assert "newer than any" in bare.ok("applet", "info", "y.cap").out


def test_a_name_in_a_cap_file_cannot_steer_the_terminal(bare: Cli):
    bare.file("x.cap", caps.packed(caps.components(), folder="a\x1b[2Jb/javacard"))
    assert "\x1b" not in bare.ok("applet", "info", "x.cap").out
