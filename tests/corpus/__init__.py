"""Trees of our own to test and measure with: the reference corpus, a Passpoint subscription, a DDF."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from smartdm.codec import tnds
from smartdm.mo.acl import Acl
from smartdm.mo.logins import is_secret
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri

HERE = Path(__file__).parent
REFERENCE = HERE / "reference.xml"
PASSPOINT = HERE / "passpoint.xml"
MAIL = HERE / "mail.ddf"
ROOT_ACL = Acl.parse("Add=*&Get=*")


@cache
def load_reference() -> Node:
    """The 200 nodes below a root (which is not counted) with the ACL of a fresh card."""
    nodes = tuple(node for _, node in tnds.decode(REFERENCE.read_bytes()).nodes)
    return Node("", Format.NODE, acl=ROOT_ACL, children=nodes)


@cache
def load_passpoint() -> Node:
    """A Passpoint subscription as devices carry it: hardly any properties."""
    return tnds.decode(PASSPOINT.read_bytes()).node


def without_secrets(node: Node, at: Uri = ROOT) -> Node:
    """``node``, which stands at ``at``, without the secrets of its logins: files that a profile names have none."""
    kept = (without_secrets(child, at / child.name) for child in node.children if not is_secret(at / child.name))
    return replace(node, children=tuple(kept))


def references(node: Node, at: Uri = ROOT) -> str:
    """What a profile says of those secrets instead: each as a reference that is the value in hexadecimal."""
    secrets = [(uri, leaf.value) for uri, leaf in node.walk(at) if is_secret(uri)]
    return "".join(f'[[node]]\nuri = "{uri}"\nsecret = "hex:{value.hex()}"\n' for uri, value in secrets)


def follow(reference: str, _: str) -> bytes:
    """The value that such a reference stands for."""
    return bytes.fromhex(reference.removeprefix("hex:"))


def first_nodes(count: int) -> Node:
    """The reference corpus cut after the first ``count`` nodes in pre-order: the small profile's measure."""
    return _cut(load_reference(), iter(range(count)))


def _cut(node: Node, left: Iterator[int]) -> Node:
    """``node`` with only those descendants, in pre-order, for which ``left`` still has a turn."""
    kept = []
    for child in node.children:
        if next(left, None) is None:
            break
        kept.append(_cut(child, left))
    return replace(node, children=tuple(kept))
