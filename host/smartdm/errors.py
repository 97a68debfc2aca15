"""The whole exception tree.

    SmartDmError
    ├ TransportError        the link to the card failed
    │ ├ NoCardError         no such card or reader
    │ ├ CardBusyError       another process holds the card
    │ └ PowerLostError      the card lost power before it answered
    ├ CardError(sw)         the card refused; subclasses by cause
    │ ├ NotFound  ├ AlreadyExists  ├ NotAllowed  ├ CommandNotAllowed  ├ CardFull  ├ Conflict  ├ BadRequest
    │ ├ WrongPin(tries_left)  ├ PinBlocked  ├ NotPersonalized  └ Terminated
    ├ ChannelError          no secure channel can be opened with this card
    │ ├ WrongKeysError      the card has other keys; no try was spent
    │ ├ ChannelRefusedError the card did not let us in
    │ └ ChannelBrokenError  an answer was lost, or is not the card's
    ├ WireError             the card broke the format; never the user's fault
    └ CodecError(offset)    bad TNDS, packed, URI, ACL, trace or profile input
      ├ UriError            └ AclError

``ValueError`` and ``TypeError`` mean a caller's bug and are never caught by the CLI.
Every message says what is wrong, where, and what to do; none carries a secret.
"""

from __future__ import annotations

from smartdm.wire import Sw


class SmartDmError(Exception):
    """Base of everything this package raises on purpose."""


class TransportError(SmartDmError):
    """The link to the card failed or answered nonsense."""


class NoCardError(TransportError):
    """There is no such card, reader or simulated card."""


class CardBusyError(TransportError):
    """Another process is using the card."""


class PowerLostError(TransportError):
    """The card lost power before it answered; its state is the old one or the new one."""


class WireError(SmartDmError):
    """The card broke the wire format (length, tag, version)."""


class ChannelError(SmartDmError):
    """A secure channel cannot be opened or used with this card."""


class WrongKeysError(ChannelError):
    """The card has other keys.  Found before anything was sent that could cost a try."""


class ChannelRefusedError(ChannelError):
    """The card knows the keys and still did not open the channel.  ``sw``: status word."""

    def __init__(self, sw: int) -> None:
        self.sw = sw
        super().__init__(
            f"the card refused to open the secure channel (EXTERNAL AUTHENTICATE answers {sw:04X}), although it has"
            " these keys; this is not tried again, as it may cost a try: look whether the card allows this"
            " security level, and whether the keys are blocked"
        )


class ChannelBrokenError(ChannelError):
    """An answer was lost, or is not the card's; the channel is never continued, and its last command may be done."""


class CodecError(SmartDmError):
    """Input that cannot be decoded.  ``offset``: byte or character position, None if unknown."""

    dm_status = 400

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message if offset is None else f"{message} (at {offset})")
        self.offset = offset


class UriError(CodecError):
    """A URI that no node can have.  ``dm_status``: 404, 405 or 414 (OMA DM TND 1.2)."""

    def __init__(self, message: str, offset: int | None = None, dm_status: int = 404) -> None:
        super().__init__(message, offset)
        self.dm_status = dm_status


class AclError(CodecError):
    """An ACL text that breaks the grammar (OMA DM TND 1.2, ACL property)."""

    dm_status = 500


class CardError(SmartDmError):
    """The card refused.

    ``sw``: status word; ``command``: what was refused; ``index``: its place in the batch; ``dm_status``: the OMA DM
    status code, where the command has another one than the status word (which is 500 for those of others).
    """

    def __init__(self, sw: int, command: str, index: int | None = None, dm_status: int | None = None) -> None:
        self.sw = sw
        self.command = command
        self.index = index
        known = Sw.find(sw)
        self.dm_status = dm_status or (known.dm_status if known else 500)
        advice = _advice(sw, command)
        super().__init__(f"{command}: {describe(sw, self.dm_status)}" + (f"; {advice}" if advice else ""))


class NotFound(CardError):
    """404: the node does not exist."""


class AlreadyExists(CardError):
    """418: the node exists."""


class NotAllowed(CardError):
    """425: the ACL does not give the right, or nobody is authenticated."""


class CommandNotAllowed(CardError):
    """405: the node does not take this command, whoever asks: by its kind, or by its definition."""


class CardFull(CardError):
    """420: no memory or no node id is left."""


class Conflict(CardError):
    """409: the tree is not at the expected generation."""


class BadRequest(CardError):
    """Anything else that the card refuses about the command itself."""


class WrongPin(CardError):
    """The PIN or PUK is another one, and a try was spent."""

    @property
    def tries_left(self) -> int:
        """How many tries the card still gives, 0 to 15."""
        return self.sw & _TRIES


class PinBlocked(CardError):
    """No try is left."""


class NotPersonalized(CardError):
    """The card waits for its first keys."""


class Terminated(CardError):
    """The card's life is over."""


_COMMAND_NOT_ALLOWED = 405
_TRIES = 0x0F

