"""Nodes on the wire: their head, their properties, definitions, and the streams that they come in."""

from __future__ import annotations

from smartdm.wire.documented import Doc, DocFlag


class Kind(DocFlag):
    """High nibble of a node's kind byte; the low nibble is its Format."""

    TSTAMP = 0x10, "a 4-byte TStamp follows (never in a batch: the card sets it)"
    TITLE = 0x20, "L, Title follows"
    ACL = 0x40, "L, ACL follows"
    DEFINED = 0x80, "the low bit and meta are the node id of the definition, from which Format, Type and Title come"
    OWN_TYPE = 0x08, "of a DEFINED node: 01, n follow: its Type is the n-th further one of the definition"
    INTERIOR = 0x02, "of a DEFINED node: it is interior, as the Format of its definition says"
    OWN_NAME = 0x04, "of a DEFINED node: L, name follow; else the name is that of the definition"


class Format(Doc):
    """Low nibble of a node's kind byte: the Format property (OMA DM TND 1.2)."""

    B64 = 0x0, "b64"
    BIN = 0x1, "bin"
    BOOL = 0x2, "bool"
    CHR = 0x3, "chr"
    INT = 0x4, "int"
    NODE = 0x5, "node"
    NULL = 0x6, "null"
    XML = 0x7, "xml"
    DATE = 0x8, "date"
    TIME = 0x9, "time"
    FLOAT = 0xA, "float"
    WITHHELD = 0xE, "in answers only: a node that may not be read; L, name follow the meta byte, and nothing else"
    KEEP = 0xF, "in a Replace only: keep the node's Format and Type"


META_INLINE = 0x80
"""Bit of the meta byte: L, Type follows as text; otherwise meta is an index into TYPES."""

META_DEFINITION = 0x40
"""Bit of the meta byte: the node is a definition; access 1, maximum 1, types 1 follow its name."""

META_TYPE = 0x3F
"""Mask of the meta byte: index into TYPES."""

DEFINITION_REQUIRED = 0x40
"""Bit of a definition's types byte: the last node of it under one parent stays; low bits: number of further Types."""

DEFINITION_ID_HIGH = 0x01
"""Mask of a DEFINED node's kind byte: the high bit of the definition's node id, which is below 512."""

PIECES = 0xFF
"""Value length of a leaf whose value lies in pieces: count 1 follows, and as many nodes without a name below it."""

ID_RUN = 0xF0
"""Count byte of 1 to 15 children or pieces with consecutive ids, added to their number: only the first id follows."""

SOURCE_VALUE = 0xFE
"""Value length in a batch: the value is that of the SOURCE."""

ACL_ID_SHIFT = 5
"""An ACL entry in a record or an answer is 2 bytes: node id of the server, shifted, and the mask of Verbs."""

TYPES: tuple[str, ...] = (
    "",
    "text/plain",
    "application/octet-stream",
    "application/vnd.syncml.dmtnds+xml",
    "application/vnd.syncml.dmddf+xml",
    "application/x-x509-ca-cert",
    "application/pkix-cert",
    "application/pkcs12",
    "application/x-x509-user-cert",
    "application/xml",
    "text/xml",
    "image/png",
    "image/jpeg",
    "application/vnd.oma.drm.content",
    "application/java-archive",
    "application/json",
    "application/cbor",
    "application/vnd.wap.connectivity-wbxml",
)
"""Types that the meta byte names without text; 0 = no Type of its own."""


class Verb(DocFlag):
    """Mask byte of a packed ACL entry: the DM commands it allows (TND 1.2 ACL)."""

    ADD = 0x01, "Add"
    DELETE = 0x02, "Delete"
    EXEC = 0x04, "Exec"
    GET = 0x08, "Get"
    REPLACE = 0x10, "Replace"


class Access(DocFlag):
    """Access byte of a definition: the DM commands that its nodes take (DDF AccessType), and their Scope."""

    ADD = 0x01, "Add: the node may be added by itself, with what is below it"
    DELETE = 0x02, "Delete: the node may be deleted by itself"
    EXEC = 0x04, "Exec"
    GET = 0x08, "Get; without it nobody can read the node"
    REPLACE = 0x10, "Replace"
    COPY = 0x20, "Copy: the value may be given to another leaf (SOURCE)"
    PERMANENT = 0x40, "Scope is Permanent: no Rename; comes without DELETE"


class Stream(DocFlag):
    """First byte of a packed stream that stands alone (an answer, a file)."""

    LEVEL_ORDER = 0x01, "nodes level by level, as ADD takes them; else pre-order, as READ gives them"
    COUNTED = 0x02, "each node begins with its VerNo 2 (always so in answers, never in ADD)"
    IDS = 0x04, "each node begins with its id 2, before VerNo; child ids follow each count; older nodes are not shown"
