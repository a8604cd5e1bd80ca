"""Fraud: a block's whole numbers come in, columns on self-dealing, round amounts, spikes, edits,
repeated and voided records go out.
"""

from __future__ import annotations

from app.features.blocks import Block, count_day
from app.features.calendar import BASE_DAYS, RECENT_DAYS
from app.features.columns import Column, divide, make_column

SPANS_IN_BASE = BASE_DAYS // RECENT_DAYS


def fraud_features(block: Block) -> dict[str, Column]:
    """domain.md 3, Fraud: 46, 52 (as a plain share), 54, 57, 59."""
    records, repeats = block.sum_months("records", 12), block.sum_months("repeats", 12)
    cod_bills = block.sum_months("cod_bills", 12)
    own_fen = block.sum_months("self_deal_fen", 12)
    all_fen = block.sum_months("amount_fen", 12) + own_fen
    amount_fen, recent = block.sum_months("amount_fen", 12), block.recent
    begun_late = block.first_cod_day > count_day(block.as_of.base_from)
    none = records == 0
    return {
        "self_deal_share": make_column(
            divide(own_fen, all_fen),
            lacking=block.sum_months("two_sided", 12) == 0,
            baseless=all_fen == 0,
        ),
        "round_share": make_column(
            divide(block.sum_months("round_bills", 12), cod_bills), baseless=cod_bills == 0
        ),
        "spike_30d": make_column(
            divide(recent["recent_fen"] * SPANS_IN_BASE, recent["base_fen"]),
            short=begun_late,
            baseless=recent["base_fen"] == 0,
        ),
        "edit_up_share": make_column(
            divide(block.sum_months("edited_fen", 12), amount_fen),
            lacking=block.sum_months("with_first_amount", 12) == 0,
            baseless=amount_fen == 0,
        ),
        "duplicate_rate": make_column(divide(repeats, records + repeats), baseless=none),
        "void_rate": make_column(divide(block.sum_months("voided", 12), records), baseless=none),
        "reset_rate": make_column(divide(block.sum_months("resets", 12), records), baseless=none),
    }
