"""Rollups of all merchants come in; views of them with the rows of a few merchants go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from app.features.columns import Ints
from app.features.month_bills import read_parquet
from app.features.rollup_list import no_rollup
from app.features.rollups import RolledLake
from app.features.sql_text import render_sql


def narrow(
    connection: duckdb.DuckDBPyConnection,
    rolled: RolledLake,
    names: Sequence[str],
    places: Ints,
    kept: Sequence[str] = (),
    since: Mapping[str, int] | None = None,
) -> None:
    """Make a view of each of the named rollups that holds the merchants at `places` in the order of
    merchant_id; those that are `kept` become tables, as they are read often. Of those in `since`,
    earlier months are left out.

    Rollup files are sorted by merchant, so that most of what is beside the range of a month is not
    even read. Makes the tables `wanted` and `places` too; `listed` and `roster` must exist.
    """
    rows = np.arange(len(places), dtype=np.int32)
    connection.register("told_places", pa.table({"place": places, "row_in_block": rows}))
    connection.execute("create or replace temp table wanted as select * from told_places")
    connection.unregister("told_places")
    connection.execute(render_sql("block_places", {}))
    ranges = connection.execute(
        "select month, min(merchant), max(merchant) from places group by month"
    ).fetchall()
    for name in names:
        files = rolled.files[name]
        parts = [
            f"select * from {read_parquet([files[month]])} where merchant between {low} and {high}"
            for month, low, high in sorted(ranges)
            if month in files and month >= (since or {}).get(name, 0)
        ]
        origin = " union all by name ".join(parts) or f"select * from {no_rollup(name)}"
        kind = "table" if name in kept else "view"
        view = render_sql("block_view", {}).replace("{kind}", kind).replace("{rollup}", name)
        connection.execute(view.replace("{origin}", origin))