_CLASSES: dict[int, type[CardError]] = {
    **{sw: CommandNotAllowed for sw in Sw if sw.dm_status == _COMMAND_NOT_ALLOWED},
    Sw.NOT_FOUND: NotFound,
    Sw.ALREADY_EXISTS: AlreadyExists,
    Sw.NOT_ALLOWED: NotAllowed,
    Sw.CARD_FULL: CardFull,
    Sw.NO_NODE_LEFT: CardFull,
    Sw.CONFLICT: Conflict,
    **{Sw.WRONG_PIN + left: WrongPin for left in range(_TRIES + 1)},
    Sw.PIN_BLOCKED: PinBlocked,
    Sw.NOT_PERSONALIZED: NotPersonalized,
    Sw.TERMINATED: Terminated,
}

_ADVICE: dict[int, str] = {
    Sw.NOT_ALLOWED: "look at the ACL of the node and of those above it, and ask as somebody who has the right",
    Sw.NOT_INTERIOR: "name an interior node as the parent",
    Sw.NOT_LEAF: "name a leaf; an interior node has children instead",
    Sw.PERMANENT: "what is below it can be changed",
    Sw.ACCESS_DENIED: "no ACL changes that; only the issuer may pass it, but for Get",
    Sw.NOT_DEFINED: "use one of the names that the definition has, or unload the definition",
    Sw.OCCURRENCE: "where there may be several, delete one before you add one, or add one before you delete the last",
    Sw.NOT_A_LOGIN: "name a node below AppAuth, CLCRED to compute or SRVCRED to verify, of an account by a definition"
    " in which servers can add no account, login or secret, nor read a secret or replace the ServerID",
    Sw.SAME_SECRET: "give every login of the account a secret of its own",
    Sw.BAD_TYPE: "use one of the Types that it lists",
    Sw.NOT_PERSONALIZED: "give it its keys first: `smartdm card personalize`",
    Sw.TERMINATED: "that is for ever: take another card",
    Sw.NO_KEY: "name the version that the keys have on this card; `smartdm keys list` shows what can be known of them",
}
"""What to do about refusals whose own words do not say it."""

_SHORTER: dict[Sw, str] = {Sw.WRONG_PIN: "a wrong PIN or PUK", Sw.PIN_BLOCKED: "no try is left"}
"""What is said of status words whose meaning depends on the command."""
_WITH_PUK = "RESET RETRY COUNTER"
"""The command that takes the PUK, not the PIN."""
VERIFY_LOGIN = "Verify "
"""How the name of a VERIFY CREDENTIAL begins."""
_ADVICE_FOR: dict[tuple[int, str], str] = {
    (Sw.NO_KEY, VERIFY_LOGIN): "the issuer makes the account's server known to the card:"
    " `smartdm principal add SERVERID`",
    (Sw.ALREADY_EXISTS, "PUT KEY"): "another key set has this version: give the new one another (--kvn)",
    (Sw.ALREADY_EXISTS, "Give "): "another key set on the card may have their version: give them another kvn",
    (Sw.NOT_ALLOWED, "PUT KEY"): "only their owner and the issuer replace keys, on a channel of level 03 or 33",
    (Sw.NOT_ALLOWED, "TERMINATE"): "only the issuer ends a card's life: --as issuer, with its keys",
}
"""The same, where it depends on how the command's name begins."""


def _advice(sw: int, command: str) -> str:
    for (special, start), advice in _ADVICE_FOR.items():
        if sw == special and command.startswith(start):
            return advice
    puk = command.startswith(_WITH_PUK)
    if sw == Sw.PIN_BLOCKED:
        if puk:
            return "the PUK is blocked: only the issuer can set another PIN and PUK"
        return "set a new one with the PUK: `smartdm pin unblock`"
    if sw & ~_TRIES == Sw.WRONG_PIN:
        left, what = sw & _TRIES, "PUK" if puk else "PIN"
        tries = "no try is" if left == 0 else "1 try is" if left == 1 else f"{left} tries are"
        return f"{tries} left for the {what}; it was not tried again"
    return _ADVICE.get(sw, "")


def describe(sw: int, dm_status: int | None = None) -> str:
    """The status word in words: ``no node has this URI (6A82 NOT_FOUND, DM 404)``; ``dm_status``: another one."""
    known = Sw.find(sw & ~_TRIES if sw & ~_TRIES == Sw.WRONG_PIN else sw)
    if known is not None:
        dm_status = dm_status or known.dm_status
        status = f", DM {dm_status}" if dm_status >= 400 else ""
        return f"{_SHORTER.get(known, known.doc)} ({sw:04X} {known.name}{status})"
    return f"unknown status word {sw:04X}"


def card_error(sw: int, command: str, index: int | None = None, dm_status: int | None = None) -> CardError:
    """The exception for a refusal, of the class that fits its cause."""
    return _CLASSES.get(sw, BadRequest)(sw, command, index, dm_status)


def retold(error: CardError, command: str, index: int | None = None, sw: int | None = None) -> CardError:
    """The same refusal of a command that is called otherwise, with its notes; ``sw``: another status word."""
    same = sw is None or sw == error.sw
    told = card_error(error.sw if sw is None else sw, command, index, error.dm_status if same else None)
    for note in getattr(error, "__notes__", ()):
        told.add_note(note)
    return told
