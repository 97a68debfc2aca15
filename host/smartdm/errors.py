"""The whole exception tree.

    SmartDmError
    ├ TransportError        the link to the card failed
    │ ├ NoCardError         no such card or reader
    │ ├ CardBusyError       another process holds the card
    │ └ PowerLostError      the card lost power before it answered
    ├ CardError(sw)         the card refused; subclasses by cause
    │ ├ NotFound  ├ AlreadyExists  ├ NotAllowed  ├ CommandNotAllowed  ├ CardFull  ├ Conflict  └ BadRequest
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
        advice = _ADVICE.get(sw)
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


_COMMAND_NOT_ALLOWED = 405

_CLASSES: dict[int, type[CardError]] = {
    **{sw: CommandNotAllowed for sw in Sw if sw.dm_status == _COMMAND_NOT_ALLOWED},
    Sw.NOT_FOUND: NotFound,
    Sw.ALREADY_EXISTS: AlreadyExists,
    Sw.NOT_ALLOWED: NotAllowed,
    Sw.CARD_FULL: CardFull,
    Sw.NO_NODE_LEFT: CardFull,
    Sw.CONFLICT: Conflict,
}

_ADVICE: dict[int, str] = {
    Sw.NOT_ALLOWED: "look at the ACL of the node and of those above it, and ask as somebody who has the right",
    Sw.NOT_INTERIOR: "name an interior node as the parent",
    Sw.NOT_LEAF: "name a leaf; an interior node has children instead",
    Sw.PERMANENT: "what is below it can be changed",
    Sw.ACCESS_DENIED: "no ACL changes that; only the issuer may pass it, but for Get",
    Sw.NOT_DEFINED: "use one of the names that the definition has, or unload the definition",
    Sw.OCCURRENCE: "where there may be several, delete one before you add one, or add one before you delete the last",
    Sw.BAD_TYPE: "use one of the Types that it lists",
}
"""What to do about refusals whose own words do not say it."""


def describe(sw: int, dm_status: int | None = None) -> str:
    """The status word in words: ``no node has this URI (6A82 NOT_FOUND, DM 404)``; ``dm_status``: another one."""
    known = Sw.find(sw)
    if known is not None:
        dm_status = dm_status or known.dm_status
        status = f", DM {dm_status}" if dm_status >= 400 else ""
        return f"{known.doc} ({sw:04X} {known.name}{status})"
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
