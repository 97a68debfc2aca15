"""Refusals: which status words a command may be answered with when it cannot be done."""

from __future__ import annotations

from smartdm.wire import Sw


class Refused(Exception):
    """The batch is refused.  ``at``: number of the command, from 1; ``statuses``: status words that say why."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(", ".join(f"{int(sw):04X}" for sw in statuses))
        self.at = 0
        self.statuses = frozenset(int(sw) for sw in statuses)


class Doubts:
    """What speaks against a command, in the order of the checks: AccessType, ACL, then all that is about form.

    Of one step any reason may be told; ``any_time`` takes those for which the contract names no step.
    """

    def __init__(self) -> None:
        self._steps: tuple[set[int], set[int], set[int]] = (set(), set(), set())
        self._any: set[int] = set()

    def access(self, sw: Sw = Sw.ACCESS_DENIED) -> None:
        """Against the AccessType of the definition."""
        self._steps[0].add(sw)

    def right(self, sw: Sw = Sw.NOT_ALLOWED) -> None:
        """Against the ACL."""
        self._steps[1].add(sw)

    def form(self, *sws: Sw) -> None:
        """Format, size and whatever else comes last; several where the same fault has several names."""
        self._steps[2].update(sws)

    def any_time(self, *sws: Sw) -> None:
        """At an unknown step."""
        self._any.update(sws)

    def settle(self) -> None:
        """Refused, if anything was said."""
        first = next((step for step in self._steps if step), set())
        if first or self._any:
            raise Refused(*first, *self._any)
