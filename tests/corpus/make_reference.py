"""Write reference.xml, the tree on which figures are measured: ``python -m tests.corpus.make_reference``.

200 nodes as a device would have them, from the object definitions of OMA (DMAcc, ConnMO, FUMO, SCOMO), Wi-Fi Alliance
(Passpoint) and this project (./Card), which the catalog has: Format, Type and title come from there. All values are our
own. tests/unit/test_corpus.py holds the figures to account.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_128
from pathlib import Path

from smartdm.codec import catalog, tnds
from smartdm.mo import tstamp
from smartdm.mo.acl import Acl
from smartdm.mo.definition import Definition
from smartdm.mo.tree import Format, Node

REFERENCE = Path(__file__).with_name("reference.xml")

# name = value of a leaf (b64 and bin: hexadecimal, then +n for n bytes without a pattern), name : object that begins
# there, name (title) of a node that belongs to no object.
OUTLINE = """
DMAcc (Servers)
  fleet-europe : DMAcc
    AppID                 = w7
    ServerID              = dm.nordic-fleet.example
    Name                  = Nordic Fleet Europe
    PrefConRef            = ./ConnMO/NAP/cellular-lte
    ToConRef
      first
        ConRef            = ./ConnMO/NAP/cellular-lte
    AppAddr
      management
        Addr              = https://dm.nordic-fleet.example/s1
        AddrType          = URI
        Port
          tls
            PortNbr       = 8443
    AAuthPref             = HMAC
    AppAuth
      server-login
        AAuthLevel        = SRVCRED
        AAuthType         = DIGEST
        AAuthName         = nordic-fleet
        AAuthSecret       = 7Vq-copper-Lantern
        AAuthData         = 5e1fa90b6c2247d8913ab07f44c6e205
      client-login
        AAuthLevel        = CLCRED
        AAuthType         = HMAC
        AAuthName         = truck-4711
        AAuthSecret       = ridge.Harbour.219
        AAuthData         = c04d1e7790ab35f2681d94e3b27a5c16
    Ext
  fleet-lab : DMAcc
    AppID                 = w7
    ServerID              = lab.nordic-fleet.example
    Name                  = Laboratory
    ToConRef
      first
        ConRef            = ./ConnMO/NAP/depot-wlan
    AppAddr
      management
        Addr              = 192.0.2.17
        AddrType          = IPv4
        Port
          http
            PortNbr       = 8080
    AAuthPref             = DIGEST
    AppAuth
      server-login
        AAuthLevel        = SRVCRED
        AAuthType         = DIGEST
        AAuthName         = lab
        AAuthSecret       = birch-Kettle-58
      client-login
        AAuthLevel        = CLCRED
        AAuthType         = DIGEST
        AAuthName         = bench-03
        AAuthSecret       = tundra+Violin
ConnMO : ConnMO
  NAP
    cellular-lte
      NAPID               = nap-lte-1
      Name                = Nordic LTE
      AddrType            = APN
      Addr                = iot.nordic-fleet.example
      AuthInfo
        AuthType          = CHAP
        AuthName          = truck
        AuthSecr          = amber-Wharf
      BearerType          = 3GPP-LTE
      BearerParams
        Roaming           = true
        Latency           = 0.045
        Settings          = 030b6a0045c6065501870706034e4600018721068301c600015501873606 +2
    depot-wlan
      NAPID               = nap-wifi-1
      Name                = Depot WLAN
  Proxy
    depot-web
      ProxyID             = px-depot
      PxName              = Depot cache
      Addr                = proxy.depot.nordic-fleet.example
      Ports
        web
          PortNbr         = 3128
FUMO (Firmware)
  modem-main : FUMO
    PkgName               = modem-main
    PkgVersion            = 4.2.0-rc.3
    Download
      PkgURL              = https://fw.nordic-fleet.example/m/420.bin
    Update
      PkgData             = 4d4f444d00040200 +52
    DownloadAndUpdate
      PkgURL              = https://fw.nordic-fleet.example/m/421.bin
    State                 = 10
    Ext
SCOMO (Software)
  applications : SCOMO
    Download
      trip-logger
        PkgID             = pkg-logger-31
        Name              = Trip logger
        PkgURL            = https://sw.nordic-fleet.example/log.jar
        InstallParams     = {"autostart":true,"ring":4096}
        Status            = 10
        EnvType           = OSGi
        Operations
          Download        =
    Inventory
      Delivered
        trip-logger
          PkgID           = pkg-logger-30
          Data            = 504b030414000808080000 +37
          Name            = Trip logger
          Version         = 3.0.4
          State           = 20
          Operations
            Install       =
      Deployed
        trip-logger
          ID              = app-logger
          Name            = Trip logger
          Version         = 3.0.4
          PkgIDRef        = pkg-logger-30
          State           = 20
          Settings        = <log level="2"/>
          Operations
            Activate      =
PerProviderSubscription : Passpoint
  UpdateIdentifier        = 3
  provider-01
    HomeSP
      FriendlyName        = Nordic Fleet Wi-Fi
      FQDN                = wifi.nordic-fleet.example
      IconURL             = https://wifi.nordic-fleet.example/i.png
      NetworkID
        network-01
          SSID            = NF-Depot
    Credential
      CreationDate        = 2026-01-15T08:00:00Z
      Realm               = nordic-fleet.example
      UsernamePassword
        Username          = truck-4711
        Password          = bW9zcy1BbmNob3I=
        EAPMethod
          EAPType         = 21
          InnerMethod     = MS-CHAP-V2
      DigitalCertificate
        CertSHA256Fingerprint = 8d1fb07ac25e4930617cf2a84b93de05c6f1187a2b5d90e43fa6710cb82d59ee
        Certificate       = 3064020411223344045c +60
    AAAServerTrustRoot
      anchor-01
        CertURL           = https://ca.nordic-fleet.example/r.cer
    Policy
      PreferredRoamingPartnerList
        partner-01
          FQDN_Match      = ferry.example,includeSubdomains
          Priority        = 20
    SubscriptionUpdate
      UpdateInterval      = 10080
