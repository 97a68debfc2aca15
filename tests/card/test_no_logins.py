"""Nodes that are no login of a DM account: commands about credentials refuse them and harm nothing."""

from __future__ import annotations

import pytest

from smartdm.wire import Ins, Sw
from tests.card.attack import Attacker, add, apdu, interior, leaf, text

REFUSED = {Sw.NOT_A_LOGIN, Sw.NOT_FOUND}


@pytest.mark.parametrize("path", [b"", b"A", b"A/x", b"New", b"New/B", b"?", b"?/Srv", b"?/Srv/#issuer"])
def test_what_is_not_below_an_account_is_no_login(card: Attacker, path: bytes):
    card.done(add(b"", interior(b"New", 1), interior(b"B")))  # leaves its numbers where those of a login come to stand
    nonce, digests = text(b"nonce"), bytes(32)
    commands = [
        apdu(Ins.CREDENTIAL, text(path) + nonce, 1),
        apdu(Ins.VERIFY_CREDENTIAL, text(path) + nonce + digests, 3),
        apdu(Ins.GET_CHALLENGE, text(path), 1),
    ]
    assert {card.device.apdu(command)[1] for command in commands} <= REFUSED
    card.works()


def test_an_add_leaves_no_way_to_a_login(card: Attacker):
    card.done(add(b"", *(leaf(b"n%d" % number) for number in range(9)), roots=9))
    assert card.device.apdu(apdu(Ins.GET_CHALLENGE, text(b""), 1))[1] in REFUSED
    card.works()
