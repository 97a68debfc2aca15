"""Choosing a reader, what is said when PC/SC cannot be used, and time limits; the real thing is in tests/interop."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smartdm.errors import NoCardError
from smartdm.transport import pcscholders
from smartdm.transport.patience import OutOfTimeError, in_time
from smartdm.transport.pcscholders import busy_text, holders
from smartdm.transport.pcsclib import ReaderState, choose


def reader(name: str, *, card: bool = True) -> ReaderState:
    return ReaderState(name, card, b"\x3b" if card else b"", in_use=False, mute=False)


TWO = [reader("Gem PC 00"), reader("Gem PC 01", card=False)]
SAME = [reader("ACR 1"), reader("ACR 10"), reader("Gem", card=False)]


@pytest.mark.parametrize(
    ("readers", "wanted", "found"),
    [
        (TWO[:1], "", "Gem PC 00"),
        (TWO, "01", "Gem PC 01"),
        (TWO, "gem pc 0", "Gem PC 00"),
        (TWO, "", "Gem PC 00"),
        (SAME, "ACR 1", "ACR 1"),
        (SAME, "acr 10", "ACR 10"),
        (SAME, "em", "Gem"),
    ],
)
def test_a_reader_is_chosen_by_a_part_of_its_name_then_by_its_card(readers: list[ReaderState], wanted: str, found: str):
    assert choose(readers, wanted).name == found


@pytest.mark.parametrize(
    ("readers", "wanted", "text"),
    [
        ([], "", "there is no card reader: plug one in"),
        (TWO, "nix", "no reader is called 'nix'; there are: Gem PC 00; Gem PC 01 (empty)"),
        (SAME, "acr", "2 readers are called 'acr'; choose one by more of its name: ACR 1; ACR 10; Gem (empty)"),
        (SAME, "", "there are 3 readers; choose one by more of its name: ACR 1; ACR 10; Gem (empty)"),
        ([TWO[1], SAME[2]], "", "there are 2 readers; choose one by more of its name: Gem PC 01 (empty); Gem (empty)"),
    ],
)
def test_none_or_several_readers_are_an_error_that_lists_them(readers: list[ReaderState], wanted: str, text: str):
    with pytest.raises(NoCardError, match=f"^{re.escape(text)}"):
        choose(readers, wanted)


def test_without_pyscard_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['smartcard'] = None\n"
        "from smartdm.errors import NoCardError\n"
        "from smartdm.transport.pcsc import PcscTransport\n"
        "try: PcscTransport()\n"
        "except NoCardError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "card readers need pyscard, which is not installed: apt install pcscd libpcsclite-dev swig" in told


def test_the_module_alone_loads_no_pyscard():
    code = "import sys, smartdm.transport.pcsc; sys.exit('smartcard' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Who has the reader


def process(folder: Path, pid: int, name: str, maps: str) -> None:
    (folder / str(pid)).mkdir()
    (folder / str(pid) / "comm").write_text(f"{name}\n")
    (folder / str(pid) / "maps").write_text(maps)


def test_programs_that_have_loaded_the_library_are_named(tmp_path: Path):
    process(tmp_path, 7, "scdaemon", "7f0 r-xp /usr/lib/libc.so.6\n7f1 r-xp /usr/lib/libpcsclite.so.1.0.0\n")
    process(tmp_path, 8, "bash", "7f0 r-xp /usr/lib/libc.so.6\n")
    (tmp_path / "9").mkdir()
    assert holders(tmp_path) == [("scdaemon", 7)]


def test_where_nobody_is_to_be_seen_the_usual_ones_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pcscholders, "holders", list)
    told = busy_text("Gem", "has", shared=False)
    assert "another program has Gem: often scdaemon (`gpgconf --kill scdaemon`), a browser" in told
    assert told.endswith("end it, or try --shared")
    assert busy_text("Gem", "has", shared=True).endswith("end it")


# Time limits


def _not_undone(_result: object) -> None:
    pytest.fail("it came in time")


def test_a_result_in_time_is_returned_and_an_error_is_raised():
    assert in_time(lambda: 5, _not_undone, 10.0) == 5
    with pytest.raises(NoCardError):
        in_time(lambda: choose([], ""), _not_undone, 10.0)


def test_a_result_that_comes_too_late_is_undone():
    go_on, undone = threading.Event(), threading.Event()
    results = []

    def undo(result: bool) -> None:
        results.append(result)
        undone.set()

    with pytest.raises(OutOfTimeError):
        in_time(lambda: go_on.wait(30), undo, 0.05)
    assert results == []
    go_on.set()
    assert undone.wait(30)
    assert results == [True]


@pytest.mark.parametrize("late", [True, False])
def test_what_an_interrupted_wait_would_have_got_is_undone(monkeypatch: pytest.MonkeyPatch, late: bool):
    go_on, undone = threading.Event(), threading.Event()
    join = threading.Thread.join

    def interrupted(thread: threading.Thread, seconds: float | None = None) -> None:
        if not late:
            join(thread, seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    if not late:
        go_on.set()
    with pytest.raises(KeyboardInterrupt):
        in_time(lambda: go_on.wait(30), lambda _result: undone.set(), 30.0)
    assert undone.is_set() is not late
    go_on.set()
    assert undone.wait(30)
