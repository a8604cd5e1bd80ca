"""Parties: what the whole platform and the lists of known parties say of a block's merchants comes
in; columns on trade in circles, shared phones and cards, captive and fresh customers go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.features.blocks import Block
from app.features.calendar import AsOf
from app.features.columns import Column, Floats, Ints, divide, make_column
from app.features.journeys import journey_features
from app.features.reference import References


@dataclass(frozen=True, slots=True)
class Parties:
    """`sums` as in Network, of a block's merchants; `blacklisted` are the entries of the blacklist.

    `has_blacklist` and `has_staff`: whether there is such a list; `is_young`: whether the platform
    is too young to tell who is new to it.
    """

    sums: Mapping[str, Ints | Floats]
    is_young: bool
    has_blacklist: bool
    has_staff: bool
    blacklisted: int


def make_parties(
    sums: Mapping[str, Ints | Floats], begun_on: date | None, references: References, as_of: AsOf
) -> Parties:
    """What is known of the parties of a block; `sums` are the network's of its merchants, and
    `begun_on` is the day of the platform's first bill.
    """
    blacklist = references.blacklist
    return Parties(
        sums=sums,
        is_young=begun_on is None or begun_on > as_of.newcomers_from,
        has_blacklist=blacklist is not None,
        has_staff=references.staff is not None,
        blacklisted=len(blacklist.in_force(as_of)) if blacklist is not None else 0,
    )


def party_features(block: Block, found: Parties) -> dict[str, Column]:
    """domain.md 3, Fraud: 47–51, 55–58, 60, and suspected duplicates of 59.

    They depend on other merchants' waybills too.
    """
    sums, amount_fen = found.sums, block.sum_months("amount_fen", 12)
    recent_fen = sums["recent_fen"]
    size = len(block.merchants)
    known = block.year.whole["listed"]
    parties, listed = known["parties"], known["listed"]
    related = block.year.whole["related"]["related"] > 0
    return {
        "reciprocal_share": make_column(
            divide(sums["reciprocal_fen"], amount_fen), baseless=amount_fen == 0
        ),
        "ring_share": make_column(divide(sums["ring_fen"], recent_fen), baseless=recent_fen == 0),
        "shared_phone_merchants": make_column(
            sums["phone_sharers"], lacking=block.routes["phones"] == 0
        ),
        "shared_card_merchants": make_column(
            sums["card_sharers"], lacking=block.routes["cards"] == 0
        ),
        "captive_share": make_column(
            divide(sums["captive_fen"], amount_fen), baseless=amount_fen == 0
        ),
        "fresh_party_share_90d": make_column(
            divide(sums["fresh_fen"], recent_fen),
            short=np.full(size, found.is_young),
            baseless=recent_fen == 0,
        ),
        "blacklist_jaccard": make_column(
            divide(listed, parties + found.blacklisted - listed),
            lacking=np.full(size, not found.has_blacklist),
            baseless=parties == 0,
        ),
        **journey_features(amount_fen, sums),
        "outlet_related": make_column(related, lacking=np.full(size, not found.has_staff)),
    }
