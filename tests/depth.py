"""How deep the searches go: SMARTDM_DEPTH is quick (`make test`), full (CI) or long (`make fuzz soak`)."""

import os
from typing import Literal

Depth = Literal["quick", "full", "long"]
DEPTHS: tuple[Depth, ...] = ("quick", "full", "long")


def _read() -> Depth:
    text = os.environ.get("SMARTDM_DEPTH", "quick")
    for depth in DEPTHS:
        if text == depth:
            return depth
    raise ValueError(f"SMARTDM_DEPTH is {text!r}; it is one of {', '.join(DEPTHS)}")


DEPTH: Depth = _read()


def pick(quick: int, full: int, long: int) -> int:
    """The count that the depth asks for; a test that uses it has the mark ``search`` (or ``fuzz``)."""
    return {"quick": quick, "full": full, "long": long}[DEPTH]
