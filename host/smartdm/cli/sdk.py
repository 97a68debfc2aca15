"""Oracle's Java Card SDK on this machine: what a folder holds, and which way to a CAP file it allows.

There are two generations.  The SDK 3.0.5 converts with the export files of a folder: its own, or those of an older
SDK for older cards.  The tools of 3.1 and later carry the export files of all their targets in ``tools.jar``; with
the older files they would silently make a CAP file that no older card loads, so the two are never mixed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from smartdm.cli.failures import CliError
from smartdm.errors import CodecError
from smartdm.gp.api import FRAMEWORK, JAVA_CARDS, decode_export, oldest_card

DEFAULT_TARGET = "3.0.4"
"""The level of most cards on sale."""

ADVICE = "jcsdk/README.md tells which one to get and where to put it"

_VERSION_FILE = "com/sun/javacard/toolsversion.properties"
_VERSION_LINE = re.compile(rb"^converter\.version=([0-9.]+)\s*$", re.MULTILINE)
_OLD_LINE = re.compile(rb"^product\.name\.string=Java Card ([0-9.]+)\s*$", re.MULTILINE)
_API_JAR = re.compile(r"api_classic-([0-9.]+)\.jar")
_EXPORT_FOLDER = "api_export_files"
_FRAMEWORK_FILE = Path("javacard", "framework", "javacard", "framework.exp")
_OLD_TOOLS = "3.0.5"
_NEW_CLASSES = 25
"""The tools from this major version on take class files of Java 8, the older ones those of Java 7."""
_FIRST_JDK, _LAST_JDK_FOR_JAVA_7 = 17, 19
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK that can convert.  ``tools``: the version of its converter; ``targets``: what it makes on its own."""

    home: Path
    tools: str
    targets: tuple[str, ...]

    @property
    def old(self) -> bool:
        """Whether it converts with a folder of export files."""
        return self.tools == _OLD_TOOLS

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"the SDK {self.tools}" if self.old else f"the tools {self.tools}"


@dataclass(frozen=True, slots=True)
class Jdk:
    """A JDK.  ``version``: the first number of its version."""

    java: Path
    version: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is built with what.  ``exports``: the folder for the SDK 3.0.5; ``task``: ant-javacard's jar, if used."""

    sdk: Sdk
    target: str
    exports: Path | None
    task: Path | None


def find_sdk(home: Path) -> Sdk:
    """The SDK in this folder, the one above its ``lib``; CliError when it is none or cannot be used."""
    tools = home / "lib" / "tools.jar"
    if not tools.exists():
        _refuse_older(home)
        raise CliError(
            f"no Java Card SDK is at {home} (lib/tools.jar is missing): put it there, "
            f"or name its folder with --sdk or $JC_HOME; {ADVICE}"
        )
    found = _version(tools, _VERSION_LINE)
    if found is None:
        raise CliError(f"{tools} does not tell its version, so it is no Java Card SDK; {ADVICE}")
    if found == _OLD_TOOLS:
        return Sdk(home, found, (_OLD_TOOLS,))
    if _number(found) < _number(_OLD_TOOLS):
        raise CliError(_too_old(home, found))
    jars = (_API_JAR.fullmatch(path.name) for path in (home / "lib").iterdir())
    targets = {jar[1] for jar in jars if jar} & set(JAVA_CARDS)
    if not targets:
        raise CliError(f"the SDK at {home} is incomplete (lib/api_classic-*.jar are missing); unpack it again")
    return Sdk(home, found, tuple(sorted(targets, key=JAVA_CARDS.index)))


def _refuse_older(home: Path) -> None:
    """CliError when the folder holds an SDK 2.x, whose tools no JDK of today serves."""
    converter = home / "lib" / "converter.jar"
    if converter.exists():
        raise CliError(_too_old(home, _version(converter, _OLD_LINE) or "2.x"))


def _too_old(home: Path, version: str) -> str:
    return (
        f"the converter of the SDK {version} takes only older class files than JDK {_FIRST_JDK} makes: "
        f"get the SDK 3.0.5u4 for --sdk, and give it {home} as --exports"
    )


