"""A plan comes in; a folder with one Parquet file a month, truth.csv, facts and plan.json goes out.

The same plan gives the same files to the byte. `extend_portfolio` adds the months that have passed
since to a folder that exists, and leaves what is there.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from app.demo.bills import SECONDS_A_DAY, draw_bills
from app.demo.columns import make_table
from app.demo.facts import choose_examples
from app.demo.portfolio import INDUSTRIES, KIND_NAMES, Portfolio, draw_portfolio
from app.demo.seasons import first_day, name_month, to_month
from app.errors import ChengxinError

PLAN_FILE, TRUTH_FILE, FACTS_FOLDER = "plan.json", "truth.csv", "facts"
LARGEST_PORTFOLIO, LONGEST_PERIOD = 1_000_000, 120

Report = Callable[[str], None]


class BadPlan(ChengxinError):
    """A plan that cannot be carried out, or a folder that holds another one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: `months` months up to `end` (year * 12 + month - 1), to which growth, youth
    and stopping are counted.
    """

    merchants: int
    months: int
    seed: int
    end: int

    @property
    def first(self) -> int:
        """The first month with waybills."""
        return self.end - self.months + 1


def make_plan(merchants: int, months: int, seed: int, end: str | None, today: date) -> Plan:
    """A checked plan; `end` is YYYY-MM, by default the last full month before `today`."""
    if not 1 <= merchants <= LARGEST_PORTFOLIO:
        raise BadPlan(f"merchants: write a number from 1 to {LARGEST_PORTFOLIO}, not {merchants}")
    if not 1 <= months <= LONGEST_PERIOD:
        raise BadPlan(f"months: write a number from 1 to {LONGEST_PERIOD}, not {months}")
    if not 0 <= seed < 2**63:
        raise BadPlan(f"seed: write a whole number from 0 up, not {seed}")
    return Plan(merchants, months, seed, parse_month(end) if end else last_full_month(today))


def last_full_month(today: date) -> int:
    """The month before the one of `today`."""
    return to_month(today.year, today.month) - 1


def parse_month(text: str) -> int:
    """The month integer of `YYYY-MM`. Raises BadPlan."""
    year, _, month = text.partition("-")
    is_written_well = len(year) == 4 and len(month) == 2 and (year + month).isdecimal()
    if is_written_well and 1990 <= int(year) <= 2100 and 1 <= int(month) <= 12:
        return to_month(int(year), int(month))
    raise BadPlan(f"end: write a month as YYYY-MM, for example 2026-10, not {text!r}")


def write_portfolio(plan: Plan, folder: Path, report: Report = lambda line: None) -> list[Path]:
    """Write what the folder lacks of the plan's months, truth.csv and plan.json; give all months.

    A file that is there is whole (files are moved into place), so nothing is written twice.
    Raises BadPlan when the folder holds another plan.
    """
    known = read_plan(folder)
    if known is not None and known != plan:
        raise BadPlan(
            f"{folder} already holds another portfolio ({describe_plan(known)});"
            " name another folder, or remove this one first"
        )
    return _write_months(plan, folder, plan.end, report)


def extend_portfolio(folder: Path, until: int, report: Report = lambda line: None) -> list[Path]:
    """Add the months up to `until` to the portfolio in `folder`; give all its files."""
    plan = read_plan(folder)
    if plan is None:
        raise BadPlan(f"{folder} holds no portfolio (no {PLAN_FILE})")
    return _write_months(plan, folder, max(until, plan.end), report)


def read_plan(folder: Path) -> Plan | None:
    """The plan whose files are in `folder`, None when there is none."""
    path = folder / PLAN_FILE
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Plan(
            stored["merchants"], stored["months"], stored["seed"], parse_month(stored["end"])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlan(f"{path} cannot be read ({error}); remove {folder} and repeat") from error


def describe_plan(plan: Plan) -> str:
    """A plan in a few words."""
    return (
        f"{plan.merchants:,} merchants, {plan.months} months up to {name_month(plan.end)},"
        f" seed {plan.seed}"
    )


def _write_months(plan: Plan, folder: Path, last: int, report: Report) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    portfolio = draw_portfolio(plan.merchants, plan.seed)
    stored = asdict(plan) | {"end": name_month(plan.end)}
    _place(folder / PLAN_FILE, json.dumps(stored, indent=1).encode() + b"\n")
    _place(folder / TRUTH_FILE, _tell_truth(portfolio))
    (folder / FACTS_FOLDER).mkdir(exist_ok=True)
    for merchant_id, facts in choose_examples(portfolio).items():
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        _place(folder / FACTS_FOLDER / f"{merchant_id}.json", text.encode() + b"\n")
    paths = []
    for month in range(plan.first, last + 1):
        path = folder / f"waybills-{name_month(month)}.parquet"
        if not path.exists():
            report(name_month(month))
            _write_month(plan, portfolio, month, max(month, plan.end), path)
        paths.append(path)
    return paths


def _write_month(plan: Plan, portfolio: Portfolio, month: int, horizon: int, path: Path) -> None:
    horizon_at = (first_day(horizon + 1) - date(1970, 1, 1)).days * SECONDS_A_DAY
    bills = draw_bills(portfolio, plan.seed, plan.end, month)
    table = make_table(bills, portfolio, plan.seed, month, horizon_at)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    # Without the Arrow schema a reader sees plain text columns, as in anybody's Parquet file.
    pq.write_table(table, part, compression="zstd", store_schema=False)
    part.replace(path)


def _tell_truth(portfolio: Portfolio) -> bytes:
    """truth.csv: what each merchant was made to be, for judging features and policies."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("merchant_id", "kind", "industry"))
    for number, (kind, trade) in enumerate(
        zip(portfolio.kinds, portfolio.industries, strict=True), start=1
    ):
        rows.writerow((f"M{number:06d}", KIND_NAMES[kind], INDUSTRIES[trade].name))
    return out.getvalue().encode()


def _place(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
