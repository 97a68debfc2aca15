"""Hostile commands without end, from a seed: random, valid, damaged, and chains of parts that fit or do not.

A step is a command APDU, None for a power cycle, or the number of who is asking from now on.  Names come from a short
list, so that commands meet the nodes of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from smartdm.wire import APPLET_AID, Cla, Ins, Option, Principal
from tests.card.attack import OPTIONS, READ_ALL, apdu, delete, get, options, text
from tests.card.device import ISSUER, SELECT
from tests.card.hostile_words import Words
from tests.oracle.scp03 import State, cbc_encrypt, pad, state

Step = bytes | int | None

SAFE = tuple(ins for ins in Ins if ins != Ins.TERMINATE)
"""What does not end the life of the card."""
PRINCIPALS = (*Principal, 8, 9, 255, 256)


class Hostile:
    """The source of steps; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.words = Words(self.random)
        """What the commands are made of; whoever sends the steps tells it what is on the card."""
        self.low = 0
        """Low byte of the card's generation, for READ NEXT."""
        self.refused = False
        """Whether the last step was."""
        self.answer = b""
        """The data that the last step was answered with."""
        self._kinds: list[tuple[Callable[[], Iterator[Step]], int]] = [
            (self._valid, 30),
            (self._damaged, 30),
            (self._chain, 15),
            (self._noise, 10),
            (self._answer, 8),
            (self._frame, 5),
            (self._reset, 2),
            (self._principal, 4),
            (self._channel, 3),
        ]

    def steps(self) -> Iterator[Step]:
        """Without end."""
        sources, weights = zip(*self._kinds, strict=True)
        while True:
            yield from self.random.choices(sources, weights)[0]()

    def _valid(self) -> Iterator[Step]:
        yield apdu(Ins.BATCH, b"\x00" + b"".join(self.batch())[:254])

    def _damaged(self) -> Iterator[Step]:
        data = bytearray(b"\x00" + b"".join(self.batch()))
        for _ in range(self.random.randint(1, 3)):
            self.damage(data)
        yield apdu(Ins.BATCH, bytes(data[:255]) or b"\x00", le=self.random.choice([b"", b"\x00", b"\x04"]))

    def _chain(self) -> Iterator[Step]:
        pieces = [part for _ in range(self.random.randint(1, 3)) for part in self.batch(first=False) if len(part) < 255]
        pieces[:0] = [OPTIONS]
        if self.random.random() < 0.2:
            stream, size = b"".join(pieces), self.random.choice([1, 3, 20, 100, 254])
            pieces = [stream[at : at + size] for at in range(0, len(stream), size)][:10]
        for number, piece in enumerate(pieces):
            if self.random.random() < 0.01:
                yield from self._any()
            if self.random.random() < 0.01:
                number += self.random.choice([-1, 1, 254])  # noqa: PLW2901
            last = piece is pieces[-1] and self.random.random() < 0.9
            cla = Cla.PLAIN if last else Cla.PLAIN | Cla.CHAIN
            yield apdu(Ins.BATCH, bytes((number & 0xFF,)) + piece, cla=cla)
            if self.refused and self.random.random() < 0.6:
                return

    def _noise(self) -> Iterator[Step]:
        size = self.random.choice([0, 1, 2, 5, 30, 255])
        byte, edge = self.words.byte, self.words.edge
        head = (self.random.choice([0x80, 0x80, 0x90, 0x00, byte()]), self.random.choice([*SAFE, byte()]))
        yield apdu(head[1], self.random.randbytes(size), edge(), edge(), cla=head[0])

    def _answer(self) -> Iterator[Step]:
        le = self.random.choice([b"\x00", b"\x00", b"", b"\x01", b"\x10", b"\xff"])
        uri, edge = text(self.words.uri()), self.words.edge
        since = self.random.choice([0, self.low, self.low - 1 & 0xFF, 0xFFFFFF]).to_bytes(3)
        yield self.random.choice(
            [
                READ_ALL,
                apdu(Ins.READ, uri, p1=edge(), le=le),
                apdu(Ins.READ, uri + since, p1=edge(), p2=1, le=le),
                apdu(Ins.READ, text(self.random.choice([b"", b"?"])) + since, p1=0xFF, p2=1, le=le),
            ]
        )
        low = self.low if self.random.random() < 0.9 else self.words.byte()
        for number in range(1, self.random.randint(1, 5)):
            yield apdu(Ins.READ_NEXT, p1=low, p2=number if self.random.random() < 0.95 else edge(), le=le)

    def _frame(self) -> Iterator[Step]:
        data = b"\x00" + OPTIONS + delete(self.words.uri())
        byte, edge = self.words.byte, self.words.edge
        if self.random.random() < 0.2:
            head = bytes((self.random.choice([0x80, 0x00]), byte(), edge(), edge()))
            yield head + self.random.choice([b"", b"\x00", b"\x01", b"\x00" + (len(data)).to_bytes(2) + data])
        else:
            cla = self.random.choice([0x80, 0x90, 0x81, 0x84, byte()])
            yield apdu(self.random.choice([*SAFE, byte()]), data[:255], edge(), edge(), cla=cla)

    def _reset(self) -> Iterator[Step]:
        aid = self.random.choice([APPLET_AID, APPLET_AID[:5], APPLET_AID + b"\x00", b"\xa0\x00\x00\x00\x03"])
        yield self.random.choice([None, SELECT, SELECT, bytes((0x00, 0xA4, 0x04, 0x00)) + text(aid) + b"\x00"])

    def _principal(self) -> Iterator[Step]:
        yield self.random.choice([Principal.ISSUER, Principal.ISSUER, self.random.choice(PRINCIPALS)])

    def _channel(self) -> Iterator[Step]:
        """A secure channel of the issuer, with good MACs around whatever comes; SELECT ends it."""
        challenge = self.random.randbytes(8)
        yield apdu(Ins.INITIALIZE_UPDATE, challenge, ISSUER.kvn)
        if len(self.answer) == 29:
            now = state(ISSUER.enc, ISSUER.mac, challenge, self.answer[13:21])
            now.level = self.random.choice([0x03, 0x33, 0x33, 0x13])
            mac = now.command_mac(0x84, Ins.EXTERNAL_AUTHENTICATE, now.level, 0, now.host_cryptogram)
            yield apdu(Ins.EXTERNAL_AUTHENTICATE, now.host_cryptogram + mac, now.level, cla=0x84, le=b"")
            for _ in range(self.random.randint(1, 6)):
                yield self._wrapped(now)
        yield SELECT

    def _wrapped(self, now: State) -> bytes:
        edge, size = self.words.edge, self.random.choice([0, 0, 1, 8, 16, 60, 67, 200])
        data, ins, cla = self.random.randbytes(size), self.random.choice([*SAFE, self.words.byte()]), 0x84
        if self.random.random() < 0.5:
            data, ins = (b"\x00" + b"".join(self.batch()))[:230], Ins.BATCH
        if ins in {Ins.TERMINATE, Ins.EXTERNAL_AUTHENTICATE} or ins >> 4 in {6, 9}:
            ins = Ins.READ
        p1, p2 = (
            (0, 0) if ins == Ins.BATCH else (self.random.choice([0, 0x31, edge()]), self.random.choice([0, edge()]))
        )
        now.counter += 1
        if data and self.random.random() < 0.95:
            fill = pad(data) if self.random.random() < 0.95 else data.ljust(len(pad(data)), b"\x11")
            data = cbc_encrypt(now.enc, now.command_iv(), fill)
        mac = now.command_mac(cla, ins, p1, p2, data)
        if self.random.random() < 0.05:
            mac = self.random.randbytes(8)
        return apdu(ins, data + mac, p1, p2, cla=cla, le=self.random.choice([b"", b"\x00"]))

    def _any(self) -> Iterator[Step]:
        yield from self.random.choice([self._noise, self._frame, self._reset, self._answer])()

    def batch(self, *, first: bool = True) -> list[bytes]:
        """Elements of a batch that means something, with a fault now and then."""
        commands = [self.words.command() for _ in range(self.random.choice([1, 1, 1, 1, 2, 3, 5]))]
        if self.random.random() < 0.3:
            uris = (self.words.uri() for _ in range(self.random.choice([1, 1, 2, 8, 9])))
            commands += [get(uri, self.words.edge()) for uri in uris]
        return [self._options(), *commands] if first else commands

    def _options(self) -> bytes:
        draw = self.random.random()
        if draw < 0.7:
            return OPTIONS
        if draw < 0.8:
            return options(Option.ATOMIC | Option.TIME, self.random.randbytes(4))
        if draw < 0.9:
            return options(Option.ATOMIC | Option.TAG, self.random.randbytes(8))
        return options(self.words.edge(), self.random.randbytes(self.random.choice([0, 3, 4, 7, 8, 15])))

    def damage(self, data: bytearray) -> None:
        """One fault: a bit, a byte, an edge value, a hole, a repetition, a splice, an end."""
        at = self.random.randrange(len(data)) if data else 0
        other = self.random.randrange(at, len(data) + 1) if data else 0
        way = self.random.randrange(8)
        if way == 0 and data:
            data[at] ^= 1 << self.random.randrange(8)
        elif way == 1 and data:
            data[at] = self.words.byte()
        elif way == 2 and data:
            data[at] = self.words.edge()
        elif way == 3:
            del data[at:other]
        elif way == 4:
            data[at:at] = data[at:other]
        elif way == 5:
            data[at:other] = b"".join(self.batch(first=False))
        elif way == 6:
            data[at:at] = self.random.randbytes(self.random.choice([1, 2, 10]))
        else:
            del data[at + 1 :]
