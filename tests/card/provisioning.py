"""What the tests of provisioning share: profiles in files, a plan, a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smartdm.codec import tnds
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node, diff
from smartdm.provision.changes import Action
from smartdm.provision.plan import Plan, make_plan
from smartdm.provision.profile import Profile, load
from smartdm.provision.run import run
from smartdm.session import Session
from tests.card.store import branch, leaf
from tests.corpus import follow

NOW = 0x2F000000
OWNED = Acl.parse("Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer")


def text(seed: int, size: int) -> bytes:
    """So many characters, others for each seed."""
    return bytes(0x20 + (seed * 31 + at * 7) % 0x5F for at in range(size))


def profile(folder: Path, content: str, **trees: Node) -> Profile:
    """A profile with ``content`` behind its head, or around it where that says ``---``.

    ``trees``: files beside it, by their names without ``.xml``.
    """
    for name, node in trees.items():
        (folder / f"{name}.xml").write_bytes(tnds.encode(node))
    path = folder / "p.toml"
    first, _, rest = content.rpartition("---")
    path.write_text(f'{first}\n[profile]\nname = "p"\n{rest}', encoding="utf-8")
    return load(path, follow, weak_secret=True)


def applied(session: Session, wanted: Profile) -> Plan:
    """The plan, after it was carried out."""
    plan = make_plan(session, wanted)
    assert not plan.faults, plan.faults
    run(session, plan, NOW)
    return plan


def told(plan: Plan) -> list[tuple[str, str]]:
    """The changes as pairs of words."""
    return [(change.action.name, str(change.uri)) for change in plan.changes]


def tree() -> Node:
    """A tree with a bit of everything that provisioning changes."""
    return branch(
        "Dev",
        leaf("A", b"1", "text/plain"),
        leaf("B", b"2", "text/plain", "Title"),
        branch("Sub", leaf("C", text(1, 300)), leaf("D"), acl=Acl.parse("Delete=#issuer&Get=*&Replace=#issuer+srv")),
        Node("N", Format.INT, b"5"),
        acl=OWNED,
        title="Device",
    )


def later() -> Node:
    """The same, changed in every way."""
    return branch(
        "Dev",
        leaf("A", b"one", "text/plain"),
        leaf("B", text(2, 500), "text/x", "Another"),
        branch("New", leaf("E", text(3, 2500)), leaf("F", b"f", acl=Acl.parse("Get=*")), acl=Acl.parse("Get=*")),
        branch("Sub", leaf("D", text(4, 3000)), acl=Acl.parse("Delete=#issuer&Get=*&Replace=#issuer+other")),
        leaf("N", b"text", "text/plain"),
        acl=Acl.parse("Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer+srv"),
        title="Gadget",
    )


def same(wanted: Node, found: Node) -> bool:
    """Whether nothing but the name of the first node differs."""
    return not diff(replace(wanted, name=""), replace(found, name=""))


__all__ = ["NOW", "OWNED", "Action", "applied", "later", "profile", "same", "text", "told", "tree"]
