"""The host's side of SCP03: against recordings of a real card, and against a second card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdm.card.apdu import MAX_DATA, CommandApdu, ResponseApdu
from smartdm.card.keys import KeySet
from smartdm.card.scp03 import Initialized, Level, Scp03, SessionKeys, initialize_update
from smartdm.errors import ChannelBrokenError, ChannelError, ChannelRefusedError, WrongKeysError
from tests.oracle import scp03 as oracle
from tests.unit.scp03_exchanges import COMMANDS, DATA, EXCHANGES, Exchange

FIRST = next(exchange for exchange in EXCHANGES if (exchange.size, exchange.level) == (16, 0x33))
AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
"""Of the card's security domain."""
KEYS = FIRST.keys
HOST = bytes.fromhex(FIRST.host_challenge)
ANSWER = bytes.fromhex(FIRST.initialized)
FINE = ResponseApdu(b"", 0x9000)
WRAPPED_ANSWER = ResponseApdu(bytes.fromhex(FIRST.answer), 0x9000)

recorded = pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
with_mac = pytest.mark.parametrize("exchange", [each for each in EXCHANGES if each.level & 0x10], ids=str)
every_level = pytest.mark.parametrize("level", list(Level), ids=lambda level: f"{level:02x}")
with_r_mac = pytest.mark.parametrize("level", [Level.MAC_RMAC, Level.ENC_RMAC, Level.FULL], ids=lambda x: f"{x:02x}")


def command_of(text: str) -> CommandApdu:
    raw = bytes.fromhex(text)
    length = raw[4] if len(raw) > 5 else 0
    has_le = len(raw) in {5, 6 + length} and len(raw) > 4
    cla, ins, p1, p2 = raw[:4]
    return CommandApdu(cla, ins, p1, p2, raw[5 : 5 + length], (raw[-1] or 256) if has_le else None)


def begun(exchange: Exchange = FIRST) -> Scp03:
    card = Initialized.decode(bytes.fromhex(exchange.initialized))
    return Scp03(exchange.keys, Level(exchange.level), bytes.fromhex(exchange.host_challenge), card)


def opened(exchange: Exchange = FIRST) -> Scp03:
    channel = begun(exchange)
    channel.external_authenticate()
    channel.authenticated(FINE)
    return channel


# Recorded exchanges


def test_the_session_keys_are_those_of_the_card():
    keys = SessionKeys.derive(KEYS, HOST + ANSWER[13:21])
    assert keys.enc.hex() == "bc5689f3a0b783a9ed6da1c5c6bc1f99"
    assert keys.mac.hex() == "0415f56cbb9e488bb171b2b66081f004"
    assert keys.rmac.hex() == "1ee185123244e047bc9d68b914bd1fbe"


def test_initialize_update_names_the_key_version():
    assert initialize_update(0x30, HOST).encode().hex() == f"8050300008{FIRST.host_challenge}00"


def test_the_answer_to_initialize_update_is_read():
    card = Initialized.decode(ANSWER)
    assert (card.kdd, card.kvn, card.options) == (bytes(10), 0x30, 0x70)
    assert (card.challenge, card.cryptogram, card.sequence) == (ANSWER[13:21], ANSWER[21:29], b"\x00\x00\x03")


@recorded
def test_every_byte_is_that_of_the_recording(exchange: Exchange):
    channel = begun(exchange)
    assert channel.external_authenticate().encode().hex() == exchange.authenticate
    channel.authenticated(FINE)
    for number, (plain, wrapped) in enumerate(zip(COMMANDS, exchange.wrapped, strict=True)):
        assert channel.wrap(command_of(plain)).encode().hex() == wrapped
        if number == 0:
            answer = channel.unwrap(ResponseApdu(bytes.fromhex(exchange.answer), 0x9000))
            assert answer == ResponseApdu(DATA, 0x9000)
        else:
            channel.unwrap(ResponseApdu(b"", 0x6A88))


@recorded
def test_the_second_implementation_says_the_same_as_the_recording(exchange: Exchange):
    keys = exchange.keys
    script = {
        f"8050{keys.kvn:02x}0008{exchange.host_challenge}00": exchange.initialized + "9000",
        exchange.authenticate: "9000",
        exchange.wrapped[0]: exchange.answer + "9000",
        **dict.fromkeys(exchange.wrapped[1:], "6a88"),
    }
    host = oracle.Initiator.open(
        lambda apdu: bytes.fromhex(script[apdu.hex()]),
        *keys.keys,
        exchange.level,
        bytes.fromhex(exchange.host_challenge),
        keys.kvn,
    )
    answers = []
    for text in COMMANDS:
        command = command_of(text)
        le = None if command.le is None else command.le & 0xFF
        answers.append(host.send(command.cla, command.ins, command.p1, command.p2, command.data, le))
    assert answers == [(DATA, 0x9000), *[(b"", 0x6A88)] * 4]


