"""Write reference.xml, the tree on which figures are measured: ``python -m tests.corpus.make_reference``.

200 nodes as a device would have them, from the object definitions of OMA (DMAcc, ConnMO, FUMO, SCOMO), Wi-Fi Alliance
(Passpoint) and this project (./Card). All values are our own. tests/unit/test_corpus.py holds the figures to account.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_128
from pathlib import Path

from smartdm.codec import tnds
from smartdm.mo import tstamp
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node

REFERENCE = Path(__file__).with_name("reference.xml")

# Written in OUTLINE -> the Type.
TYPES = {
    "-": "",
    "text": "text/plain",
    "octets": "application/octet-stream",
    "json": "application/json",
    "cbor": "application/cbor",
    "xml": "application/xml",
    "textxml": "text/xml",
    "jar": "application/java-archive",
    "pkix": "application/pkix-cert",
    "user": "application/x-x509-user-cert",
    "ca": "application/x-x509-ca-cert",
    "png": "image/png",
    "wbxml": "application/vnd.wap.connectivity-wbxml",
    "dmacc": "urn:oma:mo:oma-dm-dmacc:1.0",
    "connmo": "urn:oma:mo:oma-connmo-nap:1.0",
    "fumo": "urn:oma:mo:oma-fumo:1.0",
    "scomo": "urn:oma:mo:oma-scomo:1.0",
    "pps": "urn:wfa:mo:hotspot2dot0-perprovidersubscription:1.0",
    "info": "org.smartdm/1.0/Info",
    "policy": "org.smartdm/1.0/Policy",
    "permits": "org.smartdm/1.0/Permits",
    "audit": "org.smartdm/1.0/Audit",
    "sync": "org.smartdm/1.0/Sync",
    "inbox": "org.smartdm/1.0/Inbox",
}

# name, Format, Type, title in the DDF = value; b64 and bin: hexadecimal, then +n for n bytes without a pattern
OUTLINE = """
DMAcc                    node   -       Servers
  fleet-europe           node   dmacc   Account
    AppID                chr    text    AppId    = w7
    ServerID             chr    text    Server   = dm.nordic-fleet.example
    Name                 chr    text    Name     = Nordic Fleet Europe
    PrefConRef           chr    text    Bearer   = ./ConnMO/NAP/cellular-lte
    ToConRef             node   -       Bearers
      first              node   -       Bearer
        ConRef           chr    text    Bearer   = ./ConnMO/NAP/cellular-lte
    AppAddr              node   -       Address
      management         node   -       Address
        Addr             chr    text    Address  = https://dm.nordic-fleet.example/s1
        AddrType         chr    text    Kind     = URI
        Port             node   -       Ports
          tls            node   -       Port
            PortNbr      chr    text    Port     = 8443
    AAuthPref            chr    text    Scheme   = HMAC
    AppAuth              node   -       Logins
      server-login       node   -       Login
        AAuthLevel       chr    text    Level    = SRVCRED
        AAuthType        chr    text    Scheme   = DIGEST
        AAuthName        chr    text    User     = nordic-fleet
        AAuthSecret      chr    text    Secret   = 7Vq-copper-Lantern
        AAuthData        bin    octets  Nonce    = 5e1fa90b6c2247d8913ab07f44c6e205
      client-login       node   -       Login
        AAuthLevel       chr    text    Level    = CLCRED
        AAuthType        chr    text    Scheme   = HMAC
        AAuthName        chr    text    User     = truck-4711
        AAuthSecret      chr    text    Secret   = ridge.Harbour.219
        AAuthData        bin    octets  Nonce    = c04d1e7790ab35f2681d94e3b27a5c16
    Ext                  node   -       Extras
  fleet-lab              node   dmacc   Account
    AppID                chr    text    AppId    = w7
    ServerID             chr    text    Server   = lab.nordic-fleet.example
    Name                 chr    text    Name     = Laboratory
    ToConRef             node   -       Bearers
      first              node   -       Bearer
        ConRef           chr    text    Bearer   = ./ConnMO/NAP/depot-wlan
    AppAddr              node   -       Address
      management         node   -       Address
        Addr             chr    text    Address  = 192.0.2.17
        AddrType         chr    text    Kind     = IPv4
        Port             node   -       Ports
          http           node   -       Port
            PortNbr      chr    text    Port     = 8080
    AAuthPref            chr    text    Scheme   = DIGEST
    AppAuth              node   -       Logins
      server-login       node   -       Login
        AAuthLevel       chr    text    Level    = SRVCRED
        AAuthType        chr    text    Scheme   = DIGEST
        AAuthName        chr    text    User     = lab
        AAuthSecret      chr    text    Secret   = birch-Kettle-58
      client-login       node   -       Login
        AAuthLevel       chr    text    Level    = CLCRED
        AAuthType        chr    text    Scheme   = DIGEST
        AAuthName        chr    text    User     = bench-03
        AAuthSecret      chr    text    Secret   = tundra+Violin
