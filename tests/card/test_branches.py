"""Branches of the applet that no other test reaches, each by what can be seen of it."""

from __future__ import annotations

from smartdm.card.place import server_place
from smartdm.mo.acl import Acl
from smartdm.session import Batch
from tests.card.device import Device, parameters
from tests.card.store import branch, fill, leaf, uri

FOLDERS = ("B", "C", "D")
OWNED = 8
"""Nodes whose records grow by a granule each when they get a TStamp."""


def test_a_card_that_uses_its_reserve_tells_no_free_memory(device: Device):
    session = device.new(parameters(arena=8))
    only_s = Acl.parse("Get=S")
    session.apply(Batch().add(uri(""), branch("A", *(leaf(f"n{at:03}", acl=only_s) for at in range(OWNED)))))
    session.apply(Batch().add(uri(""), branch("B")).add(uri(""), branch("C")).add(uri(""), branch("D")))
    for folder in FOLDERS:
        fill(session, uri(folder), 20, 8, 0)
    assert 0 < device.open().info.free < OWNED * 8
    # Each ACL gets a hole, each node the time of the batch: all of it out of the reserve, which Delete may use.
    device.open().apply(Batch(time=1).delete(server_place("S")))
    session = device.open()
    assert session.info.free == 0
    session.apply(Batch().delete(uri("B")))
    assert device.open().info.free > 0
