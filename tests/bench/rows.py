"""The rows of the table: what is measured, in which unit, and what is good enough.

A row whose part of the project is not built yet is listed all the same: the table shows the whole road.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

Sense = Literal["<=", ">=", "==", ""]
NOT_BUILT = "not built yet"
NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.  ``limit`` and ``sense`` judge a value; a row without them is only reported.

    ``peer``: with whom the figure is compared, empty where there is nobody to compare with.
    """

    id: str
    figure: str
    unit: str
    target: str
    sense: Sense = ""
    limit: float | None = None
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a measurement found.

    ``fine``: conditions of the target beside the limit.  ``partial``: some of what the row asks for is not built, so
    the target cannot be said to hold, only to be missed already.  ``peer``: what the peer did in the same run.
    """

    value: float | None
    note: str
    fine: bool = True
    partial: bool = False
    peer: str = ""


class Entry(TypedDict):
    """One row as it is in ``build/bench.json``."""

    value: float | None
    unit: str
    target: str
    holds: bool | None
    peer: str
    note: str


def judge(row: Row, result: Result) -> bool | None:
    """Whether the target holds; None if that cannot be said."""
    if result.value is None or row.limit is None:
        return None
    within = {
        "<=": result.value <= row.limit,
        ">=": result.value >= row.limit,
        "==": result.value == row.limit,
    }[row.sense or "=="]
    if not (within and result.fine):
        return False
    return None if result.partial else True


def entry(row: Row, result: Result | None) -> Entry:
    """A row with its result; no result = not built yet."""
    result = result or Result(None, NOT_BUILT)
    value = result.value if result.value is None else round(result.value, 4)
    peer = result.peer or (f"{row.peer}: {NOT_MEASURED}" if row.peer else "")
    return Entry(value=value, unit=row.unit, target=row.target, holds=judge(row, result), peer=peer, note=result.note)


ROWS: tuple[Row, ...] = (
    Row(
        "read-apdus",
        "short APDUs to read the 200-node corpus",
        "APDUs",
        "≤ 22 plain, ≤ 28 at SCP03 level 33",
        "<=",
        22,
        "WBXML in a file; files; node by node",
    ),
    Row(
        "read-bytes",
        "wire bytes per node, all properties, both directions",
        "bytes",
        "≤ 28",
        "<=",
        28,
        "XML, WBXML",
    ),
    Row("sync-none", "APDUs of a sync when nothing changed", "APDUs", "1", "==", 1, "full reread"),
    Row("sync-one", "APDUs of a sync when one of 200 nodes changed", "APDUs", "≤ 3", "<=", 3, "full reread"),
    Row("provision-apdus", "APDUs to provision 100 nodes over SCP03 level 33", "APDUs", "≤ 17", "<=", 17, "files"),
    Row(
        "provision-writes",
        "persistent writes to provision 100 nodes over SCP03 level 33",
        "writes",
        "≤ 16, small profile ≤ 32",
        "<=",
        16,
        "files",
    ),
    Row(
        "update-writes",
        "persistent writes of one leaf replace after 1,000 random updates at 85 % fill",
        "writes",
        "≤ 3.1, none refused at 95 %",
        "<=",
        3.1,
        "path copying",
    ),
    Row("authorize-apdus", "APDUs of one firmware permit", "APDUs", "1, live 2", "==", 1, "hashing on the card"),
    Row("authorize-bytes", "bytes of one firmware permit", "bytes", "≤ 220, live 235", "<=", 220),
    Row("authorize-writes", "persistent writes of one firmware permit", "writes", "≤ 2", "<=", 2),
    Row("sms", "OTA short messages of one grant deposit, k ≤ 3", "messages", "1, ≤ 98 bytes of data", "==", 1),
    Row("node-size", "persistent bytes per node above its value", "bytes", "≤ 20", "<=", 20),
    Row("commit", "bytes inside any one card transaction or atomic write", "bytes", "≤ 128", "<=", 128),
    Row("cap-core", "CAP code of store and principals (load size)", "KiB", "≤ 15", "<=", 15, "SmartPGP"),
    Row("cap", "CAP code of everything (load size)", "KiB", "≤ 24", "<=", 24, "SmartPGP"),
    Row("wear", "share of the commits that hit one superblock slot", "of 1", "≤ 1/8", "<=", 0.125),
    Row("ram", "transient bytes, default profile", "bytes", "≤ 1,300", "<=", 1300, "SmartPGP"),
    Row("ram-small", "transient bytes, small profile", "bytes", "≤ 512", "<=", 512, "SmartPGP"),
    Row("new", "allocations per APDU after install, the most of any", "allocations", "0", "==", 0),
    Row("card-time-p71", "modelled time of a permit, P71", "ms", "≤ 90", "<=", 90),
    Row("card-time-jcop24", "modelled time of a permit, JCOP 2.4", "ms", "≤ 115", "<=", 115),
    Row("card-time-sim", "modelled time of a permit, SIM", "ms", "≤ 60", "<=", 60),
    Row(
        "sim-rate",
        "APDUs per second through the simulator's pipe",
        "APDUs/s",
        "≥ 20,000",
        ">=",
        20_000,
        "FIDO2Applet through JPype",
    ),
    Row(
        "sim-start",
        "time from the simulator's start to its first answer",
        "ms",
        "≤ 150",
        "<=",
        150,
        "FIDO2Applet through JPype",
    ),
    Row("wbxml-size", "bytes of a 200-item package ÷ libwbxml with string table", "ratio", "≤ 1", "<=", 1, "libwbxml"),
    Row("wbxml-enc", "time to encode 2,000 items ÷ libwbxml", "ratio", "≤ 0.001", "<=", 0.001, "libwbxml"),
    Row("wbxml-dec", "time to decode 200 items ÷ libwbxml", "ratio", "≤ 15", "<=", 15, "libwbxml"),
    Row(
        "wbxml-rate",
        "3 kB messages per second, slower direction",
        "messages/s",
        "≥ 3,000",
        ">=",
        3000,
        "Python libraries",
    ),
    Row("xml", "time of a hardened SyncML parse ÷ defusedxml", "ratio", "≤ 1, aim 0.5", "<=", 1, "defusedxml"),
    Row("bomb-mem", "hostile WBXML and XML: extra memory, worst case", "MB", "< 10", "<=", 9.9999, "libwbxml"),
    Row("bomb-ms", "hostile WBXML and XML: time to a clean error, worst case", "ms", "< 50", "<=", 49.9999, "libwbxml"),
    Row("ota", "OTA packets per second ÷ bare CMAC and CBC of the same bytes", "ratio", "≥ 0.35", ">=", 0.35, "pySim"),
    Row("scp03", "wraps per second ÷ bare CMAC and CBC of the same bytes", "ratio", "≥ 0.4", ">=", 0.4, "pySim"),
    Row("session", "DM packages 1 to 4, card mounted, simulated card", "ms", "< 100", "<=", 99.9999, "libdmclient"),
    Row("sessions", "lab server: DM sessions per second, 100 devices", "sessions/s", "≥ 200", ">=", 200, "Fleet"),
    Row("campaign-sqlite", "ledger and packets for 100,000 cards, SQLite", "s", "≤ 10", "<=", 10, "pySim"),
    Row("campaign-pg", "ledger and packets for 100,000 cards, PostgreSQL", "s", "≤ 25", "<=", 25, "pySim"),
    Row("pcsc-rate", "APDUs per second through pcscd, vpcd and pyscard", "APDUs/s", "≥ 1,000", ">=", 1000, "vpcd"),
    Row("sync-scale", "sync of a 200-node card into a 5,000-node tree, 1 % changed", "s", "report"),
    Row("exactly-once", "kills of workers and database survived, with no counter reused", "kills", "≥ 200", ">=", 200),
    Row(
        "tear", "power cuts exercised, none of them doing harm", "cuts", "every write of every command; 0 harm", ">=", 1
    ),
    Row("fuzz", "hostile APDUs without 6F00, hang or broken invariant", "APDUs", "≥ 10,000 in make test", ">=", 10_000),
    Row("acl", "random ACL requests equal to an independent oracle", "requests", "≥ 10,000", ">=", 10_000),
    Row("coverage-applet", "branch coverage of the applet", "%", "100", "==", 100),
    Row("coverage-host", "branch coverage of the host", "%", "≥ 95", ">=", 95),
    Row("reach", "surveyed card models that can run the authorization", "models", "≥ 94 of 106", ">=", 94),
    Row("help", "time of smartdm --help, warm", "s", "< 0.3", "<=", 0.2999, "ykman"),
)
