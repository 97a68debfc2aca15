"""Threat 22: free memory, and what is left of a granule, never hold bytes of a secret that is no longer one."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm.transport.sim import SimTransport
from smartdm.wire import Cla, Format, Ins, Sw
from tests.card.attack import OPTIONS, add, apdu, delete, get, leaf, replace, server
from tests.card.device import SELECT, Device, parameters
from tests.card.doors import (
    NAME,
    NEW,
    OTHER,
    SERVER,
    batch,
    done,
    give_keys,
    initiate,
    key_set,
    on_image,
)
from tests.card.images import PROFILES, found, in_pieces, prepared
from tests.card.judge import Judge
from tests.oracle.acl import ISSUER, Acl
from tests.oracle.commands import Add, SetAcl
from tests.oracle.nodes import leaf as oracle_leaf

pytestmark = pytest.mark.usefixtures("let_go")

# What never became the state


def test_threat_22_a_refused_batch_leaves_nothing_of_its_secret(device: Device, tmp_path: Path):
    path = tmp_path / "card"
    prepared(device, path)
    channel = initiate(device)
    assert batch(channel, give_keys(NAME, NEW), delete(b"none"))[1] == Sw.BATCH_FAILED
    device.apdu(SELECT)
    assert not found(path, *NEW.keys)
    assert found(path, *SERVER.keys)


@pytest.mark.parametrize("how", ["select", "reset", "another command", "a plain command"])
def test_threat_22_a_batch_that_is_dropped_leaves_nothing_of_its_secret(device: Device, tmp_path: Path, how: str):
    path = tmp_path / "card"
    prepared(device, path)
    channel = initiate(device)
    # So many that the secret is written out before the batch ends.
    parts = [
        OPTIONS + give_keys(NAME, NEW),
        add(b"", leaf(b"a", bytes(200))),
        add(b"", leaf(b"b", bytes(200))),
        get(b"a"),
    ]
    for number, data in enumerate(parts):
        assert channel.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=bytes((number,)) + data)[1] == Sw.OK
    assert found(path, *NEW.keys), "it was written"
    if how == "reset":
        device.link.reset()
    elif how == "another command":
        channel.send(Cla.PLAIN, Ins.READ, 0, 0, b"\x00")
    elif how == "a plain command":
        device.apdu(apdu(Ins.READ, b"\x00"))
    device.apdu(SELECT)
    assert not found(path, *NEW.keys)
    assert found(path, *SERVER.keys)


def test_threat_22_a_secret_that_was_refused_for_want_of_a_hole_is_gone(device: Device, tmp_path: Path):
    """Free memory is gathered then, by a commit of its own, which must not forget what was staged."""
    path = tmp_path / "card"
    on_image(device, path, parameters(arena=8, reserve=64))
    in_pieces(device)
    refused = 0
    for at in range(12):
        secret = key_set(1, 50 + at).enc
        data, sw = batch(
            initiate(device), replace(b"?/Srv/#holder", secret), add(b"", leaf(b"y%d" % at, b"\xcc" * 180))
        )
        device.apdu(SELECT)
        if sw == Sw.SEND_AGAIN or data[2:] == Sw.SEND_AGAIN.to_bytes(2):
            refused += 1
            assert not found(path, secret), f"attempt {at}"
    assert refused


@pytest.mark.parametrize(("arena", "size", "every"), [(8, 30, 2), (20, 22, 3), (40, 22, 3)])
def test_threat_22_gathering_for_a_batch_leaves_nothing_of_its_secret(
    device: Device, tmp_path: Path, arena: int, size: int, every: int
):
    """Nothing secret was given up, and what is moved comes to lie where the secret was: no rest of it stays there.

    Of the larger granules the last one of a leaf that is moved holds a single byte.
    """
    path = tmp_path / "card"
    on_image(device, path, parameters(arena=arena, nodes=1000, reserve=128))
    in_pieces(device, size, every)
    refused = 0
    for at in range(50):
        name, keys, channel = b"s%02d" % at, key_set(1 + at, 50 + at), initiate(device)
        first = OPTIONS + server(name) + give_keys(name, keys)
        assert channel.send(Cla.PLAIN | Cla.CHAIN, Ins.BATCH, data=b"\x00" + first) == (b"", Sw.OK)
        sw = channel.send(Cla.PLAIN, Ins.BATCH, data=b"\x01" + add(b"", leaf(b"y%d" % at, bytes(215))))[1]
        device.apdu(SELECT)
        if sw == Sw.SEND_AGAIN:
            refused += 1
            assert not found(path, *keys.keys), f"attempt {at}"
    assert refused


@pytest.mark.parametrize("size", range(2, 62, 6))
@pytest.mark.parametrize("profile", PROFILES)
def test_threat_22_a_secret_that_its_own_batch_replaced_is_gone(
    device: Device, tmp_path: Path, profile: str, size: int
):
    """Its place is free at once; a record of the same batch that takes it does not fill its last granule."""
    path = tmp_path / "card"
    on_image(device, path, PROFILES[profile])
    channel = initiate(device)
    done(channel, server(NAME), give_keys(NAME, SERVER), give_keys(NAME, NEW), add(b"", leaf(b"x", bytes(size))))
    assert not found(path, *SERVER.keys)
    assert found(path, *NEW.keys)


def test_threat_22_a_batch_whose_next_part_was_refused_leaves_nothing_of_its_secret(device: Device, tmp_path: Path):
    """Refused for its P1, before it was looked at as a part; the next batch is another one, and is done."""
    path = tmp_path / "card"
    prepared(device, path)
    channel = initiate(device)
    chained = Cla.PLAIN | Cla.CHAIN
    secret = OPTIONS + server(b"more") + give_keys(b"more", NEW)
    assert channel.send(chained, Ins.BATCH, data=b"\x00" + secret) == (b"", Sw.OK)
    assert channel.send(chained, Ins.BATCH, data=b"\x01" + add(b"", leaf(b"p"))) == (b"", Sw.OK)
    assert found(path, *NEW.keys), "it was written"
    assert channel.send(chained, Ins.BATCH, 1, 0, b"\x02" + add(b"", leaf(b"q"))) == (b"", Sw.WRONG_P1P2)
    done(channel, add(b"", leaf(b"r")))
    device.apdu(SELECT)
    assert not found(path, *NEW.keys)


@pytest.mark.parametrize("profile", ["default", "large granules"])
def test_threat_22_no_byte_of_a_secret_is_in_the_rest_of_anothers_granule(device: Device, tmp_path: Path, profile: str):
    """Wherever its bytes lie among those that are written together."""
    path = tmp_path / "card"
    on_image(device, path, PROFILES[profile])
    for size in range(4, 224, 20):
        channel = initiate(device)
        done(channel, server(NAME))
        fillers = [add(b"", leaf(b"f%d" % at, bytes(size))) for at in range(2)]
        small = [add(b"", leaf(b"s%d" % at, b"\x01" * at)) for at in range(6)]
        parts = [OPTIONS, *fillers, give_keys(NAME, SERVER), b"".join(small)]
        for number, data in enumerate(parts):
            cla = Cla.PLAIN if data is parts[-1] else Cla.PLAIN | Cla.CHAIN
            assert channel.send(cla, Ins.BATCH, data=bytes((number,)) + data)[1] == Sw.OK
        assert found(path, *SERVER.keys)
        done(channel, delete(b"?/Srv/" + NAME))
        assert not found(path, *SERVER.keys), f"behind {size} bytes"
        done(channel, *(delete(b"f%d" % at) for at in range(2)), *(delete(b"s%d" % at) for at in range(6)))


@pytest.mark.parametrize("profile", ["small", "large granules"])
def test_threat_22_secrets_that_were_moved_are_overwritten_too(device: Device, tmp_path: Path, profile: str):
    path = tmp_path / "card"
    prepared(device, path, PROFILES[profile])
    if profile == "small":
        in_pieces(device)
    channel = initiate(device)
    for at in range(10):
        batch(channel, add(b"", leaf(b"z%d" % at, b"\xcc" * 200)))
    done(channel, delete(b"?/Srv/" + NAME))
    assert not found(path, *SERVER.keys)
    assert found(path, *OTHER.keys)


@pytest.mark.parametrize("value", [bytes(40), b"key" * 13], ids=["zeros", "bytes"])
def test_a_secret_that_changes_in_the_batch_that_made_it_keeps_its_value(simulator: SimTransport, value: bytes):
    judge = Judge.new(simulator)
    secret = oracle_leaf("A", value, format=Format.BIN, definition=("Key",))
    judge.done(Add((), secret), SetAcl(("A",), Acl.parse("Get=*&Replace=#issuer")), who=ISSUER)
    judge.audit()
