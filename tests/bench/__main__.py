"""``make bench``: measure what can be measured today, print it, write build/bench.json and docs/benchmarks.md."""

from __future__ import annotations

import sys
import time

from smartdm.transport.sim import SimTransport
from tests.bench import bombs, capsize, cardtests, counts, reading, report, secure, timing
from tests.bench.rows import ROWS, Result, entry


def main() -> int:
    """Measure all; counts first, then times while nothing else of ours runs, then the tests."""
    where = report.machine()
    began = time.perf_counter()
    results: dict[str, Result] = {}
    with SimTransport() as sim:
        results |= reading.measure(sim)
        results |= counts.measure(sim)
    results |= timing.measure()
    results |= secure.measure()
    results |= bombs.measure()
    results |= capsize.measure()
    results |= cardtests.measure()
    entries = {row.id: entry(row, results.pop(row.id, None)) for row in ROWS}
    assert not results, f"measured, but in no row: {', '.join(results)}"
    report.write(entries, where)
    missed = [row.id for row in ROWS if entries[row.id]["holds"] is False]
    report.say(f"missed: {', '.join(missed) or 'none'}. {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