ConnMO                   node   connmo  Network
  NAP                    node   -       Accesses
    cellular-lte         node   -       Access
      NAPID              chr    text    Id       = nap-lte-1
      Name               chr    text    Name     = Nordic LTE
      AddrType           chr    text    Kind     = APN
      Addr               chr    text    Address  = iot.nordic-fleet.example
      AuthInfo           node   -       Login
        AuthType         chr    text    Scheme   = CHAP
        AuthName         chr    text    User     = truck
        AuthSecr         chr    text    Secret   = amber-Wharf
      BearerType         chr    text    Bearer   = 3GPP-LTE
      BearerParams       node   -       Tuning
        Roaming          bool   text    Roaming  = true
        Latency          float  text    Seconds  = 0.045
        Settings         bin    wbxml   Settings = 030b6a0045c6065501870706034e4600018721068301c600015501873606 +2
    depot-wlan           node   -       Access
      NAPID              chr    text    Id       = nap-wifi-1
      Name               chr    text    Name     = Depot WLAN
  Proxy                  node   -       Proxies
    depot-web            node   -       Proxy
      ProxyID            chr    text    Id       = px-depot
      PxName             chr    text    Name     = Depot cache
      Addr               chr    text    Address  = proxy.depot.nordic-fleet.example
      Ports              node   -       Ports
        web              node   -       Port
          PortNbr        chr    text    Port     = 3128
FUMO                     node   -       Firmware
  modem-main             node   fumo    Firmware
    PkgName              chr    text    Package  = modem-main
    PkgVersion           chr    text    Version  = 4.2.0-rc.3
    Download             node   -       Download
      PkgURL             chr    text    Source   = https://fw.nordic-fleet.example/m/420.bin
    Update               node   -       Update
      PkgData            bin    octets  Image    = 4d4f444d00040200 +52
    DownloadAndUpdate    node   -       Both
      PkgURL             chr    text    Source   = https://fw.nordic-fleet.example/m/421.bin
    State                int    text    State    = 10
    Ext                  node   -       Extras
SCOMO                    node   -       Software
  applications           node   scomo   Software
    Download             node   -       Download
      trip-logger        node   -       Package
        PkgID            chr    text    Id       = pkg-logger-31
        Name             chr    text    Name     = Trip logger
        PkgURL           chr    text    Source   = https://sw.nordic-fleet.example/log.jar
        InstallParams    chr    json    Options  = {"autostart":true,"ring":4096}
        Status           int    text    Status   = 10
        EnvType          chr    text    Platform = OSGi
        Operations       node   -       Actions
          Download       null   text    Fetch    =
    Inventory            node   -       Stock
      Delivered          node   -       Packages
        trip-logger      node   -       Package
          PkgID          chr    text    Id       = pkg-logger-30
          Data           b64    jar     Data     = 504b030414000808080000 +37
          Name           chr    text    Name     = Trip logger
          Version        chr    text    Version  = 3.0.4
          State          int    text    State    = 20
          Operations     node   -       Actions
            Install      null   text    Install  =
      Deployed           node   -       Programs
        trip-logger      node   -       Program
          ID             chr    text    Id       = app-logger
          Name           chr    text    Name     = Trip logger
          Version        chr    text    Version  = 3.0.4
          PkgIDRef       chr    text    Package  = pkg-logger-30
          State          int    text    State    = 20
          Settings       xml    xml     Settings = <log level="2"/>
          Operations     node   -       Actions
            Activate     null   text    Start    =
