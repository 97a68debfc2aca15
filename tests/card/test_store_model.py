"""Random batches on the card and on a model of the tree's rules: after each of them both hold the same tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.errors import CardError, CardFull, PowerLostError, UriError
from smartdm.mo.acl import EMPTY, Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.session import Batch
from smartdm.transport.sim import CutMode, SimTransport
from tests.card.device import Device, parameters
from tests.card.model import Add, Command, Delete, Erase, Get, Model, Path, Refused, Rename, Replace, node_of
from tests.card.store import PROFILES, branch, expected_free, leaf, leaves, pattern

NAMES = (*"ABCDEFGHIJKLM", "Dé", "A.B", "%41", "long" * 10, "n" * 64)
TYPES = ("", "text/plain", "application/vnd.example")
ACLS = (EMPTY, Acl.parse("Get=*"), Acl.parse("Add=a&Delete=a+b&Replace=*"))

names = st.sampled_from(NAMES)
values = st.binary(max_size=20) | st.sampled_from([b"", b"v" * 48, b"w" * 150, b"x" * 224])
leaf_formats = st.sampled_from([Format.CHR, Format.BIN, Format.INT, Format.BOOL, Format.XML])
texts = {"type": st.sampled_from(TYPES), "title": st.sampled_from(("", "T", "Title é")), "acl": st.sampled_from(ACLS)}
leaf_nodes = st.builds(Node, name=names, format=leaf_formats, value=values, **texts)
picks = st.integers(0, 999)


def interior(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Nodes with up to three children of different names."""
    some = st.lists(children, max_size=3, unique_by=lambda node: node.name).map(tuple)
    return st.builds(Node, name=names, format=st.just(Format.NODE), children=some, **texts)


empty_nodes = st.builds(Node, name=names, format=st.just(Format.NODE), **texts)
nodes = st.recursive(leaf_nodes | empty_nodes, interior, max_leaves=8)


class Aim(Enum):
    """Which node a command is meant for."""

    FITTING = "one of the right kind"
    ANY = "any node"
    NONE = "no node at all"


@dataclass(frozen=True)
class Plan:
    """A command whose node is picked when it runs, from what the tree then holds."""

    kind: type[Command]
    pick: int
    aim: Aim
    arguments: tuple[Any, ...]

    def command(self, model: Model) -> Command | None:
        """The command on this tree; None if no node fits."""
        paths = model.root.paths()
        if self.aim is Aim.FITTING:
            paths = [path for path in paths if self.fits(model, path)]
        if not paths:
            return None
        path = paths[self.pick % len(paths)]
        if self.kind is Erase:
            return Erase() if self.aim is Aim.ANY else None
        return self.kind((*path, "Nowhere") if self.aim is Aim.NONE else path, *self.arguments)

    def fits(self, model: Model, path: Path) -> bool:
        """Whether this kind of command has a chance there."""
        interior = model.find(path).format is Format.NODE
        if self.kind is Add:
            return interior
        return self.kind is Get or (bool(path) and not (interior and self.kind is Replace))


aims = st.sampled_from([Aim.FITTING] * 18 + [Aim.ANY, Aim.NONE])


def plan(kind: type[Command], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Plan]:
    """Plans of one kind of command."""
    return st.builds(Plan, st.just(kind), picks, aims, st.tuples(*arguments))


adds = plan(Add, nodes)
formats = st.none() | st.none() | leaf_formats | leaf_formats | st.sampled_from([Format.NULL, Format.NODE])
changes = (
    adds
    | adds
    | adds
    | adds
    | plan(Replace, values, formats, st.sampled_from(TYPES))
    | plan(Delete)
    | plan(Rename, names)
    | plan(Erase)
)
cuts = st.tuples(st.integers(1, 12), st.sampled_from(CutMode), st.integers(0, 99))


@dataclass(frozen=True)
class Step:
    """A batch, and what happens to the power: nothing, a cycle before it, or a cut in it."""

    plans: list[Plan]
    gets: list[Plan]
    time: int | None
    cycle: bool
    cut: tuple[int, CutMode, int] | None


steps = st.builds(
    Step,
    st.lists(changes, min_size=1, max_size=4),
    st.lists(plan(Get), max_size=2),
    st.none() | st.integers(0, 0xFFFFFFFF),
    st.booleans(),
    st.none() | st.none() | st.none() | cuts,
)


