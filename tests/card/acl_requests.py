"""Requests by anybody on random trees of ACLs: each of them is decided by the card and by the judge."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from smartdm.transport.sim import SimTransport
from smartdm.wire import Sw
from tests.card.asking import assert_sw
from tests.card.judge import Judge
from tests.oracle.acl import ANYBODY, ISSUER, NONE, Acl
from tests.oracle.choices import DEFINITIONS, SERVER_IDS, Choices
from tests.oracle.commands import Add, Command, Delete, Get, Rename, Replace, SetAcl, SetTitle, Source
from tests.oracle.nodes import REGISTRY, Node, Path, branch, leaf

NOWHERE = Delete(("nowhere at all",))
"""Refused with NOT_FOUND whoever asks, so that what stands before it is decided but not done."""


def plant(sim: SimTransport, choices: Choices, params: bytes = b"") -> Judge:
    """A card with a random tree: every other node has an ACL of its own, some follow definitions."""
    judge = Judge.new(sim, params)
    judge.servers(*SERVER_IDS)
    for definition in DEFINITIONS:
        judge.do(Add((REGISTRY,), definition), who=ISSUER)
    for number in range(4):
        judge.do(Add((), grow(choices, f"N{number}", 0)), who=ISSUER)
    judge.do(Add((), choices.instance(judge.model, ("acc",), "Acc")), who=choices.who())
    judge.open_doors()
    return judge


def grow(choices: Choices, name: str, depth: int) -> Node:
    """A subtree of at most four levels."""
    acl = choices.acl() if choices.chance(50) else NONE
    if depth == 3 or (depth and choices.chance(40)):
        return leaf(name, b"v", acl=acl)
    below = (grow(choices, f"{name}{letter}", depth + 1) for letter in "abc"[: choices.random.randint(1, 3)])
    return branch(name, *below, acl=acl)


def probes(path: Path, node: Node) -> Iterator[Command]:
    """One of each command that asks for a right on this node; each makes sense there but for the right."""
    yield Delete(path)
    yield SetTitle(path, "T")
    yield SetAcl(path, Acl.parse("Get=*"))
    if path:
        yield Rename(path, "another")
    if node.is_leaf:
        yield Replace(path, b"w")
    else:
        yield Add(path, leaf("another"))
        yield Add(path, leaf("another", acl=Acl.parse("Get=*")))
        yield Add(path, branch("another", leaf("below", acl=Acl.parse("Get=*"))))


def decide(judge: Judge, *commands: Command) -> None:
    """Both decide commands that are not done whatever the decision is."""
    batch = [*commands, NOWHERE]
    refused = judge.refusal(batch)
    assert refused is not None
    answer = judge.run(batch)
    assert answer.sw in refused.statuses, f"{answer.sw:04X}, not {refused}: {judge.who} {commands}"
    assert answer.at == refused.at, f"at {answer.at}, not {refused.at}: {judge.who} {commands}"


def every_right(judge: Judge, *askers: str) -> int:
    """Decide every probe on every node for these (none = everybody the card knows); then nothing has changed.

    Returns how many there were.
    """
    asked = 0
    for who in askers or [name for name in judge.numbers.servers.values() if name != ANYBODY]:
        judge.ask_as(who)
        for path, node in list(judge.model.root.paths()):
            for command in probes(path, node):
                decide(judge, command)
                asked += 1
            if node.is_leaf and not node.pieces:
                decide(judge, Source(path), Replace(path, b""))
                asked += 1
            judge.do(Get(path, 0)) if path else judge.follow(0)
            asked += 1
    judge.look(ISSUER)
    judge.audit()
    return asked


def wander(judge: Judge, choices: Choices, steps: int) -> int:
    """Change the tree by random commands of random askers; returns the number of requests."""
    for number in range(steps):
        judge.do(*choices.command(judge.model), who=choices.who())
        if number % 8 == 7:
            judge.look(choices.who())
    return steps


def refused_to(judge: Judge, who: str, *commands: Command) -> None:
    """Refused for want of a right."""
    judge.refuse(Sw.NOT_ALLOWED, *commands, who=who)


def read_denied(judge: Judge, who: str, path: Path) -> None:
    """READ of a node is refused."""
    judge.ask_as(who)
    assert_sw(judge.read(path).sw, Sw.NOT_ALLOWED)


def chances(seed: int) -> Choices:
    """Choices of a seed."""
    return Choices(Random(seed))
