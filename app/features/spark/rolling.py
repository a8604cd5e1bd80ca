"""The lake's months on Spark: what rollups.py does month by month is done here for all months that
need it in one job a rollup. The files lie beside DuckDB's, under digests of their own, as keys
differ; a month of a rollup is a folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from app.features.calendar import AsOf
from app.features.distances import open_distances
from app.features.lake import LakeState
from app.features.month_bills import (
    BILLS_SQL,
    Month,
    close_bills,
    open_bills,
    open_waybills,
    read_parquet,
)
from app.features.rollup_list import ROLLUPS, Rollup, is_needed
from app.features.rollups import (
    RolledLake,
    RolledMonth,
    digest_month,
    list_rules,
    look_at_month,
    rollup_path,
)
from app.features.spark.connection import LiftedConnection, SparkConnection
from app.features.spark.dialect import KEY_FUNCTION
from app.features.spark.files import read_files, write_months
from app.features.spark.lifting import MONTH, lift_values
from app.features.sql_text import render_sql

BATCH_WAYBILLS = 500_000_000  # rolled at a time: bounds what is kept on the workers' disks
ENGINE = {"engine": "spark"}


def roll_on_spark(
    connection: Any,
    lake: LakeState,
    as_of: AsOf,
    tell: Callable[[int, int], None],
    scratch: Path,
    batch_waybills: int = BATCH_WAYBILLS,
) -> RolledLake:
    """Bring every rollup that a snapshot of `as_of` needs up to date; `tell(done, total)` after
    each rollup of a batch of months. `scratch` is a folder that Spark's workers can write to.
    """
    months = [look_at_month(lake, as_of, month) for month in lake.months_until(as_of)]
    months = _find_returned(connection, lake, months)
    open_distances(connection, lake.references.distances)
    planned = _plan(connection, lake, as_of, months)
    missing = {m.month: m for m in months if any(not p.exists() for p in planned[m.month].values())}
    batches = list(_cut_batches(list(missing.values()), batch_waybills))
    rolled = RolledLake()
    made = _roll(connection, lake, batches, planned, tell, scratch)
    for month in months:
        rolled.add(month.month, RolledMonth(dict(planned[month.month]), made[month.month]))
    recent = [month for month in months if as_of.month(12) <= month.month <= as_of.month(1)]
    rolled.words = _select(connection, lake, recent, "words", {})
    return rolled


def _plan(
    connection: SparkConnection, lake: LakeState, as_of: AsOf, months: Sequence[Month]
) -> dict[int, dict[str, Path]]:
    """Where each rollup of each month lies, or will; what is there already is marked as used."""
    words = connection.execute(f"select {KEY_FUNCTION}('short'), {KEY_FUNCTION}('a longer text')")
    keys = words.fetchone() if words is not None else None
    hashes = _hash_returned(connection, months)
    has_blacklist = lake.references.blacklist is not None
    planned: dict[int, dict[str, Path]] = {}
    for month in months:
        settings = {**ENGINE, "outliers": list_rules(lake), "keys": list(keys or ())}
        settings["returned"] = hashes.get(month.month, "")
        planned[month.month] = {}
        for rollup in ROLLUPS:
            if is_needed(rollup, as_of, month.month, has_blacklist):
                digest = digest_month(month, (*BILLS_SQL, rollup.name), settings)
                path = rollup_path(lake, rollup.name, month.month, digest)
                planned[month.month][rollup.name] = path
                if path.exists():
                    os.utime(path)
    return planned


def _roll(
    connection: SparkConnection,
    lake: LakeState,
    batches: Sequence[Sequence[Month]],
    planned: Mapping[int, Mapping[str, Path]],
    tell: Callable[[int, int], None],
    scratch: Path,
) -> dict[int, int]:
    """Make what is missing; how many rollups were made of each month."""
    made = dict.fromkeys(planned, 0)
    total, done = len(batches) * len(ROLLUPS), 0
    for batch in batches:
        targets: dict[Rollup, dict[int, Path]] = {}
        for rollup in ROLLUPS:
            paths = {m.month: planned[m.month].get(rollup.name) for m in batch}
            wanted = {m: path for m, path in paths.items() if path and not path.exists()}
            if wanted:
                targets[rollup] = wanted
        whole = _as_one(batch)
        lifted: Any = LiftedConnection(connection, scratch / f"batch-{done}")
        reads = [name for rollup in targets for name in rollup.reads.split()]
        open_bills(lifted, whole, reads, lake.outlier_rules)
        for rollup in ROLLUPS:
            if rollup in targets:
                table = lifted.sql(render_sql(rollup.name, whole.values)).table
                write_months(table, targets[rollup])
                for month in targets[rollup]:
                    made[month] += 1
            done += 1
            tell(done, total)
        close_bills(lifted)
        shutil.rmtree(scratch, ignore_errors=True)
    return made


def _as_one(months: Sequence[Month]) -> Month:
    """Several months as what the SQL of a month is given. Where a cut-off cuts one of them it cuts
    none of the others, so that it may be asked of all.
    """
    cut_offs = {m.created_before for m in months if m.created_before is not None}
    return Month(
        month=months[0].month,
        files=tuple(path for month in months for path in month.files),
        created_before=cut_offs.pop() if cut_offs else None,
        values=lift_values({month.month: month.values for month in months}),
        marks=[],
        returned=tuple(path for month in months for path in month.returned),
    )


def _cut_batches(months: Sequence[Month], most: int) -> Iterator[list[Month]]:
    """Months in order, at most about `most` waybills together, at least one month."""
    batch: list[Month] = []
    count = 0
    for month in months:
        rows = sum(pq.read_metadata(path).num_rows for path in month.files)
        if batch and count + rows > most:
            yield batch
            batch, count = [], 0
        batch.append(month)
        count += rows
    if batch:
        yield batch


def _find_returned(
    connection: SparkConnection, lake: LakeState, months: Sequence[Month]
) -> list[Month]:
    """As in rollups.py: the numbers that return waybills name, then each month's originals."""
    named = _select(connection, lake, months, "returns", {})
    connection.execute(
        "create or replace table named as"
        f" select distinct source, waybill_no from {read_parquet(named)}"
    )
    found = connection.execute("select 1 from named limit 1")
    if found is None or not found.fetchall():
        return list(months)
    key = {"named": [path.name for path in named]}
    paths = _select(connection, lake, months, "returned", key)
    return [replace(month, returned=(path,)) for month, path in zip(months, paths, strict=True)]


