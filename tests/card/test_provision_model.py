"""Random trees on the real card: whatever is there, it becomes what is wanted, and then nothing is left to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Node, diff
from smartdm.mo.uri import ROOT
from smartdm.provision.plan import make_plan
from smartdm.provision.profile import Profile
from smartdm.provision.run import run
from smartdm.provision.wishes import wishes_of
from smartdm.session import Batch
from smartdm.transport.sim import SimTransport
from tests.card.device import Device, parameters
from tests.card.provisioning import NOW, OWNED
from tests.unit.wished import plain, roots

ROOMY = parameters(arena=64), parameters(arena=64, small=True)
OTHER = Acl.parse(f"{OWNED}&Exec=op.example")


def allowed(node: Node) -> Node:
    """The tree with ACLs that let the issuer go on."""
    acl = {0: EMPTY, 1: OWNED}.get(len(node.acl.entries), OTHER)
    return replace(node, acl=acl, children=tuple(allowed(child) for child in node.children))


def wanted(node: Node, *, exact: bool) -> Profile:
    wishes = {uri: wish for uri, wish in wishes_of(ROOT, node, "p", exact=exact) if exact or not uri.is_root}
    return Profile(Path("p.toml"), "random", "", (), (), dict(sorted(wishes.items(), key=lambda item: item[0].depth)))


@given(roots, roots, st.booleans(), st.sampled_from(ROOMY))
def test_whatever_is_there_becomes_what_is_wanted(
    simulator: SimTransport, present: Node, node: Node, exact: bool, profile: bytes
):
    device = Device(simulator)
    session = device.new(profile)
    batch = Batch().acl(ROOT, OWNED)
    for child in allowed(present).children:
        batch.add(ROOT, child)
    session.apply(batch)
    asked = wanted(allowed(node), exact=exact)
    plan = make_plan(session, asked)
    assert not [fault for fault in plan.faults if fault.dm_status != 415]
    if plan.faults:  # silent text where the card has a number
        return
    run(session, plan, NOW)
    found = session.read()
    assert plain(found) == plain(plan.target)
    assert not diff(plan.target, found)
    again = device.open()
    assert make_plan(again, asked).is_empty
    assert again.uploads() == []
