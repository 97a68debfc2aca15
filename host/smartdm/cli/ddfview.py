"""Definitions as people and programs see them: drawn trees, fields, JSON members.  Pure: values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartdm.cli.output import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.mo.definition import Definition
    from smartdm.mo.uri import Uri


def details(definition: Definition) -> list[str]:
    """What stands behind a definition's name: format, access, occurrence, types, title, proof."""
    words = [str(definition.format), "+".join(definition.access.titles) or "(no access)"]
    if str(definition.occurrence) != "One":
        words.append(str(definition.occurrence))
    if str(definition.scope) != "Dynamic":
        words.append(str(definition.scope))
    words += [printable(text) for text in definition.types]
    if definition.title:
        words.append(f'"{printable(definition.title)}"')
    return words + needs(definition)


def needs(definition: Definition) -> list[str]:
    """What a card must have seen of who is asking, for Get and for changes; empty if nothing."""
    if definition.get_proof == definition.change_proof:
        return [f"needs {definition.get_proof.words}"] if definition.get_proof else []
    wanted = (("changes need", definition.change_proof), ("Get needs", definition.get_proof))
    return [f"{what} {bits.words}" for what, bits in wanted if bits]


def tree_lines(top: Definition) -> Iterator[tuple[str, str, list[str]]]:
    """The drawn tree: for each definition the branch before it, its name (``*`` = any), and its details."""
    yield "", printable(top.segment), details(top)
    yield from _branches(top, "")


def _branches(definition: Definition, indent: str) -> Iterator[tuple[str, str, list[str]]]:
    for number, child in enumerate(definition.children, 1):
        last = number == len(definition.children)
        yield f"{indent}{'└── ' if last else '├── '}", printable(child.segment), details(child)
        yield from _branches(child, f"{indent}{'    ' if last else '│   '}")


def fields(path: Uri, definition: Definition) -> dict[str, object]:
    """All properties, by the names that the DDF gives them; those that say nothing are left out."""
    kind = "DFType" if definition.is_leaf else "DDFName"
    pairs: dict[str, object] = {
        "Path": path,
        "NodeName": printable(definition.name) or "(any)",
        "DFTitle": printable(definition.title),
        "Description": printable(definition.description),
        "DFFormat": definition.format,
        kind: ", ".join(printable(text) for text in definition.types),
        "AccessType": ", ".join(definition.access.titles) or "(none)",
        "Occurrence": definition.occurrence,
        "Scope": definition.scope,
        "CaseSense": definition.case_sense,
        "Proof": ", ".join(needs(definition)),
        "DefaultValue": None if definition.default is None else f'"{printable(definition.default)}"',
        "Below": _below(definition),
    }
    return {name: value for name, value in pairs.items() if value not in (None, "")}


def _below(definition: Definition) -> str | None:
    if definition.is_leaf:
        return None
    return ", ".join(printable(child.segment) for child in definition.children) or "anything"


def document(path: Uri, definition: Definition) -> dict[str, object]:
    """One definition as members of a JSON document; properties without a value are left out."""
    data: dict[str, object] = {
        "path": str(path),
        "name": definition.name or None,
        "format": str(definition.format),
        "access": list(definition.access.titles),
        "occurrence": {"minimum": definition.occurrence.minimum, "maximum": definition.occurrence.maximum},
        "scope": str(definition.scope),
        "case_sense": str(definition.case_sense),
    }
    if definition.mo_id:
        data["object"] = definition.mo_id
    if definition.is_leaf:
        data["types"] = list(definition.types)
    if definition.change_proof or definition.get_proof:
        data["proof"] = {"change": definition.change_proof.words.split(), "get": definition.get_proof.words.split()}
    if definition.default is not None:
        data["default"] = definition.default
    texts = {"title": definition.title, "description": definition.description}
    return data | {name: text for name, text in texts.items() if text}
