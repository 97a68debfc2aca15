"""Render the card's protocol from ``wire``: ``Wire.java`` for the applet, a page for readers.

``python -m smartdm.render`` writes both files into the checkout; the test that
renders again keeps them equal.  Pure: no card, no I/O but in ``main``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from enum import IntEnum, IntFlag
from pathlib import Path

from smartdm import wire

Family = type[IntEnum] | type[IntFlag]

_FAMILIES: tuple[tuple[str, str, Family], ...] = (
    ("CLA", "byte", wire.Cla),
    ("INS", "byte", wire.Ins),
    ("CMD", "byte", wire.Command),
    ("OPT", "byte", wire.Option),
    ("KIND", "byte", wire.Kind),
    ("FORMAT", "byte", wire.Format),
    ("VERB", "byte", wire.Verb),
    ("ACCESS", "byte", wire.Access),
    ("STREAM", "byte", wire.Stream),
    ("SELECT", "byte", wire.Select),
    ("INSTALL", "byte", wire.Install),
    ("LIMIT", "short", wire.Limit),
    ("NODE", "byte", wire.Node),
    ("PRINCIPAL", "byte", wire.Principal),
    ("STATE", "byte", wire.State),
    ("SCHEME", "byte", wire.Scheme),
    ("PROOF", "byte", wire.Proof),
    ("GUARD", "byte", wire.Guard),
    ("RULE", "byte", wire.RuleFlag),
    ("SW", "short", wire.Sw),
)

_SINGLE = (
    "META_INLINE",
    "META_DEFINITION",
    "META_TYPE",
    "DEFINITION_REQUIRED",
    "DEFINITION_ID_HIGH",
    "PIECES",
    "ID_RUN",
    "SOURCE_VALUE",
    "ACL_ID_SHIFT",
)


def _java_constant(prefix: str, kind: str, member: wire.Documented) -> str:
    width = 4 if prefix == "SW" else 2
    literal = str(int(member)) if prefix == "LIMIT" else f"0x{int(member):0{width}X}"
    return f"  static final {kind} {prefix}_{member.name} = ({kind}) {literal};"


def _comment(text: str) -> Iterator[str]:
    return (f"  // {line}" for line in textwrap.wrap(text, 94))


def _members(family: Family) -> Iterable[wire.Documented]:
    return family.__members__.values()  # type: ignore[return-value]


def java() -> str:
    """The text of ``applet/src/smartdm/Wire.java``."""
    lines = [
        "package smartdm;",
        "",
        "/** The numbers of the card's protocol. GENERATED from host/smartdm/wire.py: do not edit. */",
        "final class Wire {",
        "  private Wire() {}",
        "",
        f"  static final byte VERSION_MAJOR = (byte) {wire.VERSION_MAJOR};",
        f"  static final byte VERSION_MINOR = (byte) {wire.VERSION_MINOR};",
        *(f"  static final byte {name} = (byte) 0x{getattr(wire, name):02X};" for name in _SINGLE),
    ]
    for prefix, kind, family in _FAMILIES:
        lines.append("")
        for member in _members(family):
            lines += _comment(member.doc)
            lines.append(_java_constant(prefix, kind, member))
    lines += ["", "  // One row for each instruction: INS, guard, smallest Lc, flags."]
    lines.append("  static final short RULE_SIZE = (short) 4;")
    lines.append("  static final byte[] RULES = {")
    lines += [f"    INS_{r.ins.name}, {int(r.guard)}, {r.min_lc}, {int(r.flags)}," for r in wire.RULES]
    lines += ["  };", "}", ""]
    return "\n".join(lines)


def _table(title: str, family: Family, width: int) -> Iterator[str]:
    yield f"\n### {title}\n"
    yield "| code | name | meaning |"
    yield "|---|---|---|"
    for member in _members(family):
        code = str(int(member)) if family is wire.Limit else f"`{int(member):0{width}X}`"
        yield f"| {code} | {member.name} | {member.doc} |"


def _commands() -> Iterator[str]:
    for rule in wire.RULES:
        chain = "may be chained" if rule.flags & wire.RuleFlag.CHAIN else "one APDU"
        yield f"\n### {rule.ins.name} (INS {rule.ins:02X})\n"
        yield f"{rule.ins.doc}. Guard: {rule.guard.name} ({rule.guard.doc}); Lc at least {rule.min_lc}; {chain}."
        yield "\nExample, on a fresh card:\n\n```"
        for command, answer in rule.example:
            yield f"> {command}"
            yield f"< {answer}"
        yield "```"


def page() -> str:
    """The text of ``docs/card-commands.md``."""
    package, applet = wire.PACKAGE_AID.hex().upper(), wire.APPLET_AID.hex().upper()
    version = f"{wire.VERSION_MAJOR}.{wire.VERSION_MINOR}"
    doc = [
        "# Card commands\n",
        "Rendered from `host/smartdm/wire.py` (`python -m smartdm.render`): do not edit.",
        "How the numbers are used is told in [store.md](store.md).\n",
        f"Package `{package}`, applet `{applet}`, wire version {version}.\n",
        "## Commands",
        *_commands(),
        "\n## Numbers",
    ]
    titles = (
        ("Class byte", wire.Cla), ("Elements of a batch", wire.Command), ("Flags of OPTIONS", wire.Option),
        ("Kind byte, high nibble", wire.Kind), ("Kind byte, low nibble (Format)", wire.Format),
        ("Verbs of an ACL entry", wire.Verb), ("Access byte of a definition", wire.Access),
        ("Stream flags", wire.Stream),
        ("SELECT answer: 6F { 84 AID, A5 { … } }", wire.Select), ("Install parameters", wire.Install),
        ("Limits", wire.Limit), ("Nodes of every card", wire.Node), ("Principals", wire.Principal),
        ("Life cycle", wire.State), ("Proof bits", wire.Proof),
    )  # fmt: skip
    for title, family in titles:
        doc += _table(title, family, 2)
    doc += ["\n### Known Types\n", "| index | Type |", "|---|---|"]
    doc += [f"| {index} | {name or '(none)'} |" for index, name in enumerate(wire.TYPES)]
    doc += ["\n### Status words\n", "| SW | name | DM status | meaning |", "|---|---|---|---|"]
    doc += [f"| `{int(sw):04X}` | {sw.name} | {sw.dm_status} | {sw.doc} |" for sw in wire.Sw]
    return "\n".join(doc) + "\n"


def targets(root: Path) -> dict[Path, str]:
    """The rendered files of a checkout: path -> text."""
    return {
        root / "applet/src/smartdm/Wire.java": java(),
        root / "docs/card-commands.md": page(),
    }


def main() -> None:
    """Write the rendered files into the checkout this package lies in."""
    for path, text in targets(Path(__file__).resolve().parents[2]).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
