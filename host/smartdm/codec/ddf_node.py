"""One Node element of a DDF: from the texts and choices of its elements to a definition.  Part of ``ddf``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from smartdm.errors import CodecError
from smartdm.mo.definition import (
    MAX_OCCURRENCE,
    NO_PROOF,
    ONE,
    ONE_OR_MORE,
    ZERO_OR_MORE,
    ZERO_OR_ONE,
    Access,
    CaseSense,
    Definition,
    Occurrence,
    Proof,
    Scope,
)
from smartdm.mo.text import shown
from smartdm.mo.tree import Format

CHOICES: Mapping[str, frozenset[str]] = {
    "AccessType": frozenset(title for member in Access for title in member.titles),
    "DFFormat": frozenset(str(member) for member in Format),
    "Occurrence": frozenset({"One", "ZeroOrOne", "ZeroOrMore", "OneOrMore"}),
    "Scope": frozenset(str(member) for member in Scope),
    "CaseSense": frozenset(str(member) for member in CaseSense),
}
"""Element -> the empty elements that may stand in it."""

PROOF = "smartdm"
"""The target of the processing instruction in DFProperties that carries what no element of a DDF does."""

_PROOFS = {str(member.name): member for member in Proof}
_PROOF_SYNTAX = re.compile(r"""proof(?:\s+(?:change|get)\s*=\s*(?:"[^"]*"|'[^']*'))+\s*""")
_PROOF_PART = re.compile(r"""\s(change|get)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

_ACCESS = {title: member for member in Access for title in member.titles}
_OCCURRENCES = {str(occurrence): occurrence for occurrence in (ONE, ZERO_OR_ONE, ZERO_OR_MORE, ONE_OR_MORE)}

_PLACEHOLDER = re.compile(r"\*|<[A-Za-z]>")
"""How specifications and some devices write a node of any name, which in a DDF has an empty NodeName."""

Lists = Mapping[str, Sequence[str]]


def is_placeholder(name: str) -> bool:
    """Whether a NodeName stands for any name: empty, ``*``, or a letter in angle brackets."""
    return not name or bool(_PLACEHOLDER.fullmatch(name))


def build_definition(fields: Mapping[str, str], lists: Lists, children: tuple[Definition, ...]) -> Definition:
    """The definition; ``fields``: element -> text, ``lists``: element -> choices or texts in it.

    CodecError says what is wrong with it.
    """
    if "NodeName" not in fields:
        raise CodecError("a Node needs a NodeName (empty if the node may have any name)")
    if not lists.get("DFFormat"):
        raise CodecError("the node needs DFProperties with a DFFormat, like <DFFormat><chr/></DFFormat>")
    node_format = Format(lists["DFFormat"][0])
    if children and node_format is not Format.NODE:
        raise CodecError(f"a leaf (DFFormat {node_format}) cannot hold other nodes; write <DFFormat><node/></DFFormat>")
    name = fields["NodeName"]
    return Definition(
        "" if is_placeholder(name) else name,
        node_format,
        reduce(or_, (_ACCESS[title] for title in lists.get("AccessType", ())), Access(0)),
        _types(fields, lists, node_format),
        fields.get("DFTitle", ""),
        fields.get("Description", ""),
        _default(fields, node_format),
        _occurrence(fields, lists),
        Scope(_choice(lists, "Scope", Scope.DYNAMIC)),
        CaseSense(_choice(lists, "CaseSense", CaseSense.CS)),
        children,
        **_proof(fields),
    )


def _proof(fields: Mapping[str, str]) -> dict[str, Proof]:
    """What the node's changes and its Get want proven: ``<?smartdm proof change="..." get="..."?>``."""
    text = fields.get(f"?{PROOF}")
    if text is None:
        return {}
    parts = _PROOF_PART.findall(text)
    if not _PROOF_SYNTAX.fullmatch(text) or len({part for part, *_ in parts}) < len(parts):
        raise CodecError(f'<?{PROOF} {shown(text)}?> must be like <?{PROOF} proof change="LIVE BOUND" get="HOLDER"?>')
    return {f"{part}_proof": _proof_bits(part, (double or single).split()) for part, double, single in parts}


def _proof_bits(part: str, words: Sequence[str]) -> Proof:
    for word in words:
        if word not in _PROOFS:
            raise CodecError(f"{part} in <?{PROOF} proof?> cannot be {shown(word)}; write some of {' '.join(_PROOFS)}")
    return reduce(or_, (_PROOFS[word] for word in words), NO_PROOF)


def _choice(lists: Lists, name: str, default: str) -> str:
    return lists[name][0] if lists.get(name) else default


def _types(fields: Mapping[str, str], lists: Lists, node_format: Format) -> tuple[str, ...]:
    """MIME types of a leaf, each once; identifier of an interior node, whose MIME types say nothing."""
    name = fields.get("DDFName", "").strip()
    if node_format is Format.NODE:
        return (name,) if name else ()
    if name:
        raise CodecError(f"the DFType of a leaf must be a MIME, not the DDFName {shown(name)}")
    return tuple(dict.fromkeys(mime.strip() for mime in lists.get("MIME", ()) if mime.strip()))


def _default(fields: Mapping[str, str], node_format: Format) -> str | None:
    default = fields.get("DefaultValue")
    if node_format is not Format.NODE:
        return default
    if default and not default.isspace():
        raise CodecError(f"an interior node cannot have the DefaultValue {shown(default)}; remove it")
    return None


def _occurrence(fields: Mapping[str, str], lists: Lists) -> Occurrence:
    for element, minimum in (("ZeroOrN", 0), ("OneOrN", 1)):
        text = fields.get(element)
        if text is None:
            continue
        if not re.fullmatch(r"[0-9]{1,6}", text.strip(), re.ASCII) or not 2 <= int(text) <= MAX_OCCURRENCE:
            raise CodecError(f"{element} {shown(text)} must be a number from 2 to {MAX_OCCURRENCE}")
        return Occurrence(minimum, int(text))
    return _OCCURRENCES[_choice(lists, "Occurrence", "One")]
