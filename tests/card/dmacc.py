"""Cards with DM accounts, by the shipped definition, for tests of credentials."""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.card.channel import Channel
from smartdm.card.commands import Card
from smartdm.codec import catalog
from smartdm.mo.acl import Acl
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.session import Batch, Session
from smartdm.wire import Principal
from tests.card.device import Device
from tests.card.store import branch, leaf, uri

DMACC = "urn:oma:mo:oma-dm-dmacc:1.0"
ACCESS = "Exec=*&Get=*&Replace=#issuer&Add=#issuer&Delete=#issuer"
STORED = bytes(range(0x50, 0x60))


@dataclass(frozen=True)
class Login:
    """One login of an account."""

    name: str
    level: str
    user: str
    secret: bytes
    nonce: bytes = STORED

    def node(self) -> Node:
        return branch(
            self.name,
            leaf("AAuthLevel", self.level.encode()),
            leaf("AAuthType", b"DIGEST"),
            leaf("AAuthName", self.user.encode()),
            leaf("AAuthSecret", self.secret),
            Node("AAuthData", Format.BIN, self.nonce),
        )


def client(user: str = "Bruce2", secret: bytes = b"OhBehave") -> Login:
    return Login("cl", "CLCRED", user, secret)


def server(user: str = "srvuser", secret: bytes = b"secret", nonce: bytes = STORED) -> Login:
    return Login("srv", "SRVCRED", user, secret, nonce)


def account(name: str, server_id: str, *logins: Login, acl: str = ACCESS) -> Node:
    """A DMAcc."""
    return branch(
        name,
        leaf("AppID", b"w7"),
        leaf("ServerID", server_id.encode()),
        branch("AppAddr"),
        branch("AppAuth", *(login.node() for login in logins)),
        type=DMACC,
        acl=Acl.parse(acl),
    )


def login(name: str = "srv", at: str = "a") -> Uri:
    return uri(f"DMAcc/{at}/AppAuth/{name}")


def issue(device: Device, *accounts: Node, servers: tuple[str, ...] = ()) -> Session:
    """Put them on a card that is personalized; returns the issuer's session."""
    session = device.open()
    batch = Batch().define(catalog.load("DMAcc"))
    if servers:
        batch.server(*servers)
    session.apply(batch)
    session.apply(Batch().add(ROOT, branch("DMAcc")))
    session.apply(Batch().add(uri("DMAcc"), *accounts))
    return session


def anybody(device: Device) -> Session:
    """A new selection in which nobody is asking."""
    return Session(Card(Channel(device.link)))


def issuing(device: Device) -> Session:
    """A new selection in which the issuer is asking."""
    session = Session(Card(Channel(device.link)))
    device.sim.principal(Principal.ISSUER)
    return session
