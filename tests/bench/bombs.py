"""bomb-mem and bomb-ms: hostile documents, each read by a process of its own.

``python -m tests.bench.bombs READER FILE`` is that process: it prints the milliseconds and the extra kB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smartdm.codec import ddf, tnds
from smartdm.errors import CodecError
from tests.bench.rows import Result
from tests.corpus import MAIL, PASSPOINT
from tests.corpus.hostile import ddf_documents, late_fault, tnds_documents

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
READERS = {"TNDS": (tnds.decode, PASSPOINT, tnds_documents), "DDF": (ddf.decode, MAIL, ddf_documents)}
"""Reader, a document that it takes, and what is hostile to it."""
_RESET_PEAK = "5"
"""To /proc/PID/clear_refs: the peak of the resident set begins anew (man 5 proc_pid_clear_refs)."""


def measure() -> dict[str, Result]:
    """The worst document in time and the worst in memory, as far as there are readers: XML (TNDS and DDF) only."""
    costs = {
        f"{name!r} as {reader}": _cost(reader, document)
        for reader, (_, _, documents) in READERS.items()
        for name, document in documents().items()
    }
    slow = max(costs, key=lambda name: costs[name][0])
    large = max(costs, key=lambda name: costs[name][1])
    late = late_fault()
    scope = f"worst of {len(costs)} XML documents of up to 1 MiB, each in a process of its own; WBXML is not built yet"
    return {
        "bomb-mem": Result(costs[large][1] / 1024, f"{large}: peak above what the process had; {scope}", partial=True),
        "bomb-ms": Result(
            costs[slow][0],
            f"{slow}; {scope}. Those that do harm are meant: one that is right up to its last element costs what any "
            f"of its size does ({len(late) / 2**20:.2f} MiB, 11,000 nodes: {_cost('TNDS', late)[0]:,.0f} ms)",
            partial=True,
        ),
    }


def _cost(reader: str, document: bytes) -> tuple[float, float]:
    """Milliseconds and extra kB of memory: the best of a few runs, because other work on the machine only adds."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(document)
        file.flush()
        runs = [_run(reader, file.name) for _ in range(ROUNDS)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def _run(reader: str, path: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.bench.bombs", reader, path]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    milliseconds, extra = done.stdout.split()
    return float(milliseconds), float(extra)


def _status(field: str) -> int:
    """A line of /proc/self/status in kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def _read_one(reader: str, document: bytes) -> tuple[float, int]:
    decode, harmless, _ = READERS[reader]
    decode(harmless.read_bytes())  # whatever is loaded at the first use is loaded now
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    start = time.perf_counter()
    try:
        decode(document)
    except CodecError:
        return (time.perf_counter() - start) * 1000, _status("VmHWM") - before
    raise AssertionError("the document was accepted")


if __name__ == "__main__":
    sys.stdout.write("{} {}".format(*_read_one(sys.argv[1], Path(sys.argv[2]).read_bytes())))