Card (Card)
  Info : CardInfo
    CardId                = 41c09be2570d836f
    Version               = 1.0
    Logo                  = 89504e470d0a1a0a0000000d4948445200000008000000080100 +41
    Describe              = <card maker="example"/>
    Issued                = 20260115
    Limits
      MaxDepth            = 16
      MaxSegLen           = 64
      MaxTotLen           = 192
  Policy : CardPolicy
    firmware-update
      Operation           = Exec ./FUMO/*/Update
      Who                 = dm.nordic-fleet.example
      Proof               = LIVE+LOGGED
      Quorum              = 2
      MakerKey            = 3062300506032b6570035900 +88
    software
      Operation           = Exec ./SCOMO/*
      Proof               = BOUND
      IssuerKey           = 3062300506032b6570035900 +88
  Permits : CardPermits
    permit-017
      Number              = 17
      Manifest            = a3010302190230035820 +58
      Window              = 043000
  Audit : CardAudit
    event-0041
      Record              = 8418290219019050 +16
    event-0042
      Record              = 84182a0218c850 +16
  Sync : CardSync
    accounts
      Source              = ./DMAcc
      Mode                = card
    passpoint
      Source              = ./PerProviderSubscription
      Mode                = newest
  Inbox : CardInbox
"""

# Nodes with an ACL of their own.
ACLS = {
    "./DMAcc": "Add=#issuer&Get=*",
    "./DMAcc/fleet-europe": "Get=*&Replace=dm.nordic-fleet.example",
    "./DMAcc/fleet-lab": "Delete=#issuer+dm.nordic-fleet.example&Get=*&Replace=#issuer",
    "./ConnMO": "Add=dm.nordic-fleet.example&Get=*&Replace=dm.nordic-fleet.example",
    "./FUMO/modem-main/Update": "Exec=dm.nordic-fleet.example&Get=*",
    "./SCOMO": "Add=*&Delete=dm.nordic-fleet.example&Exec=dm.nordic-fleet.example&Get=*",
    "./PerProviderSubscription": "Add=dm.nordic-fleet.example&Get=*",
    "./Card/Policy": "Add=#issuer&Delete=#issuer&Get=*&Replace=#issuer",
    "./Card/Permits": "Get=#holder+#issuer",
    "./Card/Inbox": "Add=*",
}

# Every tenth node has a title of its own instead of that of the DDF.
OWN_TITLES = (
    "Server A", "Route 66", "Wharf 12", "Stall 16", "Backup 2", "Depot 07", "Truck 47", "Zone Red", "Line Two",
    "Gate 314", "Unit 9-B", "Pier 101", "Shift II", "Bay West", "Crane 21", "Dock 5-C", "Yard 8-E", "Tunnel 3",
    "Cabin 42", "Ferry 33",
)  # fmt: skip


@dataclass
class Row:
    """One line of OUTLINE.  ``definition``: None outside of all objects; ``title``: the definition's if it has one."""

    depth: int
    name: str
    definition: Definition | None
    title: str
    value: bytes

    @property
    def format(self) -> Format:
        return self.definition.format if self.definition else Format.NODE

    @property
    def type(self) -> str:
        return next(iter(self.definition.types), "") if self.definition else ""


LINE = re.compile(r"(?P<indent> *)(?P<name>\S+)(?: : (?P<object>\w+)| \((?P<title>.+)\))? *(?:=(?P<value>.*))?")


def rows() -> Iterator[Row]:
    above: list[Definition | None] = []
    for line in OUTLINE.strip("\n").splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        depth = len(match["indent"]) // 2
        definition = catalog.load(match["object"]) if match["object"] else None
        if definition is None and depth and (parent := above[depth - 1]):
            definition = parent.child(match["name"])
            assert definition, line
        above[depth:] = [definition]
        text = (match["value"] or "").strip()
        binary_value = definition and definition.format in {Format.B64, Format.BIN}
        title = definition.title if definition else match["title"]
        yield Row(depth, match["name"], definition, title, binary(text) if binary_value else text.encode())


def binary(text: str) -> bytes:
    known, _, count = text.partition("+")
    return bytes.fromhex(known) + shake_128(text.encode()).digest(int(count or 0))


def build(lines: list[tuple[int, Row]], depth: int, path: str) -> tuple[Node, ...]:
    """The siblings at the front of ``lines`` (number, row), taken off it with all that is below them."""
    nodes = []
    while lines and lines[0][1].depth == depth:
        number, row = lines.pop(0)
        uri = f"{path}/{row.name}"
        children = build(lines, depth + 1, uri)
        nodes.append(
            Node(
                row.name,
                row.format,
                row.value,
                row.type,
                OWN_TITLES[number // 10] if number % 10 == 9 else row.title,
                Acl.parse(ACLS.get(uri, "")),
                # Three of five nodes know when they changed: the first at installation, each later one a while after.
                tstamp.decode("20260115T080000Z") + 997 * number if number % 5 < 3 else None,
                1 + number * 7 % 23,
                children,
            )
        )
    return tuple(nodes)


def render() -> bytes:
    nodes = build(list(enumerate(rows())), 0, ".")
    return tnds.encode(tnds.Tnds(tuple((None, node) for node in nodes), man="Example Motors", mod="Telematics 3"))


if __name__ == "__main__":
    REFERENCE.write_bytes(render())
