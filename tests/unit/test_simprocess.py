"""The pipe to the simulator, with programs at its other end that do not behave; the simulator is in tests/card."""

import hashlib
import sys
from pathlib import Path

import pytest

from smartdm.errors import CardBusyError, NoCardError, PowerLostError, TransportError
from smartdm.transport import simlock, simprocess
from smartdm.transport.simprocess import SimProcess, command_line

ECHO = """
import os, time
def read(size):
    data = b""
    while len(data) < size:
        data += os.read(0, size - len(data))
    return data
def tell(data):
    os.write(1, data)
"""


def program(text: str, timeout: float = 30.0) -> SimProcess:
    """Python code as the simulator; it can ``read`` so many bytes, and ``tell`` some."""
    return SimProcess([sys.executable, "-c", ECHO + text], timeout)


def test_an_answer_that_comes_in_pieces_is_put_together():
    process = program("read(5)\nfor byte in b'\\0\\0\\0\\0\\3abc': tell(bytes([byte])); time.sleep(0.01)")
    assert process.call(2) == b"abc"
    process.close()


def test_a_frame_larger_than_the_pipe_is_sent_whole():
    body = bytes(range(256)) * 4096
    process = program(
        "import hashlib\nread(5); body = read(1 << 20)\n"
        "tell(b'\\x00\\x00\\x00\\x00\\x20' + hashlib.sha256(body).digest())"
    )
    assert process.call(2, body) == hashlib.sha256(body).digest()
    process.close()


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (1, TransportError, "simulated card: oh"),
        (2, PowerLostError, "lost power before it answered"),
        (3, CardBusyError, "oh"),
    ],
)
def test_what_the_status_means(status: int, kind: type[TransportError], text: str):
    process = program(f"read(5); tell(b'\\x0{status}\\x00\\x00\\x00\\x02oh')")
    with pytest.raises(kind, match=text):
        process.call(2)
    process.close()


def test_one_that_does_not_answer_is_stopped():
    process = program("time.sleep(60)", timeout=0.2)
    with pytest.raises(TransportError, match=r"no answer from the simulated card in 0.2 s; it was stopped"):
        process.call(2)
    assert not process.alive
    with pytest.raises(TransportError, match="was closed"):
        process.call(2)
    process.kill()
    process.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("read(5); os._exit(7)", "ended: exit code 7"),
        (
            "read(5); os.write(2, b'java.lang.Error: no\\n\\tat X.y(X.java)\\n'); os._exit(1)",
            "ended: java.lang.Error: no",
        ),
    ],
)
def test_one_that_ends_says_why(text: str, told: str):
    process = program(text)
    with pytest.raises(TransportError, match=told):
        process.call(2)
    assert not process.alive


def test_one_that_does_not_listen_any_more_has_ended():
    process = program("os.close(0); os.write(2, b'gone\\n')")
    process._child.wait()
    with pytest.raises(TransportError, match="the simulated card ended: gone"):
        process.call(2)


def test_one_that_does_not_end_with_its_pipe_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simprocess, "_EXIT_SECONDS", 0.2)
    process = program("time.sleep(60)")
    process.close()
    assert process._child.returncode == -9
    assert not process.alive


def test_without_java_or_a_build_it_says_what_to_do(tmp_path: Path):
    with pytest.raises(NoCardError, match="there is no 'nix': install openjdk-17"):
        command_line(tmp_path, "nix", [])
    with pytest.raises(NoCardError, match=r"not built \(.*host is missing\): run `make setup`"):
        command_line(tmp_path, sys.executable, [])


def test_who_uses_a_card_is_told_as_far_as_the_system_tells():
    assert simlock.parent_of(1) is None, "started by nobody"
    assert simlock.parent_of(1 << 30) is None, "there is no such process"
    assert (
        simlock.busy_text("/x/a.card", "") == "another simulator (process unknown) is using sim:a; wait until it ends"
    )
    assert "(process 1) is using sim:a" in simlock.busy_text("/x/a.card", "1")
    assert simlock.busy_answer("it is locked") == "it is locked"
