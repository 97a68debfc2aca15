"""The dispatcher's table, with an example of each command."""

from __future__ import annotations

from dataclasses import dataclass

from smartdm.wire.commands import Ins
from smartdm.wire.documented import Doc, DocFlag


class Guard(Doc):
    """What the dispatcher asks for before a command runs."""

    ANYBODY = 0, "no principal needed"
    PRINCIPAL = 1, "some principal must be authenticated"


class RuleFlag(DocFlag):
    """Flags of a rule."""

    NONE = 0x00, "a single command"
    CHAIN = 0x01, "may come in parts"
    SETUP = 0x02, "also before the card is personalized"
    ZERO = 0x04, "P1 and P2 are 0"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the dispatcher's table, with the example that tests run on codec and card."""

    ins: Ins
    guard: Guard
    min_lc: int
    flags: RuleFlag
    example: tuple[tuple[str, str], ...]
    """(command, answer) APDUs in hex, from a fresh card on."""


RULES: tuple[Rule, ...] = (
    Rule(
        Ins.BATCH,
        Guard.PRINCIPAL,
        2,
        RuleFlag.CHAIN | RuleFlag.ZERO,
        (
            # Add the interior node ./DM1 with the leaf Addr = 127.0.0.1.
            (
                "80300000 1E 00 C001 C1 00 01 05 00 03 444D31 01 03 01 04 41646472 09 3132372E302E302E31",
                "9000",
            ),
            # Replace the value, keep Format and Type; then Get the node alone.
            (
                "80300000 1E 00 C001 C2 08 444D312F41646472 0F 00 03 3A3A31 C5 08 444D312F41646472 00",
                "02 000004 0001 03 01 04 41646472 03 3A3A31 9000",
            ),
            # The same Add again: command 1 is refused with ALREADY_EXISTS.
            ("80300000 0D 00 C001 C1 00 01 05 00 03 444D31 00", "0001 6A89 6300"),
        ),
    ),
    Rule(
        Ins.READ,
        Guard.PRINCIPAL,
        1,
        RuleFlag.NONE,
        # The root with all levels: on a fresh card it has its ACL (anybody: Add, Get; the issuer: all) and no children.
        (("8031FF00 01 00 00", "02 000002 0000 45 00 00 04 0089 00BF 00 9000"),),
    ),
    Rule(
        Ins.READ_NEXT,
        Guard.PRINCIPAL,
        0,
        RuleFlag.NONE,
        # Nothing to go on with.
        (("80320101 00", "6985"),),
    ),
    Rule(
        Ins.INITIALIZE_UPDATE,
        Guard.ANYBODY,
        8,
        RuleFlag.SETUP,
        # No such key set.
        (("80500900 08 0001020304050607 00", "6A88"),),
    ),
    Rule(
        Ins.EXTERNAL_AUTHENTICATE,
        Guard.ANYBODY,
        16,
        RuleFlag.SETUP,
        # There is no channel to open.
        (("84823300 10 00112233445566778899AABBCCDDEEFF", "6985"),),
    ),
    Rule(Ins.PERSONALIZE, Guard.PRINCIPAL, 61, RuleFlag.SETUP | RuleFlag.ZERO, (("80330000", "6700"),)),
    Rule(Ins.TERMINATE, Guard.PRINCIPAL, 0, RuleFlag.ZERO, (("80340100", "6A86"),)),
    Rule(
        Ins.VERIFY,
        Guard.ANYBODY,
        0,
        RuleFlag.ZERO,
        # Ask for the tries; a wrong PIN costs one, the right one gives them back.
        (("80200000", "63C3"), ("80200000 08 30303030FFFFFFFF", "63C2"), ("80200000 08 31323334FFFFFFFF", "9000")),
    ),
    Rule(
        Ins.CHANGE_REFERENCE_DATA,
        Guard.ANYBODY,
        16,
        RuleFlag.ZERO,
        (("80240000 10 31323334FFFFFFFF 30303030FFFFFFFF", "9000"),),
    ),
    Rule(
        Ins.RESET_RETRY_COUNTER,
        Guard.ANYBODY,
        16,
        RuleFlag.ZERO,
        (("802C0000 10 3132333435363738 30303030FFFFFFFF", "9000"),),
    ),
    Rule(Ins.PUT_KEY, Guard.PRINCIPAL, 67, RuleFlag.NONE, (("80D83181 01 00", "6700"),)),
    # No such login.
    Rule(Ins.CREDENTIAL, Guard.ANYBODY, 2, RuleFlag.NONE, (("80350100 03 014100 00", "6A82"),)),
    # Nobody has drawn a challenge.
    Rule(Ins.VERIFY_CREDENTIAL, Guard.ANYBODY, 18, RuleFlag.NONE, (("803601FF 12 0141 " + 16 * "00", "6985"),)),
    Rule(Ins.GET_CHALLENGE, Guard.ANYBODY, 0, RuleFlag.NONE, ()),
)
