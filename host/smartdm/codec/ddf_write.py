"""Writing a DDF: the same bytes for the same definitions, one element or property on each line.  Part of ``ddf``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartdm.codec.ddf_node import PROOF, is_placeholder
from smartdm.codec.limits import MAX_DEPTH, MAX_NODES
from smartdm.codec.mgmttree import MAX_TEXTS
from smartdm.codec.xmltext import document, nested, text, token
from smartdm.errors import CodecError
from smartdm.mo.definition import ONE, CaseSense, Definition, Scope
from smartdm.mo.text import shown
from smartdm.mo.uri import Uri


def write_document(version: str, man: str, mod: str, tops: Iterable[tuple[Uri | None, Definition]]) -> bytes:
    """The whole document; CodecError, naming the node, for what XML or a DDF cannot say."""
    lines: list[str] = []
    count = 0
    for path, top in tops:
        count += top.count()
        if count > MAX_NODES:
            raise CodecError(f"the description has more than {MAX_NODES} nodes")
        lines += nested(_checked(top), path, _node_lines)
    if not count:
        raise CodecError("a DDF needs at least one node")
    return document(version, man, mod, lines)


def _checked(top: Definition) -> Iterator[tuple[Uri, Definition]]:
    """The tree in pre-order; CodecError for one that is too deep."""
    deepest: int | None = None
    for path, definition in top.walk():
        deepest = path.depth + MAX_DEPTH if deepest is None else deepest
        if path.depth > deepest:
            raise CodecError(f"node {path} is more than {MAX_DEPTH} levels below the top")
        yield path, definition


def _node_lines(definition: Definition) -> Iterator[str]:
    """A node's name and properties."""
    if definition.name and is_placeholder(definition.name):
        raise CodecError(f"the name {shown(definition.name)} would be read as any name; leave it empty to mean that")
    yield f"<NodeName>{text(definition.name, 'name')}</NodeName>"
    yield "<DFProperties>"
    yield from (f"  {line}" for line in _properties(definition))
    yield "</DFProperties>"


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
    wanted = (("change", definition.change_proof), ("get", definition.get_proof))
    proofs = [f'{part}="{bits.words}"' for part, bits in wanted if bits]
    if proofs:
        yield f"<?{PROOF} proof {' '.join(proofs)}?>"


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
