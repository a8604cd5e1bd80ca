"""100,000 merchants through the whole of `wuliudai` in numpy, against ten of its rules by hand.

The floor is what a person would write in numpy for ten of the rules, each with its missing values:
five conditions, two characteristics of the scorecard, the tiers, the limit, the price. Each kind is
timed apart and scaled to how many the policy has. By hand there are no reasons; ours also ranks
every merchant's. A stricter floor, the bare conditions scaled by the number of elementary
operations, is printed beside it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from app.policies.policy import Policy
from app.policies.portfolio import PortfolioPipeline, build_portfolio
from app.rules.rulesets import Formula, Rules, Table
from app.rules.terms import COMPARE, Term
from app.rules.vector import column_of
from app.scoring.scorecard import Scorecard
from benchmarks._merchants import ROOT, make_merchants, read_shipped
from benchmarks.table import Row

CONDITIONS = (
    ("cod_months", "<", 12),
    ("cod_amt_12m", "<", 50_000_000),
    ("days_since_last_bill", ">", 15),
    ("sign_rate", "<", 0.85),
    ("self_deal_share", ">", 0.10),
)
BINS = {
    "cod_trim_month": ([4_000_000, 8_000_000, 15_000_000, 25_000_000], [0, 5, 9, 12, 15, 0]),
    "consignee_cnt": ([10, 20, 50], [0, 2, 4, 5, 0]),
}
Arrays = dict[str, Any]


def run(smoke: bool) -> list[Row]:
    """The time against both floors, and the peak memory of a process that does nothing else."""
    count = 2_000 if smoke else 100_000
    policy = read_shipped("wuliudai")
    values = _values(policy, count)
    columns = {name: column_of(policy.inputs[name].type.kind, row) for name, row in values.items()}
    arrays = {name: _array(row) for name, row in values.items()}
    pipeline = PortfolioPipeline(policy, "drawdown")

    def ours() -> object:
        return pipeline.judge(build_portfolio(policy, "drawdown", columns, count))

    steps = [
        lambda: conditions_by_hand(arrays, count),
        lambda: score_by_hand(arrays),
        lambda: tiers_by_hand(arrays),
        lambda: limit_by_hand(arrays),
        lambda: price_by_hand(arrays),
        ours,
    ]
    conditions, score, tiers, limit, price, whole = _in_turns(steps, 2 if smoke else 9)
    kinds = count_kinds(policy)
    floor = (
        conditions * kinds["rules"] / len(CONDITIONS)
        + score * kinds["characteristics"] / len(BINS)
        + tiers
        + limit
        + price
    )
    operations = count_operations(policy)
    strict = conditions * operations / len(CONDITIONS)
    peak_gib = _peak_gib(count)
    return [
        Row(
            f"batch: {count:,} merchants, whole wuliudai",
            floor,
            whole,
            whole / floor,
            3,
            f"ten rules by hand, each kind scaled to all: {kinds}",
            "ms",
        ),
        Row(
            "batch: the same against bare conditions",
            strict,
            whole,
            whole / strict,
            note=f"five conditions by hand {conditions:.2f} ms, scaled to {operations} operations",
            unit="ms",
        ),
        Row("batch: peak memory", 2.0, peak_gib, peak_gib / 2.0, 1, "against 2 GiB", "GiB"),
    ]


def conditions_by_hand(arrays: Arrays, count: int) -> Any:
    """Where each is hit and where its input is missing, gathered into outcomes."""
    declined = np.zeros(count, bool)
    referred = np.zeros(count, bool)
    for name, sign, threshold in CONDITIONS:
        values = arrays[name]
        declined |= values < threshold if sign == "<" else values > threshold
        referred |= np.isnan(values)
    return declined, referred


def score_by_hand(arrays: Arrays) -> Any:
    score = 0
    for name, (edges, points) in BINS.items():
        values = arrays[name]
        bins = np.where(np.isnan(values), len(edges) + 1, np.digitize(values, edges))
        score = score + np.array(points)[bins]
    return score


def tiers_by_hand(arrays: Arrays) -> Any:
    score, months, top1 = (
        arrays["cod_months"] * 3,
        arrays["cod_months"],
        arrays["top1_consignee_share"],
    )
    unknown = np.isnan(score) | np.isnan(months) | np.isnan(top1)
    rows = [
        (score >= 85) & (months >= 18) & (top1 <= 0.5),
        (score >= 75) & (top1 <= 0.5),
        score >= 65,
        score >= 55,
    ]
    return np.where(unknown, -1, np.select(rows, [0, 1, 2, 3], 4))


def limit_by_hand(arrays: Arrays) -> Any:
    """The limit formula, money rounded to a whole fen at each step as the policy says."""
    months, yoy, tier = arrays["cod_months"], arrays["yoy_3m"], arrays["cod_months"] % 5

    def fen(values: Any) -> Any:
        return np.where(values < 0, np.ceil(values - 0.5), np.floor(values + 0.5))

    flow = np.minimum(arrays["cod_trim_month"], fen(1.25 * arrays["cod_median_month"]))
    flow = np.minimum(flow, fen(arrays["cod_amt_3m"] / 3))
    alpha = np.select([tier == 0, tier == 1, tier == 2], [2.0, 1.6, 1.2], 0.6)
    seasoning = np.select([months >= 24, months >= 18], [1.0, 0.85], 0.70)
    growth = np.select([months < 15, yoy < -0.3, yoy < -0.1], [1.0, 0.6, 0.8], 1.0)
    raised = fen(fen(fen(flow * alpha) * seasoning) * growth)
    limit = np.minimum(np.minimum(50_000_000, raised), fen(0.2 * arrays["cod_settled_12m"]))
    limit = limit - arrays["other_exposure"]
    return np.floor(limit / 100_000) * 100_000, np.isnan(limit)


def price_by_hand(arrays: Arrays) -> Any:
    tier = arrays["cod_months"] % 5
    rates = [0.00019, 0.00025, 0.00032, 0.00040]
    return np.select([tier == 0, tier == 1, tier == 2, tier == 3], rates, np.nan)


def count_kinds(policy: Policy) -> dict[str, int]:
    """How many rules and characteristics the policy has; tiers, limit and price are one each."""
    rules = sum(len(s.checked.rules) for s in policy.stages if isinstance(s.checked, Rules))
    cards = [s.checked for s in policy.stages if isinstance(s.checked, Scorecard)]
    return {"rules": rules, "characteristics": sum(len(card.characteristics) for card in cards)}


def count_operations(policy: Policy) -> int:
    """Comparisons, bin edges and arithmetic of the whole policy."""
    total = 0
    for stage in policy.stages:
        match stage.checked:
            case Rules(rules=rules):
                total += sum(max(1, _leaves(rule.when)) for rule in rules)
            case Table(rows=rows):
                total += sum(max(1, _leaves(row.condition)) for row in rows)
            case Formula(limit=limit):
                total += _steps(limit, set())
            case Scorecard(characteristics=characteristics):
                total += sum(
                    len(c.edges) + len(c.words) + _steps(c.term, set()) for c in characteristics
                )
    return total


def _leaves(term: Term) -> int:
    own = term.op in COMPARE or term.op == "is_null"
    return own + sum(_leaves(arg) for arg in term.args)


def _steps(term: Term, seen: set[int]) -> int:
    """Operations of a term, each shared one once."""
    if term.op in ("input", "const") or hash(term) in seen:
        return 0
    seen.add(hash(term))
    return 1 + sum(_steps(arg, seen) for arg in term.args)


def _values(policy: Policy, count: int) -> dict[str, list[Any]]:
    base = make_merchants(policy, min(count, 5_000), seed=11)
    return {name: [base[i % len(base)][name] for i in range(count)] for name in policy.inputs}


def _array(values: list[Any]) -> Any:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _in_turns(steps: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median milliseconds of each; they take turns, after one round to warm up."""
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds + 1):
        for place, step in enumerate(steps):
            started = time.perf_counter()
            step()
            times[place].append((time.perf_counter() - started) * 1e3)
    return [median(found[1:]) for found in times]


def _peak_gib(count: int) -> float:
    """Peak resident memory of a fresh process that judges `count` merchants."""
    code = f"from benchmarks.batch import judge_alone; judge_alone({count})"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(found.stdout)


def judge_alone(count: int) -> None:
    """Judge and print the peak memory in GiB."""
    policy = read_shipped("wuliudai")
    columns = {
        name: column_of(policy.inputs[name].type.kind, row)
        for name, row in _values(policy, count).items()
    }
    PortfolioPipeline(policy, "drawdown").judge(build_portfolio(policy, "drawdown", columns, count))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
