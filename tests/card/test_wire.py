"""The wire is defined once: rendered files are current, numbers are sound, examples run on codec and card."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartdm import render, wire
from smartdm.card.apdu import CommandApdu, ResponseApdu
from smartdm.codec import packed
from tests.card.device import Device
from tests.oracle.reading import Reader

SERVERS = {4: "*", 5: "#issuer", 6: "#holder"}
"""Those of every card."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", render.targets(ROOT), ids=lambda path: path.name)
def test_rendered_file_is_current(path: Path):
    assert path.read_text() == render.targets(ROOT)[path], "run: python -m smartdm.render"


def test_instructions_are_legal():
    assert all(ins >> 4 not in (0x6, 0x9) for ins in wire.Ins)
    assert {rule.ins for rule in wire.RULES} == set(wire.Ins)
    assert len(wire.RULES) == len(wire.Ins)


@pytest.mark.parametrize("family", [wire.Sw, wire.Command, wire.Select, wire.Install, wire.Option, wire.Kind])
def test_numbers_of_a_family_are_unique(family: type[wire.Sw]):
    assert len({int(member) for member in family}) == len(family.__members__)


def test_status_words_have_the_form_of_iso_7816():
    assert all(sw >> 12 in (6, 9) and sw >> 8 != 0x60 for sw in wire.Sw)


def test_every_status_word_has_words_and_a_dm_status():
    assert all(sw.doc and 200 <= sw.dm_status < 600 for sw in wire.Sw)


def test_the_list_of_types_is_as_long_as_its_limit_says():
    assert len(wire.TYPES) == wire.Limit.TYPES
    assert len(set(wire.TYPES)) == len(wire.TYPES)


@pytest.mark.parametrize("rule", wire.RULES, ids=lambda rule: rule.ins.name)
def test_example_runs_on_the_card(device: Device, rule: wire.Rule):
    device.open()
    for command, answer in rule.example:
        data, sw = device.apdu(command)
        assert (data + sw.to_bytes(2)).hex() == bytes.fromhex(answer).hex(), command


@pytest.mark.parametrize("rule", wire.RULES, ids=lambda rule: rule.ins.name)
def test_example_passes_the_codec(rule: wire.Rule):
    for command, answer in rule.example:
        raw = bytes.fromhex(command)
        length = raw[4] if len(raw) > 5 else 0
        le = 256 if len(raw) == 5 or len(raw) == 6 + length else None
        assert CommandApdu(raw[0], raw[1], raw[2], raw[3], raw[5 : 5 + length], le).encode() == raw
        response = ResponseApdu.decode(bytes.fromhex(answer))
        if response.sw == wire.Sw.OK and response.data:
            generation = int.from_bytes(response.data[1:4])
            levels = 0 if rule.ins is wire.Ins.BATCH else None
            decoded = packed.decode(response.data, levels, packed.Known(servers=SERVERS))
            assert packed.decode(packed.encode(decoded.node, generation=generation)) == decoded
            assert Reader(response.data).tree(0xFF if levels is None else levels).name == decoded.node.name
