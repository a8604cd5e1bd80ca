"""Measures of some imports come in; a source's sums by carrier and day, as arrays, go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

from app.quality.columns import MEASURES, OTHER_VALUES
from app.quality.measure import list_files
from app.quality.store import Measures

Floats = NDArray[np.float64]
ALL_CARRIERS = None
MOST_CARRIERS = 1_000  # of a source, those with most bills; the others count in its whole only


@dataclass(frozen=True, slots=True)
class NewValues:
    """Bills whose value in a column stands nowhere before their day, by value."""

    values: Mapping[str, date]  # value → the first day on which it stands, where within the sheet
    bills: Mapping[str, Floats]  # value → bills by day, all carriers
    by_carrier: Mapping[tuple[str, str], Floats]  # (value, carrier) → bills by day


@dataclass(frozen=True, slots=True)
class Sheet:
    """A source's sums over the days `first` … `last`. Row 0 of `sums` is the whole source, the
    others are its carriers in the order of `carriers`.
    """

    source: str
    first: date
    last: date
    carriers: tuple[str, ...]
    sums: Mapping[str, Floats]  # measure → (1 + carriers, days)
    began: tuple[date, ...]  # of each row, the first day with a bill, over all time
    before: float  # bills of the source before `first`
    fresh: Mapping[str, NewValues] = field(default_factory=dict)  # by column

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def at(self, day: date) -> int:
        """The place of a day in the arrays."""
        return (day - self.first).days

    def day(self, place: int) -> date:
        return self.first + timedelta(days=place)

    def row_name(self, row: int) -> str | None:
        """The carrier of a row; None for the whole source."""
        return ALL_CARRIERS if row == 0 else self.carriers[row - 1]


def read_sheets(
    connection: duckdb.DuckDBPyConnection,
    measures: Measures,
    first: date,
    last: date,
    judged_from: date,
) -> list[Sheet]:
    """A sheet of every source that has bills on these days or before; sources in order. New values
    are those of `judged_from` and later.
    """
    if not measures.imports:
        return []
    connection.execute("create or replace temp table wanted (import_id varchar)")
    connection.executemany("insert into wanted values (?)", [[one] for one in measures.imports])
    origin = f"{list_files(measures.days)} semi join wanted using (import_id)"
    heads = connection.execute(
        f"""select source, carrier, min(day), sum(bills) filter (where day < ?),
            sum(bills) filter (where day between ? and ?)
        from (select * from {origin}) where day <= ? group by source, carrier""",
        [first, first, last, last],
    ).fetchall()
    sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    table = connection.execute(
        f"""select source, carrier, day, {sums} from (select * from {origin})
        where day between ? and ? group by source, carrier, day""",
        [first, last],
    ).fetchnumpy()
    fresh = _read_new_values(connection, measures, first, last, judged_from)
    sheets = []
    for source in sorted({head[0] for head in heads}):
        own = [head[1:] for head in heads if head[0] == source]
        sheets.append(_make_sheet(source, own, table, first, last, fresh.get(source, {})))
    return sheets


def _make_sheet(
    source: str,
    heads: Sequence[tuple[str, date, float | None, float | None]],
    table: Mapping[str, NDArray[np.generic]],
    first: date,
    last: date,
    fresh: Mapping[str, NewValues],
) -> Sheet:
    most = sorted((head for head in heads if head[3]), key=lambda head: (-(head[3] or 0), head[0]))
    carriers = tuple(sorted(head[0] for head in most[:MOST_CARRIERS] if head[0]))
    places = {carrier: place for place, carrier in enumerate(carriers, start=1)}
    chosen = np.flatnonzero(np.asarray(table["source"]) == source)
    days = (table["day"][chosen].astype("datetime64[D]") - np.datetime64(first)).astype(np.int64)
    rows = np.array([places.get(one, -1) for one in table["carrier"][chosen]], dtype=np.int64)
    size = (last - first).days + 1
    sums = {}
    for name in MEASURES:
        values = np.asarray(table[name][chosen], dtype=np.float64)
        filled = np.zeros((len(carriers) + 1, size))
        np.add.at(filled[0], days, values)
        listed = rows > 0
        np.add.at(filled, (rows[listed], days[listed]), values[listed])
        sums[name] = filled
    began = {head[0]: head[1] for head in heads}
    starts = (min(began.values()), *(began[carrier] for carrier in carriers))
    before = sum(head[2] or 0 for head in heads)
    return Sheet(source, first, last, carriers, sums, starts, float(before), fresh)


def _read_new_values(
    connection: duckdb.DuckDBPyConnection,
    measures: Measures,
    first: date,
    last: date,
    judged_from: date,
) -> dict[str, dict[str, NewValues]]:
    """By source and column: the values that stand for the first time on `judged_from` or later."""
    rows = connection.execute(
        f"""with found as (select source, name, value, carrier, day, bills
            from {list_files(measures.values)} semi join wanted using (import_id)
            where day <= ? and value <> '{OTHER_VALUES}'),
        firsts as (select source, name, value, min(day) as began from found
            group by all having began >= ?)
        select source, name, value, carrier, began, day, sum(bills) from found
        join firsts using (source, name, value) group by all order by all""",
        [last, judged_from],
    ).fetchall()
    size = (last - first).days + 1
    found: dict[str, dict[str, NewValues]] = {}
    for source, name, value, carrier, began, day, bills in rows:
        columns = found.setdefault(source, {})
        one = columns.setdefault(name, NewValues({}, {}, {}))
        assert isinstance(one.values, dict)
        assert isinstance(one.bills, dict)
        assert isinstance(one.by_carrier, dict)
        one.values[value] = began
        place = (day - first).days
        one.bills.setdefault(value, np.zeros(size))[place] += bills
        if name != "carrier_id":
            one.by_carrier.setdefault((value, carrier), np.zeros(size))[place] += bills
    return found
