import os
from itertools import pairwise
from pathlib import Path

import pytest

from smartdm.codec import packed, tnds
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import Uri
from tests.corpus import PASSPOINT, REFERENCE, first_nodes, load_passpoint, load_reference, make_reference

NODES = [(uri, node) for uri, node in load_reference().walk() if not uri.is_root]
LEAVES = [node for _, node in NODES if node.is_leaf]


def names(node: Node) -> set[str]:
    return {uri.name for uri, _ in node.walk()}


def test_the_file_is_what_its_generator_writes():
    assert REFERENCE.read_bytes() == make_reference.render()


def test_the_reference_corpus_has_the_agreed_shape():
    assert (len(NODES), len(NODES) - len(LEAVES), len(LEAVES)) == (200, 80, 120)
    assert max(uri.depth for uri, _ in NODES) == 7


def test_the_reference_corpus_has_the_agreed_sizes():
    assert 7.9 < sum(len(node.name.encode()) for _, node in NODES) / 200 < 8.1
    assert 15.9 < sum(node.size for node in LEAVES) / 120 < 16.1
    assert max(node.size for node in LEAVES) <= 127


def test_the_reference_corpus_has_the_agreed_properties():
    assert sum(node.tstamp is not None for _, node in NODES) == 120
    assert all(node.verno for _, node in NODES)
    assert sum(bool(node.acl) for _, node in NODES) == 10
    assert len({node.type for node in LEAVES}) >= 12
    assert {node.format for _, node in NODES} == set(Format)


def test_nine_of_ten_titles_are_those_of_the_definition_and_short():
    own = [node.title for (_, node), row in zip(NODES, make_reference.rows(), strict=True) if node.title != row.title]
    assert len(own) == 20
    assert all(len(title.encode()) == 8 for title in own)
    assert all(1 <= len(row.title) <= 9 for row in make_reference.rows())


@pytest.mark.parametrize(
    ("path", "count", "mo"),
    [
        ("./DMAcc", 2, "urn:oma:mo:oma-dm-dmacc:1.0"),
        ("./FUMO", 1, "urn:oma:mo:oma-fumo:1.0"),
        ("./SCOMO", 1, "urn:oma:mo:oma-scomo:1.0"),
        (".", 1, "urn:oma:mo:oma-connmo-nap:1.0"),
        (".", 1, "urn:wfa:mo:hotspot2dot0-perprovidersubscription:1.0"),
    ],
)
def test_the_reference_corpus_has_the_agreed_objects(path: str, count: int, mo: str):
    parent = load_reference().find(Uri.parse(path))
    assert parent is not None
    assert sum(child.type == mo for child in parent.children) == count


def test_the_card_has_its_own_objects():
    card = load_reference().child("Card")
    assert card is not None
    own = ["Info", "Policy", "Permits", "Audit", "Sync", "Inbox"]
    assert [child.name for child in card.children] == own
    assert [child.type for child in card.children] == [f"org.smartdm/1.0/{name}" for name in own]


def test_no_account_uses_one_secret_both_ways():
    accounts = load_reference().child("DMAcc")
    assert accounts is not None
    secrets = [node.value for _, node in accounts.walk() if node.name == "AAuthSecret"]
    assert len(secrets) == len(set(secrets)) == 4


def test_the_reference_corpus_fits_a_card():
    stream = packed.encode(load_reference())
    assert packed.decode(stream).node == load_reference()
    assert len(stream) < 8192
    assert max(len(uri.wire()) for uri, _ in NODES) <= 192


@pytest.mark.parametrize("count", [0, 1, 2, 50, 100, 199, 200, 1000])
def test_the_first_nodes_are_a_tree_of_so_many(count: int):
    part = first_nodes(count)
    assert part.count() == min(count, 200) + 1
    assert [uri for uri, _ in part.walk()][1:] == [uri for uri, _ in NODES[:count]]


@pytest.mark.parametrize("smaller", range(20, 200, 20))
def test_the_first_nodes_grow_by_additions_only(smaller: int):
    changes = diff(first_nodes(smaller), first_nodes(smaller + 20))
    assert {change.kind for change in changes} == {"added"}


def test_our_passpoint_subscription_is_of_a_handy_size():
    node = load_passpoint()
    assert 30 <= node.count() <= 50
    assert node.type == "urn:wfa:mo:hotspot2dot0-perprovidersubscription:1.0"
    assert {"HomeSP", "Credential", "Policy", "SubscriptionUpdate", "UsernamePassword", "EAPMethod"} <= names(node)
    assert max(uri.depth for uri, _ in node.walk()) <= 6


@pytest.mark.parametrize("path", [REFERENCE, PASSPOINT], ids=lambda path: path.name)
def test_a_corpus_file_survives_both_codecs(path: Path):
    document = tnds.decode(path.read_bytes())
    assert tnds.decode(tnds.encode(document)) == document
    for _, node in document.nodes:
        assert packed.decode(packed.encode(node)).node == node


def test_time_goes_on_in_the_corpus():
    stamps = [node.tstamp for _, node in NODES if node.tstamp is not None]
    assert all(earlier < later for earlier, later in pairwise(stamps))


@pytest.fixture
def sample() -> bytes:
    """The Passpoint subscription that other projects test with."""
    folder = os.environ.get("SMARTDM_SAMPLES")
    if not folder:
        pytest.skip("set SMARTDM_SAMPLES to a folder with mo/PerProviderSubscription.xml (Android Open Source Project)")
    return (Path(folder) / "mo" / "PerProviderSubscription.xml").read_bytes()


def test_a_subscription_of_another_project_survives_both_codecs(sample: bytes):
    node = tnds.decode(sample).node
    assert node.count() == 109
    assert diff(node, tnds.decode(tnds.encode(node)).node, ignore=frozenset()) == []
    assert packed.decode(packed.encode(node)).node == node


def test_our_subscription_has_the_inner_nodes_of_the_other_one(sample: bytes):
    theirs = {node.name for _, node in tnds.decode(sample).node.walk() if not node.is_leaf}
    instances = {"harbour-wifi", "pier", "ferry", "first", "open", "anchor"}
    ours = {node.name for _, node in load_passpoint().walk() if not node.is_leaf} - instances
    assert ours <= theirs
