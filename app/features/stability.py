"""Stability: a block's whole numbers come in, columns on tenure, variation, concentration, loyalty,
delivery go out.
"""

from __future__ import annotations

import numpy as np

from app.features.blocks import NO_DAY, Block, count_day
from app.features.columns import Column, Floats, Ints, divide, make_column
from app.features.series import History, Series

ACTIVE_FROM_BILLS = 3
HIGH = 1 << 20  # amounts are cut into high and low parts of this many fen before they are squared


def stability_features(block: Block, history: History) -> dict[str, Column]:
    """domain.md 3, Stability: 17, 18, 21, 24–28, 32–34."""
    return {
        **_tenure(block),
        **_concentration(block),
        **_loyalty(block, history),
        **_delivery(block),
    }


def _tenure(block: Block) -> dict[str, Column]:
    never = block.first_cod_day == NO_DAY
    active = (block.months["cod_bills"][:, :12] >= ACTIVE_FROM_BILLS).sum(axis=1)
    idle_days = count_day(block.as_of.day) - 1 - block.last_bill_day
    return {
        "cod_months": make_column(
            _whole_months(block, np.where(never, 0, block.first_cod_day)), short=never
        ),
        "active_months_12m": make_column(active.astype(np.int64)),
        "days_since_last_bill": make_column(idle_days, baseless=block.last_bill_day == -NO_DAY),
    }


def _whole_months(block: Block, first_day: Ints) -> Ints:
    """Whole months from each day to T: the month is whole once T's day of the month has reached the
    first's.
    """
    days = first_day.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day_of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    between = block.as_of.month(0) - (months.astype(np.int64) + 1970 * 12)
    whole: Ints = between - (block.as_of.day.day < day_of_month)
    return whole


def variation(series: Series) -> dict[str, Column]:
    """domain.md 3, Stability: 22 and 23."""
    months = series.months(1, 12)
    mean = series.add(months) / 12
    short, baseless = series.shorter_than(12), mean == 0
    safe = np.where(baseless, 1.0, mean)[:, None]
    variance = series.add((months - mean[:, None]) ** 2) / 12
    below = series.add(np.minimum(0.0, months / safe - 1) ** 2) / 12
    return {
        "cv": make_column(divide(np.sqrt(variance), mean), short=short, baseless=baseless),
        "downside_dev": make_column(np.sqrt(below), short=short, baseless=baseless),
    }


def _sum_of_squares(parts: dict[str, Ints]) -> Floats:
    """Σ amount² from Σ of (high·2^20 + low)²: three whole numbers, so that the order of rows cannot
    matter.
    """
    return (
        parts["high_high"].astype(np.float64) * float(HIGH * HIGH)
        + parts["high_low"].astype(np.float64) * float(2 * HIGH)
        + parts["low_low"].astype(np.float64)
    )


def _herfindahl(parts: dict[str, Ints], total_fen: Ints) -> Floats:
    total = total_fen.astype(np.float64)
    return np.minimum(divide(_sum_of_squares(parts), total * total), 1.0)


def _concentration(block: Block) -> dict[str, Column]:
    amount_fen = block.sum_months("amount_fen", 12)
    consignees, attributes = block.consignees, block.attributes
    carried_fen = attributes["carried_fen"]
    return {
        "top1_consignee_share": make_column(
            divide(consignees["largest_fen"], amount_fen), baseless=amount_fen == 0
        ),
        "hhi_consignee": make_column(_herfindahl(consignees, amount_fen), baseless=amount_fen == 0),
        "hhi_carrier": make_column(
            _herfindahl(attributes, carried_fen),
            lacking=attributes["carriers"] == 0,
            baseless=carried_fen == 0,
        ),
    }


def _loyalty(block: Block, history: History) -> dict[str, Column]:
    found = block.consignees
    amount_6m_fen = block.sum_months("amount_fen", 6)
    return {
        "repeat_amt_share_6m": make_column(
            divide(found["repeat_6m_fen"], amount_6m_fen),
            short=history.shorter_than(7),
            baseless=amount_6m_fen == 0,
        ),
        "retention": make_column(
            divide(found["retained"], found["in_7_12"]), baseless=found["in_7_12"] == 0
        ),
    }


def _delivery(block: Block) -> dict[str, Column]:
    found = block.outcomes
    sent_fen = found["returned_6m_fen"] + found["mature_6m_fen"]
    return {
        "sign_rate": make_column(
            divide(found["signed"], found["shipped"]),
            lacking=found["with_signed_at"] == 0,
            baseless=found["shipped"] == 0,
        ),
        "return_rate_amt_6m": make_column(
            divide(found["returned_6m_fen"], sent_fen), baseless=sent_fen == 0
        ),
        "cod_cycle_p50": make_column(
            block.middle_paid_days,
            lacking=found["with_paid_at"] == 0,
            baseless=block.paid_bills == 0,
        ),
    }
