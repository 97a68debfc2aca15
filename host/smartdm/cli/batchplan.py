"""What the commands of a batch file leave open, settled by what the card will be when their turn comes.

``mo add`` finds out what kind of leaf it makes, ``mo set`` keeps the Type when only a Format is given, ``mo copy``
makes the leaf that is missing: all by a look at the card.  In a batch the commands before count, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smartdm.card.forms import check_value
from smartdm.card.picture import Deleted, Renamed
from smartdm.cli.batchwords import Add, Copy, Delete, DmCommand, Rename, Set
from smartdm.cli.kinds import new_kind, unsuited
from smartdm.cli.sending import check_limits
from smartdm.cli.view import fits_text
from smartdm.codec import packed
from smartdm.errors import CommandNotAllowed, NotAllowed, NotFound, card_error
from smartdm.mo.tree import Format, Node
from smartdm.mo.uri import Uri
from smartdm.wire import Sw

if TYPE_CHECKING:
    from smartdm.mo.definition import Definition
    from smartdm.session import Session


def looks_back(command: DmCommand, before: Iterable[DmCommand] = ()) -> bool:
    """Whether what the command means depends on what the commands before it did.

    ``before``: those of them that may be refused yet, so that nobody knows what Format they leave.
    """
    if isinstance(command, Set):
        partly = (command.format is None) != (command.type is None)
        if partly or command.is_large or not fits_text(command.value):
            return True
        return command.format is None and any(_touches(other, command.uri) for other in before)
    return isinstance(command, Copy)


def _touches(command: DmCommand, uri: Uri) -> bool:
    """Whether the command may give the leaf of that URI another Format, or make another node of it."""
    if isinstance(command, Add | Set | Copy) and command.uri == uri:
        return not isinstance(command, Set) or command.kind is not None
    return _before(command, uri) != uri


def settled(session: Session, before: Sequence[DmCommand], command: DmCommand) -> DmCommand:
    """The command with nothing left open.  ``before``: the commands before it in the same batch, settled.

    CardError, as the card would refuse it, for what surely cannot be done.
    """
    plan = _Plan(session, before)
    match command:
        case Add():
            command = plan.add(command)
            check_limits(session.info, [(command.uri.parent, command.node)], freed_nodes=session.info.nodes)
        case Set() if command.value or command.kind:
            return plan.set(command)
        case Copy():
            return plan.copy(command)
    return command


class _Plan:
    """The card as it will be when these commands were done."""

    def __init__(self, session: Session, before: Sequence[DmCommand]) -> None:
        self._session = session
        self._before = before

    def node(self, uri: Uri) -> Node | None:
        """The node, without those below it; None if there is none.  NotAllowed if it may not be read."""
        for at in range(len(self._before) - 1, -1, -1):
            command = self._before[at]
            if isinstance(command, Add | Set | Copy) and command.uri == uri:
                return _Plan(self._session, self._before[:at]).after(command)
            place = _before(command, uri)
            if place is None:
                return None
            uri = place
        try:
            return self._session.read(uri, 0)
        except NotFound:
            return None

    def readable(self, uri: Uri) -> Node | None:
        """As ``node``; None also if it may not be read."""
        try:
            return self.node(uri)
        except (NotAllowed, CommandNotAllowed):
            return None

    def after(self, command: Add | Set | Copy) -> Node | None:
        """The node that is given a value, as it is then."""
        if isinstance(command, Add):
            return command.node
        if isinstance(command, Set):
            return _changed(self.node(command.uri), command.value, command.kind)
        source = self.node(command.source)
        return _changed(self.node(command.target), source.value if source else b"", None)

    def definition(self, uri: Uri) -> Definition | None:
        """What the definitions on the card say about the nodes of that URI; None if nothing."""
        parent = uri.parent
        for at in range(len(self._before) - 1, -1, -1):
            command = self._before[at]
            if isinstance(command, Add) and command.uri == parent:
                above = _Plan(self._session, self._before[:at]).made(command)
                return None if above is None or above.is_open else above.child(uri.name)
            place = _before(command, parent)
            if place is None:
                return None
            parent = place
        return self._session.definition(parent / uri.name)

    def made(self, command: Add) -> Definition | None:
        """The definition of a node that is added."""
        found = self.definition(command.uri)
        if found is None and command.type and command.format is Format.NODE:
            root = self._session.registry.by_mo_id(command.type)
            return root.definition if root else None
        return found

    def add(self, command: Add) -> Add:
        """Format and Type as given, else see ``kinds``."""
        is_open = command.format is None or command.type is None
        defined = self.definition(command.uri) if is_open else None
        node_format, node_type = new_kind(defined, command.value, command.format, command.type)
        _check(command, node_format, command.value)
        return replace(command, format=node_format, type=node_type)

    def set(self, command: Set) -> Set:
        """Format and Type both or neither; a value that suits the Format that stays."""
        try:
            node = self.node(command.uri)
        except (NotAllowed, CommandNotAllowed):
            if (command.format is None) != (command.type is None):
                raise  # nobody knows the one that shall stay
            return command
        if not looks_back(command) and (node is None or not node.is_leaf):
            return command  # the card refuses it, after those before it
        if node is None:
            raise card_error(Sw.NOT_FOUND, str(command))
        if not node.is_leaf:
            raise card_error(Sw.NOT_LEAF, str(command))
        if command.format or not node.withheld:
            _check(command, command.format or node.format, command.value)
        if command.kind is None:
            return command
        kept = node.type if command.type is None else command.type
        return replace(command, format=command.format or node.format, type=kept)

    def copy(self, command: Copy) -> DmCommand:
        """A leaf that is missing is added; a value in pieces is sent again.  Anything else is the card's business."""
        source = self.readable(command.source)
        if source is None or not source.is_leaf:
            return command
        large = Set(command.target, source.value) if len(source.value) > packed.PIECE else command
        try:
            target = self.node(command.target)
        except (NotAllowed, CommandNotAllowed):
            return large
        if target is None:
            return Add(command.target, source.value, source.format, source.type)
        if not target.is_leaf:
            return command
        check_value(str(command), command.target, target.format, source.value)
        return large


def _check(command: Add | Set, node_format: Format, value: bytes) -> None:
    """The refusal of a value that a leaf of that Format cannot have."""
    fault = unsuited(command.uri, node_format, value)
    if fault:
        error = card_error(Sw.BAD_FORMAT, str(command))
        error.add_note(fault)
        raise error


def _changed(node: Node | None, value: bytes, kind: tuple[Format, str] | None) -> Node | None:
    if node is None or not node.is_leaf:
        return node
    node_format, node_type = kind or (node.format, node.type)
    return replace(node, value=value, format=node_format, type=node_type)


def _before(command: DmCommand, uri: Uri) -> Uri | None:
    """Where the node of that URI was before the command; None if there is none afterwards."""
    if isinstance(command, Rename):
        place = Renamed(command.uri, command.new).before(uri)
    elif isinstance(command, Delete):
        place = Deleted(command.uri).before(uri)
    else:
        return uri
    return place if isinstance(place, Uri) else None
