"""Search depth for Hypothesis, and the mark ``search`` for what follows that depth."""

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.depth import DEPTH

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]

# The first two draw the same examples each time, so that a red run can be repeated anywhere.
settings.register_profile("quick", max_examples=100, deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("full", max_examples=1_000, deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("long", max_examples=50_000, deadline=None, print_blob=True, suppress_health_check=_QUIET)
settings.load_profile(DEPTH)


def pytest_report_header() -> str:
    return f"search depth: {DEPTH}"


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)) or item.get_closest_marker("fuzz"):
            item.add_marker("search")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests noted by ``record_property("figure: …", number)``, added up by name."""
    figures: Counter[str] = Counter()
    for report in itertools.chain(*terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport) and report.when == "call":
            figures.update({name: value for name, value in report.user_properties if name.startswith("figure: ")})
    for name, total in figures.items():
        terminalreporter.write_line(f"{name.removeprefix('figure: ')}: {total:,}")
