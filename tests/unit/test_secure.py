"""The secure channel as a layer: when it opens, what goes out plain, and what nobody sends again."""

from collections.abc import Callable

import pytest

from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.card.batch import Batch
from smartdm.card.channel import Channel, Exchange
from smartdm.card.commands import Card
from smartdm.card.keys import KeySet, kdf3
from smartdm.card.scp03 import Initialized, Level
from smartdm.card.secure import SecureLayer
from smartdm.errors import (
    CardError,
    ChannelBrokenError,
    ChannelError,
    ChannelRefusedError,
    PowerLostError,
    SmartDmError,
    WrongKeysError,
)
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.session import Session
from smartdm.wire import Ins, Sw
from tests.oracle.scp03 import CardSide
from tests.unit.cards import fci

KEYS = KeySet(0x30, bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
READ = CommandApdu(0x80, Ins.READ, 0, 0, b"\x00", 256)
SELECT = CommandApdu(0x00, 0xA4, 0x04, 0x00, b"\xf0SMDM", 256)


class Cable:
    """A transport to the card's side of the second implementation; ``spoil``: what becomes of its answers."""

    name = "cable"

    def __init__(self, card: CardSide, spoil: Callable[[bytes], bytes] | None = None) -> None:
        self.card = card
        self.spoil = spoil
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        answer = self.card.transmit(apdu)
        return self.spoil(answer) if self.spoil else answer

    def reset(self) -> None:
        self.card.session = None

    def close(self) -> None:
        """Nothing to end."""

    @property
    def heads(self) -> list[str]:
        """Class and instruction of what was sent."""
        return [apdu[:2].hex() for apdu in self.sent]


def answering(data: bytes = b"", sw: int = 0x9000) -> CardSide:
    def handle(cla: int, ins: int, p1: int, p2: int, given: bytes) -> tuple[bytes, int]:
        del cla, p1, p2, given
        return (fci(), 0x9000) if ins == SELECT.ins else (data, sw)

    return CardSide(KEYS.enc, KEYS.mac, handle)


def secured(cable: Cable, keys: KeySet = KEYS, level: Level = Level.FULL, *, t0: bool = False) -> Channel:
    return Channel(cable, t0=t0, layer=lambda send: SecureLayer(send, keys, level))


def test_the_channel_opens_itself_and_wraps_all_that_follows():
    cable = Cable(answering(b"abc"))
    channel = secured(cable)
    assert channel.send(READ) == ResponseApdu(b"abc", Sw.OK)
    assert channel.send(READ).data == b"abc"
    assert cable.heads == ["8050", "8482", "8431", "8431"]
    assert cable.sent[0][2] == KEYS.kvn
    assert [entry[1] for entry in cable.card.log] == [Ins.READ, Ins.READ]


def test_select_goes_plain_and_the_next_command_opens_a_new_channel():
    cable = Cable(answering())
    channel = secured(cable)
    for _ in range(2):
        channel.send(SELECT)
        channel.send(READ)
    assert cable.heads == ["00a4", "8050", "8482", "8431"] * 2
    assert cable.sent[1] != cable.sent[5], "a new challenge"


def test_what_looks_like_select_but_is_none_is_wrapped():
    cable = Cable(answering())
    channel = secured(cable)
    for command in (CommandApdu(0x80, 0xA4, 0x04), CommandApdu(0x00, 0xA5, 0x04)):
        channel.send(command)
    assert cable.heads == ["8050", "8482", "84a4", "04a5"]


@pytest.mark.parametrize("level", list(Level), ids=lambda level: f"{level:02x}")
def test_a_session_works_as_it_does_on_a_plain_channel(level: Level):
    stream = bytes.fromhex("02 000007 0001 45 00 00 04 0089 00BF 00")
    cable = Cable(answering(stream))
    channel = secured(cable, level=level)
    session = Session(Card(channel))
    assert session.room == level.room
    assert session.read().format is Format.NODE
    session.apply(Batch().add(ROOT, *[Node(f"n{i}", Format.BIN, bytes(224)) for i in range(4)]))
    parts = [entry for entry in cable.card.log if entry[1] == Ins.BATCH]
    assert [entry[0] for entry in parts] == [0x90] * (len(parts) - 1) + [0x80]
    assert all(len(entry[4]) <= level.room for entry in parts)
    assert len(parts) == -(-sum(len(entry[4]) - 1 for entry in parts) // (level.room - 1))
    assert max(len(apdu) for apdu in cable.sent) <= 5 + 255 + 1


def test_a_plain_channel_has_room_for_255_bytes():
    assert Channel(Cable(answering())).room == 255


def test_the_answer_goes_on_behind_6310():
    cable = Cable(answering(b"part", Sw.MORE))
    assert secured(cable).send(READ) == ResponseApdu(b"part", Sw.MORE)


def test_a_refusal_is_an_error_like_on_a_plain_channel():
    channel = secured(Cable(answering(sw=Sw.NOT_FOUND)))
    for _ in range(2):
        with pytest.raises(CardError, match="READ: no node"):
            channel.send(READ)


# Below the layer: 61XX and 6CXX


def test_61xx_is_fetched_below_the_layer():
    cable = Cable(answering(bytes(100)))
    rest = b""

    def in_parts(answer: bytes) -> bytes:
        nonlocal rest
        if len(answer) < 100:
            return answer
        rest = answer[60:]
        return answer[:60] + bytes((0x61, len(rest) - 2))

    channel = secured(cable)
    channel.send(READ)
    cable.spoil = in_parts
    transmit = cable.card.transmit
    cable.card.transmit = lambda apdu: rest if apdu[1] == 0xC0 else transmit(apdu)  # type: ignore[method-assign]
    assert channel.send(READ).data == bytes(100)
    assert cable.sent[-1].hex() == f"00c00000{112 + 8 - 60:02x}"
    assert channel.send(READ).data == bytes(100), "GET RESPONSE did not count"


@pytest.mark.parametrize("t0", [False, True])
def test_a_wrapped_command_is_not_sent_again_for_6cxx(t0: bool):
    cable = Cable(answering(b"abc"))
    channel = secured(cable, t0=t0)
    channel.send(READ)
    cable.spoil = lambda _answer: b"\x6c\x05"
    sent = len(cable.sent)
    with pytest.raises(CardError, match="6C05"):
        channel.send(READ)
    assert len(cable.sent) == sent + 1


def test_initialize_update_is_sent_again_for_6cxx():
    cable = Cable(answering())
    first = iter([b"\x6c\x20"])
    cable.spoil = lambda answer: next(first, answer)
    secured(cable).send(READ)
    assert cable.heads == ["8050", "8050", "8482", "8431"]
    assert [apdu[-1] for apdu in cable.sent[:2]] == [0x00, 0x20]


# What goes wrong


def test_wrong_keys_cost_nothing_however_often_they_are_tried():
    cable = Cable(answering())
    channel = secured(cable, KeySet(0x30, KEYS.enc, KEYS.enc, KEYS.dek))
    for _ in range(3):
        with pytest.raises(WrongKeysError):
            channel.send(READ)
    assert cable.heads == ["8050"] * 3
    assert cable.card.tries == 0


def test_a_refused_channel_is_not_opened_again_by_itself():
    cable = Cable(answering())
    cable.card.levels = frozenset()
    layers: list[SecureLayer] = []

    def make(send: Exchange) -> SecureLayer:
        layers.append(SecureLayer(send, KEYS))
        return layers[-1]

    channel = Channel(cable, layer=make)
    for command in (READ, READ, SELECT, READ):
        try:
            channel.send(command)
        except ChannelRefusedError as error:
            assert "6988" in str(error)  # noqa: PT017 - SELECT among them is answered
    assert cable.card.tries == 1
    cable.card.levels = frozenset({0x33})
    layers[0].open()
    assert channel.send(READ).sw == Sw.OK


@pytest.mark.parametrize(
    ("sw", "told"),
    [(0x6A88, "no keys of version 30"), (0x6983, "blocked"), (0x6D00, "offers none"), (0x6F00, "answers 6F00")],
)
def test_a_card_that_begins_no_channel_says_why(sw: int, told: str):
    cable = Cable(answering(), lambda _answer: sw.to_bytes(2))
    with pytest.raises(ChannelError, match=told):
        secured(cable).send(READ)


def test_behind_a_false_answer_only_select_goes_out():
    cable = Cable(answering(b"abc"))
    channel = secured(cable)
    channel.send(READ)
    cable.spoil = lambda answer: b"\x00" + answer[1:]
    with pytest.raises(ChannelBrokenError):
        channel.send(READ)
    cable.spoil = None
    sent = len(cable.sent)
    for _ in range(3):
        with pytest.raises(ChannelBrokenError, match="open a new one"):
            channel.send(READ)
    assert len(cable.sent) == sent
    channel.send(SELECT)
    assert channel.send(READ).data == b"abc"


@pytest.mark.parametrize("at", ["8050", "8482", "8431"])
def test_an_answer_that_is_lost_ends_the_channel(at: str):
    cable = Cable(answering(b"abc"))
    channel = secured(cable)

    def lose(answer: bytes) -> bytes:
        if cable.heads[-1] == at:
            raise PowerLostError("the power is gone")
        return answer

    cable.spoil = lose
    with pytest.raises(PowerLostError):
        channel.send(READ)
    cable.spoil = None
    sent = len(cable.sent)
    if at == "8050":  # nothing was begun
        assert channel.send(READ).data == b"abc"
        return
    with pytest.raises(ChannelBrokenError):
        channel.send(READ)
    assert len(cable.sent) == sent


def test_a_channel_that_the_card_forgot_is_not_replaced_silently():
    cable = Cable(answering())
    channel = secured(cable)
    channel.send(READ)
    cable.reset()
    with pytest.raises(CardError) as caught:
        channel.send(READ)
    assert caught.value.sw == Sw.NOT_ALLOWED
    assert cable.heads.count("8050") == 1


def test_keys_can_be_found_once_the_card_told_its_name():
    master, kdd = bytes(range(0x50, 0x60)), bytes(range(10))
    own = kdf3(master, kdd)
    seen: list[Initialized] = []

    def keys_for(card: Initialized) -> KeySet:
        seen.append(card)
        return kdf3(master, card.kdd, card.kvn)

    cable = Cable(CardSide(own.enc, own.mac, lambda *_: (b"abc", 0x9000), kdd=kdd, kvn=0x31))
    channel = Channel(cable, layer=lambda send: SecureLayer(send, keys_for, kvn=0x31))
    assert channel.send(READ).data == b"abc"
    assert (seen[0].kdd, cable.sent[0][2]) == (kdd, 0x31)


def test_no_error_tells_a_key():
    spoilers: list[Callable[[bytes], bytes]] = [
        lambda answer: answer[:-1] + b"\x01",
        lambda answer: bytes(len(answer) - 2) + answer[-2:],
        lambda _answer: b"\x69\x82",
        lambda _answer: b"\x90\x00",
        lambda answer: b"\xff" * 29 + answer[-2:],
    ]
    told = []
    for spoil in spoilers:
        for keys in (KEYS, KeySet(0x30, *[bytes(range(0x60, 0x70))] * 3)):
            with pytest.raises(SmartDmError) as caught:
                secured(Cable(answering(b"abc"), spoil), keys).send(READ)
            told.append(f"{caught.value!r} {caught.value}")
    for key in (*KEYS.keys, bytes(range(0x60, 0x70))):
        assert not any(key.hex() in text.lower() or repr(key) in text for text in told)
