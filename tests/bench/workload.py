"""Every command of the store at least once: in parts, together, refused, and on all sorts of nodes."""

from __future__ import annotations

from smartdm.card.batch import Batch
from smartdm.codec import catalog
from smartdm.errors import CardError
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Session
from tests.corpus import load_passpoint

OPEN = Acl.parse("Add=*&Delete=*&Exec=*&Get=*&Replace=*")
SERVER = "dm.workload.example"
LARGE = 1000


def every_command(session: Session, tree: Node) -> None:
    """All commands, those of the registry and of large values included; at the end the tree is gone."""
    names = [child.name for child in tree.children]
    session.apply(Batch().acl(ROOT, OPEN))
    for child in tree.children:
        session.apply(Batch(time=1).add(ROOT, child))
        session.apply(Batch().acl(ROOT / child.name, OPEN))
    session.read()
    session.read(ROOT / names[0], 1)
    session.changes(0)
    leaves = [uri for uri, node in tree.walk() if _is_free(tree, uri, node)]
    for number, uri in enumerate(leaves):
        session.apply(Batch().replace(uri, bytes(number % 200)).get(uri, 0))
    _properties(session, leaves)
    mixed = Batch(time=2)
    for number, name in enumerate(names):
        mixed.rename(ROOT / name, f"r{number}")
    moved = Uri((f"r{names.index(leaves[0].segments[0])}", *leaves[0].segments[1:]))
    mixed.replace(moved, b"new", Format.CHR, "text/x-own-type")
    session.apply(mixed.delete(ROOT / "r0").get(ROOT, 2), expect=session.generation)
    refuse(session, Batch().add(Uri(("nowhere",)), Node("a", Format.BIN)))
    refuse(session, Batch().add(ROOT, load_passpoint()).delete(Uri(("nowhere",))))
    for number in range(1, len(names)):
        session.apply(Batch().delete(ROOT / f"r{number}"))
    _registry(session)
    _large_values(session)
    _fill_up(session)
    session.apply(Batch().erase())


def _is_free(tree: Node, uri: Uri, node: Node) -> bool:
    """Whether it is a leaf whose value may change, with no ACL of its own from its object's top down."""
    return node.is_leaf and node.format is not Format.NULL and not any(_lists(tree, uri))


def _lists(tree: Node, uri: Uri) -> list[Acl]:
    found, node = [], tree.child(uri.segments[0])
    for name in uri.segments[1:]:
        node = node.child(name) if node else None
        found += [node.acl] if node else []
    return found


def _properties(session: Session, leaves: list[Uri]) -> None:
    """Title, ACL and Copy."""
    for uri in leaves[:20]:
        session.apply(Batch().title(uri, "its title").title(uri, ""))
        session.apply(Batch().acl(uri, Acl.parse(f"Get=*&Replace={SERVER}")))
        session.apply(Batch().acl(uri, Acl()))
    for source, target in zip(leaves[:10], leaves[10:20], strict=True):
        session.apply(Batch().copy(source, target))


def _registry(session: Session) -> None:
    """Definitions and an object that follows one; a server comes and goes."""
    session.apply(Batch().define(catalog.load("DevInfo")).define(catalog.load("FUMO")))
    update = Node("Update", Format.NODE, children=(Node("PkgData", Format.BIN, b"1"),))
    package = Node("Fw", Format.NODE, type=catalog.load("FUMO").mo_id, children=(Node("PkgName", Format.CHR), update))
    session.apply(Batch(time=3).add(ROOT, package).get(ROOT / "Fw"))
    refuse(session, Batch().add(ROOT / "Fw", Node("Nonsense", Format.CHR)))
    session.apply(Batch().server("other.example").delete(ROOT / "Fw"))
    session.changes(session.generation - 1)


def _large_values(session: Session) -> None:
    uri = ROOT / "large"
    session.apply(Batch().add(ROOT, Node("large", Format.BIN)))
    for size in (LARGE, 10, 2 * LARGE):
        session.put_value(uri, bytes(size))
        assert session.read(uri).size == size
    session.apply(Batch().delete(uri))


def refuse(session: Session, batch: Batch) -> None:
    """Apply what the card must refuse."""
    try:
        session.apply(batch)
    except CardError:
        return
    raise AssertionError("the card took a batch that it should refuse")


def _fill_up(session: Session) -> None:
    """Add leaves until the card is full, then delete every other one and add larger ones: records have to move."""
    names: list[str] = []
    try:
        while True:
            name = f"f{len(names)}"
            session.apply(Batch().add(ROOT, Node(name, Format.BIN, bytes(60))))
            names.append(name)
    except CardError:
        pass
    for name in names[::2]:
        session.apply(Batch().delete(ROOT / name))
    for number in range(len(names) // 8):
        session.apply(Batch().add(ROOT, Node(f"g{number}", Format.BIN, bytes(120))))
    for name in (*names[1::2], *(f"g{number}" for number in range(len(names) // 8))):
        session.apply(Batch().delete(ROOT / name))
