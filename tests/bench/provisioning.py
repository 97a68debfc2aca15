"""provision-apdus and provision-writes, at SCP03 level 33: a profile of 100 nodes, definitions loaded before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from smartdm.codec import catalog, tnds
from smartdm.mo.logins import is_secret
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import ROOT, Uri
from smartdm.provision.plan import make_plan
from smartdm.provision.profile import Profile, load
from smartdm.provision.run import run
from smartdm.session import Session
from smartdm.transport.sim import SimTransport
from tests.bench.meter import Metered, Tally
from tests.bench.rows import Result
from tests.card.device import SMALL
from tests.corpus import first_nodes, load_reference

NODES = 100
MOST_WRITES_SMALL = 32
_HEAD = '[profile]\nname = "figures"\n'


@dataclass(frozen=True)
class Cost:
    """What it took: ``planned`` only reads, ``done`` changes the card."""

    planned: Tally
    done: Tally


def hundred() -> Node:
    """The first 100 nodes of the corpus; the last object is cut so that it keeps to its definition."""
    tree, whole = first_nodes(NODES), load_reference()
    folder = tree.children[-1]
    programs = folder.children[0]
    inventory = whole.find(Uri((folder.name, programs.name, "Inventory")))
    assert inventory is not None
    rest = tuple(replace(node, children=()) for node in (programs.children[0], inventory))
    cut = replace(folder, children=(replace(programs, children=rest),))
    assert cut.count() == folder.count()
    return replace(tree, children=(*tree.children[:-1], cut))


def measure(sim: SimTransport) -> dict[str, Result]:
    """Both rows."""
    tops = hundred().children
    below_one = (Node("All", Format.NODE, children=tops),)
    default, small = (_cost(sim, tops, parameters) for parameters in (b"", SMALL))
    one, one_small = (_cost(sim, below_one, parameters).done for parameters in (b"", SMALL))
    total = default.planned.apdus + default.done.apdus
    apdus = (
        f"behind SELECT, INITIALIZE UPDATE and EXTERNAL AUTHENTICATE: {default.planned.apdus} to see what is there, "
        f"{default.done.apdus} for one batch of {len(tops)} objects and a new server; definitions were there"
    )
    writes = (
        f"one batch of {len(tops)} objects and a new server; definitions were there; small profile "
        f"{small.done.writes}. They come in one Add; below one new node they take {one.writes}, small profile "
        f"{one_small.writes}"
    )
    fine = small.done.writes <= MOST_WRITES_SMALL
    return {
        "provision-apdus": Result(total, apdus),
        "provision-writes": Result(default.done.writes, writes, fine=fine),
    }


def _cost(sim: SimTransport, tops: tuple[Node, ...], parameters: bytes) -> Cost:
    metered = Metered(sim)
    with tempfile.TemporaryDirectory() as name:
        loading, wanted = _profiles(Path(name), tops)
    session = metered.new(parameters)
    run(session, make_plan(session, loading))
    session = metered.secure()
    start = metered.so_far()
    plan = make_plan(session, wanted)
    between = metered.so_far()
    run(session, plan)
    done = metered.tally - between
    _check(session, tops)
    return Cost(between - start, done)


def _profiles(folder: Path, tops: tuple[Node, ...]) -> tuple[Profile, Profile]:
    """(one that loads the definitions, one that adds the nodes)."""
    types = {node.type for top in tops for _, node in top.walk()}
    names = [name for name in catalog.names() if catalog.load(name).mo_id in types]
    bare, secrets = _without_secrets(tops)
    (folder / "nodes.xml").write_bytes(tnds.encode(tnds.Tnds(tuple((None, top) for top in bare))))
    first = "definitions = [" + ", ".join(f'"{name}"' for name in names) + "]\n" + _HEAD
    (folder / "first.toml").write_text(first, encoding="utf-8")
    nodes = "".join(f'[[node]]\nuri = "{uri}"\nsecret = "{uri}"\n' for uri in secrets)
    (folder / "then.toml").write_text(f'{_HEAD}[[mo]]\nuri = "."\nfile = "nodes.xml"\n{nodes}', encoding="utf-8")
    then = load(folder / "then.toml", lambda reference, _what: secrets[reference], weak_secret=True)
    return load(folder / "first.toml"), then


def _without_secrets(tops: Iterable[Node]) -> tuple[list[Node], dict[str, bytes]]:
    """The trees as a profile may name them, and the secrets of their logins by URI: those come by reference."""
    secrets: dict[str, bytes] = {}

    def bare(uri: Uri, node: Node) -> Node:
        secrets.update((str(uri / child.name), child.value) for child in node.children if is_secret(uri / child.name))
        kept = (child for child in node.children if not is_secret(uri / child.name))
        return replace(node, children=tuple(bare(uri / child.name, child) for child in kept))

    return [bare(ROOT / top.name, top) for top in tops], secrets


def _check(session: Session, tops: tuple[Node, ...]) -> None:
    """AssertionError unless the nodes are there, and those of objects name their definitions."""
    tree = session.read()
    assert sum(node.definition is not None for _, node in tree.walk()) > NODES // 2
    for change in diff(replace(tree, children=tops), tree):
        node = tree.find(change.uri)
        assert node is not None
        assert node.withheld, change
