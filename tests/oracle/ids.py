"""Which ids new nodes get: the lowest free ones in the order in which they come, level by level.

Those of a definition follow each other: behind the last one in use, but not among the first eighth of all ids, and
below 512.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.oracle.nodes import REGISTRY, Node, Path

if TYPE_CHECKING:
    from tests.oracle.tree import Card

DEFINITIONS = 512
"""The ids of definitions are below it."""


def give(card: Card, parent: Path, tops: Sequence[Node]) -> bool:
    """Give ids to new subtrees that come together below a node; False if there are not enough.

    Nobody gets one while the id of any node on the card is unknown.
    """
    used = {node.id for node in card.all()}
    if None in used:
        return True
    free = [number for number in range(card.node_limit) if number not in used]
    if parent == (REGISTRY,):
        last = max(number for number in used if number is not None)
        first = max(last + 1, card.node_limit // 8)
        free = [number for number in free if first <= number < DEFINITIONS]
    level = list(tops)
    while level:
        if len(level) > len(free):
            return False
        for node in level:
            node.id = free.pop(0)
        level = [child for node in level for child in node.children]
    return True
