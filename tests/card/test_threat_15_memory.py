"""Threat 15: memory that is exhausted, by whatever fills it, comes back to the last byte."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Format, Limit, Sw
from tests.card.judge import Judge, State
from tests.card.seen import Told
from tests.card.store import PROFILES
from tests.depth import pick
from tests.oracle.acl import HOLDER, ISSUER, Acl
from tests.oracle.commands import Add, Command, Delete, Replace, SetAcl, Source
from tests.oracle.nodes import REGISTRY, SERVERS, UPLOADS, Node, branch, defined, large, leaf, rule_branch, rule_leaf
from tests.oracle.views import Numbers

SRV, UP = (REGISTRY, SERVERS), (REGISTRY, UPLOADS)
ARENA = bytes.fromhex("800108")
OPEN = Acl.parse(f"Add=*&Delete={ISSUER}&Get=*&Replace={ISSUER}")


class Filler:
    """Fills a card with everything there is until it refuses, then empties it in some order."""

    def __init__(self, judge: Judge, random: Random) -> None:
        self.judge, self.random = judge, random
        self.made: list[list[Command]] = []
        """What takes away again what was made, last made first."""

    def put(self, commands: list[Command], *away: Command) -> bool:
        """A batch; whether there was room for it."""
        answer = self.judge.run(commands)
        assert answer.sw in {Sw.OK, Sw.CARD_FULL, Sw.NO_NODE_LEFT}, f"{answer.sw:04X} {commands}"
        if answer.sw == Sw.OK and away:
            self.made.append(list(away))
        return answer.sw == Sw.OK

    def value(self) -> bytes:
        return self.random.randbytes(self.random.choice((0, 20, 100, Limit.VALUE)))

    def fill(self) -> None:
        """One thing after the other, until several find no room."""
        number, refused = 0, 0
        makers = (self.nodes, self.server, self.definition, self.large, self.upload)
        while refused < 4:
            number += 1
            done = self.random.choice(makers)(f"{number}")
            refused = 0 if done else refused + 1

    def nodes(self, name: str) -> bool:
        below = (leaf(f"L{at}", self.value(), title="T" * at) for at in range(self.random.randint(0, 6)))
        return self.put([Add((), branch(f"N{name}", *below))], Delete((f"N{name}",)))

    def server(self, name: str) -> bool:
        """A server, and a list that names it twice."""
        who = f"server.{name}"
        if not self.put([Add(SRV, leaf(who))], Delete((*SRV, who))):
            return False
        below = leaf("x", self.value(), acl=Acl.of([("Get", who), ("Replace", who)]))
        acl = Acl.of([*OPEN.grants, ("Replace", who)])
        return self.put([Add((), branch(f"S{name}", below, acl=acl))], Delete((f"S{name}",)))

    def definition(self, name: str) -> bool:
        """A definition and an object of it."""
        rule = rule_branch(f"d{name}", rule_leaf("K", types=("a/b",)), rule_branch("", rule_leaf("P")))
        if not self.put([Add((REGISTRY,), rule)], Delete((REGISTRY, rule.name))):
            return False
        self.judge.numbers = Numbers.of(self.judge.items((REGISTRY,)))
        key = defined("K", (rule.name, "K"), value=self.value())
        some = (defined(f"p{at}", (rule.name, ""), format=Format.NODE) for at in range(3))
        return self.put([Add((), defined(f"M{name}", (rule.name,), key, *some))], Delete((f"M{name}",)))

    def large(self, name: str) -> bool:
        pieces = (self.value() for _ in range(self.random.randint(0, 4)))
        return self.put([Add((), large(f"B{name}", *pieces))], Delete((f"B{name}",)))

    def upload(self, name: str) -> bool:
        """Pieces one by one; half of the uploads are adopted."""
        place = (*UP, f"u{name}")
        if not self.put([Add(UP, large(place[-1]))], Delete(place)):
            return False
        for _ in range(self.random.randint(0, 3)):
            if not self.put([Add(place, Node("", Format.BIN, self.value()))]):
                return False
        if self.random.random() < 0.5:
            target = leaf(f"U{name}", format=Format.BIN)
            if self.put([Source(place), Add((), target, sourced=True)], Delete((target.name,))):
                del self.made[-2]
        return True

    def empty(self) -> None:
        """Whatever is deleted first: only a definition waits for its objects."""
        order = self.made[:]
        self.random.shuffle(order)
        order.sort(key=lambda away: away[0].path[:1] == (REGISTRY,) and len(away[0].path) == 2)
        while order:
            left = [away for away in order if not self.put(away)]
            assert len(left) < len(order), "no node can be deleted"
            order = left


def used_once(judge: Judge) -> Told:
    """What an empty card tells.  From the first change on the registry lists its children one by one, not as a run."""
    some = [Add(SRV, leaf("x")), Add((REGISTRY,), rule_leaf("x")), Add(UP, large("x"))]
    for batch in (some, [Delete((*each.path, "x")) for each in some]):
        assert judge.run(batch).sw == Sw.OK
    return judge.select()


@pytest.mark.search
@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(2))
@pytest.mark.parametrize("profile", PROFILES)
def test_filling_and_emptying_gives_every_byte_back(
    simulator: SimTransport, profile: str, share: int, record_property: Callable[[str, object], None]
):
    judge = Judge.new(simulator, PROFILES[profile] + ARENA)
    judge.tight = True
    fresh = used_once(judge)
    cycles = pick(250, 500, 5_000)
    for seed in range(share * cycles, share * cycles + cycles):
        filler = Filler(judge, Random(seed))
        filler.fill()
        if seed % 4 == 0:
            simulator.reset()  # also after the bitmap was built anew
            judge.select()
        filler.empty()
        after = judge.select()
        assert (after.free, after.nodes) == (fresh.free, fresh.nodes), f"cycle {seed}"
    record_property("figure: store: fill-and-empty cycles with everything in it", cycles)


def late_refusals(depth: int) -> dict[str, list[Command]]:
    """Batches that are refused after most of them was written."""
    some = branch("Some", *(leaf(f"L{at}", bytes(50)) for at in range(20)))
    rule = rule_branch("new", *(rule_leaf(f"K{at}") for at in range(9)))
    return {
        "server": [Add(SRV, leaf("x")), Add((), some), Delete(("none",))],
        "unknown server": [Add((), some), SetAcl(("Some",), Acl.parse("Get=nobody"))],
        "definition": [Add((REGISTRY,), rule), Delete(("none",))],
        "not defined": [Add((), some), Add(("Some",), defined("x", ("mo", "K")))],
        "upload": [Add(UP, large("y")), Add((*UP, "y"), Node("", Format.BIN, bytes(200))), Delete(("none",))],
        "adoption": [Source((*UP, "u")), Replace(("Big",), None), Delete(("none",))],
        "removed server": [Delete((*SRV, "S")), Delete(("none",))],
        "removed object": [Delete(("M",)), Delete((REGISTRY, "mo")), Delete(("none",))],
        "large value": [Add((), large("z", *[bytes(200)] * 9)), Delete(("none",))],
        "too large": [Add((), large("z", *[bytes(224)] * 60))],
        "too deep": [Add((), deep(depth))],
    }


def deep(depth: int) -> Node:
    """A large value where its pieces would be too deep."""
    node = large("end", b"1")
    for _ in range(depth):
        node = branch("d", node)
    return node


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_refused_leaves_nothing_behind(simulator: SimTransport, profile: str):
    judge = Judge.new(simulator, PROFILES[profile] + ARENA)
    judge.servers("S")
    judge.done(Add((REGISTRY,), rule_branch("mo", rule_leaf("K"))))
    judge.done(Add((), defined("M", ("mo",), defined("K", ("mo", "K"), value=b"1"), acl=Acl.parse("Get=S+#issuer"))))
    judge.done(Add((), large("Big", bytes(224), bytes(9))))
    judge.done(Add(UP, large("u")), Add((*UP, "u"), Node("", Format.BIN, bytes(224))))
    before: State = judge.state()
    judge.tight = True
    for _ in range(10):
        for name, batch in late_refusals(judge.model.max_depth).items():
            judge.ask_as(ISSUER)
            assert judge.run(batch).sw != Sw.OK, name
            assert judge.state() == before, name


def test_no_server_fills_the_card_for_ever(simulator: SimTransport):
    judge = Judge.new(simulator, ARENA)
    judge.servers("S")
    judge.tight = True
    fresh = judge.audit()
    for who in ("S", HOLDER):
        judge.ask_as(who)
        filler = Filler(judge, Random(who))
        number = 0
        while filler.put([Add(UP, large(f"u{number}"))]):
            number += 1
            filler.put([Add((), branch(f"mine{number}", leaf("x", bytes(100)), acl=Acl.parse("Get=S")))])
            filler.put([Add(SRV, leaf(f"s{number}"))])
        judge.ask_as(ISSUER)
        judge.run([Delete(())])
        for path, first in ((SRV, 4), (UP, 0)):
            items = judge.items(path)
            for item in items[first:] if path == SRV else items[1:]:
                if item.name not in {None, "S"}:
                    assert judge.run([Delete((*path, item.name or ""))]).sw == Sw.OK
        after = judge.select()
        assert (after.free, after.nodes) == (fresh.free, fresh.nodes)