def test_the_second_implementation_knows_what_is_published():
    assert oracle.pseudo_random_challenge(KEYS.enc, ANSWER[29:], AID) == ANSWER[13:21]
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # RFC 4493, section 4
    text = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411")
    assert oracle.cmac(key, b"").hex() == "bb1d6929e95937287fa37d129b756746"
    assert oracle.cmac(key, text[:16]).hex() == "070a16b46b4d4144f79bdd9dd04a287c"
    assert oracle.cmac(key, text).hex() == "dfa66747de9ae63030ca32611497c827"


# Against the card's side of the second implementation

key_sets = st.sampled_from([16, 24, 32]).flatmap(
    lambda size: st.builds(KeySet, st.just(0x30), *[st.binary(min_size=size, max_size=size)] * 3)
)
challenges = st.binary(min_size=8, max_size=8)
levels = st.sampled_from(list(Level))
classes = st.builds(
    lambda base, chain, channel: base | chain | channel,
    st.sampled_from([0x80, 0x00]),
    st.sampled_from([0, 0x10]),
    st.integers(0, 3),
)
instructions = st.integers(0, 0xFF).filter(lambda ins: ins not in {0x50, 0x82, 0xA4})
sizes = st.sampled_from([0, 1, 15, 16, 17, 31, 32, 223, 224, 238, 239, 240, 247]) | st.integers(0, 247)
datas = sizes.map(lambda size: bytes(i * 7 & 0xFF for i in range(size))) | st.binary(max_size=40)
words = st.sampled_from([0x9000, 0x6310, 0x6300, 0x63C2, 0x6282, 0x6A82, 0x6985, 0x6F00])
les = st.none() | st.integers(1, 256)
exchanges = st.lists(st.tuples(classes, instructions, datas, les, datas, words), min_size=1, max_size=5)


def between(keys: KeySet, level: Level, card: oracle.CardSide, host_challenge: bytes) -> Scp03:
    answer = card.transmit(initialize_update(keys.kvn, host_challenge).encode())
    channel = Scp03(keys, level, host_challenge, Initialized.decode(answer[:-2]))
    channel.authenticated(ResponseApdu.decode(card.transmit(channel.external_authenticate().encode())))
    return channel


@given(keys=key_sets, level=levels, host=challenges, challenge=challenges, sent=exchanges)
def test_what_is_wrapped_arrives_and_what_is_answered_comes_back(
    keys: KeySet,
    level: Level,
    host: bytes,
    challenge: bytes,
    sent: list[tuple[int, int, bytes, int | None, bytes, int]],
):
    told = iter([(answer, sw) for *_, answer, sw in sent])
    card = oracle.CardSide(keys.enc, keys.mac, lambda *_: next(told), challenge=challenge)
    channel = between(keys, level, card, host)
    for cla, ins, data, le, answer, sw in sent:
        command = CommandApdu(cla, ins, 1, 2, data[: level.room], le)
        wrapped = channel.wrap(command)
        assert (wrapped.cla, wrapped.le) == (cla | 0x04, le)
        got = channel.unwrap(ResponseApdu.decode(card.transmit(wrapped.encode())))
        assert card.log[-1] == (cla, ins, 1, 2, command.data)
        bare = level & 0x10 and not oracle.is_protected(sw)
        assert got == ResponseApdu(b"" if bare else answer, sw)


@every_level
def test_the_room_is_the_most_that_fits_a_short_apdu(level: Level):
    assert level.room == (239 if level & 0x02 else 247)
    card = oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000))
    channel = between(KEYS, level, card, HOST)
    assert len(channel.wrap(CommandApdu(0x80, 0x30, data=bytes(level.room))).data) <= MAX_DATA
    channel = between(KEYS, level, card, HOST)
    with pytest.raises(ValueError, match=f"at most {level.room}"):
        channel.wrap(CommandApdu(0x80, 0x30, data=bytes(level.room + 1)))
    padded = (level.room + 1) // 16 * 16 + 16 if level & 0x02 else level.room + 1
    assert padded + 8 > MAX_DATA, "one byte more would not fit"