PerProviderSubscription  node   pps     Passpoint
  UpdateIdentifier       chr    text    Number   = 3
  provider-01            node   -       Provider
    HomeSP               node   -       Home
      FriendlyName       chr    text    Name     = Nordic Fleet Wi-Fi
      FQDN               chr    text    Domain   = wifi.nordic-fleet.example
      IconURL            chr    text    Icon     = https://wifi.nordic-fleet.example/i.png
      NetworkID          node   -       Networks
        network-01       node   -       Network
          SSID           chr    text    Network  = NF-Depot
    Credential           node   -       Login
      CreationDate       chr    text    Made     = 2026-01-15T08:00:00Z
      Realm              chr    text    Realm    = nordic-fleet.example
      UsernamePassword   node   -       Password
        Username         chr    text    User     = truck-4711
        Password         chr    text    Secret   = bW9zcy1BbmNob3I=
        EAPMethod        node   -       Method
          EAPType        int    text    Method   = 21
          InnerMethod    chr    text    Inner    = MS-CHAP-V2
      DigitalCertificate node   -       Cert
        CertSHA256Fingerprint bin octets Digest = 8d1fb07ac25e4930617cf2a84b93de05c6f1187a2b5d90e43fa6710cb82d59ee
        Certificate      bin    user    Cert     = 3064020411223344045c +92
    AAAServerTrustRoot   node   -       Anchors
      anchor-01          node   -       Anchor
        CertURL          chr    text    Source   = https://ca.nordic-fleet.example/r.cer
    Policy               node   -       Policy
      PreferredRoamingPartnerList node - Partners
        partner-01       node   -       Partner
          FQDN_Match     chr    text    Match    = ferry.example,includeSubdomains
          Priority       int    text    Priority = 20
    SubscriptionUpdate   node   -       Update
      UpdateInterval     int    text    Minutes  = 10080
Card                     node   -       Card
  Info                   node   info    Info
    CardId               bin    octets  Id       = 41c09be2570d836f
    Version              chr    text    Version  = 1.0
    Logo                 b64    png     Logo     = 89504e470d0a1a0a0000000d4948445200000008000000080100 +41
    Describe             xml    textxml About    = <card maker="example"/>
    Issued               date   text    Issued   = 20260115
    Limits               node   -       Limits
      MaxDepth           chr    text    Depth    = 16
      MaxSegLen          chr    text    Segment  = 64
      MaxTotLen          chr    text    Length   = 192
  Policy                 node   policy  Policy
    firmware-update      node   -       Rule
      Operation          chr    text    What     = Exec ./FUMO/*/Update
      Who                chr    text    Who      = dm.nordic-fleet.example
      Proof              chr    text    Proof    = LIVE+LOGGED
      Quorum             int    text    Quorum   = 2
      MakerKey           bin    pkix    Key      = 3062300506032b6570035900 +88
    software             node   -       Rule
      Operation          chr    text    What     = Exec ./SCOMO/*
      Proof              chr    text    Proof    = BOUND
      IssuerKey          bin    ca      Key      = 3062300506032b6570035900 +88
  Permits                node   permits Permits
    permit-017           node   -       Permit
      Number             int    text    Number   = 17
      Manifest           bin    cbor    Manifest = a3010302190230035820 +58
      Window             time   text    Until    = 043000
  Audit                  node   audit   Audit
    event-0041           node   -       Event
      Record             bin    cbor    Record   = 8418290219019050 +16
    event-0042           node   -       Event
      Record             bin    cbor    Record   = 84182a0218c850 +16
  Sync                   node   sync    Sync
    accounts             node   -       Rule
      Source             chr    text    What     = ./DMAcc
      Mode               chr    text    Mode     = card
    passpoint            node   -       Rule
      Source             chr    text    What     = ./PerProviderSubscription
      Mode               chr    text    Mode     = newest
  Inbox                  node   inbox   Inbox
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
    """One line of OUTLINE."""

    depth: int
    name: str
    format: Format
    type: str
    title: str
    value: bytes


def rows() -> Iterator[Row]:
    for line in OUTLINE.strip("\n").splitlines():
        left, _, value = line.partition(" =")
        name, format_text, type_key, title = left.split()
        node_format = Format(format_text)
        text = value.strip()
        octets = binary(text) if node_format in {Format.B64, Format.BIN} else text.encode()
        depth = (len(line) - len(line.lstrip())) // 2
        yield Row(depth, name, node_format, TYPES[type_key], title, octets)


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
