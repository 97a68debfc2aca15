"""Writing a DDF: the same bytes for the same definitions, one element or property on each line.  Part of ``ddf``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartdm.codec.ddf_node import is_placeholder
from smartdm.codec.limits import MAX_DEPTH, MAX_NODES
from smartdm.codec.mgmttree import MAX_TEXTS
from smartdm.codec.xmltext import HEAD, NAMESPACE, text, token
from smartdm.errors import CodecError
from smartdm.mo.definition import ONE, CaseSense, Definition, Scope
from smartdm.mo.text import shown
from smartdm.mo.uri import Uri


def write_document(version: str, man: str, mod: str, tops: Iterable[tuple[Uri | None, Definition]]) -> bytes:
    """The whole document; CodecError, naming the node, for what XML or a DDF cannot say."""
    lines = [HEAD, f'<MgmtTree xmlns="{NAMESPACE}">', f"  <VerDTD>{version}</VerDTD>"]
    lines += [f"  <{tag}>{token(word, tag)}</{tag}>" for tag, word in (("Man", man), ("Mod", mod)) if word]
    count = 0
    for path, top in tops:
        count += top.count()
        if count > MAX_NODES:
            raise CodecError(f"the description has more than {MAX_NODES} nodes")
        lines += _tree_lines(path, top)
    if not count:
        raise CodecError("a DDF needs at least one node")
    return "\n".join([*lines, "</MgmtTree>", ""]).encode("utf-8")


def _tree_lines(place: Uri | None, top: Definition) -> Iterator[str]:
    """The lines of one tree: a Node is closed when the walk comes to a node that is not below it."""
    base: int | None = None
    depth = -1
    for path, definition in top.walk():
        base = path.depth if base is None else base
        level = path.depth - base
        if level > MAX_DEPTH:
            raise CodecError(f"node {path} is more than {MAX_DEPTH} levels below the top")
        for closing in range(depth, level - 1, -1):
            yield f"{_indent(closing)}</Node>"
        depth = level
        try:
            yield from _node_lines(definition, _indent(level), place if level == 0 else None)
        except CodecError as error:
            raise CodecError(f"node {path}: {error}") from error
    for closing in range(depth, -1, -1):
        yield f"{_indent(closing)}</Node>"


def _indent(level: int) -> str:
    return "  " * (level + 1)


def _node_lines(definition: Definition, indent: str, place: Uri | None) -> Iterator[str]:
    """Everything of a node but those below it and its end."""
    if definition.name and is_placeholder(definition.name):
        raise CodecError(f"the name {shown(definition.name)} would be read as any name; leave it empty to mean that")
    yield f"{indent}<Node>"
    yield f"{indent}  <NodeName>{text(definition.name, 'name')}</NodeName>"
    if place is not None:
        yield f"{indent}  <Path>{text(str(place), 'Path')}</Path>"
    yield f"{indent}  <DFProperties>"
    for line in _properties(definition):
        yield f"{indent}    {line}"
    yield f"{indent}  </DFProperties>"


def _properties(definition: Definition) -> Iterator[str]:
    """The properties in the order of the DTD; those that say what their absence says are left out."""
    yield f"<AccessType>{''.join(f'<{title}/>' for title in definition.access.titles)}</AccessType>"
    if definition.default is not None:
        yield f"<DefaultValue>{text(definition.default, 'DefaultValue')}</DefaultValue>"
    if definition.description:
        yield f"<Description>{text(definition.description, 'Description')}</Description>"
    yield f"<DFFormat><{definition.format}/></DFFormat>"
    if definition.occurrence != ONE:
        yield f"<Occurrence>{_occurrence(definition)}</Occurrence>"
    if definition.scope is not Scope.DYNAMIC:
        yield f"<Scope><{definition.scope}/></Scope>"
    if definition.title:
        yield f"<DFTitle>{text(definition.title, 'DFTitle')}</DFTitle>"
    yield f"<DFType>{_types(definition)}</DFType>"
    if definition.case_sense is not CaseSense.CS:
        yield f"<CaseSense><{definition.case_sense}/></CaseSense>"


def _occurrence(definition: Definition) -> str:
    occurrence = definition.occurrence
    element = occurrence.element
    return f"<{element}>{occurrence.maximum}</{element}>" if element.endswith("N") else f"<{element}/>"


def _types(definition: Definition) -> str:
    if not definition.is_leaf:
        return f"<DDFName>{token(definition.mo_id, 'DDFName')}</DDFName>"
    if len(definition.types) > MAX_TEXTS:
        raise CodecError(f"{len(definition.types)} MIME types; {MAX_TEXTS} is the most")
    return "".join(f"<MIME>{token(mime, 'MIME')}</MIME>" for mime in definition.types) or "<MIME></MIME>"
