"""Install parameters: what they fix, and which are refused."""

from __future__ import annotations

import pytest

from smartdm.errors import NoCardError, TransportError
from tests.card.device import SELECT, Device, parameters
from tests.card.store import PROFILES, expected_free

REFUSED = {
    "arena of 7 KiB": "800107",
    "arena of 65 KiB": "800141",
    "15 nodes": "8102000F",
    "1,025 nodes": "81020401",
    "513 nodes in the small profile": "820100 81020201",
    "negative nodes": "8102FFFF",
    "profile 2": "820102",
    "reserve of 63 bytes": "8302003F",
    "reserve of 4,097 bytes": "83021001",
    "unknown tag behind": "840101",
    "unknown tag before": "7F0101",
    "no value": "8000",
    "value of three bytes": "8003000010",
    "tag alone": "80",
    "value cut off": "8001",
    "second object cut off": "800110 8302",
    "length beyond 127": "8081",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_parameters_out_of_range_are_refused_and_no_card_is_made(device: Device, text: str):
    with pytest.raises(TransportError, match=r"refused to be installed: \w+") as caught:
        device.new(bytes.fromhex(text))
    assert not isinstance(caught.value, NoCardError)
    with pytest.raises(TransportError, match="no card"):
        device.apdu(SELECT)


@pytest.mark.parametrize(("profile", "expected"), [("default", (16384, 512, 512, 16)), ("small", (8192, 256, 384, 10))])
def test_defaults_of_the_profiles(device: Device, profile: str, expected: tuple[int, int, int, int]):
    info = device.new(PROFILES[profile]).info
    assert (info.arena, info.node_limit, info.reserve, info.max_depth) == expected


@pytest.mark.parametrize("reserve", [64, 65, 500, 4096])
@pytest.mark.parametrize("nodes", [16, 17, 512])
@pytest.mark.parametrize("profile", PROFILES)
def test_reserve_and_node_limit_are_as_installed(device: Device, profile: str, nodes: int, reserve: int):
    session = device.new(PROFILES[profile] + parameters(nodes=nodes, reserve=reserve))
    assert (session.info.node_limit, session.info.reserve) == (nodes, reserve)
    assert session.info.free == expected_free(session.info, device, small=profile == "small")


def test_parameters_may_stand_in_any_order(device: Device):
    tlvs = [parameters(arena=20), parameters(nodes=100), parameters(reserve=700), parameters(small=True)]
    for order in (tlvs, tlvs[::-1]):
        info = device.new(b"".join(order)).info
        assert (info.arena, info.node_limit, info.reserve, info.max_depth) == (20 * 1024, 100, 700, 10)
