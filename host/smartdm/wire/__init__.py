"""THE numbers of the card's protocol: the only place where they are defined.

``applet/src/smartdm/Wire.java`` and ``docs/card-commands.md`` are rendered from
this module (``python -m smartdm.render``) and committed; a test renders them again
and compares.  A docstring or the second tuple member says what a number means
and where it comes from.  All integers on the wire are big endian and unsigned.

Each family has a room of its own: ``commands``, ``nodes``, ``limits``, ``principals``, ``status`` words
and ``rules``, the dispatcher's table.  Everybody imports them from here.

Stdlib only: level 0 of the import order.
"""

from __future__ import annotations

from smartdm.wire.commands import (
    APPLET_AID,
    PACKAGE_AID,
    VERSION_MAJOR,
    VERSION_MINOR,
    Cla,
    Command,
    Ins,
    Install,
    Option,
    Select,
)
from smartdm.wire.documented import Documented
from smartdm.wire.limits import Limit, Node
from smartdm.wire.nodes import (
    ACL_ID_SHIFT,
    DEFINITION_ID_HIGH,
    DEFINITION_REQUIRED,
    ID_RUN,
    META_DEFINITION,
    META_INLINE,
    META_TYPE,
    PIECES,
    SOURCE_VALUE,
    TYPES,
    Access,
    Format,
    Kind,
    Stream,
    Verb,
)
from smartdm.wire.principals import Principal, Proof, Scheme, State
from smartdm.wire.rules import RULES, Guard, Rule, RuleFlag
from smartdm.wire.status import Sw

__all__ = [
    "ACL_ID_SHIFT",
    "APPLET_AID",
    "DEFINITION_ID_HIGH",
    "DEFINITION_REQUIRED",
    "ID_RUN",
    "META_DEFINITION",
    "META_INLINE",
    "META_TYPE",
    "PACKAGE_AID",
    "PIECES",
    "RULES",
    "SOURCE_VALUE",
    "TYPES",
    "VERSION_MAJOR",
    "VERSION_MINOR",
    "Access",
    "Cla",
    "Command",
    "Documented",
    "Format",
    "Guard",
    "Ins",
    "Install",
    "Kind",
    "Limit",
    "Node",
    "Option",
    "Principal",
    "Proof",
    "Rule",
    "RuleFlag",
    "Scheme",
    "Select",
    "State",
    "Stream",
    "Sw",
    "Verb",
]
