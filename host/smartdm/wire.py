"""THE numbers of the card's protocol: the only place where they are defined.

``applet/src/smartdm/Wire.java`` and ``docs/card-commands.md`` are rendered from
this module (``python -m smartdm.render``) and committed; a test renders them again
and compares.  A docstring or the second tuple member says what a number means
and where it comes from.  All integers on the wire are big endian and unsigned.

Stdlib only: level 0 of the import order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Protocol, Self

PACKAGE_AID = bytes.fromhex("F0534D444D01")
APPLET_AID = bytes.fromhex("F0534D444D0101")

VERSION_MAJOR = 1
VERSION_MINOR = 0


class Documented(Protocol):
    """A number of the protocol with its name and meaning."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def doc(self) -> str: ...  # noqa: D102
    def __int__(self) -> int: ...


class _Doc(IntEnum):
    """An IntEnum whose members carry a line of documentation."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    @classmethod
    def find(cls, value: int) -> Self | None:
        """The member of that number, or None."""
        return next((member for member in cls if member == value), None)


class _DocFlag(IntFlag):
    """An IntFlag whose members carry a line of documentation."""

    doc: str

    def __new__(cls, value: int, doc: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member


class Cla(_Doc):
    """Class byte: proprietary 80 with the ISO 7816-4 layout in its low five bits."""

    PLAIN = 0x80, "the last or only command of a chain, no secure messaging, channel 0"
    CHAIN = 0x10, "bit: more parts of this command follow (ISO 7816-4 5.1.1)"
    SECURE = 0x04, "bit: secure messaging as in GlobalPlatform (SCP03)"
    CHANNEL = 0x03, "mask: logical channel; the applet can be selected on any of them, on one at a time"


class Ins(_Doc):
    """Instruction bytes of the applet: its own, and those of GlobalPlatform and ISO 7816-4; never 6X or 9X."""

    BATCH = 0x30, "run a batch of DM commands; all of them happen or none"
    READ = (
        0x31,
        (
            "read a subtree as a packed stream; P1 = levels below the node, FF = all; data L, URI;"
            " P2 = 01: with ids, and only what is newer than the generation 3 that follows the URI"
        ),
    )
    READ_NEXT = 0x32, "go on with the stream; P1 = low byte of its generation, P2 = part number, which carries into P1"
    PERSONALIZE = (
        0x33,
        (
            "the first command of a card's life, in a channel of the initial keys; data: diversification data 10,"
            " L, the issuer's key set, L, PIN 8 and PUK 8 (L = 00: none)"
        ),
    )
    TERMINATE = 0x34, "the last command of a card's life, the issuer's: all memory is overwritten"
    VERIFY = 0x20, "data: the holder's PIN 8; none: tell the tries left (63CX)"
    CHANGE_REFERENCE_DATA = 0x24, "data: the holder's PIN 8, the new one 8"
    RESET_RETRY_COUNTER = 0x2C, "data: the PUK 8, the new PIN 8"
    PUT_KEY = (
        0xD8,
        (
            "replace a key set: P1 = its version number, P2 = 81; data: new KVN, three times 88, L, key length, key"
            " encrypted with the DEK of who is asking, 03, KCV 3; answer: KVN, three KCVs"
        ),
    )
    INITIALIZE_UPDATE = (
        0x50,
        (
            "begin an SCP03 channel: P1 = key version number, 00 = the issuer's; data host challenge 8; answer"
            " diversification data 10, KVN 1, 03, i 1, card challenge 8, card cryptogram 8"
        ),
    )
    CREDENTIAL = (
        0x35,
        (
            "compute the client's DM credential: P1 = a Scheme, MD5 or MAC; data: L, URI of a CLCRED node below"
            " AppAuth, L, nonce, for a MAC the MD5 of the body 16; answer: the digest 16, to be sent in base64"
        ),
    )
    VERIFY_CREDENTIAL = (
        0x36,
        (
            "verify a server's DM credential: P1 = a Scheme, P2 = number of batches (PACKAGE_0: 00); data: L, URI of a"
            " SRVCRED node below AppAuth, for PACKAGE_0 L, nonce (L = 00: the stored one), for MAC and PACKAGE_0 the"
            " MD5 of body or trigger 16, then the digest 16. MD5 and MAC answer the challenge drawn"
            " last and open a door"
        ),
    )
    GET_CHALLENGE = (
        0x84,
        (
            "draw a nonce 16 for the next VERIFY CREDENTIAL; P1 = 01: it becomes the stored nonce of the SRVCRED node,"
            " too, whose L, URI is the data and whose server is asking"
        ),
    )
    EXTERNAL_AUTHENTICATE = 0x82, "open the SCP03 channel: P1 = level 03 or 33 (01); data host cryptogram 8, MAC 8"


class Command(_Doc):
    """First byte of each element of a batch."""

    OPTIONS = 0xC0, "flags 1 [generation 3] [time 4]; the first element of every batch"
    ADD = 0xC1, "L, parent URI, number of subtrees 1, then these packed in level order, all roots first"
    REPLACE = (
        0xC2,
        "L, URI, kind 1 (a Format or KEEP), meta 1, [L, Type], then L, value, or FE: the value of the SOURCE before it",
    )
    DELETE = 0xC3, "L, URI; the root is emptied, not deleted, for which there is room on the fullest card"
    RENAME = 0xC4, "L, URI, L, new name"
    GET = 0xC5, "L, URI, levels 1; answered after the commit, so only GETs may follow"
    ACL = 0xC6, "L, URI, L, entries of mask 1, L, name of the leaf below `?/Srv`; L = 00: none of its own"
    TITLE = 0xC7, "L, URI, L, Title; L = 00: none of its own"
    SOURCE = 0xC8, "L, URI of a leaf whose value the REPLACE, or the ADD of one leaf, behind it takes (value length FE)"


class Option(_DocFlag):
    """Flags of the OPTIONS element, also the order of the fields behind them."""

    ATOMIC = 0x01, "all or nothing; the only kind of batch so far, so it must be set"
    IF_GENERATION = 0x02, "generation 3 follows: refuse the batch if the card's differs"
    TIME = 0x04, "time 4 follows: seconds since 2000-01-01T00:00:00Z, the TStamp of what changes"
    TAG = 0x08, "host id 4, transaction tag 4 follow: kept with the commit, SELECT tells the last three hosts'"


class Kind(_DocFlag):
    """High nibble of a node's kind byte; the low nibble is its Format."""

    TSTAMP = 0x10, "a 4-byte TStamp follows (never in a batch: the card sets it)"
    TITLE = 0x20, "L, Title follows"
    ACL = 0x40, "L, ACL follows"
    DEFINED = 0x80, "the low bit and meta are the node id of the definition, from which Format, Type and Title come"
    OWN_TYPE = 0x08, "of a DEFINED node: 01, n follow: its Type is the n-th further one of the definition"
    INTERIOR = 0x02, "of a DEFINED node: it is interior, as the Format of its definition says"
    OWN_NAME = 0x04, "of a DEFINED node: L, name follow; else the name is that of the definition"


