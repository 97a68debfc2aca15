"""Commands about principals: who they are to a card, and their keys.  For batches of the issuer's."""

from __future__ import annotations

import os
from dataclasses import dataclass

from smartdm.card.batch import Batch, Entry
from smartdm.card.commands import Card
from smartdm.card.keys import KDD_SIZE, KeySet
from smartdm.card.place import REGISTRY, SERVERS, Hidden, encode_place, server_place
from smartdm.card.scp03 import CHALLENGE_SIZE, Initialized, initialize_update
from smartdm.card.secrecy import holder_value, key_value
from smartdm.codec import packed
from smartdm.errors import CodecError, WireError, card_error
from smartdm.mo.acl import check_id, server_id_of
from smartdm.wire import Command, Format, Sw

KEY_VERSIONS = range(0x01, 0x80)
"""Key version numbers that a key set on a card can have."""
IDENTITY = REGISTRY / "Id"
HOLDER = "#holder"
_KEEP = bytes((Format.KEEP, 0))
_CARD_ID, _EPOCH = 8, 4


@dataclass(frozen=True, slots=True)
class Identity:
    """What a card was given at its personalization.  ``epoch``: 4 bytes, drawn with the card id; both by the card."""

    card_id: bytes
    epoch: bytes
    kdd: bytes


def identity(card: Card) -> Identity:
    """The card's own name; for issuer and holder, NotAllowed for others."""
    try:
        value = packed.decode(card.read(IDENTITY), None, packed.Known({}, {}, lenient=True)).node.value
    except CodecError as error:
        raise WireError(f"the answer for {IDENTITY} cannot be read: {error}") from error
    if len(value) != _CARD_ID + _EPOCH + KDD_SIZE:
        raise WireError(f"{IDENTITY} has {len(value)} bytes")
    return Identity(value[:_CARD_ID], value[_CARD_ID : _CARD_ID + _EPOCH], value[_CARD_ID + _EPOCH :])


def with_secrets(card: Card) -> frozenset[str]:
    """The principals that have a key set, or a PIN, on the card; whose, not which: nobody can read them."""
    try:
        _, (_top, *leaves) = packed.raws(card.read(SERVERS, 1, since=0), packed.Known({}, {}, lenient=True))
    except (CodecError, ValueError) as error:
        raise WireError(f"the answer for {SERVERS} cannot be read: {error}") from error
    return frozenset(server_id_of(leaf.name or "") for leaf in leaves if leaf.is_withheld)


def begun(card: Card, kvn: int) -> Initialized | None:
    """What the card answers to INITIALIZE UPDATE, past any channel, which it ends; None: it has no such key set.

    It tells this to everybody, and nothing is counted.  ``kvn``: 0 = the version that it takes first, the issuer's.
    """
    answer = card.channel.exchange(initialize_update(kvn, os.urandom(CHALLENGE_SIZE)))
    if answer.sw == Sw.NO_KEY:
        return None
    if answer.sw != Sw.OK:
        raise card_error(answer.sw, "INITIALIZE UPDATE")
    return Initialized.decode(answer.data)


def give_keys(batch: Batch, server_id: str, keys: KeySet, *, mac_only: bool = False) -> Batch:
    """Give a server a key set, or another one; it is made known to the card if it is not.

    ``mac_only``: it may also open channels of level 01, in which all can be read.  The card refuses this (405) to all
    but the issuer, and to him on such a channel.
    """
    if keys.kvn not in KEY_VERSIONS:
        raise CodecError(f"keys on a card have a version from 01 to 7F, not {keys.kvn:02X}")
    return _give(batch, f"Give {server_id} its keys", server_id, key_value(keys, mac_only=mac_only))


def give_pin(batch: Batch, pin: bytes, puk: bytes) -> Batch:
    """Give the holder PIN and PUK, or others, and all tries for both; the card refuses this to all but the issuer."""
    return _give(batch, "Give the holder PIN and PUK", HOLDER, holder_value(pin, puk))


def rename_server(batch: Batch, server_id: str, new: str) -> Batch:
    """Give a server another ServerID; its keys and its place in all ACLs stay."""
    check_id(new)
    raw = server_place(new).segments[-1].encode("utf-8")
    header = _head(Command.RENAME, server_place(server_id)) + bytes((len(raw),)) + raw
    return batch.append(Entry(f"Rename {server_id} to {new}", ((header, b""),), registers="servers"))


def _give(batch: Batch, what: str, server_id: str, value: bytes) -> Batch:
    header = _head(Command.REPLACE, server_place(server_id)) + _KEEP + packed.encode_value_length(value)
    return batch.append(Entry(what, ((header, value),), servers=frozenset({server_id})))


def _head(command: Command, place: Hidden) -> bytes:
    return bytes((command,)) + encode_place(place)
