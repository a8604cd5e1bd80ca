"""The cleaning codes as bits of one whole number, so that a waybill can carry several of them in
its column `flags`.
"""

from __future__ import annotations

from enum import IntFlag


class Code(IntFlag):
    """What can be wrong with a waybill.

    The values are stored in the lake: never renumber, only add.
    """

    VOIDED = 1 << 0
    RETURNED = 1 << 1
    PLACEHOLDER_PARTY = 1 << 2
    SELF_DEAL = 1 << 3
    TIME = 1 << 4
    TEST = 1 << 5
    EDITED_UP = 1 << 6
    # Judged later, with the merchant's or the lane's other bills at hand; reserved here.
    AMOUNT_OUTLIER = 1 << 7
    DUPLICATE_SUSPECT = 1 << 8
    FREIGHT_OUTLIER = 1 << 9
    FEE_OUTLIER = 1 << 10


# Codes that intake can tell from the row alone.
ROW_LOCAL = (
    Code.VOIDED,
    Code.RETURNED,
    Code.PLACEHOLDER_PARTY,
    Code.SELF_DEAL,
    Code.TIME,
    Code.TEST,
    Code.EDITED_UP,
)

# A waybill with any of these is no sale.
NO_SALE = Code.VOIDED | Code.RETURNED | Code.SELF_DEAL | Code.TEST

# The quarantine code of a number that came again with other content; such a row waits there.
CONFLICT = "CONFLICT"


def name_codes(flags: int) -> list[str]:
    """Names of the codes in a bit mask, lowest bit first."""
    return [str(code.name) for code in Code if flags & code]
