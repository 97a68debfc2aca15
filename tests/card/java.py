"""What tests need of the JDK and the jars: compile some sources, run a class, convert a package."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
JARS = ROOT / "build" / "jars"


def tool(name: str) -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin", name)) if home else name


def release() -> int:
    """The oldest Java release that this JDK makes of the two that the applet can be compiled for."""
    text = subprocess.run([tool("javac"), "-version"], capture_output=True, text=True, check=True).stdout
    return 7 if int(re.findall(r"\d+", text)[0]) < 20 else 8


def run(classpath: Sequence[Path | str], main: str, *args: Path | str) -> subprocess.CompletedProcess[str]:
    command = [tool("java"), "-cp", os.pathsep.join(map(str, classpath)), main, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def compile_into(folder: Path, sources: Sequence[Path], for_release: int) -> Path:
    """Compiles with the card's API and -g into the folder, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    flags = ["--release", str(for_release), "-g", "-proc:none", "-Xlint:-options", "-cp", str(JARS / "jcardsim.jar")]
    command = [tool("javac"), *flags, "-d", str(folder), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


@dataclass(frozen=True)
class Sdk:
    """Oracle's tools: the generation with an export folder (3.0.x), or the one with -target (3.1 and later)."""

    home: Path

    @property
    def api(self) -> list[Path | str]:
        exports = self.home / "api_export_files"
        return ["-exportpath", exports] if exports.is_dir() else ["-target", "3.0.4"]

    def convert(self, classes: Path, package: str, applet: str = "") -> str:
        """The converter's output; its last line says how it went. The CAP file is below classes/cap."""
        aid = "0xF0:0x53:0x4D:0x44:0x4D:0x7F"
        named = ["-applet", f"{aid}:0x01", f"{package}.{applet}"] if applet else []
        args = ["-nobanner", "-classdir", classes, *self.api, "-d", classes / "cap", "-out", "CAP", "EXP"]
        done = run([self.home / "lib" / "*"], "com.sun.javacard.converter.Main", *args, *named, package, aid, "1.0")
        return (done.stdout + done.stderr).strip()

    def verify(self, cap: Path) -> str:
        exports = sorted((self.home / "api_export_files").rglob("*.exp"))
        api = exports or self.api
        done = run([self.home / "lib" / "*"], "com.sun.javacard.offcardverifier.Verifier", "-nobanner", *api, cap)
        return (done.stdout + done.stderr).strip()
