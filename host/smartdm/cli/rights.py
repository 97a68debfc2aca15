"""What would help where the card gives no right (6982), as far as who asks can see it: the ACL, and what is unproven.

The card tells only that it does not allow it.  The host looks after the refusal, with the rights of who asks.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from smartdm.cli.doors import HOLDER, ISSUER, Door, chosen_door
from smartdm.errors import CardError, NotAllowed
from smartdm.mo.acl import Acl, Verb
from smartdm.mo.definition import NO_PROOF, Proof
from smartdm.mo.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartdm.cli.app import App

_OWN: Final = {ISSUER: "#issuer", HOLDER: "#holder"}
_HOW: Final = (
    (Proof.LIVE | Proof.BOUND, "ask through a secure channel, as the issuer or a server with keys (--as, --keys)"),
    (Proof.HOLDER, "have the holder's PIN verified as well (--pin)"),
    (Proof.LOGGED, "it takes a DM session with a MAC"),
)


@contextmanager
def explained(app: App, verb: Verb, uri: Uri) -> Iterator[None]:
    """Refusals for want of a right get notes; ``verb`` and ``uri``: which right is asked where."""
    try:
        yield
    except NotAllowed as error:
        for hint in hints(app, verb, uri):
            error.add_note(hint)
        raise


def hints(app: App, verb: Verb, uri: Uri) -> Iterator[str]:
    """Which ACL counts and does not give the right, and which proof a definition wants and nobody gave."""
    door = app.door or chosen_door(app, app.chosen_card())
    try:
        place, acl = effective(app, uri, app.session.read(uri, 0).acl)
    except CardError:
        yield f"{verb.title} on {uri} is wanted; who asks may not see the ACL that counts there"
        place = uri
    else:
        if not acl.allows(verb, _OWN.get(door.who, door.who)):
            yield f"{verb.title} on {uri} is wanted; what counts there is the ACL of {place}: {acl}"
    missing = NO_PROOF
    for depth in range(place.depth, uri.depth + 1):
        missing |= _wanted(app, verb, Uri(uri.segments[:depth])) & ~_given(door)
    if missing:
        how = "; ".join(told for bits, told in _HOW if bits & missing)
        yield f"the definition wants {missing.words} besides the right: {how}"


def effective(app: App, uri: Uri, own: Acl) -> tuple[Uri, Acl]:
    """The ACL that counts for the node with this one, and whose it is: that of the nearest node above which has one."""
    place = uri
    while not own and not place.is_root:
        place = place.parent
        own = app.session.read(place, 0).acl
    return place, own


def _wanted(app: App, verb: Verb, uri: Uri) -> Proof:
    """What the definition of the node wants proven, as far as that can be seen."""
    with suppress(CardError):
        if definition := app.session.definition(uri):
            return definition.get_proof if verb is Verb.GET else definition.change_proof
    return NO_PROOF


def _given(door: Door) -> Proof:
    return (Proof.LIVE | Proof.BOUND if door.keys else NO_PROOF) | (Proof.HOLDER if door.pin else NO_PROOF)
