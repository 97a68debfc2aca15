"""What `make bench` counts, and the form in which it says so.  Nothing here looks at a clock."""

import json
from pathlib import Path

import pytest
from lxml import etree

from smartdm.errors import CardError
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Batch
from smartdm.transport.sim import SimTransport
from tests.bench import capsize, cardtests, counts, coverage, objects, reading, report
from tests.bench.fill import FilledCard, granules
from tests.bench.meter import Metered
from tests.bench.rows import NOT_BUILT, ROWS, Entry, Result, Row, entry, judge
from tests.bench.workload import refuse
from tests.card.device import SMALL, Device
from tests.corpus import load_reference

AT_MOST = Row("x", "something", "bytes", "≤ 10", "<=", 10)


@pytest.fixture(scope="module")
def results(simulator: SimTransport) -> dict[str, Result]:
    return reading.measure(simulator) | counts.measure(simulator)


def test_every_figure_that_is_counted_has_a_value(results: dict[str, Result]):
    valued = {name for name, result in results.items() if result.value is not None}
    assert valued == {
        *("read-apdus", "read-bytes", "node-size", "sync-none", "sync-one"),
        *("update-writes", "commit", "wear", "new", "ram", "ram-small"),
        *("provision-apdus", "provision-writes"),
    }


@pytest.mark.parametrize("figure", ["commit", "wear", "new", "ram", "ram-small", "node-size", "sync-none", "sync-one"])
def test_the_figures_of_the_store_hold(results: dict[str, Result], figure: str):
    row = next(row for row in ROWS if row.id == figure)
    assert judge(row, results[figure]) is True, results[figure].note


@pytest.mark.parametrize("figure", ["read-apdus", "read-bytes", "provision-apdus", "provision-writes"])
def test_the_figures_for_a_secure_channel_hold(results: dict[str, Result], figure: str):
    row = next(row for row in ROWS if row.id == figure)
    assert judge(row, results[figure]) is True, results[figure].note


def test_a_replaced_leaf_costs_a_record_a_page_and_a_superblock(results: dict[str, Result]):
    value = results["update-writes"].value
    assert value is not None
    assert 3 <= value <= 3.1


@pytest.mark.parametrize(("figure", "parameters"), [("ram", b""), ("ram-small", SMALL)])
def test_what_is_called_ram_is_what_the_applet_made_at_install(
    simulator: SimTransport, results: dict[str, Result], figure: str, parameters: bytes
):
    simulator.new_card(parameters)
    taken = simulator.transient()
    assert results[figure].value == taken.reset + taken.deselect
    assert taken.reset > taken.deselect > 0


def test_the_tally_counts_both_directions_and_the_writes(simulator: SimTransport):
    metered = Metered(simulator)
    session = metered.new()
    before = metered.so_far()
    session.apply(Batch().add(ROOT, Node("A", Format.BIN, b"1")))
    cost = metered.tally - before
    # CLA INS P1 P2 Lc, part, OPTIONS, ADD with the root and a 1, the leaf, Le; then the status word.
    assert (cost.apdus, cost.wire) == (1, 5 + 1 + 2 + 3 + 6 + 1 + 2)
    assert cost.writes == 3
    assert [len(commits) for commits in metered.commits] == [1]


@pytest.mark.parametrize("percent", [80, 85, 95])
def test_a_card_is_filled_to_the_mark_and_stays_there(simulator: SimTransport, percent: int):
    card = FilledCard(Metered(simulator), percent)
    assert card.mark - 30 <= card.used <= card.mark
    done = card.update(50)
    assert card.mark - 60 <= card.used <= card.mark
    assert done.count == 50
    assert done.refused == 0
    card.check()


def test_the_size_of_a_record_is_computed_as_the_card_has_it(device: Device):
    session = device.new()
    free = session.info.free
    leaf = Node("leaf", Format.CHR, b"v" * 33, "text/x-own", "title")
    session.apply(Batch().add(ROOT, leaf))
    # The root grows by 2 bytes, within the granule that it has.
    assert free - session.refresh().free == granules(leaf) * 8


def test_the_corpus_is_on_the_card_with_its_tstamps(simulator: SimTransport):
    session = Metered(simulator).new()
    objects.load_definitions(session, load_reference())
    reading.put_corpus(session)
    tree = session.read()
    reading.check(tree)
    stamped = {uri for uri, node in load_reference().walk() if node.tstamp is not None}
    hidden = {uri for uri, node in tree.walk() if node.withheld} & stamped
    seen = {uri for uri, node in tree.walk() if node.tstamp is not None} - {ROOT}
    assert seen == stamped - hidden
    assert len(stamped) == 120
    assert len(hidden) < 10


