"""The applet and its commands: AIDs, class and instruction bytes, the elements of a batch, SELECT and install."""

from __future__ import annotations

from smartdm.wire.documented import Doc, DocFlag

PACKAGE_AID = bytes.fromhex("F0534D444D01")
APPLET_AID = bytes.fromhex("F0534D444D0101")

VERSION_MAJOR = 1
VERSION_MINOR = 0


class Cla(Doc):
    """Class byte: proprietary 80 with the ISO 7816-4 layout in its low five bits."""

    PLAIN = 0x80, "the last or only command of a chain, no secure messaging, channel 0"
    CHAIN = 0x10, "bit: more parts of this command follow (ISO 7816-4 5.1.1)"
    SECURE = 0x04, "bit: secure messaging as in GlobalPlatform (SCP03)"
    CHANNEL = 0x03, "mask: logical channel; the applet can be selected on any of them, on one at a time"


class Ins(Doc):
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


class Command(Doc):
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


class Option(DocFlag):
    """Flags of the OPTIONS element, also the order of the fields behind them."""

    ATOMIC = 0x01, "all or nothing; the only kind of batch so far, so it must be set"
    IF_GENERATION = 0x02, "generation 3 follows: refuse the batch if the card's differs"
    TIME = 0x04, "time 4 follows: seconds since 2000-01-01T00:00:00Z, the TStamp of what changes"
    TAG = 0x08, "host id 4, transaction tag 4 follow: kept with the commit, SELECT tells the last three hosts'"


class Select(Doc):
    """Data objects in template A5 of the SELECT answer (6F: 84 AID, A5)."""

    VERSION = 0xC0, "wire version: major 1, minor 1"
    STATE = 0xC1, "life cycle 1: 03 installed"
    GENERATION = 0xC2, "generation 3 of the tree"
    SPACE = 0xC3, "free bytes 2 (exact; the reserve not counted), arena size in KiB 1, reserve bytes 2"
    NODES = 0xC4, "nodes in use 2, node limit 2"
    LIMITS = 0xC5, "MaxDepth 1, MaxSegLen bytes 1, MaxTotLen bytes 1, children of a node 1, value bytes 2"
    CAPABILITIES = 0xC6, "bits 2 of the algorithms found at install (none used yet)"
    TAGS = 0xC7, "three times host id 4, transaction tag 4 of the last tagged batches, latest first; zero = none"


class Install(Doc):
    """TLVs of the install parameters (GlobalPlatform C9 value); all optional."""

    ARENA = 0x80, "arena size in KiB 1: 8 to 64, default 16 (small profile: 8)"
    NODES = 0x81, "node limit 2: 16 to 1024 (small: 512), default 512 (small: 256)"
    PROFILE = 0x82, "RAM profile 1: 00 small, 01 default"
    RESERVE = 0x83, "bytes 2 that only Delete may use: 64 to 4096, default 512 (small: 384)"
    KEYS = 0x84, "initial keys ENC, MAC, DEK of 16, 24 or 32 bytes each, which is the length of all; default 40 … 4F"
