"""Threat 12: a state machine of secure messaging, and an attacker who sends everything in every order.

``Model`` is written from the specification: what a channel is and which commands it takes.  An attacker without keys
cannot make a MAC; what he has is what passed by.  He must never be obeyed, whatever he sends between right commands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, leaf
from tests.card.device import ISSUER, SELECT, Device
from tests.card.doors import FULL, READ_ROOT, initiate, is_open, kept_back
from tests.depth import pick
from tests.oracle.scp03 import Initiator, State, state

FOR_ANYBODY = {
    Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.GET_CHALLENGE, Ins.CREDENTIAL,
    Ins.VERIFY_CREDENTIAL,
}  # fmt: skip
"""Other doors, which have tests of their own."""

RUNS, STEPS = pick(20, 200, 2_000), 120
LEVELS = (0x03, FULL)
FAILURES = 16


@dataclass
class Model:
    """What the card must think.  ``pending``: INITIALIZE UPDATE came; ``open``: a right EXTERNAL AUTHENTICATE, too."""

    pending: State | None = None
    open: State | None = None
    failures: int = 0

    def end(self) -> None:
        self.pending = self.open = None


@dataclass
class Fuzz:
    """``heard``: commands that an attacker saw; ``nodes``: what right batches made; ``used``: counters, with keys."""

    device: Device
    random: Random
    model: Model = field(default_factory=Model)
    heard: list[bytes] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)
    used: set[tuple[bytes, int]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)

    def send(self, what: str, command: bytes) -> tuple[bytes, int]:
        data, sw = self.device.apdu(command)
        self.story.append(f"{what}: {command.hex()} -> {data.hex()} {sw:04x}")
        self.seen.add(what)
        assert sw not in {0x6F00, Sw.STORE_DAMAGED}, self.told()
        return data, sw

    def told(self) -> str:
        return "\n".join([self.device.sim.last_failure(), *self.story[-12:]])

    def refused(self, what: str, command: bytes) -> None:
        """Something that a channel must not take: it is refused, and there is no channel any more."""
        data, sw = self.send(what, command)
        assert (data, sw >> 8 in {0x67, 0x68, 0x69, 0x6A, 0x6D, 0x6E}) == (b"", True), self.told()
        self.model.end()

    # Right commands

    def initialize(self) -> None:
        challenge = self.random.randbytes(8)
        answer, sw = self.send("INITIALIZE UPDATE", apdu(Ins.INITIALIZE_UPDATE, challenge, ISSUER.kvn))
        self.model.end()
        if self.model.failures >= FAILURES:
            assert sw == Sw.NO_CURSOR, self.told()
            return
        assert sw == Sw.OK, self.told()
        self.model.pending = state(ISSUER.enc, ISSUER.mac, challenge, answer[13:21])
        assert self.model.pending.card_cryptogram == answer[21:29]

    def authenticate(self) -> None:
        now, self.model.pending = self.model.pending, None
        if now is None:
            return
        now.level = self.random.choice(LEVELS)
        mac = now.command_mac(0x84, Ins.EXTERNAL_AUTHENTICATE, now.level, 0, now.host_cryptogram)
        command = apdu(Ins.EXTERNAL_AUTHENTICATE, now.host_cryptogram + mac, now.level, cla=0x84, le=b"")
        self.heard.append(command)
        assert self.send("EXTERNAL AUTHENTICATE", command) == (b"", Sw.OK), self.told()
        self.model.open = now

    def connect(self) -> None:
        self.initialize()
        self.authenticate()

    def wrapped(self, ins: int, data: bytes, transmit: Callable[[bytes], bytes] | None = None) -> tuple[bytes, int]:
        """A right command; its counter never was used with these keys before."""
        assert self.model.open is not None
        channel = Initiator(transmit or self.transmit, self.model.open, ISSUER.dek, b"")
        answer = channel.send(Cla.PLAIN, ins, 0, 0, data)
        once = (self.model.open.enc, self.model.open.counter)
        assert once not in self.used
        self.used.add(once)
        return answer

    def transmit(self, command: bytes) -> bytes:
        self.heard.append(command)
        data, sw = self.send("good", command)
        return data + sw.to_bytes(2)

    def good(self) -> None:
        if self.model.open is None:
            return
        if self.random.random() < 0.5:
            assert self.wrapped(Ins.READ, b"\x00")[1] == Sw.OK, self.told()
            return
        name = b"n%d" % len(self.nodes)
        assert self.wrapped(Ins.BATCH, b"\x00" + OPTIONS + add(b"", leaf(name)))[1] == Sw.OK, self.told()
        self.nodes.append(name)

    def refusal(self) -> None:
        """A right command that cannot be: the channel goes on."""
        if self.model.open is not None:
            assert self.wrapped(0x77, b"") == (b"", Sw.INS_UNKNOWN), self.told()

    # What an attacker sends

    def held_back(self) -> bytes:
        """A right command that the attacker keeps from the card."""
        kept: list[bytes] = []
        self.wrapped(Ins.BATCH, b"\x00" + OPTIONS + add(b"", leaf(b"evil")), kept_back(kept))
        return kept[0]

    def damaged(self) -> None:
        if self.model.open is None:
            return
        command = bytearray(self.held_back())
        command[self.random.choice([1, 2, 3, self.random.randrange(5, len(command) - 1)])] ^= (
            1 << self.random.randrange(8)
        )
        if command[1] == Ins.EXTERNAL_AUTHENTICATE:
            command[1] = Ins.READ
        self.refused("damaged", bytes(command))

    def reordered(self) -> None:
        if self.model.open is not None:
            first, second = self.held_back(), self.held_back()
            assert first != second
            self.refused("reordered", second)
            self.refused("and the first", first)

    def replayed(self) -> None:
        if self.heard:
            self.refused("replayed", self.random.choice(self.heard))

    def replayed_at_once(self) -> None:
        if self.model.open is not None:
            self.good()
            self.refused("replayed at once", self.heard[-1])

    def stripped(self) -> None:
        if self.model.open is not None:
            command = self.held_back()
            self.refused("stripped", apdu(Ins.BATCH, command[5:-9], cla=self.random.choice([0x80, 0x84])))

    def unsecured(self) -> None:
        """The plain command itself."""
        data = b"\x00" + OPTIONS + add(b"", leaf(b"evil"))
        self.refused("plain", apdu(Ins.BATCH, data, cla=self.random.choice([0x80, 0x90])))

    def noise(self) -> None:
        ins = self.random.choice([*Ins, 0x77, self.random.randrange(0x100)])
        if ins == Ins.INITIALIZE_UPDATE or ins >> 4 in {6, 9} or ins in {0xA4, 0x70}:
            ins = Ins.READ
        if ins == Ins.EXTERNAL_AUTHENTICATE and self.model.pending:
            return
        cla = self.random.choice([0x80, 0x84, 0x84, 0x90, 0x94, 0x00, 0x04, 0xC0])
        if ins in FOR_ANYBODY:
            ins = Ins.TERMINATE
        self.refused("noise", apdu(ins, self.random.randbytes(self.random.choice([8, 16, 24, 40])), cla=cla))

    def forged(self) -> None:
        """EXTERNAL AUTHENTICATE without the keys."""
        pending = self.model.pending is not None
        command = apdu(
            Ins.EXTERNAL_AUTHENTICATE, self.random.randbytes(16), self.random.choice(LEVELS), cla=0x84, le=b""
        )
        self.refused("forged", command)
        self.model.failures += pending

    def level_00(self) -> None:
        if self.model.pending is None:
            return
        now = self.model.pending
        level = self.random.choice([0x00, 0x01, 0x02, 0x11, 0x13, 0x30, 0x31, 0x32, 0xB3, 0xFF])
        chain, counter = now.chain, now.counter
        mac = now.command_mac(0x84, Ins.EXTERNAL_AUTHENTICATE, level, 0, now.host_cryptogram)
        now.chain, now.counter = chain, counter
        command = apdu(Ins.EXTERNAL_AUTHENTICATE, now.host_cryptogram + mac, level, cla=0x84, le=b"")
        assert self.send("level", command) == (b"", Sw.WRONG_P1P2), self.told()

    def select(self) -> None:
        assert self.send("SELECT", SELECT)[1] == Sw.OK
        self.model.end()

    def reset(self) -> None:
        self.device.link.reset()
        self.select()
        self.model.failures = 0

    def reset_and_resume(self) -> None:
        if self.model.open is not None:
            command = self.held_back()
            self.reset()
            self.refused("resumed", command)

    def step(self) -> None:
        """One of them."""
        ways: list[tuple[Callable[[], None], int]] = [
            (self.connect, 10), (self.initialize, 4), (self.authenticate, 8), (self.good, 25), (self.refusal, 4),
            (self.damaged, 3), (self.reordered, 2), (self.replayed, 3), (self.replayed_at_once, 2), (self.stripped, 2),
            (self.unsecured, 3), (self.noise, 4), (self.forged, 2), (self.level_00, 2), (self.select, 1),
            (self.reset, 1), (self.reset_and_resume, 1),
        ]  # fmt: skip
        steps, weights = zip(*ways, strict=True)
        self.random.choices(steps, weights)[0]()
        if self.model.open is None:
            assert self.send("nobody", apdu(Ins.READ, b"\x00"))[1] == Sw.NOT_ALLOWED, self.told()
            self.model.end()


@pytest.mark.search
def test_threat_12_nothing_is_run_without_a_good_mac_in_an_open_channel(device: Device):
    seen: set[str] = set()
    for seed in range(RUNS):
        device.new()
        fuzz = Fuzz(device, Random(seed))
        fuzz.select()
        for _ in range(STEPS):
            fuzz.step()
        seen |= fuzz.seen
        tree = initiate_after(fuzz)
        assert b"evil" not in tree, f"seed {seed}\n{fuzz.told()}"
        assert all(name in tree for name in fuzz.nodes), f"seed {seed}\n{fuzz.told()}"
    assert len(seen) >= 15, seen


def initiate_after(fuzz: Fuzz) -> bytes:
    """The tree, over a new channel."""
    fuzz.device.link.reset()
    channel = initiate(fuzz.device)
    stream, sw = channel.send(Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00")
    number = 0
    while sw == Sw.MORE:
        number += 1
        more, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT, stream[3], number)
        stream += more
    return stream


def test_threat_12_a_channel_ends_before_its_counter_comes_again(device: Device):
    channel = initiate(device, level=0x03)
    for _ in range(0xFFFF):
        data, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT)
        assert (data, sw) == (b"", Sw.NO_CURSOR)
    assert channel.send(*READ_ROOT) == (b"", Sw.NOT_ALLOWED)
    assert is_open(initiate(device))
