from importlib import resources

import pytest

from smartdm.codec import catalog, ddf, packed
from smartdm.errors import CodecError
from smartdm.mo.definition import Access, Definition, Scope
from smartdm.mo.tree import Format
from smartdm.mo.uri import ROOT, Uri
from smartdm.mo.validate import definition_faults

FOLDER = resources.files("smartdm") / "mo" / "catalog"
STANDARD = {
    "DMAcc": "urn:oma:mo:oma-dm-dmacc:1.0",
    "ConnMO": "urn:oma:mo:oma-connmo-nap:1.0",
    "FUMO": "urn:oma:mo:oma-fumo:1.0",
    "SCOMO": "urn:oma:mo:oma-scomo:1.0",
    "LAWMO": "urn:oma:mo:oma-lawmo:1.0",
    "DevInfo": "urn:oma:mo:oma-dm-devinfo:1.0",
    "DevDetail": "urn:oma:mo:oma-dm-devdetail:1.0",
    "Inbox": "urn:oma:mo:oma-dm-inbox:1.0",
    "Passpoint": "urn:wfa:mo:hotspot2dot0-perprovidersubscription:1.0",
}
OWN = {f"Card{name}": f"org.smartdm/1.0/{name}" for name in ["Info", "Policy", "Permits", "Audit", "Sync", "Inbox"]}
SECRETS = {
    ("DMAcc", "AppAuth/*/AAuthSecret"),
    ("DMAcc", "AppAuth/*/AAuthData"),
    ("FUMO", "Update/PkgData"),
    ("Inbox", "."),
    ("CardInbox", "."),
    ("CardPolicy", "Grants/*"),
}
"""All that nobody may read."""


def at(name: str, path: str) -> Definition:
    found = catalog.load(name).find(Uri.parse(path))
    assert found is not None
    return found


def test_the_catalog_has_the_standard_objects_and_the_cards_own():
    assert {name: catalog.load(name).mo_id for name in catalog.names()} == STANDARD | OWN
    assert list(catalog.names()) == sorted(catalog.names())


@pytest.mark.parametrize("name", catalog.names())
def test_a_definition_is_one_object_without_faults_and_fits_a_card(name: str):
    top = catalog.load(name)
    assert definition_faults(top) == []
    assert [inner.mo_id for _, inner in top.walk() if inner.mo_id] == [top.mo_id]
    assert all(inner.types or not inner.is_leaf for _, inner in top.walk())
    assert all(1 <= len(inner.title) <= 9 for _, inner in top.walk())


@pytest.mark.parametrize("name", catalog.names())
def test_a_file_is_what_we_would_write(name: str):
    data = (FOLDER / f"{name}.xml").read_bytes()
    assert ddf.encode(ddf.decode(data)) == data


def test_a_definition_is_read_once_and_found_by_each_identifier():
    account = catalog.load("DMAcc")
    assert catalog.load("DMAcc") is account
    assert catalog.by_id("urn:oma:mo:oma-dm-dmacc:1.0") is account
    assert catalog.by_id("org.openmobilealliance/1.0/w7") is account
    assert catalog.by_id("org.openmobilealliance/1.0/ConnMO") is catalog.load("ConnMO")
    assert catalog.by_id("urn:nix") is None
    assert catalog.find("dmacc") is account
    assert catalog.find("org.openmobilealliance/1.0/w7") is account
    assert catalog.find("nix") is None


def test_a_definition_is_found_by_what_cards_call_it():
    assert {packed.digest(catalog.load(name)): name for name in catalog.names()} == catalog.DIGESTS
    assert all(catalog.by_digest(digest) is catalog.load(name) for digest, name in catalog.DIGESTS.items())
    assert catalog.by_digest("nix") is None


def test_looking_for_one_definition_reads_no_other():
    catalog.load.cache_clear()
    assert catalog.by_digest(next(iter(catalog.DIGESTS))) is not None
    assert catalog.load.cache_info().misses == 1


@pytest.mark.parametrize("name", ["nix", "dmacc", "../catalog/DMAcc", ""])
def test_a_name_that_is_not_there_is_refused_with_those_that_are(name: str):
    with pytest.raises(CodecError, match=r"the catalog has no '.*'; it has CardAudit, .*, SCOMO"):
        catalog.load(name)


def test_nobody_can_read_the_secrets_and_all_else_can_be_read():
    hidden = {
        (name, str(path).removeprefix("./"))
        for name in catalog.names()
        for path, inner in catalog.load(name).walk(ROOT)
        if Access.GET not in inner.access
    }
    assert hidden == SECRETS


def test_the_access_that_the_standards_tell():
    assert at("FUMO", "Update/PkgData").access is Access.REPLACE
    assert at("FUMO", "DownloadAndUpdate").access == Access.EXEC | Access.GET
    assert at("FUMO", "State").access is Access.GET
    assert at("Inbox", ".").access is Access.ADD
    assert at("DMAcc", "AppAuth/x/AAuthSecret").access & Access.REPLACE
    assert at("DevInfo", "DevId").scope is Scope.PERMANENT


def test_anything_may_be_added_to_an_inbox_and_an_extension():
    assert catalog.load("Inbox").is_open
    assert catalog.load("CardInbox").is_open
    assert at("DMAcc", "Ext/vendor/thing") is at("DMAcc", "Ext")


@pytest.mark.parametrize(
    ("name", "path", "node_format", "types"),
    [
        ("DMAcc", "AppAddr/x/Port/x/PortNbr", Format.CHR, ("text/plain",)),
        ("DevDetail", "LrgObj", Format.BOOL, ("text/plain",)),
        ("DevDetail", "URI/MaxDepth", Format.CHR, ("text/plain",)),
        ("FUMO", "Download", Format.NODE, ()),
        ("LAWMO", "AvailableWipeList/x/ToBeWiped", Format.BOOL, ("text/plain",)),
        ("SCOMO", "Inventory/Delivered/x/Operations/Install", Format.NULL, ("text/plain",)),
        ("CardPermits", "x/Manifest", Format.BIN, ("application/cbor",)),
    ],
)
def test_formats_and_types(name: str, path: str, node_format: Format, types: tuple[str, ...]):
    assert (at(name, path).format, at(name, path).types) == (node_format, types)
