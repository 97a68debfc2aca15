"""What is fixed on every card: limits, and the nodes that it comes with."""

from __future__ import annotations

from smartdm.wire.documented import Doc


class Limit(Doc):
    """Fixed limits of the protocol."""

    URI = 192, "bytes of a URI on the wire (MaxTotLen)"
    NAME = 64, "bytes of a node name (MaxSegLen)"
    CHILDREN = 240, "children of one node"
    VALUE = 224, "bytes of a value that one record holds"
    TEXT = 127, "bytes of a Type or a Title"
    GETS = 8, "Get commands in one batch"
    TYPES = 18, "entries of the list of known Types"
    DEPTH = 16, "segments of a URI, default profile"
    DEPTH_SMALL = 10, "segments of a URI, small profile"


class Node(Doc):
    """Ids of the nodes that every card has."""

    ROOT = 0, "the root"
    REGISTRY = 1, "the registry, URI `?`; below it the definitions"
    SERVERS = 2, "`?/Srv`: one leaf for each ServerID that an ACL names; its id is the server's number"
    UPLOADS = 3, "`?/Up`: values in pieces that are not complete yet"
    KEYS = 7, "`?/Key`: the definition of what holds keys or a PIN, which nobody can read"
    ID = 8, "`?/Id`: card id 8, epoch 4, diversification data 10; for issuer and holder"
