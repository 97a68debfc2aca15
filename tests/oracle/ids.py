"""Which ids new nodes get: the lowest free ones in the order in which they come, level by level.

Those of a definition follow each other: they lie in the longest gap, the first of them if there are several, but not
among the first eighth of all ids, and below 512.
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
        gaps: list[list[int]] = [[]]
        for number in range(card.node_limit // 8, min(card.node_limit, DEFINITIONS)):
            if number in used:
                gaps.append([])
            else:
                gaps[-1].append(number)
        free = max(gaps, key=len)
    level = list(tops)
    while level:
        if len(level) > len(free):
            return False
        for node in level:
            node.id = free.pop(0)
        level = [child for node in level for child in node.children]
    return True
