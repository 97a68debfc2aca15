"""A card and its judge: every batch goes to both, and what can be seen of the card is what the judge says.

Nothing of the host's codec is used: commands are written and answers read by ``tests/oracle``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartdm.card.secrecy import key_value
from smartdm.errors import describe
from smartdm.transport.sim import SimTransport
from smartdm.wire import Format, Principal, Sw
from smartdm.wire import Node as Fixed
from tests.card.asking import LENT, Answer, Asker, assert_sw
from tests.card.device import fresh_card
from tests.card.entering import Doors
from tests.card.seen import Told
from tests.oracle.acl import ANYBODY, ISSUER
from tests.oracle.commands import Add, Command, Get, Replace
from tests.oracle.doubts import Refused
from tests.oracle.feed import snapshot
from tests.oracle.fresh import fresh
from tests.oracle.nodes import ID, KEYS, REGISTRY, SERVERS, Node, Path, leaf, record_sizes
from tests.oracle.reading import HEADER, Item, Reader
from tests.oracle.rights import is_registry, readable, server_id, server_name
from tests.oracle.tree import Card
from tests.oracle.views import Numbers, View, newer, shown
from tests.oracle.writing import NO_OPTIONS, Options

FULL = (Sw.CARD_FULL, Sw.NO_NODE_LEFT)


@dataclass(frozen=True)
class State:
    """Equal if nothing differs: ids, order of children and numbers of changes included."""

    told: Told
    tree: bytes
    registry: bytes


@dataclass
class Judge(Asker):
    """An asker who knows what must be answered."""

    @classmethod
    def new(cls, sim: SimTransport, params: bytes = b"") -> Judge:
        """A fresh card."""
        fresh_card(sim, params)
        return cls.of(sim)

    @classmethod
    def of(cls, sim: SimTransport) -> Judge:
        """A card that was just personalized."""
        judge = cls(sim)
        first = judge.select()
        judge.model = fresh(first.max_depth, first.node_limit, judge.identity())
        judge.model.proof = LENT
        judge.learn()
        return judge

    def identity(self) -> bytes:
        """The value of ``?/Id``, which the card itself has made."""
        item = Reader(self.read((REGISTRY, ID)).data).flat()[0]
        return item.value

    def open_doors(self) -> None:
        """From now on everybody comes in by a real door; the servers that the card knows get keys for it."""
        place = (REGISTRY, SERVERS)
        leaves = [node for node in self.model.find(place).children if not node.definition and node.name != ANYBODY]
        doors = Doors.of(self.sim, [server_id(node.name) for node in leaves])
        self.ask_as(ISSUER)
        for node in leaves:
            value = key_value(doors.keys[server_id(node.name)])
            assert_sw(self.run([Replace((*place, node.name), value)]).sw, Sw.OK)
            self.model.generation += 1
            node.definition, node.format, node.value = (KEYS,), Format.BIN, value
            node.changed(self.model.generation, None)
        self.doors = doors
        self.ask_as(ISSUER)

    # Both.

    def do(self, *commands: Command, who: str | None = None, options: Options = NO_OPTIONS) -> bool:
        """Run a batch on both; they must agree.  Returns whether it was done."""
        if who is not None:
            self.ask_as(who)
        try:
            new, refused = self.model.after(commands, self.who, options.time), None
        except Refused as why:
            new, refused = self.model, why
        answer = self.run(commands, options)
        if self.tight and answer.sw in FULL:
            return False
        self.agree(commands, answer, refused, new)
        self.model = new
        if refused is None and any(is_registry(command.path) for command in commands):
            self.learn()
        return refused is None

    def done(self, *commands: Command, who: str | None = None, options: Options = NO_OPTIONS) -> None:
        """Run a batch on both; it is done."""
        assert self.do(*commands, who=who, options=options), f"{self.who}: {self.refusal(commands)}"

    def agree(self, commands: Sequence[Command], answer: Answer, refused: Refused | None, new: Card) -> None:
        """Done if it must be, refused for the right reason if not; what GETs found is there."""
        if refused is not None:
            told = f"{describe(answer.sw)} at {answer.at}"
            wanted = " or ".join(describe(sw) for sw in sorted(refused.statuses))
            assert answer.sw in refused.statuses, f"{told}, wanted {wanted}: {self.who} {commands}"
            assert answer.at == refused.at, f"{told}, wanted at {refused.at}: {commands}"
            return
        assert answer.sw == Sw.OK, f"{describe(answer.sw)} at {answer.at}: {self.who} {commands}"
        gets = [command for command in commands if isinstance(command, Get)]
        if not gets:
            assert not answer.data
            return
        reader = Reader(answer.data)
        assert reader.generation == new.generation
        asked = replace(new, proof=self.model.proof)
        for get in gets:
            seen = self.numbers.tree(reader.tree(get.levels))
            assert seen == shown(asked, get.path, self.who, get.levels)
        assert reader.done

    def refuse(self, sw: Sw, *commands: Command, who: str | None = None) -> None:
        """A batch is refused with this status word; nothing of it happens, and the judge knew."""
        if who is not None:
            self.ask_as(who)
        before = self.read(since=0) if self.who == ISSUER else None
        with_reason = self.run(commands)
        assert_sw(with_reason.sw, sw)
        refused = self.refusal(commands)
        assert refused is not None, f"the judge lets {self.who} do {commands}"
        assert sw in refused.statuses, f"the judge says {refused}"
        if before:
            assert self.read(since=0) == before

    def refusal(self, commands: Sequence[Command]) -> Refused | None:
        """Why the judge would refuse a batch; None if he would not."""
        try:
            self.model.after(commands, self.who)
        except Refused as refused:
            return refused
        return None

    def servers(self, *ids: str) -> None:
        """Make ServerIDs known."""
        self.done(*(Add((REGISTRY, SERVERS), leaf(server_name(who))) for who in ids), who=ISSUER)

    # What can be seen.

    def learn(self) -> None:
        """The ids of servers and definitions."""
        self.sim.principal(Principal.ISSUER)  # for a moment
        items = self.items((REGISTRY,))
        self.numbers = Numbers.of(items)
        self._ids(self.model.registry, {item.id: item for item in items}, Fixed.REGISTRY)
        self.ask_as(self.who)

    def _ids(self, node: Node, by_id: dict[int | None, Item], number: int) -> None:
        """Note the ids of nodes that are new, and see that those of others stayed."""
        assert node.id in {None, number}, f"{node.name} had id {node.id}, and has {number}"
        node.id = number
        item = by_id[number]
        if not item.withheld:
            for child, below in zip(node.children, item.ids or (), strict=True):
                self._ids(child, by_id, below)

    def look(self, who: str | None = None) -> View | None:
        """Read everything as somebody and compare, with and without ids; None if that is denied."""
        self.ask_as(who or self.who)
        answer = self.read(since=0)
        if not readable(self.model, [self.model.root], self.who):
            assert_sw(answer.sw, Sw.NOT_ALLOWED)
            return None
        assert_sw(answer.sw, Sw.OK)
        items = Reader(answer.data).flat()
        self._ids(self.model.root, {item.id: item for item in items}, Fixed.ROOT)
        assert len({item.id for item in items}) == len(items)
        self.follow(0)
        plain = self.read()
        assert plain.data[1:HEADER] == self.model.generation.to_bytes(3)
        reader = Reader(plain.data)
        seen = self.numbers.tree(reader.tree())
        assert reader.done
        assert seen == shown(self.model, (), self.who)
        return seen

    def follow(self, since: int, path: Path = (), levels: int = 0xFF) -> None:
        """The feed since a generation has what the judge says, with the right ids."""
        answer = self.read(path, levels, since=since)
        if not readable(self.model, self.model.chain(path), self.who):
            assert_sw(answer.sw, Sw.NOT_ALLOWED)
            return
        assert_sw(answer.sw, Sw.OK)
        items = Reader(answer.data).flat()
        expected = list(newer(self.model, path, self.who, since, levels))
        assert [self.numbers.view(item) for item in items] == [view for _, view in expected]
        for item, (node, view) in zip(items, expected, strict=True):
            assert node.id in {None, item.id}
            if not view.withheld:
                pairs = zip(node.children, item.ids or (), strict=True)
                assert all(child.id in {None, number} for child, number in pairs)

    def snapshot(self, path: Path = ()) -> dict[int, Item]:
        """All nodes by id."""
        return snapshot(self.items(path))

    def audit(self) -> Told:
        """Nodes and free space are what the records leave."""
        who, told = self.who, self.select()
        assert (told.generation, told.nodes) == (self.model.generation, self.model.nodes())
        sizes = {item.id: item.size for path in ((), (REGISTRY,)) for item in self.seen(path) if not item.withheld}
        # Of what nobody sees the judge does not know which ids the card tells as a run.
        used = [sum(map(told.round_up, record_sizes(self.model.all(), sizes, runs=runs))) for runs in (False, True)]
        least, most = (max(0, told.arena - told.round_up(told.reserve) - size) for size in used)
        assert least <= told.free <= most
        self.ask_as(who)
        return told

    def seen(self, path: Path) -> list[Item]:
        """All nodes there; none if the asker may not read the first."""
        answer = self.read(path, since=0)
        return [] if answer.sw == Sw.NOT_ALLOWED else Reader(answer.data).flat()

    def state(self) -> State:
        """All that the issuer sees, free space included."""
        told = self.select()
        return State(told, self.read(since=0).data, self.read((REGISTRY,), since=0).data)

    def back_to(self, snapshot: int, model: Card) -> None:
        """The card as it was, with the judge's idea of it."""
        self.sim.restore(snapshot)
        self.model = model
        self.select()
        self.learn()
