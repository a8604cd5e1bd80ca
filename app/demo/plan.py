"""What to simulate, checked; and the plan that a folder holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.demo.seasons import name_month, to_month
from app.errors import ChengxinError

PLAN_FILE = "plan.json"
LARGEST_PORTFOLIO, LONGEST_PERIOD = 1_000_000, 120
# Grows whenever the same plan gives other files: months of two generators are never mixed.
GENERATOR = 2
PERIODS, FORMATS = ("month", "day"), ("parquet", "csv")


class BadPlan(ChengxinError):
    """A plan that cannot be carried out, or a folder that holds another one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: `months` months up to `end` (year * 12 + month - 1), to which growth, youth
    and stopping are counted; a file for each month or day, as Parquet or CSV.
    """

    merchants: int
    months: int
    seed: int
    end: int
    by: str = "month"
    format: str = "parquet"

    @property
    def first(self) -> int:
        """The first month with waybills."""
        return self.end - self.months + 1


def make_plan(
    merchants: int,
    months: int,
    seed: int,
    end: str | None,
    today: date,
    by: str = "month",
    file_format: str = "parquet",
) -> Plan:
    """A checked plan; `end` is YYYY-MM, by default the last full month before `today`."""
    if not 1 <= merchants <= LARGEST_PORTFOLIO:
        raise BadPlan(f"merchants: write a number from 1 to {LARGEST_PORTFOLIO}, not {merchants}")
    if not 1 <= months <= LONGEST_PERIOD:
        raise BadPlan(f"months: write a number from 1 to {LONGEST_PERIOD}, not {months}")
    if not 0 <= seed < 2**63:
        raise BadPlan(f"seed: write a whole number from 0 up, not {seed}")
    if by not in PERIODS:
        raise BadPlan(f"by: write one of {', '.join(PERIODS)}, not {by!r}")
    if file_format not in FORMATS:
        raise BadPlan(f"format: write one of {', '.join(FORMATS)}, not {file_format!r}")
    last = parse_month(end) if end else last_full_month(today)
    return Plan(merchants, months, seed, last, by, file_format)


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


def describe_plan(plan: Plan) -> str:
    """A plan in a few words."""
    layout = "" if plan.by == "month" else f", by {plan.by}"
    layout += "" if plan.format == "parquet" else f", as {plan.format.upper()}"
    return (
        f"{plan.merchants:,} merchants, {plan.months} months up to {name_month(plan.end)},"
        f" seed {plan.seed}{layout}"
    )


def store_plan(plan: Plan) -> str:
    """The text of plan.json."""
    stored = asdict(plan) | {"end": name_month(plan.end), "generator": GENERATOR}
    return json.dumps(stored, indent=1) + "\n"


def read_plan(folder: Path) -> Plan | None:
    """The plan whose files are in `folder`, None when there is none. Raises BadPlan."""
    path = folder / PLAN_FILE
    if not path.exists():
        return None
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        generator = int(stored.get("generator", 1))
        plan = Plan(
            stored["merchants"],
            stored["months"],
            stored["seed"],
            parse_month(stored["end"]),
            stored.get("by", "month"),
            stored.get("format", "parquet"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ChengxinError) as error:
        raise BadPlan(f"{path} cannot be read ({error}); remove {folder} and repeat") from error
    if generator != GENERATOR:
        raise BadPlan(
            f"{folder} holds a portfolio of another version of this program, which would not go on"
            " as it began; remove the folder, or name another one"
        )
    return plan