def put(batch: Batch, command: Command) -> bool:
    """Append the command; False if no batch can hold it because its URI is too long."""
    place = Uri(command.path)
    try:
        match command:
            case Add():
                batch.add(place, command.node)
            case Replace(format=None):
                batch.replace(place, command.value)
            case Replace():
                batch.replace(place, command.value, command.format, command.type)
            case Delete():
                batch.delete(place)
            case Rename():
                batch.rename(place, command.name)
            case Erase():
                batch.erase()
            case Get():
                batch.get(place)
    except UriError:
        return False
    return True


def starter(max_depth: int) -> list[Command]:
    """A tree to begin with: some nodes of each kind, and a branch nearly as deep as can be."""
    deep = leaf("End", b"deep")
    for _ in range(max_depth - 3):
        deep = branch("D", deep)
    some = branch("Some", leaf("A", b"a"), branch("B", leaf("A", pattern(1, 100)), leaf("B")), branch("C"), title="T")
    return [Add((), deep), Add((), some), Add(("Some",), branch("Wide", *leaves(12))), Rename(("Some", "C"), "K")]


class Both:
    """A card and its model."""

    def __init__(self, simulator: SimTransport, profile: str) -> None:
        self.device = Device(simulator)
        self.small = profile == "small"
        self.session = self.device.new(PROFILES[profile] + parameters(arena=8 if self.small else 64))
        self.model = Model(self.session.info.max_depth)
        for command in starter(self.model.max_depth):
            batch = Batch()
            put(batch, command)
            self.session.apply(batch)
            self.model = self.model.after([command], None)
        self.compare()

    def step(self, step: Step) -> None:
        """Run one step on both and compare."""
        if step.cycle:
            self.session = self.device.power_cycle()
        batch, commands = self.batch(step)
        try:
            new, refused = self.model.after(commands, step.time), None
        except Refused as why:
            new, refused = self.model, why
        if step.cut:
            self.device.sim.arm_cut(*step.cut)
        try:
            answers = self.session.apply(batch)
        except PowerLostError:
            self.device.sim.reset()
            self.device.sim.arm_cut(0)
            if self.device.open().info.generation == self.model.generation:
                new = self.model
        except CardError as error:
            self.check_refusal(batch, refused, error)
            new = self.model
        else:
            assert refused is None, f"{batch.names} must be refused with {refused.statuses}"
            self.check_answers(commands, answers, new)
        self.device.sim.arm_cut(0)
        self.model = new
        self.compare()

    def batch(self, step: Step) -> tuple[Batch, list[Command]]:
        """The batch of a step; later commands may name what earlier ones add."""
        batch, commands = Batch(time=step.time), list[Command]()
        tree = self.model
        for each in step.plans + step.gets:
            command = each.command(tree)
            if command and put(batch, command):
                commands.append(command)
                try:
                    tree = tree.after([command], step.time)
                except Refused:
                    continue
        return batch, commands

    def check_refusal(self, batch: Batch, refused: Refused | None, error: CardError) -> None:
        """Refused as the model says, or for want of room where there is little."""
        if isinstance(error, CardFull) and not step_fits(self):
            return
        assert refused is not None, f"{batch.names}: {error}"
        assert error.dm_status in refused.statuses
        assert error.command == batch.names[refused.at]

    @staticmethod
    def check_answers(commands: list[Command], answers: list[Node], new: Model) -> None:
        """What the Gets found is in the tree after the batch."""
        gets = [command for command in commands if isinstance(command, Get)]
        assert answers == [node_of(new.find(get.path)) for get in gets]

    def compare(self) -> None:
        """Tree, generation, free space, number of nodes."""
        self.session = self.device.open()
        info, tree = self.session.info, self.session.read()
        assert tree == node_of(self.model.root)
        assert (info.generation, info.nodes) == (self.model.generation, tree.count())
        assert info.free == expected_free(info, tree, small=self.small)


def step_fits(both: Both) -> bool:
    """Whether a batch of this test surely has room."""
    info = both.device.open().info
    return info.free > 6000 and info.node_limit - info.nodes > 40


@pytest.mark.parametrize("profile", PROFILES)
@given(plans=st.lists(steps, min_size=4, max_size=30))
def test_the_card_keeps_to_the_rules_of_the_tree(simulator: SimTransport, profile: str, plans: list[Step]):
    simulator.commit_limit(384)
    both = Both(simulator, profile)
    for step in plans:
        both.step(step)


def test_verno_wraps_to_zero(device: Device):
    session = device.open()
    place = Uri(("A",))
    session.apply(Batch().add(place.parent, Node("A", Format.CHR)))
    for times in (4095, *[4096] * 15):
        batch = Batch()
        for _ in range(times):
            batch.replace(place, b"")
        session.apply(batch)
    assert session.read(place).verno == 0xFFFF
    session.apply(Batch().replace(place, b"last"))
    assert session.read(place).verno == 0
