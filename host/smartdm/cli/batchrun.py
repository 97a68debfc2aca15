"""The commands of a batch file on their way to the card, and what becomes of them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smartdm.card.sequence import NOT_EXECUTED, rolled_back
from smartdm.cli.app import App, now
from smartdm.cli.batchplan import looks_back, settled
from smartdm.cli.batchwords import Add, DmCommand, Set, append
from smartdm.cli.progress import upload_progress
from smartdm.cli.sending import explain_full
from smartdm.errors import CardError, CardFull, Conflict, retold
from smartdm.mo.logins import check_logins
from smartdm.session import Batch, Mode, Outcome

if TYPE_CHECKING:
    from smartdm.mo.tree import Node
    from smartdm.session import Place


def run(app: App, commands: Sequence[DmCommand], mode: Mode, expect: int | None) -> Outcome:
    """Run the commands; what was refused is told by the number of the command from 0.

    An Atomic is one batch.  Otherwise a command whose meaning depends on what those before it did begins a batch of
    its own, so that it sees what they really did.  Conflict if the card is not at the generation ``expect``; before
    anything is sent, CodecError for two logins of an account with one secret.
    """
    check_logins((command.uri, command.value) for command in commands if isinstance(command, Add | Set))
    if mode is Mode.ATOMIC:
        return _Part(app, dict(enumerate(commands)), mode, expect).run()
    errors: dict[int, CardError] = {}
    nodes: dict[int, Node] = {}
    for part in _parts(commands):
        outcome = _Part(app, part, mode, expect).run()
        errors |= outcome.errors
        nodes |= outcome.nodes
        expect = None
    return Outcome.of(len(commands), errors, nodes)


def _parts(commands: Sequence[DmCommand]) -> Iterator[dict[int, DmCommand]]:
    """The commands by their numbers, divided before each one that looks back; one empty part if there are none."""
    part: dict[int, DmCommand] = {}
    for number, command in enumerate(commands):
        if part and looks_back(command, part.values()):
            yield part
            part = {}
        part[number] = command
    yield part


@dataclass(slots=True)
class _Part:
    """What goes out as one batch, by the numbers that the commands have in the file."""

    app: App
    commands: dict[int, DmCommand]
    mode: Mode
    expect: int | None
    errors: dict[int, CardError] = field(default_factory=dict)
    """Refusals, also those that were foreseen."""
    places: dict[int, Place] = field(default_factory=dict)
    """Where the large values are."""

    def run(self) -> Outcome:
        ready = self._settled()
        if not self._lost:
            self._upload(ready)
        if self._lost:
            self._clear(self.errors)
            return self._not_run()
        sent = [number for number in ready if number not in self.errors]
        batch = Batch(now())
        for number in sent:
            self._append(batch, number, ready[number])
        try:
            outcome = self.app.session.run(batch, self.mode, self.expect)
        except CardError as error:
            self._clear(ready)
            self._explain(error)
            raise
        for at, refusal in outcome.errors.items():
            self._refused(sent[at], refusal)
        self._clear(self.errors)
        return self._outcome({sent[at]: node for at, node in outcome.nodes.items()})

    @property
    def _lost(self) -> bool:
        """Whether nothing can become of it any more."""
        return self.mode is Mode.ATOMIC and bool(self.errors)

    def _settled(self) -> dict[int, DmCommand]:
        ready: dict[int, DmCommand] = {}
        for number, command in self.commands.items():
            try:
                ready[number] = settled(self.app.session, list(ready.values()), command)
            except CardError as error:
                self._refused(number, error)
                if self._lost:
                    break
        return ready

    def _upload(self, ready: dict[int, DmCommand]) -> None:
        """Large values first: until the batch is done, their leaves have the old ones."""
        for number, command in ready.items():
            if self._lost or not (isinstance(command, Set) and command.is_large):
                continue
            session = self.app.session
            try:
                with upload_progress(self.app, command.uri, command.value) as progress:
                    self.places[number] = session.upload(
                        command.uri, command.value, expect=self.expect, progress=progress
                    )
            except Conflict:
                self._clear(ready)
                raise
            except CardError as error:
                self._refused(number, error)
            else:
                self.expect = None if self.expect is None else session.generation

    def _append(self, batch: Batch, number: int, command: DmCommand) -> None:
        if number in self.places and isinstance(command, Set):
            batch.copy(self.places[number], command.uri, kind=command.kind)
        else:
            append(batch, command)

    def _refused(self, number: int, error: CardError) -> None:
        self.errors[number] = retold(error, str(self.commands[number]), number)
        self._explain(self.errors[number])

    def _explain(self, error: CardError) -> None:
        """Figures for a lack of memory, where they are those of the whole file."""
        if isinstance(error, CardFull) and self.mode is Mode.ATOMIC:
            changes = [command for command in self.commands.values() if isinstance(command, Add | Set)]
            explain_full(error, self.app.session.info, [command.node for command in changes])

    def _clear(self, numbers: Container[int]) -> None:
        """Uploads that nobody takes; those of an atomic batch stand and fall together."""
        for number, place in self.places.items():
            if number in numbers or self._lost:
                with suppress(CardError):
                    self.app.session.apply(Batch().delete(place))

    def _not_run(self) -> Outcome:
        """An Atomic of which nothing was sent, as one of its commands surely would be refused."""
        ((at, error),) = self.errors.items()
        statuses = (error.dm_status if number == at else NOT_EXECUTED for number in self.commands)
        return Outcome(tuple(statuses), self.errors)

    def _outcome(self, nodes: dict[int, Node]) -> Outcome:
        if self._lost:
            (error,) = self.errors.values()
            return rolled_back(error, len(self.commands))
        return Outcome((), self.errors, nodes)
