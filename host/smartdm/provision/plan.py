"""What has to be done to a card for a profile: read, compared, judged; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from smartdm.codec import catalog, packed
from smartdm.errors import CardError
from smartdm.mo.definition import Definition, Registry
from smartdm.mo.tree import Node
from smartdm.mo.uri import ROOT, Uri
from smartdm.mo.validate import Fault
from smartdm.provision.changes import Action, Change, Terms, changes
from smartdm.provision.commands import Commands, commands, completed, large_values
from smartdm.provision.limits import limit_faults
from smartdm.provision.present import Present, read_present
from smartdm.provision.profile import Principal, Profile
from smartdm.provision.room import Room, room, touched
from smartdm.provision.seal import is_last, tag_of
from smartdm.provision.target import Rules, target_of
from smartdm.session import Batch, KeySet, Place, Session, Tag, give_keys

_IN_USE, _EXISTS, _NO_MEMORY = 405, 418, 420
_KEY_SIZE = 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A large value on its way.  ``batches``: what is still to be applied, each a commit; ``size``: of the value."""

    place: Place
    batches: tuple[Batch, ...]
    size: int

    @property
    def missing(self) -> int:
        """How many pieces are not on the card yet."""
        return sum(batch.pieces for batch in self.batches)

    @property
    def at_once(self) -> bool:
        """Whether all of it comes in the last batch: it is too short to be resumed."""
        return len(self.batches) == 1 and self.missing == -(-self.size // packed.PIECE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a profile asks of a card.

    ``definitions``: to be loaded first, in a commit of their own, because the nodes that follow name them by the ids
    that they get there.  ``uploads``: values that are too long for the batch, by their leaves; they come next.
    ``keys``: servers that will be given theirs, before everything else; ``servers``: others that will be made known.
    ``hidden``: leaves that cannot be read, but were written by this profile last.  ``faults``: why it cannot be done;
    ``notes``: what else should be known.  ``done_before``: the card tells that this profile was applied last.
    """

    profile: Profile
    present: Present
    target: Node
    changes: tuple[Change, ...]
    definitions: tuple[Definition, ...]
    keys: tuple[str, ...]
    servers: tuple[str, ...]
    uploads: Mapping[Uri, Upload]
    hidden: tuple[Uri, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    tag: Tag
    done_before: bool
    room: Room

    @property
    def is_empty(self) -> bool:
        """Whether the card is as the profile wants it."""
        return not (self.changes or self.definitions or self.servers or self.keys)

    def define(self) -> Batch:
        """The commit of the definitions."""
        batch = Batch()
        for definition in self.definitions:
            batch.define(definition)
        return batch

    def give(self, keys: Callable[[str], KeySet]) -> Batch:
        """The commit of the servers' keys; ``keys``: finds those of a server."""
        batch = Batch()
        for server_id in self.keys:
            give_keys(batch, server_id, keys(server_id))
        return batch

    def commands(self, time: int | None) -> Commands:
        """The batch of everything else."""
        places = {
            uri: (upload.place, upload.batches[0] if upload.at_once else None) for uri, upload in self.uploads.items()
        }
        return commands(self.changes, self.servers, places, time)

    def outgoing(self, session: Session, time: int | None) -> list[Batch]:
        """All batches as they will go out, each a commit."""
        first = [self.give(self._no_keys)] if self.keys else []
        first += [self.define()] if self.definitions else []
        last = self.commands(time).batch
        end = [session.outgoing(last, self.definitions)] if last.entries else []
        return [*first, *(batch for _, upload in self.resumable() for batch in upload.batches), *end]

    def _no_keys(self, server_id: str) -> KeySet:
        """In place of keys, which nobody sees before they are wanted."""
        none = bytes(_KEY_SIZE)
        return KeySet(self.profile.principal(server_id).kvn, none, none, none)

    def resumable(self) -> Iterator[tuple[Uri, Upload]]:
        """The uploads that come before the last batch, by their leaves."""
        return ((uri, upload) for uri, upload in self.uploads.items() if not upload.at_once)


def make_plan(session: Session, profile: Profile, *, rewrite: bool = False) -> Plan:
    """The plan for the card as it is now, in a session that was opened after whatever was done to the card before.

    ``rewrite``: values that cannot be read are written again, also if this profile wrote them last.  Conflict if
    somebody changed the card while it was read.
    """
    _remember(session, profile)
    present = read_present(session, profile.wishes)
    loaded = {root.digest: root.definition for root in session.registry.roots.values()}
    missing = tuple(definition for definition in profile.definitions if packed.digest(definition) not in loaded)
    target = target_of(present.tree, profile.wishes, _rules(profile, loaded.values()))
    done_before = is_last(profile, present.tree, session.tags)
    skipped = done_before and not rewrite
    required = _required(present.tree, session.registry.known.definitions)
    blind = {} if skipped else target.blind
    found = changes(present.tree, target.tree, Terms(_Reasons(profile), target.renewed, blind, required), present.ids)
    named = {server_id for change in found for server_id in _named(change)}
    keys, taken = _keyless(session, profile, rewrite=rewrite)
    known = {found.server_id for found in profile.principals}
    wanted = {*named, *profile.servers, *known}.difference(keys)
    servers = session.registry.missing_servers(wanted)
    faults = (
        *taken,
        *_other_versions(missing, loaded.values()),
        *target.faults,
        *limit_faults(session.info, found, target.tree),
    )
    uploads = {} if faults else {uri: _upload(session, uri, value) for uri, value in large_values(found)}
    plan = Plan(
        profile,
        present,
        target.tree,
        tuple(found),
        missing,
        keys,
        tuple(servers),
        uploads,
        tuple(uri for uri, names in target.blind.items() if names) if skipped else (),
        faults,
        tuple(_notes(present.tree, missing, profile)),
        tag_of(profile, target.tree, present.tree, completed(found, uploads)),
        done_before,
        Room(0, session.info.free, 0, session.info.node_limit - session.info.nodes),
    )
    return plan if plan.faults or plan.is_empty else _measured(session, plan)


def _keyless(session: Session, profile: Profile, *, rewrite: bool) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """(servers that shall have keys and have none, or all that shall have some if they are written again; faults)."""
    wanted = [found for found in profile.principals if found.keys]
    owners = session.owners() if wanted else frozenset()
    given = [found for found in wanted if rewrite or found.server_id not in owners]
    faults = tuple(_taken(session, given, owners)) if given else ()
    return tuple(found.server_id for found in given), faults


def _taken(session: Session, given: Iterable[Principal], owners: frozenset[str]) -> Iterator[Fault]:
    """Key versions that the card has already: no two key sets may have the same.

    Whose a version is the card does not tell, so a server that has keys may keep its own; if it is another's, the card
    refuses the keys, which come first.
    """
    issuer, others = session.key_versions(found.kvn for found in given)
    for found in given:
        if found.kvn == issuer or (found.kvn in others and found.server_id not in owners):
            whose = "the issuer's keys have" if found.kvn == issuer else "a key set on the card has"
            sentence = f"{whose} the version {found.kvn:#04x} already: give those of {found.server_id} another kvn"
            yield Fault(ROOT, sentence, _EXISTS)


def _remember(session: Session, profile: Profile) -> None:
    """Definitions that are known here need not be read from the card."""
    if not session.registry.knows_definitions:
        for definition in (*profile.definitions, *map(catalog.load, catalog.names())):
            session.registry.remember(definition)


def _upload(session: Session, uri: Uri, value: bytes) -> Upload:
    place, batches = session.upload_steps(uri, value)
    return Upload(place, tuple(batches), len(value))


def _rules(profile: Profile, loaded: Iterable[Definition]) -> Rules:
    on_card = (*profile.definitions, *loaded)
    known = (*on_card, *map(catalog.load, catalog.names()))
    return Rules(Registry(known, catalog.ALIASES), {definition.mo_id for definition in on_card})


def _measured(session: Session, plan: Plan) -> Plan:
    """The plan with the memory that it needs; with a fault if the card has not as much, or would refuse the form."""
    try:
        batches = plan.outgoing(session, 0)
    except CardError as error:
        group = () if error.index is None else plan.commands(None).about[error.index]
        note = "; ".join(getattr(error, "__notes__", ())) or str(error)
        return replace(plan, faults=(Fault(_place(group), note, error.dm_status),))
    known, roots = session.registry.known.definitions, session.registry.roots

    def defined(node: Node) -> packed.Defined | None:
        definition = known.get(node.definition) if node.definition is not None else None
        if definition is None or node.definition is None:
            return None
        return packed.Defined(node.definition, definition, definition.is_placeholder or node.definition in roots)

    need = room(session.info, batches, plan.changes, touched(plan.changes, plan.target, defined))
    faults = (Fault(ROOT, need.fault, _NO_MEMORY),) if need.fault else ()
    return replace(plan, room=need, faults=faults)


def _place(group: tuple[Change, ...]) -> Uri:
    """The node that a command is about; of an Add of several, that below which they come."""
    if len(group) == 1:
        return group[0].uri
    return group[0].uri.parent if group else ROOT


class _Reasons:
    """Why a node comes, goes or changes: where the profile says so."""

    def __init__(self, profile: Profile) -> None:
        self._wishes = profile.wishes

    def __call__(self, uri: Uri) -> str:
        """The reason for the node at ``uri``."""
        own = self._wishes.get(uri)
        if own is not None:
            return own.place
        for depth in range(uri.depth - 1, -1, -1):
            above = self._wishes.get(Uri(uri.segments[:depth]))
            if above is not None and above.exact:
                return f"not in {above.place}, which is exact"
            if above is not None:
                return above.place
        return ""


def _named(change: Change) -> Iterator[str]:
    """The ServerIDs that the command of a change names in ACLs."""
    if change.new is not None and change.action is Action.ADD:
        for _, node in change.new.walk():
            yield from (server_id for server_id, _ in node.acl.entries)
    elif change.new is not None and change.action is Action.ACL:
        yield from (server_id for server_id, _ in change.new.acl.entries)


def _required(tree: Node, definitions: Mapping[int, Definition]) -> Callable[[Uri], bool]:
    """Whether a node is of a kind of which one must stay."""

    def required(uri: Uri) -> bool:
        node = tree.find(uri)
        definition = definitions.get(node.definition) if node and node.definition is not None else None
        return definition is not None and definition.is_placeholder and definition.occurrence.minimum > 0

    return required


def _other_versions(missing: Iterable[Definition], loaded: Iterable[Definition]) -> Iterator[Fault]:
    ids = {definition.mo_id for definition in loaded}
    for definition in missing:
        if definition.mo_id in ids:
            sentence = f"the card has another version of the definition {definition.mo_id}; `smartdm ddf unload` first"
            yield Fault(ROOT, sentence, _IN_USE)


def _notes(tree: Node, missing: Iterable[Definition], profile: Profile) -> Iterator[str]:
    ids = {definition.mo_id for definition in profile.definitions}
    for uri, node in tree.walk():
        if not node.is_leaf and node.type in ids and node.definition is None and not node.withheld:
            yield f"{uri} was added without its definition, so the card does not hold it to that"
    if missing:
        yield "the definitions are loaded in a commit of their own, before everything else"
