"""cap and cap-core: what the converter makes of the applet, or an estimate from its lines."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from tests.bench.rows import Result
from tests.card.java import JARS, tool

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "applet" / "src" / "smartdm"
BYTES_PER_LINE = 5.2
"""CAP bytes per code line, as converted applets of others have shown."""

NO_LIMIT = 1 << 16


def measure() -> dict[str, Result]:
    """The load size of what there is: store and principals, so both rows have the same value today."""
    size, how = _converted() or _estimated()
    missing = "authorization and OTA are not built yet"
    return {
        "cap-core": Result(size / 1024, how),
        "cap": Result(size / 1024, f"{how}; {missing}", partial=True),
    }


def code_lines() -> int:
    """Lines of the applet that are neither empty nor only a comment."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(SOURCES.glob("*.java")))
    return sum(bool(line.strip()) for text in texts for line in _without_comments(text).splitlines())


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def _estimated() -> tuple[float, str]:
    lines = code_lines()
    return lines * BYTES_PER_LINE, f"ESTIMATED: {lines:,} code lines of {BYTES_PER_LINE} bytes (no SDK here)"


def _converted() -> tuple[float, str] | None:
    home = Path(os.environ.get("JC_HOME") or ROOT / "jcsdk")
    if not (home / "lib" / "tools.jar").exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        launcher = f"{JARS / 'ant.jar'}{os.pathsep}{JARS / 'ant-launcher.jar'}"
        ant = [tool("java"), "-cp", launcher, "org.apache.tools.ant.launch.Launcher"]
        wanted = [f"-D{name}={folder}/{name}" for name in ("cap.dir", "classes", "flat", "flat.tool", "check.classes")]
        command = [*ant, "-e", *wanted, f"-Dcap.limit={NO_LIMIT}", "cap"]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    found = re.search(r"load size: (\d+) bytes", done.stdout)
    assert found, f"the CAP file could not be made:\n{done.stdout}{done.stderr}"
    return int(found[1]), "load size of the converted and verified CAP file"
