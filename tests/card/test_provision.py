"""Profiles on the real card: what they make of it, what they refuse, what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smartdm.codec import catalog, ddf
from smartdm.errors import Conflict
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ONE_OR_MORE, Access, Definition
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT
from smartdm.provision.plan import make_plan
from smartdm.provision.run import run
from smartdm.session import Batch
from smartdm.wire import Principal
from tests.card.device import SMALL, Device, parameters
from tests.card.provisioning import NOW, OWNED, applied, later, profile, same, told, tree
from tests.card.provisioning import text as written
from tests.card.store import branch, leaf, uri
from tests.corpus import load_passpoint, load_reference, references, without_secrets

DEV = '[[mo]]\nuri = "./Dev"\nfile = "dev.xml"\nexact = true\n'


@pytest.mark.parametrize("params", [b"", SMALL, parameters(arena=40)], ids=["default", "small", "large"])
def test_a_new_card_gets_everything_in_one_batch(device: Device, tmp_path: Path, params: bytes):
    session = device.new(params)
    plan = applied(session, profile(tmp_path, DEV, dev=tree()))
    assert told(plan) == [("ADD", "./Dev")]
    assert same(tree(), session.read(uri("Dev")))
    assert session.generation == 3
    again = device.open()
    assert make_plan(again, plan.profile).is_empty
    assert again.was_applied(plan.tag)


@pytest.mark.parametrize("params", [b"", parameters(small=True, arena=16)], ids=["default", "small"])
def test_a_changed_card_gets_what_differs(device: Device, tmp_path: Path, params: bytes):
    session = device.new(params)
    applied(session, profile(tmp_path, DEV, dev=tree()))
    plan = applied(session, profile(tmp_path, DEV, dev=later()))
    assert told(plan) == [
        ("REMOVE", "./Dev/Sub/C"),
        ("ADD", "./Dev/New"),
        ("REPLACE", "./Dev/A"),
        ("REPLACE", "./Dev/B"),
        ("REPLACE", "./Dev/N"),
        ("REPLACE", "./Dev/Sub/D"),
        ("TITLE", "./Dev"),
        ("TITLE", "./Dev/B"),
        ("ACL", "./Dev/Sub"),
        ("ACL", "./Dev"),
    ]
    assert same(later(), session.read(uri("Dev")))
    assert make_plan(device.open(), plan.profile).is_empty
    assert session.uploads() == []


def test_definitions_come_first_and_the_card_holds_to_them(device: Device, tmp_path: Path):
    session = device.open()
    text = 'definitions = ["DMAcc", "ConnMO", "FUMO", "SCOMO", "Passpoint"]\n---[[mo]]\nuri = "."\nfile = "ref.xml"\n'
    reference = load_reference()
    wanted = profile(tmp_path, text + references(reference), ref=without_secrets(reference))
    plan = applied(session, wanted)
    assert session.generation == 4
    found = session.read()
    assert sum(node.definition is not None for _, node in found.walk()) > 100
    assert any(node.withheld for _, node in found.walk())
    again = device.open()
    second = make_plan(again, wanted)
    assert second.is_empty
    assert {str(place) for place in second.hidden} >= {"./FUMO/modem-main/Update/PkgData"}
    assert again.registry.roots.keys() == session.registry.roots.keys()
    assert plan.room.needed <= plan.room.free


def test_a_secret_is_written_again_when_somebody_touched_it(device: Device, tmp_path: Path):
    session = device.open()
    account = next(node for name, node in load_reference().walk() if str(name) == "./DMAcc/fleet-lab")
    text = f'definitions = ["DMAcc"]\n---[[mo]]\nuri = "./Acc/lab"\nfile = "lab.xml"\nacl = "{OWNED}"\n'
    at = uri("Acc/lab")
    account, secrets = without_secrets(account, at), references(account, at)
    wanted = profile(tmp_path, text + secrets, lab=account)
    applied(session, wanted)
    secret = next(place for place, node in session.read().walk() if node.withheld)
    assert make_plan(device.open(), wanted).is_empty
    assert {change.uri for change in make_plan(device.open(), wanted, rewrite=True).changes} >= {secret}
    device.open().apply(Batch().replace(secret, b"stolen"))
    session = device.open()
    plan = applied(session, wanted)
    assert ("REPLACE", str(secret)) in told(plan)
    assert make_plan(device.open(), wanted).is_empty
    # What can be read is changed without the secret being sent again.
    device.open().apply(Batch().title(uri("Acc/lab"), "other"))
    titled = profile(tmp_path, text + 'title = "Lab"\n' + secrets, lab=account)
    assert told(applied(device.open(), titled)) == [("TITLE", "./Acc/lab")]
    assert make_plan(device.open(), titled).is_empty


def test_what_was_planned_is_what_is_sent(device: Device, tmp_path: Path):
    session = device.open()
    definitions = 'definitions = ["Passpoint"]\nservers = ["x.example"]\n---'
    wanted = profile(
        tmp_path, definitions + DEV + '[[mo]]\nuri = "./W/i"\nfile = "w.xml"', dev=tree(), w=load_passpoint()
    )
    plan = make_plan(session, wanted)
    batches = plan.outgoing(session, NOW)
    sizes = [[len(part) for part in batch.parts(0, plan.tag if batch is batches[-1] else None)] for batch in batches]
    taps: list[bytes] = []

    class Tap:
        name = "tap"

        def transmit(self, apdu: bytes) -> bytes:
            if apdu[1] == 0x30:
                taps.append(apdu)
            return device.sim.transmit(apdu)

        def reset(self) -> None: ...
        def close(self) -> None: ...

    tapped = Device(device.sim, Tap()).open()
    run(tapped, make_plan(tapped, wanted), NOW)
    assert [len(apdu) - 6 for apdu in taps] == sizes[0] + sizes[1]
    # The ids of definitions on a fresh card are known beforehand, so the bytes are too.
    expected = [
        part for number, batch in enumerate(batches) for part in batch.parts(2 + number, plan.tag if number else None)
    ]
    assert [apdu[5:-1] for apdu in taps] == expected


def test_servers_become_known(device: Device, tmp_path: Path):
    session = device.open()
    wanted = profile(tmp_path, f'servers = ["b.example", "srv"]\n---{DEV}', dev=tree())
    plan = applied(session, wanted)
    assert plan.servers == ("b.example", "srv")
    assert {"b.example", "srv"} <= set(session.registry.servers.values())
    assert make_plan(device.open(), wanted).is_empty
    more = profile(tmp_path, f'servers = ["b.example", "c.example"]\n---{DEV}', dev=tree())
    assert (applied(device.open(), more).servers, make_plan(device.open(), more).is_empty) == (("c.example",), True)


def test_nodes_are_removed_and_single_ones_changed(device: Device, tmp_path: Path):
    session = device.open()
    applied(session, profile(tmp_path, DEV, dev=tree()))
    text = '[[remove]]\nuri = "./Dev/Sub"\n[[remove]]\nuri = "./Nix/Nix"\n[[node]]\nuri = "./Dev/N"\nvalue = 7\n'
    text += '[[node]]\nuri = "./Dev/Deep/Er"\ntext = "x"\n[[node]]\nuri = "."\nacl = "Add=*&Get=*&Replace=#issuer"\n'
    plan = applied(session, profile(tmp_path, text))
    assert told(plan) == [
        ("REMOVE", "./Dev/Sub"),
        ("ADD", "./Dev/Deep"),
        ("REPLACE", "./Dev/N"),
        ("ACL", "."),
    ]
    assert [change.reason for change in plan.changes] == [
        "p.toml [[remove]] 1",
        "needed for ./Dev/Deep/Er",
        "p.toml [[node]] 1",
        "p.toml [[node]] 3",
    ]
    found = session.read()
    assert found.acl == Acl.parse("Add=*&Get=*&Replace=#issuer")
    assert found.find(uri("Dev/N")) == Node("N", Format.INT, b"7", tstamp=NOW, verno=1)


def test_a_node_of_another_kind_is_added_again(device: Device, tmp_path: Path):
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Dev", leaf("A"), branch("B", leaf("C"), type="urn:old"), acl=OWNED)))
    node = branch("Dev", branch("A", leaf("X")), branch("B", type="urn:new"), acl=OWNED)
    plan = applied(session, profile(tmp_path, DEV.replace("exact = true\n", ""), dev=node))
    assert sorted(told(plan)) == [
        ("ADD", "./Dev/A"),
        ("ADD", "./Dev/B"),
        ("REMOVE", "./Dev/A"),
        ("REMOVE", "./Dev/B"),
    ]
    assert session.read(uri("Dev/B/C")).name == "C"
    assert make_plan(device.open(), plan.profile).is_empty


def test_an_old_object_stays_free_of_its_definition_and_that_is_told(device: Device, tmp_path: Path):
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Wifi", replace(load_passpoint(), name="depot"), acl=OWNED)))
    text = 'definitions = ["Passpoint"]\n---[[mo]]\nuri = "./Wifi/depot"\nfile = "w.xml"'
    plan = applied(session, profile(tmp_path, text, w=load_passpoint()))
    assert not plan.changes
    assert any("./Wifi/depot was added without its definition" in note for note in plan.notes)
    assert make_plan(device.open(), plan.profile).is_empty


def test_another_version_of_a_definition_is_a_fault(device: Device, tmp_path: Path):
    session = device.open()
    applied(session, profile(tmp_path, 'definitions = ["FUMO"]\n---'))
    other = tmp_path / "other.ddf"
    other.write_bytes(ddf.encode(replace(catalog.load("FUMO"), title="Another")))
    plan = make_plan(device.open(), profile(tmp_path, 'definitions = ["other.ddf"]\n---'))
    assert "the card has another version of the definition urn:oma:mo:oma-fumo:1.0" in str(plan.faults[0])
    with pytest.raises(ValueError, match="faults"):
        run(session, plan)


def test_all_faults_are_told_before_anything_is_sent(device: Device, tmp_path: Path):
    session = device.new(SMALL)
    text = (
        'definitions = ["FUMO"]\n---[[mo]]\nuri = "./F"\nfile = "f.xml"\n'
        f'[[node]]\nuri = "./{"/".join("abcdefghijk")}"\ntext = "deep"\n'
        f'[[node]]\nuri = "./{"n" * 65}"\ntext = "long"\n[[node]]\nuri = "./V"\nformat = "int"\ntext = "many"\n'
    )
    bad = branch("F", leaf("Nix", b"x"), type="urn:oma:mo:oma-fumo:1.0")
    plan = make_plan(session, profile(tmp_path, text, f=bad))
    found = "\n".join(map(str, plan.faults))
    for sentence in ("the definition has no such node", "11 names in its URI", "65 bytes in its name", "whole number"):
        assert sentence in found
    assert session.refresh().generation == 2


def test_too_little_memory_is_said_before_anything_is_sent(device: Device, tmp_path: Path):
    session = device.new(parameters(arena=8))
    many = branch("Dev", *(leaf(f"L{at}", written(at, 100)) for at in range(100)))
    plan = make_plan(session, profile(tmp_path, DEV, dev=many))
    (fault,) = plan.faults
    assert (fault.dm_status, fault.sentence) == (420, plan.room.fault)
    assert f"{plan.room.needed} bytes of memory are needed, {session.info.free} are free" in fault.sentence
    assert session.refresh().generation == 2


def test_too_few_nodes_are_said_before_anything_is_sent(device: Device, tmp_path: Path):
    session = device.new(parameters(nodes=20))
    plan = make_plan(session, profile(tmp_path, DEV, dev=branch("Dev", *(leaf(f"L{at}", b"x") for at in range(30)))))
    assert "31 more nodes are needed, 11 are left on the card" in str(plan.faults[0])


@pytest.mark.parametrize("params", [b"", SMALL, parameters(arena=24), parameters(arena=48)])
@pytest.mark.parametrize("count", [1, 10, 60])
def test_the_memory_that_is_needed_is_what_it_takes(device: Device, tmp_path: Path, params: bytes, count: int):
    session = device.new(params)
    values = [leaf(f"L{number}", written(number, 7 * number % 90), title="t" * (number % 5)) for number in range(count)]
    node = branch("Dev", *values, leaf("Big", written(1, 700)), leaf("Acl", acl=OWNED), acl=OWNED)
    before = session.refresh()
    device.sim.principal(Principal.ISSUER)
    plan = applied(session, profile(tmp_path, DEV, dev=node))
    after = session.refresh()
    taken = before.free - after.free
    # The root's old record is free again.
    assert 0 <= plan.room.needed - taken <= 40
    assert plan.room.nodes == after.nodes - before.nodes


def test_a_change_by_somebody_else_is_a_conflict(device: Device, tmp_path: Path):
    session = device.open()
    plan = make_plan(session, profile(tmp_path, DEV, dev=tree()))
    device.open().apply(Batch().add(ROOT, leaf("Other")))
    with pytest.raises(Conflict):
        run(session, plan, NOW)
    applied(session, plan.profile)
    assert same(tree(), session.read(uri("Dev")))


def test_the_last_of_a_required_kind_makes_way_only_for_another(device: Device, tmp_path: Path):
    access = Access.ADD | Access.DELETE | Access.GET | Access.REPLACE
    item = Definition("", Format.CHR, access, occurrence=ONE_OR_MORE)
    ddf_file = ddf.encode(Definition("List", Format.NODE, access, ("urn:list",), children=(item,)))
    (tmp_path / "list.ddf").write_bytes(ddf_file)
    text = 'definitions = ["list.ddf"]\n---[[mo]]\nuri = "./Box/l"\nfile = "l.xml"\nexact = true\n'
    applied(device.open(), profile(tmp_path, text, l=branch("l", leaf("Old", b"1"), type="urn:list")))
    plan = applied(device.open(), profile(tmp_path, text, l=branch("l", leaf("New", b"2"), type="urn:list")))
    assert told(plan) == [("ADD", "./Box/l/New"), ("REMOVE_LATE", "./Box/l/Old")]
    nobody = make_plan(device.open(), profile(tmp_path, text, l=branch("l", type="urn:list")))
    assert "at least one node is needed below it" in str(nobody.faults[0])