class Format(_Doc):
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


class Verb(_DocFlag):
    """Mask byte of a packed ACL entry: the DM commands it allows (TND 1.2 ACL)."""

    ADD = 0x01, "Add"
    DELETE = 0x02, "Delete"
    EXEC = 0x04, "Exec"
    GET = 0x08, "Get"
    REPLACE = 0x10, "Replace"


class Access(_DocFlag):
    """Access byte of a definition: the DM commands that its nodes take (DDF AccessType), and their Scope."""

    ADD = 0x01, "Add: the node may be added by itself, with what is below it"
    DELETE = 0x02, "Delete: the node may be deleted by itself"
    EXEC = 0x04, "Exec"
    GET = 0x08, "Get; without it nobody can read the node"
    REPLACE = 0x10, "Replace"
    COPY = 0x20, "Copy: the value may be given to another leaf (SOURCE)"
    PERMANENT = 0x40, "Scope is Permanent: no Rename; comes without DELETE"


class Stream(_DocFlag):
    """First byte of a packed stream that stands alone (an answer, a file)."""

    LEVEL_ORDER = 0x01, "nodes level by level, as ADD takes them; else pre-order, as READ gives them"
    COUNTED = 0x02, "each node begins with its VerNo 2 (always so in answers, never in ADD)"
    IDS = 0x04, "each node begins with its id 2, before VerNo; child ids follow each count; older nodes are not shown"


