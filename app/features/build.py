"""The way from the lake to a snapshot, on one page: lock, roll the months, compute block by block,
look over the portfolio, complete, commit.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from app.features.activity import activity_features
from app.features.at_once import work_at_once
from app.features.blocks import Block, cut_blocks, read_block
from app.features.calendar import AsOf
from app.features.catalogue import FeatureCatalogue
from app.features.columns import Column, Floats, Ints
from app.features.engine import Engine, Survey
from app.features.first_pass import FirstPass, make_first
from app.features.fraud import fraud_features
from app.features.growth import growth_features
from app.features.journeys import count_codes
from app.features.kept import Keep, keep_in_files
from app.features.lake import Import, LakeState
from app.features.month_bills import read_parquet
from app.features.network import open_references, read_network
from app.features.parties import Parties, make_parties, party_features
from app.features.portfolio import survey_portfolio
from app.features.reference import References
from app.features.rollups import RolledLake, roll_lake, sweep_rollups
from app.features.scale import scale_features
from app.features.season_file import ENDING, tell_seasons, write_seasons
from app.features.second_pass import complete_tables
from app.features.segments import segment_features
from app.features.series import History, read_history
from app.features.snapshots import Snapshot, SnapshotDraft, sweep_drafts
from app.features.sql_text import render_sql
from app.features.stability import stability_features
from app.features.tickets import ticket_features
from app.features.variety import variety_features
from app.features.words import open_words
from app.features.year import read_year, year_of_table
from app.features.years import YearsDraft, files_of_years, find_years, key_of_years, open_from

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to; `is_new` is false when the same inputs had given it already."""

    snapshot: Snapshot
    is_new: bool
    made_rollups: int
    reused_rollups: int
    seconds: dict[
        str, float
    ]  # of this build; the snapshot's provenance has those of the build that made it


def build_snapshot(
    lake: LakeState,
    catalogue: FeatureCatalogue,
    as_of: AsOf,
    memory_limit_mb: int,
    tell: Tell = lambda step, done, total: None,
    engine: Engine | None = None,
) -> Built:
    """Build the snapshot of `as_of` and commit it to the lake. `tell(step, done, total)` reports
    progress. `engine` is DuckDB unless another is given; whichever it is, the content is the same.

    Raises EmptyLake. One build at a time a lake: a second one waits.
    """
    months = lake.months_until(as_of)
    engine = engine or DuckDbEngine()
    with _lock(lake.folder), engine.connect(lake.folder, memory_limit_mb) as connection:
        sweep_drafts(lake.folder, as_of.day)
        begun = time.perf_counter()
        rolled = engine.roll(connection, lake, as_of, lambda *at: tell("rollups", *at))
        seconds = {"rollups": time.perf_counter() - begun}
        with (
            SnapshotDraft(lake.folder, as_of.day, catalogue) as draft,
            FirstPass(draft.folder, catalogue) as first,
        ):
            begun = time.perf_counter()
            merchants, records = _list_merchants(connection, rolled)
            _describe_sources(connection, lake, rolled, as_of)
            _count_conflicts(connection, lake)
            open_words(connection, rolled.words)
            open_references(connection, lake.references, as_of)
            tell("parties", 0, 1)
            keep = engine.keep(connection, lake.folder)
            network = read_network(connection, rolled, as_of, len(merchants), keep)
            tell("parties", 1, 1)
            seconds["network"] = time.perf_counter() - begun
            begun = time.perf_counter()
            survey = Survey(lake, rolled, as_of, catalogue, merchants, records, network)
            for table in engine.compute(connection, survey):
                first.add(table)
                tell("features", first.merchants, len(merchants))
            first.finish()
            seconds["features"] = time.perf_counter() - begun
            begun = time.perf_counter()
            portfolio = survey_portfolio(first, merchants, lake.calendar, as_of.month(1))
            for table in complete_tables(catalogue, first, portfolio):
                draft.add(table)
                tell("seasons and peers", draft.merchants, len(merchants))
            seasons = write_seasons(portfolio, as_of.month(1))
            seconds["portfolio"] = time.perf_counter() - begun
            provenance = {
                "as_of": as_of.day.isoformat(),
                "cut_off_at": as_of.cut_off_at.isoformat(),
                "built_at": datetime.now(UTC).isoformat(timespec="microseconds"),
                **lake.told,
                "engine": engine.name,
                "catalogue_sha256": catalogue.sha256,
                "calendar_sha256": lake.calendar.sha256,
                "references": lake.references.marks,
                "season": tell_seasons(portfolio, as_of.month(1), seasons),
                "features": list(catalogue.names),
                "imports": [_tell_import(found) for found in lake.imports_of(months)],
                "arrivals": {found.id: found.arrived_at for found in lake.imports_of(months)},
                "counts": {
                    "merchants": len(merchants),
                    "waybills": int(records.sum()),
                    "months": len(months),
                },
                "codes": count_codes(network.sums),
                "seconds": {name: round(value, 3) for name, value in seconds.items()},
            }
            snapshot, is_new = draft.commit(provenance, {ENDING: seasons})
        sweep_rollups(lake.folder)
    return Built(snapshot, is_new, rolled.made, rolled.reused, seconds)


