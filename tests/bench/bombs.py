"""bomb-mem and bomb-ms: hostile documents, each read by a process of its own.

``python -m tests.bench.bombs FILE`` is that process: it prints the milliseconds and the extra kB of one document.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smartdm.codec import tnds
from smartdm.errors import CodecError
from tests.bench.rows import Result
from tests.corpus import PASSPOINT
from tests.corpus.hostile import tnds_documents

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
_RESET_PEAK = "5"
"""To /proc/PID/clear_refs: the peak of the resident set begins anew (man 5 proc_pid_clear_refs)."""


def measure() -> dict[str, Result]:
    """The worst document in time and the worst in memory, as far as there are readers: XML (TNDS) only."""
    documents = tnds_documents()
    costs = {name: _cost(document) for name, document in documents.items()}
    slow = max(costs, key=lambda name: costs[name][0])
    large = max(costs, key=lambda name: costs[name][1])
    scope = f"worst of {len(costs)} XML documents of up to 1 MiB, each in a process of its own; WBXML is not built yet"
    return {
        "bomb-mem": Result(
            costs[large][1] / 1024, f"{large!r}: peak above what the process had; {scope}", partial=True
        ),
        "bomb-ms": Result(costs[slow][0], f"{slow!r}; {scope}", partial=True),
    }


def _cost(document: bytes) -> tuple[float, float]:
    """Milliseconds and extra kB of memory: the best of a few runs, because other work on the machine only adds."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(document)
        file.flush()
        runs = [_run(file.name) for _ in range(ROUNDS)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def _run(path: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.bench.bombs", path]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    milliseconds, extra = done.stdout.split()
    return float(milliseconds), float(extra)


def _status(field: str) -> int:
    """A line of /proc/self/status in kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def _read_one(document: bytes) -> tuple[float, int]:
    tnds.decode(PASSPOINT.read_bytes())  # whatever is loaded at the first use is loaded now
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    start = time.perf_counter()
    try:
        tnds.decode(document)
    except CodecError:
        return (time.perf_counter() - start) * 1000, _status("VmHWM") - before
    raise AssertionError("the document was accepted")


if __name__ == "__main__":
    sys.stdout.write("{} {}".format(*_read_one(Path(sys.argv[1]).read_bytes())))
