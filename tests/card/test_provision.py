"""Profiles on the real card: what they make of it, what they refuse, what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smartdm.codec import catalog, ddf
from smartdm.errors import CardError, Conflict, NotAllowed
from smartdm.mo.acl import Acl
from smartdm.mo.definition import ONE_OR_MORE, Access, Definition
from smartdm.mo.tree import Format, Node, diff
from smartdm.mo.uri import ROOT
from smartdm.provision.plan import make_plan
from smartdm.provision.run import run
from smartdm.session import Batch, Session
from smartdm.wire import Principal, Sw
from tests.card.device import SMALL, Device, parameters
from tests.card.provisioning import NOW, OWNED, applied, later, profile, told, tree
from tests.card.provisioning import text as written
from tests.card.store import branch, leaf, uri
from tests.corpus import load_passpoint, load_reference

DEV = '[[mo]]\nuri = "./Dev"\nfile = "dev.xml"\nexact = true\n'


def same(wanted: Node, found: Node) -> bool:
    return not diff(replace(wanted, name=""), replace(found, name=""))


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
    wanted = profile(tmp_path, text, ref=load_reference())
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
    wanted = profile(tmp_path, text, lab=account)
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
    titled = profile(tmp_path, text + 'title = "Lab"\n', lab=account)
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


def test_a_right_that_is_missing_is_explained(device: Device, tmp_path: Path):
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Dev", leaf("A", b"1"), acl=Acl.parse("Get=*"))))
    plan = make_plan(session, profile(tmp_path, '[[node]]\nuri = "./Dev/A"\ntext = "2"'))
    with pytest.raises(NotAllowed) as caught:
        run(session, plan, NOW)
    assert "Replace ./Dev/A" in str(caught.value)
    wanted = "./Dev/A: Replace on ./Dev/A is wanted; what counts there is the ACL of ./Dev: Get=*"
    assert caught.value.__notes__ == [wanted]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('[[node]]\nuri = "./Dev/New"\ntext = "2"', "Add on ./Dev is wanted"),
        ('[[remove]]\nuri = "./Dev/A"', "Delete on ./Dev/A is wanted"),
        ('[[node]]\nuri = "./Dev/A"\ntitle = "t"', "Replace on ./Dev/A is wanted"),
        ('[[node]]\nuri = "./Dev/A"\nacl = "Get=*"', "Replace on ./Dev is wanted"),
        ('[[node]]\nuri = "./Dev"\nacl = "Get=*&Add=*"', "Replace on ./Dev or on . is wanted"),
        ('[[node]]\nuri = "./B"\nacl = "Get=*"\ntext = "x"', "Add on . (and Replace, as the leaf has an ACL"),
    ],
)
def test_every_kind_of_refusal_names_the_right(device: Device, tmp_path: Path, text: str, note: str):
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Dev", leaf("A", b"1"), acl=Acl.parse("Get=*"))))
    session.apply(Batch().acl(ROOT, Acl.parse("Add=*&Get=*")))
    generation = session.generation
    with pytest.raises(NotAllowed) as caught:
        run(session, make_plan(session, profile(tmp_path, text)), NOW)
    assert note in caught.value.__notes__[-1]
    assert session.refresh().generation == generation


def test_what_comes_below_one_node_is_named_together_when_it_is_refused(device: Device, tmp_path: Path):
    session = device.open()
    session.apply(Batch().add(ROOT, branch("Dev", leaf("A", b"1"), acl=Acl.parse("Get=*"))))
    leaves = "".join(f'[[node]]\nuri = "./Dev/{name}"\ntext = "2"\n' for name in "BCD")
    plan = make_plan(session, profile(tmp_path, leaves + '[[node]]\nuri = "./Other"\ntext = "x"\n'))
    assert told(plan) == [("ADD", "./Other"), ("ADD", "./Dev/B"), ("ADD", "./Dev/C"), ("ADD", "./Dev/D")]
    with pytest.raises(NotAllowed, match=r"Add \./Dev/B, \./Dev/C, \./Dev/D") as caught:
        run(session, plan, NOW)
    wanted = "./Dev/B, ./Dev/C, ./Dev/D: Add on ./Dev is wanted; what counts there is the ACL of ./Dev: Get=*"
    assert caught.value.__notes__ == [wanted]


def server(device: Device, name: str) -> Session:
    number = next(number for number, known in device.open().registry.servers.items() if known == name)
    session = Session(device.open()._card)
    device.sim.principal(number)
    return session


def test_a_server_provisions_what_it_may(device: Device, tmp_path: Path):
    session = device.open()
    own = Acl.parse("Add=srv&Delete=srv&Get=srv&Replace=srv")
    session.apply(Batch().add(ROOT, branch("Srv", leaf("A", b"1"), acl=own)).acl(ROOT, Acl.parse("Get=#issuer")))
    other = server(device, "srv")
    wanted = profile(tmp_path, '[[node]]\nuri = "./Srv/A"\ntext = "2"\n[[node]]\nuri = "./Srv/B/C"\ntext = "new"')
    plan = applied(other, wanted)
    assert told(plan) == [("ADD", "./Srv/B"), ("REPLACE", "./Srv/A")]
    assert make_plan(server(device, "srv"), wanted).is_empty
    with pytest.raises(NotAllowed) as caught:
        applied(
            server(device, "srv"), profile(tmp_path, 'definitions = ["FUMO"]\n---[[node]]\nuri = "./Srv"\ntitle = "t"')
        )
    assert caught.value.__notes__[-1] == "only the issuer loads definitions"


def test_a_definition_that_does_not_allow_a_command_is_named(device: Device, tmp_path: Path):
    session = device.open()
    text = 'definitions = ["FUMO"]\n---[[mo]]\nuri = "./Fw/m"\nfile = "f.xml"\n'
    firmware = next(node for name, node in load_reference().walk() if str(name) == "./FUMO/modem-main")
    srv = "Add=srv&Delete=srv&Get=*&Replace=srv"
    open_to_all = replace(firmware, children=tuple(replace(child, acl=Acl()) for child in firmware.children))
    applied(session, profile(tmp_path, text + f'acl = "{srv}"\n', f=open_to_all))
    with pytest.raises(CardError) as caught:
        applied(server(device, "srv"), profile(tmp_path, '[[node]]\nuri = "./Fw/m/State"\ntext = "20"'))
    assert (caught.value.sw, caught.value.dm_status) == (Sw.ACCESS_DENIED, 405)
    assert caught.value.__notes__[-1] == "the definition of ./Fw/m/State does not allow Replace"


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


def test_a_batch_may_take_the_rights_of_its_maker(device: Device, tmp_path: Path):
    applied(device.open(), profile(tmp_path, DEV, dev=tree()))
    closed = later()
    acl = Acl.parse("Get=*")
    children = tuple(replace(child, acl=acl if child.acl else Acl()) for child in closed.children)
    closed = replace(closed, acl=acl, children=children)
    plan = applied(device.open(), profile(tmp_path, DEV, dev=closed))
    assert same(closed, device.open().read(uri("Dev")))
    assert make_plan(device.open(), plan.profile).is_empty


def test_a_tree_that_cannot_be_read_from_the_root_is_read_where_it_can(device: Device, tmp_path: Path):
    session = device.open()
    inner = branch("In", leaf("A", b"1"), acl=Acl.parse("Add=srv&Get=srv&Replace=srv"))
    batch = Batch().add(ROOT, branch("Top", branch("Mid", inner), leaf("Else", b"x"), acl=Acl.parse("Get=#issuer")))
    session.apply(batch.acl(ROOT, Acl.parse("Get=#issuer")))
    text = '[[node]]\nuri = "./Top/Mid/In/A"\ntext = "2"\n[[node]]\nuri = "./Top/Mid/In/B"\ntext = "3"\n'
    plan = applied(server(device, "srv"), profile(tmp_path, text + '[[remove]]\nuri = "./Top/Mid/In/Nix"'))
    assert told(plan) == [("ADD", "./Top/Mid/In/B"), ("REPLACE", "./Top/Mid/In/A")]
    hidden = profile(tmp_path, '[[node]]\nuri = "./Top/Mid/Nix"\ntext = "3"')
    with pytest.raises(NotAllowed):
        applied(server(device, "srv"), hidden)