def _version(jar: Path, line: re.Pattern[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(jar) as file:
            found = line.search(file.read(_VERSION_FILE))
    except (zipfile.BadZipFile, KeyError):
        return None
    return found[1].decode("ascii") if found else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


def exports_in(folder: Path) -> tuple[Path, str]:
    """(the folder with the export files, which Java Card they are of): the folder itself, or that of the SDK in it."""
    for place in (folder, folder / _EXPORT_FOLDER):
        file = place / _FRAMEWORK_FILE
        if file.exists():
            break
    else:
        raise CliError(f"no export files are at {folder} ({_FRAMEWORK_FILE} is missing); {ADVICE}")
    try:
        package = decode_export(file.read_bytes()).package
    except CodecError as error:
        raise CliError(f"{file}: {error}") from error
    card = oldest_card(package)
    if package.aid != FRAMEWORK or card is None:
        raise CliError(f"{file} belongs to no Java Card that is known here ({', '.join(JAVA_CARDS)})")
    return place, card


def make_plan(sdk: Sdk, target: str | None, exports: Path | None, task: Path | None) -> Plan:
    """How to build for ``target`` (None: what suits best); CliError where the parts do not fit together."""
    if sdk.old and task is not None:
        raise CliError(f"ant-javacard does not run {sdk.name} on a JDK of today: leave out --ant-javacard")
    if sdk.old:
        return _old_plan(sdk, target, exports)
    chosen = target or (DEFAULT_TARGET if DEFAULT_TARGET in sdk.targets else sdk.targets[0])
    if chosen not in sdk.targets:
        known = f"{sdk.name} make CAP files for {', '.join(sdk.targets)}"
        if JAVA_CARDS.index(chosen) > JAVA_CARDS.index(sdk.targets[0]):
            raise CliError(f"{known}: for {chosen} get newer tools ({ADVICE})")
        raise CliError(f"{known}: for {chosen} get the SDK 3.0.5u4 for --sdk and the export files of {chosen}")
    if exports is not None:
        raise CliError(f"{sdk.name} have their own export files: leave out --exports, or get the SDK 3.0.5u4 for it")
    return Plan(sdk, chosen, None, task)


def _old_plan(sdk: Sdk, target: str | None, exports: Path | None) -> Plan:
    folder, card = exports_in(exports or sdk.home / _EXPORT_FOLDER)
    if target in {None, card}:
        if card not in JAVA_CARDS[: JAVA_CARDS.index(_OLD_TOOLS) + 1]:
            raise CliError(f"{folder} holds export files of {card}, which {sdk.name} does not take: get the tools 25.1")
        return Plan(sdk, card, folder, None)
    assert target is not None
    if JAVA_CARDS.index(target) > JAVA_CARDS.index(_OLD_TOOLS):
        raise CliError(f"{sdk.name} makes nothing newer than {_OLD_TOOLS}: for {target} get the tools 25.1 ({ADVICE})")
    wanted = f"give the {_EXPORT_FOLDER} folder of an SDK {target} as --exports"
    raise CliError(f"the export files at {folder} are those of {card}: for {target} {wanted} ({ADVICE})")


def find_jdk(java_home: str | None) -> Jdk:
    """The JDK of ``$JAVA_HOME``, else the one whose ``java`` is found first; CliError when it is none or too old."""
    wanted = f"install JDK {_FIRST_JDK} (Debian: apt install openjdk-{_FIRST_JDK}-jdk-headless)"
    program = shutil.which(str(Path(java_home, "bin", "java")) if java_home else "java")
    if program is None:
        raise CliError(f"no Java is {'at $JAVA_HOME' if java_home else 'here'}: {wanted}")
    java = Path(program).resolve()
    if not java.with_name("javac").exists():
        raise CliError(f"{java} belongs to no JDK, as there is no javac beside it: {wanted}")
    run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    found = re.search(r'version "(\d+)', run.stderr)
    version = int(found[1]) if found else 0
    if version < _FIRST_JDK:
        raise CliError(f"{java} is too old: {wanted}")
    return Jdk(java, version)


def check_jdk(sdk: Sdk, jdk: Jdk) -> None:
    """CliError when what this JDK compiles is too new for the SDK's converter."""
    if jdk.version > _LAST_JDK_FOR_JAVA_7 and _number(sdk.tools)[0] < _NEW_CLASSES:
        raise CliError(
            f"JDK {jdk.version} makes no class files that {sdk.name} would take: "
            f"set JAVA_HOME to JDK {_FIRST_JDK}, or get the tools 25.1"
        )
