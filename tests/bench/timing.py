"""Figures that depend on the machine: sim-rate, sim-start, pcsc-rate, help.  Medians, with the spread beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from smartdm.card.batch import Batch
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from smartdm.transport.base import Transport
from smartdm.transport.pcsc import PcscTransport
from smartdm.transport.sim import SimTransport
from smartdm.wire import Principal
from tests.bench.rows import NOT_MEASURED, Result
from tests.card.device import SELECT, Device, fresh_card
from tests.interop.pcscd import FIRST, insert, missing, running

ROUNDS, APDUS, WARM_UP = 5, 40_000, 80_000
PCSC_APDUS = 5_000
STARTS = 11
READ_ROOT = bytes.fromhex("803100000100 00")
LEAF = Uri(("DM1", "Addr"))


def measure() -> dict[str, Result]:
    """All of them, one after the other."""
    return {"sim-rate": _sim_rate(), "sim-start": _sim_start(), "pcsc-rate": _pcsc_rate(), "help": _help()}


@contextmanager
def one_core() -> Iterator[int]:
    """This process, and what it starts, on one core only; yields which one."""
    before = os.sched_getaffinity(0)
    core = max(before)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


def _rates(transport: Transport, apdu: bytes, apdus: int = APDUS, warm_up: int = WARM_UP) -> list[float]:
    """APDUs per second in each of the rounds, after a warm-up for the compiler of the JVM."""
    transmit = transport.transmit
    rates = []
    for number in range(-1, ROUNDS):
        count = apdus if number >= 0 else warm_up
        start = time.perf_counter()
        for _ in range(count):
            transmit(apdu)
        if number >= 0:
            rates.append(count / (time.perf_counter() - start))
    assert transmit(apdu)[-2:] == b"\x90\x00"
    return rates


def _sim_rate() -> Result:
    with one_core(), SimTransport() as sim:
        session = Device(sim).new()
        length = len(sim.transmit(READ_ROOT))
        reads = _rates(sim, READ_ROOT)
        replaces = _replaces(session)
    note = (
        f"READ of the root node (7 bytes out, {length} back), parent and child on one core, no image file; "
        f"median of {ROUNDS} rounds of {APDUS:,}, {spread(reads, 0)}. A replace of one leaf through the session: "
        f"{replaces:,.0f} per second"
    )
    return Result(median(reads), note)


def _replaces(session: Session) -> float:
    session.apply(Batch().add(ROOT, Node("DM1", Format.NODE, children=(Node("Addr", Format.CHR, b"127.0.0.1"),))))
    counts = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for number in range(1000):
            session.apply(Batch().replace(LEAF, number.to_bytes(9)))
        counts.append(1000 / (time.perf_counter() - start))
    return median(counts)


def _pcsc_rate() -> Result:
    lacking = missing()
    if lacking:
        return Result(None, f"{NOT_MEASURED}: this machine lacks {', '.join(lacking)}")
    with running() as service, SimTransport(java=service.java()) as sim:
        fresh_card(sim)
        insert(sim, principal=Principal.ISSUER)
        with PcscTransport(FIRST) as reader:
            reader.transmit(SELECT)
            length = len(reader.transmit(READ_ROOT))
            rates = _rates(reader, READ_ROOT, PCSC_APDUS, PCSC_APDUS)
    note = (
        f"READ of the root node (7 bytes out, {length} back); pyscard, pcscd, vpcd and the simulated card on this "
        f"machine; median of {ROUNDS} rounds of {PCSC_APDUS:,}, {spread(rates, 0)}"
    )
    return Result(median(rates), note)


def _sim_start() -> Result:
    times = []
    work = _child_seconds()
    for _ in range(STARTS):
        start = time.perf_counter()
        with SimTransport() as sim:
            sim.new_card()
            answer = sim.transmit(SELECT)
            times.append((time.perf_counter() - start) * 1000)
        assert answer[-2:] == b"\x90\x00"
    work = (_child_seconds() - work) / STARTS * 1000
    note = f"process start, fresh card, SELECT answered; median of {STARTS}, {spread(times, 0)}"
    return Result(median(times), f"{note}; {work:.0f} ms of processor time each, the end of the process included")


def _child_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _help() -> Result:
    program = Path(sys.executable).with_name("smartdm")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "smartdm.cli"]
    times = [_seconds([*command, "--help"]) for _ in range(STARTS + 2)][2:]
    ykman = shutil.which("ykman")
    peer = f"ykman: {median(_seconds([ykman, '--help']) for _ in range(STARTS)):.2f}" if ykman else ""
    return Result(
        median(times), f"process of its own, median of {STARTS} after 2 to warm up, {spread(times, 2)}", peer=peer
    )


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return time.perf_counter() - start


def spread(values: list[float], digits: int) -> str:
    """The least and the most of some values, in words."""
    return f"{min(values):,.{digits}f} to {max(values):,.{digits}f}"
