"""A snapshot and both judgements come in; what changed by size, industry and region goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.policies.portfolio import PortfolioJudgement

Mask = NDArray[np.bool_]
SIZE = "cod_amt_12m"
BANDS_YUAN = (0, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)
GROUPINGS = {"industry": "industry", "region": "origin_region"}  # group → column of a snapshot
UNKNOWN = "unknown"


def group_swaps(
    features: pa.Table, was: PortfolioJudgement, now: PortfolioJudgement
) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Both policies by size band, industry and region, where the snapshot has them; else a note.

    Size bands stand in their order; industries and regions by how much changed in them: merchants
    swapped, then limits, then by size; those of whom nothing is known last.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    notes: list[str] = []
    for name, wanted in {SIZE: SIZE, **GROUPINGS}.items():
        if wanted not in features.column_names:
            notes.append(f"the snapshot has no {wanted}, so nothing is shown by {name}")
            continue
        column = features.column(wanted).combine_chunks()
        codes, labels = _bands(column) if name == SIZE else _words(column)
        found[name] = _sum_groups(codes, labels, was, now)
        if name != SIZE:
            found[name].sort(key=_by_change)
    return found, notes


def _by_change(group: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an analyst looks at first."""
    moved = group["swapped_in"] + group["swapped_out"]
    limits = abs(group["limit_after_fen"] - group["limit_before_fen"])
    is_last = group["group"] == UNKNOWN
    return is_last, -moved, -limits, -group["merchants"], group["group"]


def _bands(column: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    fens = pc.fill_null(column, -1).to_numpy(zero_copy_only=False)
    codes = np.searchsorted(np.array(BANDS_YUAN, np.int64) * 100, fens, side="right")
    labels = [UNKNOWN]
    for place, low in enumerate(BANDS_YUAN):
        high = BANDS_YUAN[place + 1] if place + 1 < len(BANDS_YUAN) else None
        labels.append(f"≥ {low:,}" if high is None else f"{low:,} – {high:,}")
    return codes, labels


def _words(column: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    words = column.cast(pa.string())
    encoded = pc.if_else(pc.equal(words, UNKNOWN), None, words).dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).cast(pa.int64()).to_numpy() + 1
    return codes, [UNKNOWN, *encoded.dictionary.to_pylist()]


def _sum_groups(
    codes: NDArray[np.int64],
    labels: Sequence[str],
    was: PortfolioJudgement,
    now: PortfolioJudgement,
) -> list[dict[str, Any]]:
    def count(mask: Mask) -> list[int]:
        return [int(one) for one in np.bincount(codes[mask], minlength=len(labels))]

    before, after = was.outcomes == 0, now.outcomes == 0
    counted = [count(mask) for mask in (np.ones(len(codes), bool), before, after)]
    swapped = [count(~before & after), count(before & ~after)]
    limits = [_sum_by(codes, judged.limits_fen, len(labels)) for judged in (was, now)]
    keys = ("merchants", "approved_before", "approved_after", "swapped_in", "swapped_out")
    rows = zip(labels, *counted, *swapped, *limits, strict=True)
    return [
        {
            "group": label,
            **dict(zip(keys, numbers[:5], strict=True)),
            "limit_before_fen": numbers[5],
            "limit_after_fen": numbers[6],
        }
        for label, *numbers in rows
        if numbers[0]
    ]


def _sum_by(codes: NDArray[np.int64], fens: NDArray[np.int64], size: int) -> list[int]:
    """Exact sums: whole fen below 2^53 in all stay whole in float64."""
    given = fens > 0
    sums = np.bincount(codes[given], weights=fens[given].astype(np.float64), minlength=size)
    return [int(one) for one in sums]
