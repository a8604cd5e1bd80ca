"""Scale: a block's whole numbers come in, columns of waybill counts, amounts, consignees, carriers
go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import Block
from app.features.columns import Column, divide, divide_fen, make_column, round_half_up
from app.features.series import History, Series


def scale_features(block: Block, history: History) -> dict[str, Column]:
    """domain.md 3, Scale: 1–4, 8, 9 and 11–15."""
    average = divide_fen(block.sum_months("amount_fen", 12), 12)
    return {
        **_sums(block),
        "cod_avg_month": make_column(average, short=history.shorter_than(12)),
        **_variety(block),
    }


def _sums(block: Block) -> dict[str, Column]:
    found = {f"waybill_cnt_{k}m": make_column(block.sum_months("bills", k)) for k in (1, 3, 6, 12)}
    for k in (1, 3, 6, 12, 24):
        found[f"cod_amt_{k}m"] = make_column(block.sum_months("amount_fen", k))
    outcomes = block.outcomes
    found["cod_settled_12m"] = make_column(
        outcomes["settled_fen"], lacking=outcomes["with_settlement"] == 0
    )
    found["freight_12m"] = make_column(
        block.sum_months("freight_fen", 12), lacking=block.sum_months("freight_bills", 12) == 0
    )
    amount_fen, cod_bills = block.sum_months("amount_fen", 12), block.sum_months("cod_bills", 12)
    found["avg_ticket"] = make_column(divide_fen(amount_fen, cod_bills), baseless=cod_bills == 0)
    bills = block.sum_months("bills", 12)
    found["cod_penetration"] = make_column(divide(cod_bills, bills), baseless=bills == 0)
    return found


def usual_months(series: Series) -> dict[str, Column]:
    """domain.md 3, Scale: 5–7."""
    short = series.shorter_than(12)
    ordered = np.sort(series.months(1, 12), axis=1)
    trimmed = series.add(ordered[:, 1:11])
    return {
        "cod_median_month": make_column(
            round_half_up((ordered[:, 5] + ordered[:, 6]) / 2), short=short
        ),
        "cod_min_month": make_column(round_half_up(ordered[:, 0]), short=short),
        "cod_trim_month": make_column(round_half_up(trimmed / 10), short=short),
    }


def _variety(block: Block) -> dict[str, Column]:
    found = block.attributes
    return {
        "consignee_cnt": make_column(block.consignees["consignees"]),
        "dest_city_cnt": make_column(found["destinations"], lacking=found["destinations"] == 0),
        "carrier_cnt": make_column(found["used_carriers"], lacking=found["carriers"] == 0),
        "category_cnt": make_column(found["categories"], lacking=found["categories"] == 0),
    }
