"""Judge every merchant of a snapshot by a release, for the purpose preapproval; a table comes out,
one row a merchant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from app.policies.policy import Policy
from app.policies.portfolio import PortfolioJudgement, PortfolioPipeline, build_portfolio
from app.policies.reasons import PRODUCT_STOPPED
from app.rules.rulesets import OUTCOMES
from app.whitelists.columns import columns_of

PURPOSE = "preapproval"
SCHEMA = pa.schema(
    [
        pa.field("merchant_id", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("tier", pa.string()),
        pa.field("limit_fen", pa.int64()),
        pa.field("daily_rate", pa.float64()),
        pa.field("reasons", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class Whitelist:
    """A judged portfolio. `table` has the columns of SCHEMA, merchants in the snapshot's order."""

    id: str
    policy: str
    release: int
    release_sha256: str
    snapshot_id: str
    as_of: date
    table: pa.Table

    @property
    def counts(self) -> dict[str, int]:
        """Merchants by outcome."""
        counted = {
            row["values"]: row["counts"]
            for row in self.table.column("outcome").value_counts().to_pylist()
        }
        return {outcome: counted.get(outcome, 0) for outcome in OUTCOMES}

    @property
    def total_limit_fen(self) -> int:
        total = pa.compute.sum(self.table.column("limit_fen")).as_py()
        return int(total or 0)


def judge_snapshot(
    policy: Policy,
    release: int,
    release_sha256: str,
    snapshot_id: str,
    as_of: date,
    features: pa.Table,
    progress: Callable[[int], None] | None = None,
    is_stopped: bool = False,
) -> Whitelist:
    """The whitelist of a snapshot. Its id is made of release, snapshot and purpose, so the same
    work gives the same id. Of a product that is stopped everybody is referred.
    """
    columns = columns_of(features, policy)
    portfolio = build_portfolio(policy, PURPOSE, columns, features.num_rows)
    judged = PortfolioPipeline(policy, PURPOSE).judge(portfolio, progress)
    made_of = f"{release_sha256}:{snapshot_id}:{PURPOSE}"
    if is_stopped:
        judged, made_of = refer_all(judged), f"{made_of}:stopped"
    identity = hashlib.sha256(made_of.encode()).hexdigest()[:24]
    table = table_of(features.column("merchant_id"), judged)
    return Whitelist(identity, policy.product, release, release_sha256, snapshot_id, as_of, table)


def refer_all(judged: PortfolioJudgement) -> PortfolioJudgement:
    """The judgement of a product that is stopped: all refer, for that reason before their own."""
    starts = judged.reason_starts
    code = len(judged.reason_words)
    added = np.arange(len(starts), dtype=starts.dtype)
    return replace(
        judged,
        outcomes=np.full_like(judged.outcomes, OUTCOMES.index("refer")),
        limits_fen=np.full_like(judged.limits_fen, -1),
        daily_rates=np.full_like(judged.daily_rates, np.nan),
        reason_starts=starts + added,
        reason_codes=np.insert(judged.reason_codes, starts[:-1], code),
        reason_words=(*judged.reason_words, PRODUCT_STOPPED),
    )


def table_of(merchant_ids: pa.ChunkedArray, judged: PortfolioJudgement) -> pa.Table:
    """A judgement as a table with the columns of SCHEMA."""
    reasons = pa.ListArray.from_arrays(
        pa.array(judged.reason_starts.astype(np.int32)),
        pa.DictionaryArray.from_arrays(
            pa.array(judged.reason_codes), pa.array(judged.reason_words, pa.string())
        ).cast(pa.string()),
    )
    outcomes = pa.DictionaryArray.from_arrays(pa.array(judged.outcomes), pa.array(OUTCOMES)).cast(
        pa.string()
    )
    no_tier = judged.tiers < 0
    tiers = pa.DictionaryArray.from_arrays(
        pa.array(np.where(no_tier, 0, judged.tiers), mask=no_tier),
        pa.array(judged.tier_words or ("",), pa.string()),
    ).cast(pa.string())
    arrays = [
        merchant_ids.combine_chunks().cast(pa.string()),
        outcomes,
        pa.array(judged.scores, mask=np.isnan(judged.scores)),
        tiers,
        pa.array(judged.limits_fen, mask=judged.limits_fen < 0),
        pa.array(judged.daily_rates, mask=np.isnan(judged.daily_rates)),
        reasons,
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
