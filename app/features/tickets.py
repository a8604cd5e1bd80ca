"""Amounts of single bills: a block's year comes in; columns with the median and with how far first
digits are from Benford's law go out.
"""

from __future__ import annotations

from app.features.blocks import Block
from app.features.columns import Column, make_column, round_half_up

LEAST_FOR_BENFORD = 300  # COD bills; fewer say nothing of their first digits


def ticket_features(block: Block) -> dict[str, Column]:
    """domain.md 3: 10 and 53."""
    bills, fractions = block.year.whole["summary"]["tickets"], block.year.fractions
    return {
        "p50_ticket": make_column(
            round_half_up(fractions["middle_ticket_fen"]), baseless=bills == 0
        ),
        "benford_mad": make_column(fractions["benford_distance"], short=bills < LEAST_FOR_BENFORD),
    }
