"""Nodes as people and programs see them: drawn trees, one-line nodes, JSON members.  Pure: values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.cli.batchtext import time_text
from smartdm.cli.output import display, printable
from smartdm.mo import tstamp
from smartdm.mo.text import not_xml
from smartdm.mo.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.mo.feed import Item, Snapshot
    from smartdm.mo.tree import Change
    from smartdm.mo.uri import Uri

PROPERTIES = ("ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo")
"""The properties of TND 1.2, as ``?prop=`` spells them."""


def property_text(node: Node, prop: str) -> str:
    """A property's value as DM transports it: text, decimal numbers, ISO 8601 basic time; '' when it has none."""
    values = {
        "ACL": str(node.acl),
        "Format": str(node.format),
        "Name": node.name,
        "Size": str(node.size) if node.is_leaf else "",
        "Title": node.title,
        "TStamp": "" if node.tstamp is None else tstamp.encode(node.tstamp),
        "Type": node.type,
        "VerNo": str(node.verno),
    }
    return values[prop]


def child_total(node: Node) -> int:
    """The number of children, also where the answer was cut by its depth."""
    return len(node.children) if node.child_count is None else node.child_count


def details(node: Node, *, values: bool = False) -> list[str]:
    """What stands behind a node's name: format, size, and whatever else it has."""
    if node.withheld:
        return ["withheld"]
    if node.is_leaf:
        words = [str(node.format), f"{node.size} B"]
        if values:
            words.append(display(node.value))
    else:
        words = ["node"]
        if node.child_count and not node.children:
            words.append(f"({node.child_count} below)")
    if node.type:
        words.append(printable(node.type))
    if node.title:
        words.append(f'"{printable(node.title)}"')
    if node.acl:
        words.append(f"[{printable(str(node.acl))}]")
    return words


def node_line(uri: Uri, node: Node) -> str:
    """A node with its value in one line."""
    return f"{uri}  {'  '.join(details(node, values=True))}"


def tree_lines(top: Uri, node: Node, *, values: bool = False) -> Iterator[tuple[str, str, list[str]]]:
    """The drawn tree: for each node the branch before it, its name, and its details."""
    yield "", str(top), details(node, values=values)
    yield from _branches(node, "", values=values)


def _branches(node: Node, indent: str, *, values: bool) -> Iterator[tuple[str, str, list[str]]]:
    for number, child in enumerate(node.children, 1):
        last = number == len(node.children)
        yield f"{indent}{'└── ' if last else '├── '}", printable(child.name), details(child, values=values)
        yield from _branches(child, f"{indent}{'    ' if last else '│   '}", values=values)


def flat_lines(top: Uri, node: Node) -> Iterator[str]:
    """One line per node for other programs: URI, format, size, type, ACL, between tabs."""
    for uri, inner in node.walk(top):
        if inner.withheld:
            yield f"{uri}\twithheld\t\t\t"
            continue
        size = str(inner.size) if inner.is_leaf else ""
        yield "\t".join((str(uri), str(inner.format), size, printable(inner.type), printable(str(inner.acl))))


def node_document(top: Uri, node: Node) -> dict[str, object]:
    """A node and everything below it as members of a JSON document; properties without a value are left out."""
    if node.withheld:
        return {"uri": str(top), "name": node.name, "withheld": True}
    data: dict[str, object] = {"uri": str(top), "name": node.name, "format": str(node.format), "verno": node.verno}
    optional = {
        "type": node.type,
        "title": node.title,
        "acl": str(node.acl),
        "tstamp": "" if node.tstamp is None else time_text(node.tstamp),
    }
    data |= {name: value for name, value in optional.items() if value}
    if node.is_leaf:
        return data | {"size": node.size, **value_members(node.value)}
    data["child_count"] = child_total(node)
    if node.children:
        data["children"] = [node_document(top / child.name, child) for child in node.children]
    return data


def item_node(snapshot: Snapshot, item: Item) -> Node:
    """A node of a snapshot by itself; of its children only the number is shown."""
    interior = not item.is_leaf
    return Node(
        item.name,
        item.format,
        snapshot.value(item),
        item.type,
        item.title,
        item.acl,
        item.tstamp,
        item.verno,
        child_count=len(item.below) if interior else None,
        withheld=item.withheld,
    )


def value_members(value: bytes) -> dict[str, str]:
    """A value as ``value`` when it is UTF-8 text, else as ``value_base64``."""
    try:
        return {"value": value.decode("utf-8")}
    except UnicodeDecodeError:
        import base64  # noqa: PLC0415 - rarely needed

        return {"value_base64": base64.b64encode(value).decode("ascii")}


def fits_text(value: bytes) -> bool:
    """Whether a leaf of a text format can have this value: UTF-8, and only characters that XML 1.0 can carry."""
    try:
        return not not_xml(value.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def is_binary(node: Node) -> bool:
    """Whether a value would harm or garble a terminal."""
    try:
        text = node.value.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return any(not (c.isprintable() or c in "\n\t") for c in text)


def change_line(change: Change) -> str:
    """A difference in one line: ``+`` added, ``-`` removed, ``~`` changed."""
    uri = change.uri
    if change.kind != "changed":
        return f"{'+' if change.kind == 'added' else '-'} {uri}"
    return f"~ {uri}  {change.prop}: {_side(change.old)} -> {_side(change.new)}"


def change_document(change: Change) -> dict[str, object]:
    """A difference as a JSON object."""
    data: dict[str, object] = {"uri": str(change.uri), "kind": change.kind}
    if change.kind == "changed":
        data |= {"property": change.prop, "old": _plain(change.old), "new": _plain(change.new)}
    return data


def _side(value: object) -> str:
    if isinstance(value, bytes):
        return display(value)
    return "-" if value is None else f'"{printable(str(value))}"'


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value_members(value)
    return value if value is None or isinstance(value, int) else str(value)
