"""A draft of `wuliudai` against the shipped policy over whole portfolios, and one batch evaluation
of the same merchants beside it, in the same run.

The draft has three changed parts: a threshold that lets merchants in, one that keeps them out, and
the limit. Timed is everything after the features are loaded and both policies are compiled: inputs,
both judgements, and the whole report with its attribution. The batch evaluation is what a whitelist
does: inputs, judgement, ranked reasons. The million runs in a process of its own, for its memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from app.comparisons.judging import Versions, prepare_versions
from app.comparisons.simulate import simulate_snapshot
from app.policies.documents import load_documents
from app.policies.policy import Policy, check_policy
from app.policies.portfolio import build_portfolio
from app.rules.document import node_of, plain_of
from app.whitelists.build import PURPOSE
from app.whitelists.columns import columns_of
from benchmarks._merchants import ROOT, make_merchants
from benchmarks.table import Row

ARROW = {"money": pa.int64(), "number": pa.float64(), "text": pa.string(), "boolean": pa.bool_()}
NEW_THRESHOLDS = {"ADM-002": "cod_amt_12m < 400_000", "ADM-005": "consignee_cnt < 15"}
DAY = date(2026, 10, 31)


def run(smoke: bool) -> list[Row]:
    """60,000 merchants against one batch and against a second; 1,000,000 against 20 s and 6 GB."""
    few, many = (2_000, 5_000) if smoke else (60_000, 1_000_000)
    versions = read_versions()
    features = make_features(versions.before, few)
    batch, ours = _in_turns(versions, features, 2 if smoke else 9)
    code = f"from benchmarks.simulate import simulate_alone; simulate_alone({many})"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, peak_gb = json.loads(told.stdout)
    what = f"simulate {few:,} merchants"
    return [
        Row(f"{what}: against one batch", batch, ours, ours / batch, 2.2, "three changed parts"),
        Row(f"{what}: against a second", 1.0, ours, ours, 1, "after load"),
        Row(f"simulate {many:,} merchants", 20.0, seconds, seconds / 20, 1, "against 20 s"),
        Row("simulate: peak memory", 6.0, peak_gb, peak_gb / 6, 1, "against 6 GB", "GB"),
    ]


def read_versions() -> Versions:
    """The shipped policy and the draft, compiled."""
    documents = load_documents("wuliudai", ROOT / "rulesets", ROOT / "scorecards")
    admission = plain_of(documents.rulesets["admission.yaml"])
    for rule in admission["rules"]:
        rule["when"] = NEW_THRESHOLDS.get(rule["id"], rule["when"])
    limit = plain_of(documents.rulesets["limit.yaml"])
    limit["minimum"]["amount"] = "20_000"
    changed = {"admission.yaml": admission, "limit.yaml": limit}
    rulesets = {name: node_of(name, plain) for name, plain in changed.items()}
    draft = replace(documents, rulesets={**documents.rulesets, **rulesets})
    return prepare_versions(check_policy(documents), check_policy(draft))


def make_features(policy: Policy, count: int) -> pa.Table:
    """A snapshot's table of random merchants (5,000 different ones, again and again)."""
    base = make_merchants(policy, min(count, 5_000), seed=11)
    rows = pa.array(np.arange(count) % len(base))
    columns: dict[str, Any] = {"merchant_id": [f"m{place:07}" for place in range(count)]}
    for name, one in policy.inputs.items():
        if one.origin == "features":
            values = [merchant[name] for merchant in base]
            columns[name] = pa.array(values, ARROW[one.type.kind]).take(rows)
    return pa.table(columns)


def _in_turns(versions: Versions, features: pa.Table, rounds: int) -> tuple[float, float]:
    """Median seconds of one batch and of one simulation; they take turns, after one to warm up."""

    def judge_once() -> object:
        columns = columns_of(features, versions.before)
        portfolio = build_portfolio(versions.before, PURPOSE, columns, features.num_rows)
        return versions.judge_before.judge(portfolio)

    def simulate() -> object:
        return simulate_snapshot(versions, DAY, "benchmark", features)

    times = [(_time(judge_once), _time(simulate)) for _ in range(rounds + 1)][1:]
    return median(batch for batch, _ in times), median(ours for _, ours in times)


def _time(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def simulate_alone(count: int) -> None:
    """Simulate once and print the seconds and the peak memory (GB) of this process as JSON."""
    versions = read_versions()
    features = make_features(versions.before, count)
    seconds = _time(lambda: simulate_snapshot(versions, DAY, "benchmark", features))
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6]))
