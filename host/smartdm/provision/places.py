"""The tables ``[[mo]]``, ``[[node]]`` and ``[[remove]]`` of a profile, as wishes by URI; no URI is spoken for twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from smartdm.errors import SmartDmError
from smartdm.mo.tree import Format
from smartdm.mo.uri import Uri
from smartdm.provision.single import PROPERTIES, VALUES, inline, single
from smartdm.provision.tables import Table
from smartdm.provision.treefile import read_trees
from smartdm.provision.wishes import Wish, wishes_of


class Places:
    """Collects what the tables say, and finds what they say twice."""

    def __init__(self) -> None:
        self._found: dict[Uri, Wish] = {}
        self._tables: dict[Uri, Table] = {}
        self._objects: dict[Uri, Table] = {}

    def object(self, table: Table) -> None:
        """``[[mo]]``: a tree from a file or from the profile itself."""
        table.allow(("uri", "file", "nodes", "exact", "type", "title", "acl"))
        uri, exact = table.uri(), table.get("exact", bool) or False
        if ("file" in table.items) is ("nodes" in table.items):
            raise table.fault("", "one of 'file' and 'nodes' is wanted")
        found = list(self._tree(table, uri, exact=exact))
        places = {where for where, _ in found}
        for top in (where for where, _ in found if where.is_root or where.parent not in places):
            for other, earlier in self._objects.items():
                if earlier is not table and (top == other or top.is_ancestor_of(other) or other.is_ancestor_of(top)):
                    raise table.fault("uri", f"{top} overlaps with {other} of {earlier.name}")
            self._objects[top] = table
        for where, wish in found:
            self._say(where, wish, table)

    def _tree(self, table: Table, uri: Uri, *, exact: bool) -> Iterator[tuple[Uri, Wish]]:
        own = {key: table.get(key, str) for key in ("type", "title")}
        acl = table.acl()
        file = table.data()
        if file is None:
            found = [(uri, Wish(table.place, format=Format.NODE, exact=exact)), *inline(table, uri, exact=exact)]
        else:
            found = list(_from_file(table, uri, *file, exact=exact))
        for key in ("type", "title", "acl"):
            if key in table.items and found[0][0] != uri:
                raise table.fault(key, f"the file has no node for {uri} itself; use [[node]]")
        (where, top), *rest = found
        yield (
            where,
            replace(
                top,
                type=top.type if own["type"] is None else own["type"],
                title=top.title if own["title"] is None else own["title"],
                acl=top.acl if acl is None else acl,
            ),
        )
        yield from rest

    def node(self, table: Table) -> None:
        """``[[node]]``: one node."""
        table.allow(("uri", *VALUES, *PROPERTIES))
        self._say(table.uri(), single(table), table)

    def absent(self, table: Table) -> None:
        """``[[remove]]``."""
        uri = table.uri()
        if uri.is_root:
            raise table.fault("uri", "the root cannot be removed")
        self._say(uri, Wish(table.place, absent=True), table)

    def _say(self, uri: Uri, wish: Wish, table: Table) -> None:
        if uri in self._found:
            earlier = self._tables[uri]
            twice = "is there twice" if earlier is table else f"is spoken for by {earlier.name} already"
            raise table.fault("" if earlier is table else "uri", f"{uri} {twice}")
        self._found[uri], self._tables[uri] = wish, table

    def checked(self) -> Mapping[Uri, Wish]:
        """All wishes, with the nodes that they need above them."""
        for uri in list(self._found):
            for depth in range(1, uri.depth + 1):
                self._check_below(uri, Uri(uri.segments[: uri.depth - depth]))
        return dict(sorted(self._found.items(), key=lambda item: item[0].depth))

    def _check_below(self, uri: Uri, above: Uri) -> None:
        """CodecError if ``uri`` cannot be spoken for because of what is said about a node above it."""
        table, wish = self._tables[uri], self._found.get(above)
        if wish is None:
            if not above.is_root and not self._found[uri].absent:
                self._found[above] = Wish(f"needed for {uri}", implied=True)
                self._tables[above] = table
            return
        other = self._tables[above]
        if wish.absent:
            raise table.fault("uri", f"{uri} lies below {above}, which {other.name} removes")
        if wish.is_leaf:
            raise table.fault("uri", f"{uri} lies below {above}, which is a leaf in {other.name}")
        if wish.exact and other is not table:
            raise table.fault("uri", f"{uri} lies in {above}, of which {other.name} says all (exact)")


def _from_file(table: Table, uri: Uri, name: str, data: bytes, *, exact: bool) -> Iterator[tuple[Uri, Wish]]:
    place = f"{table.place} ({name})"
    try:
        trees = read_trees(data)
    except SmartDmError as error:
        raise table.fault("file", f"{name}: {error}") from error
    if uri.is_root:
        for where, node in trees:
            if where.is_root and node.is_leaf:
                raise table.fault("file", f"{name}: its leaf has no name; say which node it is with 'uri'")
            yield from wishes_of(where, node, place, exact=exact)
        return
    if len(trees) != 1:
        raise table.fault("file", f"{name} has {len(trees)} trees; one is wanted for {uri} (or uri = '.')")
    yield from wishes_of(uri, trees[0][1], place, exact=exact)