class Select(_Doc):
    """Data objects in template A5 of the SELECT answer (6F: 84 AID, A5)."""

    VERSION = 0xC0, "wire version: major 1, minor 1"
    STATE = 0xC1, "life cycle 1: 03 installed"
    GENERATION = 0xC2, "generation 3 of the tree"
    SPACE = 0xC3, "free bytes 2 (exact; the reserve not counted), arena size in KiB 1, reserve bytes 2"
    NODES = 0xC4, "nodes in use 2, node limit 2"
    LIMITS = 0xC5, "MaxDepth 1, MaxSegLen bytes 1, MaxTotLen bytes 1, children of a node 1, value bytes 2"
    CAPABILITIES = 0xC6, "bits 2 of the algorithms found at install (none used yet)"
    TAGS = 0xC7, "three times host id 4, transaction tag 4 of the last tagged batches, latest first; zero = none"


class Install(_Doc):
    """TLVs of the install parameters (GlobalPlatform C9 value); all optional."""

    ARENA = 0x80, "arena size in KiB 1: 8 to 64, default 16 (small profile: 8)"
    NODES = 0x81, "node limit 2: 16 to 1024 (small: 512), default 512 (small: 256)"
    PROFILE = 0x82, "RAM profile 1: 00 small, 01 default"
    RESERVE = 0x83, "bytes 2 that only Delete may use: 64 to 4096, default 512 (small: 384)"
    KEYS = 0x84, "initial keys ENC, MAC, DEK of 16, 24 or 32 bytes each, which is the length of all; default 40 … 4F"


class Limit(_Doc):
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


class Node(_Doc):
    """Ids of the nodes that every card has."""

    ROOT = 0, "the root"
    REGISTRY = 1, "the registry, URI `?`; below it the definitions"
    SERVERS = 2, "`?/Srv`: one leaf for each ServerID that an ACL names; its id is the server's number"
    UPLOADS = 3, "`?/Up`: values in pieces that are not complete yet"
    KEYS = 7, "`?/Key`: the definition of what holds keys or a PIN, which nobody can read"
    ID = 8, "`?/Id`: card id 8, epoch 4, diversification data 10; for issuer and holder"


class Principal(_Doc):
    """Who is asking: the node id of a ServerID below ``?/Srv``."""

    NOBODY = 0, "no door was opened"
    ANYBODY = 4, "`*` in an ACL"
    ISSUER = 5, "the issuer, `#issuer` in an ACL"
    HOLDER = 6, "the holder, `#holder` in an ACL"
    FIRST_SERVER = 9, "the first ServerID"


class State(_Doc):
    """The card's life cycle."""

    INSTALLED = 0x03, "waits for PERSONALIZE"
    PERSONALIZED = 0x0F, "in use"
    TERMINATED = 0x7F, "its memory was overwritten"


class Scheme(_Doc):
    """DM 1.2 credentials: H(B64(H(user:secret)):nonce), with a body H(B64(H(user:secret)):nonce:B64(H(body)))."""

    MD5 = 1, "syncml:auth-md5"
    MAC = 2, "syncml:auth-MAC; the body is the message"
    PACKAGE_0 = 3, "a notification; the user is the ServerID, the body is the trigger"


class Proof(_DocFlag):
    """What the card has seen of who is asking."""

    LIVE = 0x01, "an answer to a challenge that the card drew in this power session"
    BOUND = 0x02, "each command, authenticated with the principal's key"
    HOLDER = 0x04, "the PIN, for one batch"
    LOGGED = 0x08, "the digest of the message that the batches came in"


