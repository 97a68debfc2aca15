"""Batches on their way to the card: what surely cannot fit is refused before, and refusals say what the user can do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from smartdm.cli.app import now
from smartdm.cli.failures import CliError
from smartdm.cli.output import counted
from smartdm.codec import packed
from smartdm.errors import CardError, CardFull, CommandNotAllowed, NotAllowed, NotFound, card_error, retold
from smartdm.mo.logins import check_logins, is_secret, leaves_of
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.session import Batch
from smartdm.wire import Sw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from smartdm.card.commands import CardInfo
    from smartdm.cli.app import App

_RECORD_OVERHEAD = 13
"""About what a record has beyond a node on the wire: generation, VerNo, TStamp, its id in the parent, padding."""
_DEEP = "levels in its URI and the pieces of its large value"


@contextmanager
def named(what: str) -> Iterator[None]:
    """Refusals inside carry the user's command, unless they name a command of the batch."""
    try:
        yield
    except CardError as error:
        if error.index is not None:
            raise
        raise retold(error, what) from error


def missing_above(app: App, parent: Uri) -> list[Uri]:
    """The nodes that are not on the card on the way to ``parent``, itself included, from the top."""
    missing: list[Uri] = []
    while not parent.is_root:
        try:
            app.session.read(parent, 0)
        except NotFound:
            missing.insert(0, parent)
            parent = parent.parent
        except (NotAllowed, CommandNotAllowed):
            break  # said only of what is there
        else:
            break
    return missing


def require_own_secret(app: App, uri: Uri, value: bytes) -> None:
    """CodecError for the secret of a login that another login of its account has; those that nobody reads are not told.

    Only an account that no definition seals shows its secrets; the card itself looks at the others when they are used.
    """
    if not is_secret(uri):
        return
    logins = uri.parent.parent
    try:
        there = list(leaves_of(logins, app.session.read(logins)))
    except (NotFound, NotAllowed, CommandNotAllowed):
        return
    check_logins([*there, (uri, value)])


def require_parent(app: App, parent: Uri, what: str) -> None:
    """NotFound naming the first node that is missing on the way to ``parent``."""
    missing = missing_above(app, parent)
    if missing:
        error = card_error(Sw.NOT_FOUND, what)
        error.add_note(f"{missing[0]} does not exist; use --parents to make what is missing")
        raise error


def need(nodes: Iterable[Node]) -> int:
    """About how many bytes of the card's memory the subtrees take."""
    total = 0
    for top in nodes:
        records = list(packed.elements(top))
        total += sum(len(head) + len(value) for head, value in records) + _RECORD_OVERHEAD * len(records)
    return total


def check_limits(info: CardInfo, adds: Iterable[tuple[Uri, Node]], freed_nodes: int = 0) -> None:
    """The refusal with figures when (parent, subtree)s cannot fit the card, whatever its memory."""
    count = 0
    for parent, top in adds:
        for uri, node in top.walk(parent / top.name):
            _check_node(info, uri, node)
            count += 1 + len(packed.pieces(node.value))
    left = info.node_limit - info.nodes + freed_nodes
    if count > left:
        raise _refused(Sw.NO_NODE_LEFT, "Add", f"{counted(count, 'node')}, but {left} are left of {info.node_limit}")


def _check_node(info: CardInfo, uri: Uri, node: Node) -> None:
    large = len(node.value) > info.max_value
    figures = (
        (uri.depth + large, info.max_depth, "names in its URI" if not large else _DEEP, Sw.TOO_DEEP),
        (len(uri.name.encode()), info.max_seg_len, "bytes in its name", Sw.NAME_TOO_LONG),
        (len(uri.wire()), info.max_tot_len, "bytes in its URI", Sw.URI_TOO_LONG),
        (len(node.children), info.max_children, "children", None),
        (len(node.value), packed.MAX_VALUE, "bytes in its value", None),
    )
    for found, most, what, sw in figures:
        if found <= most:
            continue
        text = f"{found} {what}, but the card takes at most {most}"
        if sw is None:
            raise CliError(f"{uri}: {text}")
        raise _refused(sw, f"Add {uri}", text)


def total_nodes(nodes: Iterable[Node]) -> int:
    """How many nodes of a card the subtrees are, the pieces of large values included."""
    return sum(1 + len(packed.pieces(node.value)) for top in nodes for _, node in top.walk())


def _refused(sw: int, what: str, note: str) -> CardError:
    """The refusal that the card would give, with figures."""
    error = card_error(sw, what, 0)
    error.add_note(note)
    return error


def explain_full(error: CardFull, info: CardInfo, nodes: Iterable[Node], *, replacing: bool = False) -> None:
    """Adds to a refusal for lack of memory what was needed and what is free."""
    if error.sw != Sw.CARD_FULL:
        return
    needed = need(nodes)
    error.add_note(f"about {needed} bytes are needed, {info.free} are free{scattered(needed, info.free)}")
    if replacing:
        error.add_note(
            "until the end of --replace the old and the new nodes must fit together; "
            "deleting the old ones first with `smartdm mo delete` helps, but is not atomic"
        )


def scattered(needed: int, free: int) -> str:
    """What to say behind so many free bytes if they would be enough in one piece; else ''."""
    if needed >= free:
        return ""
    return (
        ", but in pieces too small for a node or the new version of the one above it; deleting a node as large helps, "
        "and nodes that come together (`mo import`, `provision`) leave fewer such pieces than one by one"
    )


def add_node(app: App, parent: Uri, node: Node, what: str, *, parents: bool) -> int:
    """Add a node, with what is missing above it if ``parents``; returns how many nodes that were."""
    if parents:
        with named(what):
            parent, node = _with_parents(app, parent, node)
    check_limits(app.session.info, [(parent, node)])
    try:
        with named(what):
            app.session.apply(Batch(time=now()).add(parent, node))
    except NotFound:
        require_parent(app, parent, what)
        raise
    except CardFull as error:
        explain_full(error, app.session.info, [node])
        raise
    return node.count()


def _with_parents(app: App, parent: Uri, node: Node) -> tuple[Uri, Node]:
    """The nearest parent that exists, and the node wrapped in the interior nodes missing below it."""
    for uri in reversed(missing_above(app, parent)):
        node = Node(uri.name, Format.NODE, children=(node,))
        parent = uri.parent
    return parent, node


def interior(uri: Uri) -> tuple[Uri, Node]:
    """(parent, node) of an interior node without children."""
    return uri.parent, Node(uri.name, Format.NODE)
