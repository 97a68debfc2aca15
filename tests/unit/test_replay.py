import pytest

from smartdm.errors import CodecError, PowerLostError, TransportError
from smartdm.transport.base import Transport
from smartdm.transport.replay import RecordingTransport, ReplayTransport

TRACE = """
# a card is selected, asked, and loses power
> 00 A4 04 00 00
< 6F00 9000
# power cycle
> 8031000000
< 6A82
> 8030000000
"""

SELECT, READ, BATCH = (bytes.fromhex(text) for text in ("00A4040000", "8031000000", "8030000000"))


def replay() -> ReplayTransport:
    return ReplayTransport(TRACE.splitlines(), "old card")


def play(card: Transport) -> None:
    assert card.transmit(SELECT) == bytes.fromhex("6F009000")
    card.reset()
    assert card.transmit(READ) == bytes.fromhex("6A82")
    with pytest.raises(PowerLostError):
        card.transmit(BATCH)


def test_the_recorded_commands_get_the_recorded_responses():
    card = replay()
    assert not card.finished
    play(card)
    assert card.finished
    assert card.name == "old card"
    card.close()


def test_a_command_after_the_end_is_refused():
    card = replay()
    play(card)
    with pytest.raises(TransportError, match=r"trace of 3 commands is over; 8031000000"):
        card.transmit(READ)


def test_an_unexpected_command_names_both_and_the_line_and_does_not_move_on():
    card = replay()
    with pytest.raises(TransportError, match="trace line 3: 00A4040000 was recorded, but 8031000000 was sent"):
        card.transmit(READ)
    assert card.transmit(SELECT).endswith(b"\x90\x00")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("< 9000", "line 1: a response without a command"),
        ("> 00A4040000\n< 9000\n\n< 9000", "line 4: a response without a command"),
        ("> 00A404000", "line 1: not hex: '00A404000'"),
        ("> 00A4040000\n< 90xx", "line 2: not hex: '90xx'"),
        ("\nhello", "line 2: a line begins with '>', '<' or '#', not 'hello'"),
    ],
)
def test_a_malformed_trace_names_the_line(text: str, message: str):
    with pytest.raises(CodecError, match=message):
        ReplayTransport(text.splitlines())


def test_an_empty_trace_is_finished():
    assert ReplayTransport([]).finished


def test_a_recording_can_be_played_again():
    lines: list[str] = []
    recorder = RecordingTransport(replay(), lines.append)
    play(recorder)
    recorder.close()
    assert recorder.name == "old card"
    assert lines[0] == "> 00A4040000"
    play(ReplayTransport(lines))


def test_a_command_without_answer_is_recorded_all_the_same():
    lines: list[str] = []
    with pytest.raises(TransportError):
        RecordingTransport(ReplayTransport([]), lines.append).transmit(READ)
    assert lines == ["> 8031000000"]