class Sw(IntEnum):
    """Status words: one for each distinct cause.  Members carry the OMA DM status too."""

    doc: str
    dm_status: int

    def __new__(cls, value: int, dm_status: int, doc: str) -> Self:
        """A status word with the DM status it maps to and its meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.dm_status = dm_status
        member.doc = doc
        return member

    @classmethod
    def find(cls, value: int) -> Self | None:
        """The member of that number, or None."""
        return next((member for member in cls if member == value), None)

    OK = 0x9000, 200, "done"
    MORE = 0x6310, 200, "the answer goes on: send READ NEXT"
    BATCH_FAILED = (
        0x6300,
        500,
        "the batch was dropped; data: number of the refused command 2 (from 1; 0 = OPTIONS), its status word 2",
    )
    WRONG_PIN = 0x63C0, 500, "a wrong PIN or PUK; the low digit tells how many tries are left"
    STORE_DAMAGED = 0x6581, 500, "no valid superblock or a broken record: the card's memory is damaged"
    WRONG_LENGTH = 0x6700, 500, "Lc or the length of the data does not fit the command"
    CHAIN_BROKEN = 0x6883, 500, "a part of a batch was expected, missing or out of order; the batch was dropped"
    NOT_CHAINABLE = 0x6884, 500, "this command cannot be chained"
    NOT_ALLOWED = 0x6982, 425, "the ACL does not allow it, or nobody has been authenticated"
    PIN_BLOCKED = 0x6983, 500, "no try is left: unblock the PIN with the PUK"
    NO_CURSOR = (
        0x6985,
        500,
        "there is no answer to go on with, or the tree has changed since; a door without a challenge, or 16 failures",
    )
    BAD_ELEMENT = 0x6A80, 500, "a malformed element: unknown tag or field, or a length that does not fit"
    UNSUPPORTED = 0x6A81, 406, "a flag or field that is reserved for later"
    NOT_FOUND = 0x6A82, 404, "no node has this URI"
    CARD_FULL = 0x6A84, 420, "not enough free memory; delete something first"
    WRONG_P1P2 = 0x6A86, 500, "P1 or P2 has no meaning for this command"
    NO_KEY = 0x6A88, 500, "there is no key set with this version number, or no principal with the account's ServerID"
    ALREADY_EXISTS = 0x6A89, 418, "a node of this name exists there already"
    BAD_NAME = 0x6AD0, 404, "a URI segment that is empty, ends in '.', or holds '/' or a control character"
    NAME_TOO_LONG = 0x6AD1, 414, "a name longer than MaxSegLen"
    TOO_DEEP = 0x6AD2, 414, "a node deeper than MaxDepth"
    URI_TOO_LONG = 0x6AD3, 414, "a URI longer than MaxTotLen"
    TOO_WIDE = 0x6AD4, 420, "more children than a node may have"
    VALUE_TOO_LARGE = 0x6AD5, 413, "a value or text longer than a record holds"
    BAD_FORMAT = 0x6AD6, 415, "a Format that does not exist or does not suit the command"
    BAD_ACL = 0x6AD7, 500, "a packed ACL that breaks the grammar, or an empty one for the root"
    BAD_TEXT = 0x6AD8, 500, "text that is not valid UTF-8"
    NOT_INTERIOR = 0x6AD9, 405, "children can only be added to an interior node"
    NOT_LEAF = 0x6ADA, 405, "only a leaf has a value"
    PERMANENT = (
        0x6ADB,
        405,
        "the card's own nodes, definitions, and a name or node that its definition keeps cannot be changed like this",
    )
    CONFLICT = 0x6ADC, 409, "the tree is not at the expected generation"
    TOO_MANY_GETS = 0x6ADD, 413, "more Get commands than a batch may hold"
    NO_NODE_LEFT = 0x6ADE, 420, "the node limit is reached; delete something first"
    SEND_AGAIN = 0x6ADF, 420, "free memory was in pieces and has been gathered: send the batch again"
    TRUNCATED = 0x6AE0, 500, "a part of the batch ended inside an element, where only a value may be divided"
    ACCESS_DENIED = 0x6AE1, 405, "the definition's AccessType does not allow this command"
    NOT_DEFINED = 0x6AE2, 405, "the definition of the parent has no such child, or the node names no definition"
    BAD_TYPE = 0x6AE3, 415, "a Type that the definition does not list"
    OCCURRENCE = 0x6AE4, 405, "more nodes of this definition than it allows, or the last one that it requires"
    UNKNOWN_SERVER = 0x6AE5, 500, "the ACL names a ServerID that is not below `?/Srv`: add it first"
    IN_USE = 0x6AE6, 405, "the definition has instances; delete them first"
    NO_SOURCE = 0x6AE7, 403, "no SOURCE with a value that can be taken precedes this command"
    NOT_PERSONALIZED = 0x6AE8, 500, "the card is not personalized yet"
    TERMINATED = 0x6AE9, 500, "the card is terminated"
    NOT_A_LOGIN = 0x6AEA, 405, "no login of this AAuthLevel, or one of an account that a server could have made up"
    SAME_SECRET = 0x6AEB, 405, "one secret of the account ends with another one of it"
    INS_UNKNOWN = 0x6D00, 500, "unknown instruction"
    CLA_UNKNOWN = 0x6E00, 500, "unknown class"


class Guard(_Doc):
    """What the dispatcher asks for before a command runs."""

    ANYBODY = 0, "no principal needed"
    PRINCIPAL = 1, "some principal must be authenticated"


class RuleFlag(_DocFlag):
    """Flags of a rule."""

    NONE = 0x00, "a single command"
    CHAIN = 0x01, "may come in parts"
    SETUP = 0x02, "also before the card is personalized"
    ZERO = 0x04, "P1 and P2 are 0"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the dispatcher's table, with the example that tests run on codec and card."""

    ins: Ins
    guard: Guard
    min_lc: int
    flags: RuleFlag
    example: tuple[tuple[str, str], ...]
    """(command, answer) APDUs in hex, from a fresh card on."""


