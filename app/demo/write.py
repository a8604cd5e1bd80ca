"""A plan comes in; a folder goes out: waybills by month or day, what the portfolio really is,
loans, reference lists, facts and plan.json.

The same plan gives the same files to the byte, whatever the number of processes that made them.
`extend_portfolio` adds the months that have passed since to a folder that exists, and leaves what
is there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as pa_csv

from app.demo.bills import draw_month
from app.demo.columns import make_tables
from app.demo.facts import choose_examples
from app.demo.plan import PLAN_FILE, BadPlan, Plan, describe_plan, read_plan, store_plan
from app.demo.seasons import count_days, first_day, name_month
from app.demo.truth import tell_all
from app.demo.world import World, draw_world
from app.features.holidays import FILE, Calendar, load_calendar
from app.settings import PROJECT_FOLDER

CALENDAR_FILE = PROJECT_FOLDER / "rulesets" / FILE
FACTS_FOLDER = "facts"
# Fewer merchants' months than this are made before another process has started.
WORTH_A_PROCESS = 40_000

# Called with the name of a month that was made, how many are there, and how many there will be.
Report = Callable[[str, int, int], None]


def write_portfolio(
    plan: Plan, folder: Path, report: Report = lambda name, done, of: None, workers: int = 1
) -> list[Path]:
    """Write what the folder lacks of the plan's months and the small files; give all waybill files.

    A file that is there is whole (files are moved into place), so nothing is written twice.
    Raises BadPlan when the folder holds another plan, NoFestival when the calendar does not reach.
    """
    known = read_plan(folder)
    if known is not None and known != plan:
        raise BadPlan(
            f"{folder} already holds another portfolio ({describe_plan(known)});"
            " name another folder, or remove this one first"
        )
    return _write_months(plan, folder, plan.end, report, workers)


def extend_portfolio(
    folder: Path, until: int, report: Report = lambda name, done, of: None, workers: int = 1
) -> list[Path]:
    """Add the months up to `until` to the portfolio in `folder`; give all its waybill files."""
    plan = read_plan(folder)
    if plan is None:
        raise BadPlan(f"{folder} holds no portfolio (no {PLAN_FILE})")
    return _write_months(plan, folder, max(until, plan.end), report, workers)


def list_files(plan: Plan, folder: Path, month: int) -> list[Path]:
    """The waybill files of a month, whether they are there or not."""
    names = [name_month(month)]
    if plan.by == "day":
        names = [f"{names[0]}-{day + 1:02d}" for day in range(count_days(month))]
    return [folder / f"waybills-{name}.{plan.format}" for name in names]


def _write_months(plan: Plan, folder: Path, last: int, report: Report, workers: int) -> list[Path]:
    calendar = load_calendar(CALENDAR_FILE)
    for year in {month // 12 for month in range(plan.first - 1, last + 1)}:
        calendar.festival_of(year)
    folder.mkdir(parents=True, exist_ok=True)
    months = range(plan.first, last + 1)
    _place(folder / PLAN_FILE, store_plan(plan).encode())
    world = _world_of(plan)
    for name, content in tell_all(world, plan):
        _place(folder / name, content)
    for merchant_id, facts in choose_examples(world).items():
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        _place(folder / FACTS_FOLDER / f"{merchant_id}.json", text.encode() + b"\n")
    missing = [
        month
        for month in months
        if not all(path.exists() for path in list_files(plan, folder, month))
    ]
    jobs = [(plan, folder, month, max(month, plan.end)) for month in missing]
    for done, month in enumerate(_do(jobs, workers), start=1):
        report(name_month(month), done, len(jobs))
    return [path for month in months for path in list_files(plan, folder, month)]


Job = tuple[Plan, Path, int, int]


def _do(jobs: list[Job], workers: int) -> Iterator[int]:
    """Do the jobs, in this process or in several; give each month when it is made."""
    size = sum(job[0].merchants for job in jobs)
    count = min(workers, len(jobs), max(1, size // WORTH_A_PROCESS))
    if count <= 1:
        yield from map(_write_month, jobs)
        return
    # A new process each, not a copy of this one: what Arrow's threads hold cannot be copied.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield from pool.map(_write_month, jobs)


@lru_cache(maxsize=1)
def _world_of(plan: Plan) -> World:
    """Drawn once in each process."""
    return draw_world(plan.merchants, plan.seed, plan.end, _calendar())


def _calendar() -> Calendar:
    return load_calendar(CALENDAR_FILE)


def _write_month(job: Job) -> int:
    plan, folder, month, horizon = job
    world = _world_of(plan)
    tables = make_tables(world, draw_month(world, month), month, horizon)
    if plan.by == "day":
        _write_days(plan, folder, month, tables)
    else:
        (path,) = list_files(plan, folder, month)
        _write_file(path, tables)
    return month


def _write_days(plan: Plan, folder: Path, month: int, tables: Iterable[pa.Table]) -> None:
    """Every day's rows into a file of its own; a day without any gets a file without rows."""
    paths = list_files(plan, folder, month)
    start, day = first_day(month), 0
    rest: pa.Table | None = None
    for table in tables:
        rest = table if rest is None else pa.concat_tables([rest, table], promote_options="none")
        # The part's last day is whole, for parts end with a day.
        created = rest["created_at"].to_numpy()
        until = (
            int((created[-1] - np.datetime64(start)) / np.timedelta64(1, "D")) if len(rest) else -1
        )
        while day <= until:
            end = np.datetime64(start + timedelta(days=day + 1))
            rows = int(np.searchsorted(created, end))
            _write_file(paths[day], [rest.slice(0, rows)])
            rest, created = rest.slice(rows), created[rows:]
            day += 1
    assert rest is not None
    for path in paths[day:]:
        _write_file(path, [rest.slice(0, 0)])


def _write_file(path: Path, tables: Iterable[pa.Table]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    writer: Any = None
    with ExitStack() as stack:
        for table in tables:
            if path.suffix == ".csv":
                table = _spell_out(table)
                if writer is None:
                    writer = stack.enter_context(pa_csv.CSVWriter(part, table.schema))
            elif writer is None:
                # Without the Arrow schema a reader sees plain text columns, as in anybody's file.
                writer = stack.enter_context(
                    pq.ParquetWriter(part, table.schema, compression="zstd", store_schema=False)
                )
            writer.write_table(table)
    part.replace(path)


def _spell_out(table: pa.Table) -> pa.Table:
    """Texts instead of dictionaries, times to the second."""
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s"))
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
