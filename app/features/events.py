"""How late things happened: waybill files come in, the latest moment in some of their columns goes
out, from Parquet's own statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import pyarrow.parquet as pq

EARLIEST = datetime.combine(date.min, time())
LATEST = datetime.combine(date.max, time())


def latest_events(files: Sequence[Path], names: Sequence[str]) -> datetime:
    """The latest moment of the named columns in the files, without reading them.

    LATEST where a file holds values but no statistics of them; EARLIEST where there are none.
    """
    latest = EARLIEST
    for file in files:
        metadata = pq.read_metadata(file)
        for group in range(metadata.num_row_groups):
            latest = max(latest, _latest_of(metadata.row_group(group), names))
    return latest


def _latest_of(group: pq.RowGroupMetaData, names: Sequence[str]) -> datetime:
    latest = EARLIEST
    for place in range(group.num_columns):
        column = group.column(place)
        if column.path_in_schema not in names:
            continue
        statistics = column.statistics
        if statistics is None or not statistics.has_min_max:
            empty = statistics is not None and statistics.null_count == group.num_rows
            latest = latest if empty else LATEST
        else:
            latest = max(latest, statistics.max.replace(tzinfo=None))
    return latest
