"""Provisioning by those who may not do everything: what they may is done, and what is refused is explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smartdm.errors import CardError, NotAllowed
from smartdm.mo.acl import Acl
from smartdm.mo.uri import ROOT
from smartdm.provision.plan import make_plan
from smartdm.provision.run import run
from smartdm.session import Batch, Session
from smartdm.wire import Sw
from tests.card.device import Device
from tests.card.provisioning import NOW, applied, later, profile, same, told, tree
from tests.card.store import branch, leaf, uri
from tests.corpus import load_reference

DEV = '[[mo]]\nuri = "./Dev"\nfile = "dev.xml"\nexact = true\n'


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