RULES: tuple[Rule, ...] = (
    Rule(
        Ins.BATCH,
        Guard.PRINCIPAL,
        2,
        RuleFlag.CHAIN | RuleFlag.ZERO,
        (
            # Add the interior node ./DM1 with the leaf Addr = 127.0.0.1.
            (
                "80300000 1E 00 C001 C1 00 01 05 00 03 444D31 01 03 01 04 41646472 09 3132372E302E302E31",
                "9000",
            ),
            # Replace the value, keep Format and Type; then Get the node alone.
            (
                "80300000 1E 00 C001 C2 08 444D312F41646472 0F 00 03 3A3A31 C5 08 444D312F41646472 00",
                "02 000004 0001 03 01 04 41646472 03 3A3A31 9000",
            ),
            # The same Add again: command 1 is refused with ALREADY_EXISTS.
            ("80300000 0D 00 C001 C1 00 01 05 00 03 444D31 00", "0001 6A89 6300"),
        ),
    ),
    Rule(
        Ins.READ,
        Guard.PRINCIPAL,
        1,
        RuleFlag.NONE,
        # The root with all levels: on a fresh card it has its ACL (anybody: Add, Get; the issuer: all) and no children.
        (("8031FF00 01 00 00", "02 000002 0000 45 00 00 04 0089 00BF 00 9000"),),
    ),
    Rule(
        Ins.READ_NEXT,
        Guard.PRINCIPAL,
        0,
        RuleFlag.NONE,
        # Nothing to go on with.
        (("80320101 00", "6985"),),
    ),
    Rule(
        Ins.INITIALIZE_UPDATE,
        Guard.ANYBODY,
        8,
        RuleFlag.SETUP,
        # No such key set.
        (("80500900 08 0001020304050607 00", "6A88"),),
    ),
    Rule(
        Ins.EXTERNAL_AUTHENTICATE,
        Guard.ANYBODY,
        16,
        RuleFlag.SETUP,
        # There is no channel to open.
        (("84823300 10 00112233445566778899AABBCCDDEEFF", "6985"),),
    ),
    Rule(Ins.PERSONALIZE, Guard.PRINCIPAL, 61, RuleFlag.SETUP | RuleFlag.ZERO, (("80330000", "6700"),)),
    Rule(Ins.TERMINATE, Guard.PRINCIPAL, 0, RuleFlag.ZERO, (("80340100", "6A86"),)),
    Rule(
        Ins.VERIFY,
        Guard.ANYBODY,
        0,
        RuleFlag.ZERO,
        # Ask for the tries; a wrong PIN costs one, the right one gives them back.
        (("80200000", "63C3"), ("80200000 08 30303030FFFFFFFF", "63C2"), ("80200000 08 31323334FFFFFFFF", "9000")),
    ),
    Rule(
        Ins.CHANGE_REFERENCE_DATA,
        Guard.ANYBODY,
        16,
        RuleFlag.ZERO,
        (("80240000 10 31323334FFFFFFFF 30303030FFFFFFFF", "9000"),),
    ),
    Rule(
        Ins.RESET_RETRY_COUNTER,
        Guard.ANYBODY,
        16,
        RuleFlag.ZERO,
        (("802C0000 10 3132333435363738 30303030FFFFFFFF", "9000"),),
    ),
    Rule(Ins.PUT_KEY, Guard.PRINCIPAL, 67, RuleFlag.NONE, (("80D83181 01 00", "6700"),)),
    # No such login.
    Rule(Ins.CREDENTIAL, Guard.ANYBODY, 2, RuleFlag.NONE, (("80350100 03 014100 00", "6A82"),)),
    # Nobody has drawn a challenge.
    Rule(Ins.VERIFY_CREDENTIAL, Guard.ANYBODY, 18, RuleFlag.NONE, (("803601FF 12 0141 " + 16 * "00", "6985"),)),
    Rule(Ins.GET_CHALLENGE, Guard.ANYBODY, 0, RuleFlag.NONE, ()),
)
