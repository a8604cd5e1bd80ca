"""What carriage shows of merchants: the rollups `merchant_carriage` and `merchant_outlet` of all
merchants come in; columns on odd freight and fees, suspected duplicates, goods signed for before
they can be there, and bills written at night go out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from app.features.calendar import AsOf
from app.features.columns import Column, Floats, Ints, divide, make_column
from app.features.rollups import RolledLake
from app.features.sql_text import Value, render_sql

FEWEST_BILLS = 200  # of an outlet in M1–M12, to have a norm of its own
SUMS = (
    "freight_judged",
    "fee_judged",
    "freight_outliers",
    "fee_outliers",
    "barred_fen",
    "freight_outlier_fen",
    "fee_outlier_fen",
    "countable",
    "suspects",
    "known_journeys",
    "known_fen",
    "too_fast_fen",
)
NIGHTS = ("timed_bills", "night_bills")


CODES = {
    "DUPLICATE_SUSPECT": "suspects",
    "FREIGHT_OUTLIER": "freight_outliers",
    "FEE_OUTLIER": "fee_outliers",
}


def read_journeys(
    fetch: Callable[[str], pa.Table], rolled: RolledLake, as_of: AsOf, size: int
) -> dict[str, Ints | Floats]:
    """Sums of M1–M12 over the platform's `size` merchants, each of shape (merchants,): SUMS,
    NIGHTS, and `usual_nights`, how many bills the norms of their outlets let expect at
    night. `fetch(sql)` runs a statement; the table `roster` must exist.
    """
    values: dict[str, Value] = {"m1": as_of.month(1), "m12": as_of.month(12)}
    values["fewest_bills"] = FEWEST_BILLS
    carriage, nights = (
        fetch(
            render_sql(f"network_{name}", values).replace(
                "{origin}", rolled.select_from(rollup, since=as_of.month(12))
            )
        )
        for name, rollup in (("carriage", "merchant_carriage"), ("nights", "merchant_outlet"))
    )
    found: dict[str, Ints | Floats] = {name: np.zeros(size, np.int64) for name in (*SUMS, *NIGHTS)}
    for name in SUMS:
        found[name][_ints(carriage, "place")] = _ints(carriage, name)
    place = _ints(nights, "place")
    for name in NIGHTS:
        np.add.at(found[name], place, _ints(nights, name))
    # Rows stand in the order of the norms, so that sums of fractions do not depend on names.
    usual = np.zeros(size, np.float64)
    norm = divide(_ints(nights, "norm_nights"), _ints(nights, "norm_bills"))
    np.add.at(usual, place, norm * _ints(nights, "timed_bills"))
    return {**found, "usual_nights": usual}


def count_codes(sums: Mapping[str, Ints | Floats]) -> dict[str, int]:
    """How many bills of M1–M12 have each code, for the provenance."""
    return {code: int(sums[name].sum()) for code, name in CODES.items()}


def journey_features(amount_fen: Ints, sums: Mapping[str, Ints | Floats]) -> dict[str, Column]:
    """domain.md 3, Fraud: 55, 56, 58, and DUPLICATE_SUSPECT of 59; `amount_fen` is that of
    M1–M12, `sums` are of the same merchants as read_journeys gave them.
    """
    priced_fen = amount_fen + sums["barred_fen"]
    timed = sums["timed_bills"]
    return {
        "night_share": make_column(
            divide(sums["night_bills"] - sums["usual_nights"], timed), lacking=timed == 0
        ),
        "freight_outlier_share": make_column(
            divide(sums["freight_outlier_fen"], priced_fen), lacking=sums["freight_judged"] == 0
        ),
        "fee_outlier_share": make_column(
            divide(sums["fee_outlier_fen"], priced_fen), lacking=sums["fee_judged"] == 0
        ),
        "too_fast_sign_share": make_column(
            divide(sums["too_fast_fen"], sums["known_fen"]),
            lacking=sums["known_journeys"] == 0,
            baseless=sums["known_fen"] == 0,
        ),
        "duplicate_suspect_share": make_column(
            divide(sums["suspects"], sums["countable"]), lacking=sums["countable"] == 0
        ),
    }


def _ints(table: pa.Table, name: str) -> Ints:
    values: Ints = table.column(name).cast(pa.int64()).to_numpy()
    return values
