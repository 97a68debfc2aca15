"""Threat 22: no command tells a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.card.keys import KeySet
from smartdm.card.secrecy import key_value
from smartdm.wire import Cla, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, get, leaf, replace, source, sourced, text
from tests.card.device import ISSUER, PIN, PUK, SELECT, Device
from tests.card.doors import (
    NAME,
    NEW,
    OTHER,
    SERVER,
    add_server,
    batch,
    give_keys,
    initiate,
    key_set,
    pin,
)
from tests.card.images import prepared

pytestmark = pytest.mark.usefixtures("let_go")
# Commands that tell


def told(device: Device, keys: KeySet, command: tuple[int, int, int, int, bytes]) -> bytes:
    """All that a command answers, to the end of a long answer."""
    channel = initiate(device, keys)
    data, sw = channel.send(*command)
    number = 0
    while sw == Sw.MORE:
        number += 1
        more, sw = channel.send(Cla.PLAIN, Ins.READ_NEXT, data[3], number)
        data += more
    return data


READERS = {
    "READ of everything": (Cla.PLAIN, Ins.READ, 0xFF, 0, b"\x00"),
    "READ of the registry": (Cla.PLAIN, Ins.READ, 0xFF, 0, text(b"?")),
    "READ of the server": (Cla.PLAIN, Ins.READ, 0, 0, text(b"?/Srv/" + NAME)),
    "READ of the holder": (Cla.PLAIN, Ins.READ, 0, 0, text(b"?/Srv/#holder")),
    "changes since the beginning": (Cla.PLAIN, Ins.READ, 0xFF, 1, text(b"?") + bytes(3)),
    "changes of the server": (Cla.PLAIN, Ins.READ, 0xFF, 1, text(b"?/Srv/" + NAME) + bytes(3)),
    "Get in a batch": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + get(b"?", 9)),
    "Get of the server in a batch": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + get(b"?/Srv/" + NAME)),
    "copy to a new leaf": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + source(b"?/Srv/" + NAME)
                           + sourced(add(b"", leaf(b"copy"))) + get(b"copy")),
    "copy of the holder": (Cla.PLAIN, Ins.BATCH, 0, 0, b"\x00" + OPTIONS + source(b"?/Srv/#holder")
                           + sourced(replace(b"n0", b"")) + get(b"n0")),
}  # fmt: skip


@pytest.mark.parametrize("who", [ISSUER, SERVER, OTHER], ids=["issuer", "its owner", "another server"])
@pytest.mark.parametrize("command", READERS.values(), ids=READERS)
def test_threat_22_no_command_tells_a_secret(
    device: Device, tmp_path: Path, who: KeySet, command: tuple[int, int, int, int, bytes]
):
    path = tmp_path / "card"
    prepared(device, path)
    answer = told(device, who, command)
    for secret in (*ISSUER.keys, *SERVER.keys, *OTHER.keys, PIN, PUK):
        for at in range(len(secret) - 3):
            assert secret[at : at + 4] not in answer
    everything = told(device, ISSUER, READERS["READ of everything"])
    for secret in (*ISSUER.keys, *SERVER.keys, *OTHER.keys):
        assert secret[:4] not in everything


def test_threat_22_a_batch_that_tells_does_not_tell_what_it_just_wrote(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    data, _ = batch(initiate(device), give_keys(NAME, NEW), get(b"?/Srv", 3))
    assert not any(key[:4] in data for key in NEW.keys)
    assert key_value(NEW)[2:6] not in data


def test_threat_22_the_holder_cannot_read_what_was_his(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    device.apdu(SELECT)
    assert device.apdu(apdu(Ins.VERIFY, pin(), le=b""))[1] == Sw.OK
    for command in ((b"\x00", 0xFF, 0), (text(b"?"), 0xFF, 0), (text(b"?") + bytes(3), 0xFF, 1)):
        answer = device.apdu(apdu(Ins.READ, command[0], command[1], command[2]))[0]
        assert PIN not in answer
        assert PUK not in answer


def test_threat_22_a_failure_tells_no_secret(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    add_server(initiate(device), b"third", key_set(0x46, 20))
    data, sw = batch(initiate(device), give_keys(NAME, NEW), source(b"?/Srv/" + NAME), sourced(replace(b"n0", b"")))
    assert (len(data), sw) == (4, Sw.BATCH_FAILED)
