"""The order of the packages: who may import whom, and what only the command line may do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import smartdm.errors

ROOT = Path(smartdm.errors.__file__).parent

# A package or module of smartdm -> what of smartdm it may import besides itself. A name stands for all below it.
VALUES = {"wire", "errors", "mo"}
FLOW = VALUES | {"codec", "card", "permit"}
HOUSE = FLOW | {"session", "ota"}
MAY_IMPORT: dict[str, set[str]] = {
    "wire": set(),
    "errors": {"wire"},
    "render": {"wire"},
    "mo": {"errors"},
    "codec": VALUES,
    "transport": VALUES,
    "permit": VALUES,
    "card": VALUES | {"codec.tlv", "codec.packed", "transport.base"},
    "session": FLOW,
    "gp": FLOW,
    "ota": FLOW,
    "sync": HOUSE - {"card"},
    "provision": HOUSE - {"card"},
    "policy": HOUSE - {"card"},
    "audit": HOUSE - {"card"},
    "bootstrap": HOUSE - {"card"},
    "dm": HOUSE - {"card"},
}
BELOW_CLI = set(MAY_IMPORT) | {"server", "fleet"}
MAY_IMPORT |= {"server": BELOW_CLI, "fleet": BELOW_CLI, "cli": BELOW_CLI}

ONLY_CLI_IMPORTS = {"click", "rich", "getpass", "argparse", "readline"}
ONLY_CLI_READS = {"os.environ", "os.environb", "os.getenv", "sys.argv", "sys.stdout", "sys.stderr", "sys.stdin"}
ONLY_CLI_CALLS = {"print", "input"}
STDLIB_ONLY = {"wire", "errors", "render", "mo"}

MODULES = {path.relative_to(ROOT).with_suffix("").parts: path for path in sorted(ROOT.rglob("*.py"))}
MODULES = {parts: path for parts, path in MODULES.items() if parts not in {("__init__",), ("__main__",)}}


def name_of(parts: tuple[str, ...]) -> str:
    return ".".join(part for part in parts if part != "__init__")


def imports(tree: ast.AST, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of each import; `from a import b` gives a.b, so that modules are told apart."""
    package = ("smartdm", *parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            start = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def allowed(target: str, owner: str) -> bool:
    names = MAY_IMPORT[owner] | {owner}
    return any(target == name or target.startswith(f"{name}.") for name in names)


def level_faults(source: str, parts: tuple[str, ...]) -> list[str]:
    owner, faults = parts[0], []
    for line, name in imports(ast.parse(source), parts):
        top, _, rest = name.partition(".")
        if top == "smartdm" and rest and rest != "__version__" and not allowed(rest, owner):
            faults.append(f"{name_of(parts)}:{line}: {owner} may not import {name}")
    return faults


def rim_faults(source: str, parts: tuple[str, ...]) -> list[str]:
    faults, tree = [], ast.parse(source)
    for line, name in imports(tree, parts):
        if name.partition(".")[0] in ONLY_CLI_IMPORTS or name in ONLY_CLI_READS:
            faults.append(f"{name_of(parts)}:{line}: only cli imports {name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            text = f"{node.value.id}.{node.attr}"
            if text in ONLY_CLI_READS:
                faults.append(f"{name_of(parts)}:{node.lineno}: only cli uses {text}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ONLY_CLI_CALLS:
            faults.append(f"{name_of(parts)}:{node.lineno}: only cli calls {node.func.id}")
    return faults


def everywhere() -> list[tuple[tuple[str, ...], str]]:
    return [(parts, path.read_text("utf-8")) for parts, path in MODULES.items()]


def test_every_module_has_a_level():
    unknown = {parts[0] for parts, _ in everywhere()} - set(MAY_IMPORT)
    assert not unknown, "name them in MAY_IMPORT"


def test_imports_go_only_downward():
    faults = [fault for parts, text in everywhere() for fault in level_faults(text, parts)]
    assert not faults, "\n".join(faults)


def test_only_the_command_line_prints_prompts_and_reads_its_surroundings():
    faults = [fault for parts, text in everywhere() if parts[0] != "cli" for fault in rim_faults(text, parts)]
    assert not faults, "\n".join(faults)


def test_values_use_the_standard_library_only():
    third_party = {"click", "rich", "lxml", "cryptography", "platformdirs", "smartcard", "serial"}
    used = [
        f"{name_of(parts)}:{line}: {name}"
        for parts, text in everywhere()
        if parts[0] in STDLIB_ONLY
        for line, name in imports(ast.parse(text), parts)
        if name.partition(".")[0] in third_party
    ]
    assert not used


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mo.uri", "from smartdm.codec import tlv"),
        ("codec.tlv", "import smartdm.transport.base"),
        ("card.channel", "from smartdm.transport import sim"),
        ("card.channel", "from ..codec import tnds"),
        ("session", "from .gp import domain"),
        ("dm.client", "import smartdm.card"),
        ("errors", "from smartdm.mo import uri"),
    ],
)
def test_an_upward_or_sideways_import_is_found(module: str, source: str):
    assert level_faults(source, tuple(module.split(".")))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("card.channel", "from smartdm.transport.base import Transport"),
        ("card.channel", "from ..codec import tlv"),
        ("mo.tree", "from .uri import Uri"),
        ("cli.main", "from smartdm import session"),
    ],
)
def test_a_downward_import_is_taken(module: str, source: str):
    assert not level_faults(source, tuple(module.split(".")))


@pytest.mark.parametrize(
    "source",
    ["import click", "from rich.tree import Tree", "print(1)", "import os\nos.environ['A']", "from sys import argv"],
)
def test_a_print_or_a_look_at_the_environment_is_found(source: str):
    assert rim_faults(source, ("session",))