@pytest.mark.parametrize("cla", [0x84, 0x8C, 0x04, 0xC0, 0x40])
def test_a_class_that_cannot_be_wrapped_is_a_mistake(cla: int):
    with pytest.raises(ValueError, match="cannot be wrapped"):
        opened().wrap(CommandApdu(cla, 0x30))


def test_equal_commands_look_different_each_time():
    card = oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000))
    channel = between(KEYS, Level.FULL, card, HOST)
    seen = set()
    for _ in range(50):
        wrapped = channel.wrap(CommandApdu(0x80, 0x30, data=bytes(20)))
        seen |= {wrapped.data[:16], wrapped.data[16:32], wrapped.data[32:]}
        channel.unwrap(ResponseApdu.decode(card.transmit(wrapped.encode())))
    assert len(seen) == 150


# What is refused


@with_mac
def test_no_bit_of_an_answer_can_be_changed(exchange: Exchange):
    right = bytes.fromhex(exchange.answer + "9000")
    for bit in range(8 * len(right)):
        channel = opened(exchange)
        channel.wrap(command_of(COMMANDS[0]))
        with pytest.raises(ChannelBrokenError):
            channel.unwrap(ResponseApdu.decode(flipped(right, bit)))


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


@with_r_mac
@pytest.mark.parametrize("answer", [b"", b"\x00", bytes(7), bytes(8), bytes(24), DATA], ids=len)
@pytest.mark.parametrize("sw", [0x9000, 0x6310, 0x6300, 0x6200])
def test_an_answer_without_its_mac_is_refused(level: Level, answer: bytes, sw: int):
    channel = between(KEYS, level, oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000)), HOST)
    channel.wrap(CommandApdu(0x80, 0x31, le=256))
    with pytest.raises(ChannelBrokenError, match="not from the card"):
        channel.unwrap(ResponseApdu(answer, sw))


@with_r_mac
def test_an_answer_of_before_is_refused(level: Level):
    card = oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"\x01", 0x9000))
    channel = between(KEYS, level, card, HOST)
    command = CommandApdu(0x80, 0x31, le=256)
    first = ResponseApdu.decode(card.transmit(channel.wrap(command).encode()))
    channel.unwrap(first)
    channel.wrap(command)
    with pytest.raises(ChannelBrokenError):
        channel.unwrap(first)


@with_r_mac
@pytest.mark.parametrize("sw", [0x6A82, 0x6982, 0x6988, 0x6F00, 0x9100, 0x6C05, 0x6105])
def test_an_error_comes_bare(level: Level, sw: int):
    channel = between(KEYS, level, oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000)), HOST)
    channel.wrap(CommandApdu(0x80, 0x31, le=256))
    assert channel.unwrap(ResponseApdu(b"", sw)) == ResponseApdu(b"", sw)
    channel.wrap(CommandApdu(0x80, 0x31, le=256))
    with pytest.raises(ChannelBrokenError, match=f"data with the status word {sw:04X}"):
        channel.unwrap(ResponseApdu(bytes(8), sw))


@pytest.mark.parametrize("data", [bytes(16), bytes(15) + b"\x01", b"\x80" + bytes(31), bytes(17), bytes(8)], ids=len)
def test_wrong_padding_behind_a_right_mac_is_refused(data: bytes):
    card = oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000))
    channel = between(KEYS, Level.FULL, card, HOST)
    card.transmit(channel.wrap(CommandApdu(0x80, 0x31, le=256)).encode())
    now = card.session
    assert now is not None
    if len(data) % 16 == 0:
        data = oracle.cbc_encrypt(now.enc, now.answer_iv(), data)
    with pytest.raises(ChannelBrokenError, match=f"an answer of {len(data)} bytes wrongly"):
        channel.unwrap(ResponseApdu(data + now.answer_mac(data, 0x9000), 0x9000))


def test_nothing_follows_a_false_answer():
    channel = opened()
    channel.wrap(command_of(COMMANDS[0]))
    with pytest.raises(ChannelBrokenError):
        channel.unwrap(FINE)
    for _ in range(2):
        with pytest.raises(ChannelBrokenError, match="open a new one"):
            channel.wrap(command_of(COMMANDS[0]))
        with pytest.raises(ChannelBrokenError, match="open a new one"):
            channel.unwrap(WRAPPED_ANSWER)


def test_nothing_follows_a_lost_answer():
    channel = opened()
    channel.wrap(command_of(COMMANDS[0]))
    with pytest.raises(ChannelBrokenError, match="lost or false"):
        channel.wrap(command_of(COMMANDS[0]))
    with pytest.raises(ChannelBrokenError):
        channel.unwrap(WRAPPED_ANSWER)