def _select(
    connection: SparkConnection,
    lake: LakeState,
    months: Sequence[Month],
    name: str,
    key: Mapping[str, object],
) -> list[Path]:
    """The folder of a selection of each month's waybills, made where it is not there yet."""
    paths = {
        m.month: rollup_path(lake, name, m.month, digest_month(m, (name,), {**key, **ENGINE}))
        for m in months
    }
    missing = [month for month in months if not paths[month.month].exists()]
    if missing:
        whole = _as_one(missing)
        lifted: Any = LiftedConnection(connection, paths[missing[0].month])  # keeps nothing
        open_waybills(lifted, whole)
        table = lifted.sql(render_sql(name, whole.values)).table
        targets = {month.month: paths[month.month] for month in missing}
        write_months(table, targets, keep_month=name == "returned")
    return list(paths.values())


def _hash_returned(connection: SparkConnection, months: Sequence[Month]) -> dict[int, str]:
    """A hash of each month's returned originals, whatever their order; none of months without."""
    paths = [str(path) for month in months for path in month.returned]
    if not paths:
        return {}
    key = f"{KEY_FUNCTION}(source, waybill_no)"
    table = read_files(connection.session, paths).selectExpr(MONTH, f"{key} as key")
    found = table.groupBy(MONTH).agg({"*": "count", "key": "bit_xor"}).collect()
    sums = table.selectExpr(MONTH, "cast(key as decimal(38, 0)) as key").groupBy(MONTH).sum("key")
    totals = {row[0]: row[1] for row in sums.collect()}
    return {row[0]: f"{row[1]} {row[2]} {totals[row[0]]}" for row in found}
