"""Status words, and the OMA DM status that each means."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


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
