"""The doors of a card as an attacker sees them: byte by byte, with the second initiator of SCP03."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from smartdm.card.keys import KeySet, put_key_data
from smartdm.card.secrecy import key_value, personalization
from smartdm.transport.sim import Algorithm, SimTransport
from smartdm.wire import Cla, Ins, Install, Sw
from tests.card.attack import OPTIONS, apdu, replace, server, text
from tests.card.device import ISSUER, KDD, PIN, PUK, SELECT, Device
from tests.oracle.scp03 import Initiator

HOST_CHALLENGE = bytes.fromhex("0102030405060708")
FULL = 0x33
SECURED = Cla.PLAIN | Cla.SECURE
NAME = b"srv"
"""Of the server that ``with_server`` makes."""
WITHOUT_MAC = (Algorithm.SIGNATURE, 18)
"""ALG_AES_MAC_128_NOPAD: a card without it makes MACs block by block."""
READ_ROOT = (Cla.PLAIN, Ins.READ, 0, 0, b"\x00")
"""A command that any principal may send, as ``Initiator.send`` takes it."""


def key_set(kvn: int, seed: int, size: int = 16) -> KeySet:
    """Keys that have no few bytes in common with those of other seeds."""
    stream = Random(seed).randbytes(3 * size)
    return KeySet(kvn, stream[:size], stream[size : 2 * size], stream[2 * size :])


SERVER = key_set(0x41, 1)
OTHER = key_set(0x42, 2)
NEW = key_set(0x51, 3)


def pin(text: bytes = PIN) -> bytes:
    """As the card compares it."""
    return text.ljust(8, b"\xff")


def initiate(device: Device, keys: KeySet = ISSUER, level: int = FULL, challenge: bytes = HOST_CHALLENGE) -> Initiator:
    """Select the applet and open a channel."""
    assert device.apdu(SELECT)[1] == Sw.OK
    return reopen(device, keys, level, challenge)


def reopen(device: Device, keys: KeySet = ISSUER, level: int = FULL, challenge: bytes = HOST_CHALLENGE) -> Initiator:
    """Open a channel on the applet that is selected."""
    return Initiator.open(device.link.transmit, keys.enc, keys.mac, keys.dek, level, challenge, keys.kvn)


def batch(channel: Initiator, *elements: bytes) -> tuple[bytes, int]:
    """A batch of one part, inside a channel."""
    return channel.send(Cla.PLAIN, Ins.BATCH, data=b"\x00" + OPTIONS + b"".join(elements))


def done(channel: Initiator, *elements: bytes) -> None:
    """A batch that works; sent again while the card gathers its free memory for it."""
    data, sw = b"", int(Sw.SEND_AGAIN)
    for _ in range(4):
        if sw == Sw.SEND_AGAIN:
            data, sw = batch(channel, *elements)
    assert sw == Sw.OK, f"{sw:04X} {data.hex()}"


def give_keys(name: bytes, keys: KeySet, *, mac_only: bool = False) -> bytes:
    """The element that gives a server its keys, or takes others."""
    return replace(b"?/Srv/" + name, key_value(keys, mac_only=mac_only))


def add_server(channel: Initiator, name: bytes = NAME, keys: KeySet = SERVER, *, mac_only: bool = False) -> None:
    """A server with a key set."""
    done(channel, server(name), give_keys(name, keys, mac_only=mac_only))


def put_key(channel: Initiator, old: int, data: bytes) -> tuple[bytes, int]:
    return channel.send(Cla.PLAIN, Ins.PUT_KEY, old, 0x81, data)


def replace_keys(channel: Initiator, old: int, new: KeySet) -> None:
    """PUT KEY that works."""
    assert put_key(channel, old, put_key_data(new, channel.dek)) == (bytes((new.kvn,)) + new.check_values, Sw.OK)


def terminate(channel: Initiator) -> None:
    assert channel.send(Cla.PLAIN, Ins.TERMINATE) == (b"", Sw.OK)


def is_open(channel: Initiator) -> bool:
    """Whether the card still takes a command of the channel; if it does not, the channel is closed for good."""
    return channel.send(*READ_ROOT)[1] == Sw.OK


def closed(device: Device, channel: Initiator) -> None:
    """The channel is closed, also for a right command."""
    assert channel.send(*READ_ROOT) == (b"", Sw.NOT_ALLOWED)
    assert device.apdu(apdu(Ins.READ, b"\x00"))[1] == Sw.NOT_ALLOWED


def initialize_update(keys: KeySet = ISSUER, challenge: bytes = HOST_CHALLENGE) -> bytes:
    return apdu(Ins.INITIALIZE_UPDATE, challenge, keys.kvn)


def keys_parameter(keys: KeySet) -> bytes:
    """The install parameter that makes these the initial keys."""
    return bytes((Install.KEYS,)) + text(b"".join(keys.keys))


def install(device: Device, keys: KeySet, params: bytes = b"") -> Initiator:
    """A card that was just installed with these keys, and its one channel."""
    device.sim.new_card(params + keys_parameter(keys))
    return initiate(device, KeySet(0, *keys.keys))


def install_personalized(device: Device, keys: KeySet, params: bytes = b"") -> None:
    """A card whose keys have the length of these, which become the issuer's."""
    first = install(device, KeySet.test(0, len(keys.enc)), params)
    assert first.send(Cla.PLAIN, Ins.PERSONALIZE, data=personalization(keys, KDD, PIN, PUK), le=None)[1] == Sw.OK


def on_image(device: Device, path: Path, params: bytes = b"") -> None:
    """A personalized card whose persistent memory is the file, after each command."""
    device.sim.new_card()
    path.unlink(missing_ok=True)
    device.sim.open_image(path, params)
    device.sim.seed_random(b"")
    fresh = initiate(device, KeySet.test())
    assert fresh.send(Cla.PLAIN, Ins.PERSONALIZE, data=personalization(ISSUER, KDD, PIN, PUK), le=None)[1] == Sw.OK


def kept_back(kept: list[bytes]) -> Callable[[bytes], bytes]:
    """A way on which commands do not reach the card."""

    def transmit(command: bytes) -> bytes:
        kept.append(command)
        return b"\x69\x82"

    return transmit


def writes(sim: SimTransport) -> int:
    """Persistent writes of the last command."""
    return sim.counters().last_apdu.writes