def test_a_false_answer_is_not_asked_about_twice():
    channel = opened()
    channel.wrap(command_of(COMMANDS[0]))
    with pytest.raises(ChannelBrokenError):
        channel.unwrap(ResponseApdu(flipped(WRAPPED_ANSWER.data, 0), 0x9000))
    with pytest.raises(ChannelBrokenError):
        channel.unwrap(WRAPPED_ANSWER)


def test_commands_and_answers_come_in_turn():
    with pytest.raises(ValueError, match="without a command"):
        opened().unwrap(WRAPPED_ANSWER)
    channel = begun()
    channel.external_authenticate()
    with pytest.raises(ChannelBrokenError):
        channel.wrap(command_of(COMMANDS[0]))


# Opening


def test_another_cryptogram_or_challenge_of_the_card_is_refused():
    for bit in range(13 * 8, 29 * 8):
        with pytest.raises(WrongKeysError):
            Scp03(KEYS, Level.FULL, HOST, Initialized.decode(flipped(ANSWER, bit)))


def test_wrong_keys_are_found_before_a_try_is_spent():
    wrong = KeySet(0x30, KEYS.enc, KEYS.enc, KEYS.dek)
    with pytest.raises(WrongKeysError, match="no try was spent") as caught:
        Scp03(wrong, Level.FULL, HOST, Initialized.decode(ANSWER))
    assert "key version 30" in str(caught.value)
    assert not any(key.hex() in str(caught.value).lower() for key in wrong.keys)


def test_another_key_version_than_asked_for_is_refused():
    with pytest.raises(ChannelError, match="version 30, not 31; no try was spent"):
        Scp03(KeySet(0x31, *KEYS.keys), Level.FULL, HOST, Initialized.decode(ANSWER))
    channel = Scp03(KeySet(0, *KEYS.keys), Level.FULL, HOST, Initialized.decode(ANSWER))
    assert channel.external_authenticate().encode().hex() == FIRST.authenticate


@pytest.mark.parametrize(
    ("options", "possible"),
    [(0x00, {0x01, 0x03}), (0x10, {0x01, 0x03}), (0x20, {0x01, 0x03, 0x11, 0x13}), (0x60, {*Level}), (0x70, {*Level})],
)
def test_a_level_that_the_card_cannot_keep_is_refused(options: int, possible: set[int]):
    for level in Level:
        card = oracle.CardSide(KEYS.enc, KEYS.mac, lambda *_: (b"", 0x9000), options=options)
        if level in possible:
            assert between(KEYS, level, card, HOST).level == level
        else:
            with pytest.raises(ChannelError, match="no try was spent"):
                between(KEYS, level, card, HOST)
            assert card.tries == 0


def test_a_card_that_refuses_us_is_an_error_of_its_own():
    channel = begun()
    channel.external_authenticate()
    with pytest.raises(ChannelRefusedError, match="6982") as caught:
        channel.authenticated(ResponseApdu(b"", 0x6982))
    assert caught.value.sw == 0x6982


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("", "does not speak SCP03"),
        (ANSWER[:12].hex(), "does not speak SCP03"),
        (bytes(10).hex() + "2002" + bytes(16).hex(), "does not speak SCP03"),
        (ANSWER[:-1].hex(), "31 bytes"),
        (ANSWER.hex() + "00", "33 bytes"),
        (ANSWER[:29].hex(), "29 bytes"),
        (bytes(10).hex() + "300360" + bytes(19).hex(), "32 bytes"),
        (bytes(10).hex() + "300361" + bytes(32).hex(), "only challenges of 8 bytes"),
        (bytes(10).hex() + "300301" + bytes(16).hex(), "only challenges of 8 bytes"),
    ],
)
def test_an_answer_to_initialize_update_of_another_form_is_refused(answer: str, told: str):
    with pytest.raises(ChannelError, match=told):
        Initialized.decode(bytes.fromhex(answer))


@pytest.mark.parametrize("size", [0, 7, 9, 16])
def test_a_host_challenge_has_8_bytes(size: int):
    with pytest.raises(ValueError, match="8 bytes"):
        initialize_update(0, bytes(size))


def test_session_keys_do_not_show_themselves():
    keys = SessionKeys.derive(KEYS, HOST + ANSWER[13:21])
    assert repr(keys) == str(keys) == "SessionKeys()"
    assert not any(key.hex() in repr(vars(opened()) | {"keys": keys}) for key in (keys.enc, keys.mac, keys.rmac))