def test_a_workload_that_is_not_refused_where_it_should_be_is_an_error(simulator: SimTransport):
    session = Metered(simulator).new()
    with pytest.raises(AssertionError, match="should refuse"):
        refuse(session, Batch().add(ROOT, Node("A", Format.BIN)))


def test_only_lines_of_code_are_estimated():
    text = "/** Doc.\n * More. */\nclass A { // why\n\n  // why\n  int a; /* b */\n}\n"
    lines = [line for line in capsize._without_comments(text).splitlines() if line.strip()]
    assert lines == ["class A { ", "  int a; ", "}"]


def test_branches_of_the_applet_are_counted_by_method_and_line():
    report = etree.fromstring(
        """<report><class name="smartdm/A" sourcefilename="A.java"><method name="f" line="3"/>
        <method name="g" line="9"/>
        </class><sourcefile name="A.java"><line nr="4" mb="1" cb="3"/><line nr="5" mb="0" cb="0"/>
        <line nr="9" mb="0" cb="2"/></sourcefile></report>"""
    )
    assert list(coverage._lines(report)) == [("A.f:4", 1, 4), ("A.g:9", 0, 2)]


def test_branches_of_the_host_are_counted_by_file_and_line():
    report = etree.fromstring(
        """<coverage><class filename="a.py"><line number="1"/><line number="2" branch="true"
        condition-coverage="50% (1/2)"/><line number="7" branch="true" condition-coverage="100% (2/2)"/></class>
        </coverage>"""
    )
    share = coverage._host_share(report)
    assert (share.covered, share.total, share.left) == (3, 4, {"a.py:2": 1})
    assert share.percent == 75


def test_a_figure_is_the_sum_of_what_the_tests_noted_and_not_fine_when_one_failed():
    case = """<testcase classname="tests.card.test_threat_01_acl" name="n"><properties><property
        name="figure: acl: requests decided as the oracle says" value="60"/></properties>{}</testcase>"""
    passed, failed = (etree.fromstring(case.format(inner)) for inner in ("", "<failure/>"))
    result = cardtests.Tests([passed, passed]).acl()
    assert (result.value, result.fine) == (120, True)
    result = cardtests.Tests([passed, failed]).acl()
    assert (result.value, result.fine) == (120, False)
    assert cardtests.Tests([passed]).fuzz() == Result(None, NOT_BUILT)


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Result(10, ""), True),
        (Result(10.5, ""), False),
        (Result(10, "", fine=False), False),
        (Result(10, "", partial=True), None),
        (Result(11, "", partial=True), False),
        (Result(None, ""), None),
    ],
)
def test_a_target_holds_is_missed_or_is_left_open(result: Result, verdict: bool | None):
    assert judge(AT_MOST, result) is verdict


def test_a_row_without_a_limit_is_only_reported():
    assert judge(Row("x", "something", "s", "report"), Result(5, "")) is None


def test_a_peer_that_was_not_measured_is_named_so():
    row = Row("x", "something", "ms", "≤ 1", "<=", 1, "other")
    assert entry(row, Result(1, ""))["peer"] == "other: not measured"
    assert entry(row, Result(1, "", peer="other: 2"))["peer"] == "other: 2"


def test_the_file_has_an_object_for_each_row(
    results: dict[str, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(report, "JSON", tmp_path / "bench.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "benchmarks.md")
    report.write({row.id: entry(row, results.get(row.id)) for row in ROWS}, "a machine")
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert list(written) == [row.id for row in ROWS]
    for found in written.values():
        assert set(found) == set(Entry.__annotations__)
        assert found["value"] is None or isinstance(found["value"], int | float)
        assert found["holds"] in {True, False, None}
        assert all(isinstance(found[key], str) for key in ("unit", "target", "peer", "note"))
        assert found["holds"] is None or found["value"] is not None
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert all(f"| {row.id} |" in page for row in ROWS)
    assert "{" not in page
    assert f"{NOT_BUILT}: authorize-apdus" in capsys.readouterr().out


def test_the_rows_are_all_those_of_the_plan_and_each_once():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids)) == 47
    assert all(bool(row.sense) == (row.limit is not None) for row in ROWS)


def test_an_update_is_refused_only_for_want_of_memory(simulator: SimTransport):
    card = FilledCard(Metered(simulator), 80)
    simulator.reset()
    with pytest.raises(CardError):
        card.update(1)
