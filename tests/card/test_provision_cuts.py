"""A run of provisioning that is interrupted anywhere, and run again, ends as if nothing had happened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from smartdm.errors import PowerLostError, TransportError
from smartdm.mo.tree import Node, diff
from smartdm.provision.plan import make_plan
from smartdm.provision.profile import Profile
from smartdm.provision.run import run
from smartdm.transport.sim import CutMode
from tests.card.device import Device
from tests.card.provisioning import NOW, later, profile, tree
from tests.card.store import PROFILES, uri
from tests.corpus import load_reference
from tests.depth import pick

pytestmark = pytest.mark.search

DEV = '[[mo]]\nuri = "./Dev"\nfile = "dev.xml"\nexact = true\n'
TEXT = f'definitions = ["FUMO"]\nservers = ["extra.example"]\n---{DEV}[[mo]]\nuri = "./Fw/modem"\nfile = "fw.xml"\n'
LOST_COMMAND, LOST_ANSWER = "command", "answer"
ROOMY = bytes.fromhex("80 01 20")
"""An arena of 32 KiB: the old nodes, the new ones and what is uploaded lie in it together."""


@dataclass
class Flaky:
    """A transport that loses one command, or the answer to it, and everything behind it; then the card is reset."""

    device: Device
    at: int
    what: str
    sent: list[bytes] = field(default_factory=list)
    name = "flaky"

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        if len(self.sent) >= self.at:
            if len(self.sent) == self.at and self.what == LOST_ANSWER:
                self.device.sim.transmit(apdu)
            raise TransportError("gone")
        return self.device.sim.transmit(apdu)

    def reset(self) -> None: ...
    def close(self) -> None: ...


@pytest.fixture(params=PROFILES)
def changing(request: pytest.FixtureRequest, device: Device, tmp_path: Path) -> tuple[Device, Profile, int]:
    """A card that has something, a profile that wants something else, and a snapshot of the card."""
    session = device.new(PROFILES[request.param] + ROOMY)
    run(session, make_plan(session, profile(tmp_path, DEV, dev=tree())), NOW)
    firmware = load_reference().find(uri("FUMO/modem-main"))
    assert firmware is not None
    wanted = profile(tmp_path, TEXT, dev=later(), fw=firmware)
    return device, wanted, device.sim.snapshot()


def finish(device: Device, wanted: Profile) -> int:
    """Run again; returns how many batches' parts went out."""
    watch = Flaky(device, 1 << 30, "")
    session = Device(device.sim, watch).open()
    plan = make_plan(session, wanted)
    assert not plan.faults, plan.faults
    run(session, plan, NOW)
    return sum(apdu[1] == 0x30 for apdu in watch.sent)


def check(device: Device, wanted: Profile, expected: Node) -> None:
    """The card is as it must be, and nothing is left to do or left over."""
    session = device.open()
    assert not diff(expected, session.read())
    assert session.uploads() == []
    assert make_plan(session, wanted).is_empty


def done(device: Device, wanted: Profile, kept: int) -> tuple[Node, int, int]:
    """(the tree, the parts of batches that went out, the points at which power can be cut) without an interruption."""
    device.sim.restore(kept)
    device.sim.counters()
    parts = finish(device, wanted)
    points = device.sim.counters().since_read.points
    tree_ = device.open().read()
    assert tree_.find(uri("Dev")) is not None
    assert not diff(replace(later(), name=""), replace(tree_.find(uri("Dev")) or tree_, name=""))
    check(device, wanted, tree_)
    return tree_, parts, points


def test_power_that_fails_at_any_write(changing: tuple[Device, Profile, int]):
    device, wanted, kept = changing
    expected, _, points = done(device, wanted, kept)
    assert points > 50
    for at in range(1, points + 1, pick(5, 1, 1)):
        device.sim.restore(kept)
        session = device.open()
        plan = make_plan(session, wanted)
        device.sim.arm_cut(at, (CutMode.BEFORE, CutMode.AFTER, CutMode.HALF, CutMode.GARBAGE)[at % 4], at)
        with pytest.raises(PowerLostError):
            run(session, plan, NOW)
        device.sim.reset()
        finish(device, wanted)
        check(device, wanted, expected)


@pytest.mark.parametrize("what", [LOST_COMMAND, LOST_ANSWER])
def test_a_link_that_fails_at_any_command(changing: tuple[Device, Profile, int], what: str):
    device, wanted, kept = changing
    expected, all_parts, _ = done(device, wanted, kept)
    device.sim.restore(kept)
    watch = Flaky(device, 1 << 30, "")
    session = Device(device.sim, watch).open()
    run(session, make_plan(session, wanted), NOW)
    least = all_parts
    for at in range(len(watch.sent), 1, -pick(2, 1, 1)):  # the first one selects the applet
        device.sim.restore(kept)
        session = Device(device.sim, Flaky(device, at, what)).open()
        with pytest.raises(TransportError):
            run(session, make_plan(session, wanted), NOW)
        device.sim.reset()
        least = min(least, finish(device, wanted))
        check(device, wanted, expected)
    # What had arrived was not sent again.
    assert least == 0 if what == LOST_ANSWER else least < all_parts // 2
