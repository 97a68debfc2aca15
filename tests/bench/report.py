"""What is printed, build/bench.json and docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from tests.bench.rows import NOT_BUILT, ROWS, Entry
from tests.card.java import tool

ROOT = Path(__file__).resolve().parents[2]
JSON = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "benchmarks.md"
TEMPLATE = Path(__file__).with_name("page.md")
VERDICTS = {True: "holds", False: "MISSED", None: "-"}


def machine() -> str:
    """The machine in one line: processor, cores, versions, and how busy it is."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    java = subprocess.run([tool("java"), "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
    return (
        f"{model or platform.processor() or platform.machine()}, {os.cpu_count()} cores; {platform.system()}; "
        f"Python {platform.python_version()}; {java}; load {os.getloadavg()[0]:.1f} before the run"
    )


def write(entries: dict[str, Entry], where: str) -> None:
    """Print the table and write both files."""
    say(table(entries, where))
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(entries, where), encoding="utf-8")


def say(text: str) -> None:
    """A line for whoever runs it."""
    sys.stdout.write(f"{text}\n")


def table(entries: dict[str, Entry], where: str) -> str:
    """For a terminal: what was measured with its note, then what is still to come."""
    lines = [where, ""]
    for row in ROWS:
        found = entries[row.id]
        if found["note"] != NOT_BUILT:
            verdict = VERDICTS[found["holds"]]
            lines.append(f"{row.id:17}{number(found):>10} {row.unit:12}{row.target:40}{verdict}")
            lines.append(f"{'':17}{found['note']}")
    later = [row.id for row in ROWS if entries[row.id]["note"] == NOT_BUILT]
    return "\n".join([*lines, "", f"not built yet: {', '.join(later)}"])


def page(entries: dict[str, Entry], where: str) -> str:
    """docs/benchmarks.md."""
    lines = ["| id | figure | value | target | | peer | note |", "|---|---|---|---|---|---|---|"]
    for row in ROWS:
        found = entries[row.id]
        value = f"{number(found)} {row.unit}" if found["value"] is not None else "-"
        cells = [row.id, row.figure, value, row.target, VERDICTS[found["holds"]], found["peer"], found["note"]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.replace("{machine}", where).replace("{figures}", "\n".join(lines))


def number(found: Entry) -> str:
    """A value with as many digits as it is worth."""
    value = found["value"]
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4g}"