class DuckDbEngine:
    """One machine: DuckDB, two things at a time."""

    name = "duckdb"

    def connect(
        self, lake: Path, memory_limit_mb: int
    ) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A database in memory that spills into the lake."""
        return _connect(lake, memory_limit_mb)

    def roll(
        self,
        connection: duckdb.DuckDBPyConnection,
        lake: LakeState,
        as_of: AsOf,
        tell: Callable[[int, int], None],
    ) -> RolledLake:
        """Month by month."""
        return roll_lake(connection, lake, as_of, tell)

    def keep(self, connection: duckdb.DuckDBPyConnection, lake: Path) -> Keep:
        """Answers are kept beside the rollups."""
        return keep_in_files(connection, lake / "rollups")

    def compute(self, connection: duckdb.DuckDBPyConnection, survey: Survey) -> Iterator[pa.Table]:
        """Block by block; years are read of merchants of whom none is known that is still true."""
        lake, rolled, as_of, network = survey.lake, survey.rolled, survey.as_of, survey.network
        folder, month = lake.folder / "rollups", as_of.month(1)
        key, files = key_of_years(lake, as_of), files_of_years(rolled, as_of)
        known = find_years(connection, folder, month, key, files)
        opened = open_from(lake, as_of)

        def compute(
            cursor: duckdb.DuckDBPyConnection, span: tuple[int, int]
        ) -> tuple[pa.Table, pa.Table]:
            names = survey.merchants[slice(*span)]
            is_known, years = known.take(names)
            places = np.arange(*span)[~is_known]
            if len(places):
                year = read_year(cursor, rolled, as_of, places, lake.references, opened)
                fresh = year.to_table([survey.merchants[place] for place in places])
                order = np.argsort(np.concatenate((np.flatnonzero(is_known), places - span[0])))
                years = pa.concat_tables([years, fresh]).take(pa.array(order))
            year = year_of_table(years)
            block = read_block(cursor, rolled, as_of, names, span[0], lake.calendar, year, opened)
            sums, begun_on = network.cut(*span), network.begun_on
            return compute_first(survey.catalogue, block, sums, begun_on, lake.references), years

        blocks = work_at_once(connection, list(cut_blocks(survey.records)), compute)
        if known.is_current:
            yield from (found for found, _ in blocks)
            return
        with YearsDraft(folder, month, key, files) as draft:
            for found, years in blocks:
                draft.add(years)
                yield found
            draft.commit()


def compute_first(
    catalogue: FeatureCatalogue,
    block: Block,
    sums: dict[str, Ints | Floats],
    begun_on: date | None,
    references: References,
) -> pa.Table:
    """The first pass of a block, on whatever engine; `sums` are the network's of its merchants, and
    `begun_on` is the day of the platform's first bill.
    """
    parties = make_parties(sums, begun_on, references, block.as_of)
    history = read_history(block)
    columns = compute_features(block, history, parties)
    return make_first(catalogue, block.merchants, columns, block, history)


def compute_features(block: Block, history: History, parties: Parties) -> dict[str, Column]:
    """Every feature of a block that is of the first pass, by name."""
    return {
        **segment_features(block),
        **scale_features(block, history),
        **stability_features(block, history),
        **activity_features(block),
        **variety_features(block, history),
        **ticket_features(block),
        **growth_features(block),
        **fraud_features(block),
        **party_features(block, parties),
    }


def _list_merchants(
    connection: duckdb.DuckDBPyConnection, rolled: RolledLake
) -> tuple[list[str], Ints]:
    """All merchants in order, and the waybills of each; makes the tables `listed` and `roster`."""
    origin = rolled.select_from("merchant_month")
    for name in ("listed", "roster"):
        connection.execute(render_sql(name, {}).replace("{origin}", origin))
    table = connection.sql("select * from listed order by place").to_arrow_table()
    return table.column("merchant_id").to_pylist(), table.column("records").to_numpy()


def _describe_sources(
    connection: duckdb.DuckDBPyConnection, lake: LakeState, rolled: RolledLake, as_of: AsOf
) -> None:
    """Make the table `sources`: which are of invoices, which tell of settlement in M1–M12."""
    origin = rolled.select_from("merchant_outcome")
    rows = connection.execute(
        f"select source, sum(with_settlement) > 0 from {origin}"
        f" where month >= {as_of.month(12)} group by source"
    ).fetchall()
    told = [(source, source in lake.invoice_sources, tells) for source, tells in rows]
    fields = [("source", pa.string()), ("is_invoice", pa.bool_()), ("tells_settlement", pa.bool_())]
    columns = zip(*told, strict=True) if told else ((), (), ())
    arrays = [pa.array(column, field[1]) for column, field in zip(columns, fields, strict=True)]
    connection.register("told_sources", pa.table(arrays, schema=pa.schema(fields)))
    connection.execute("create or replace table sources as select * from told_sources")
    connection.unregister("told_sources")


def _count_conflicts(connection: duckdb.DuckDBPyConnection, lake: LakeState) -> None:
    """Make the table `conflicts` (merchant_id, month, resets): numbers that came again with other
    content in a later import.
    """
    files = [found.conflicts for found in lake.imports if found.conflicts is not None]
    origin = read_parquet(files) if files else "(select '' as merchant_id, 0 as month where false)"
    connection.execute(
        "create or replace table conflicts as select merchant_id,"
        f" cast(month as integer) as month, count(*) as resets from {origin}"
        " group by merchant_id, month"
    )


def _tell_import(found: Import) -> dict[str, str]:
    return {"id": found.id, "source": found.source, "file": found.file, "sha256": found.sha256}


@contextmanager
def _lock(lake: Path) -> Iterator[None]:
    (lake / "features").mkdir(parents=True, exist_ok=True)
    with (lake / "features" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _connect(lake: Path, memory_limit_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    spill = lake / "features" / ".spill"
    try:
        connection.execute(f"set memory_limit = '{memory_limit_mb}MB'")
        connection.execute(f"set temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
        connection.execute("set enable_progress_bar = false")
        # It would group consignees twice, by month below the join with `places` and above it.
        connection.execute("set disabled_optimizers = 'partial_aggregate_pushdown'")
        yield connection
    finally:
        connection.close()
