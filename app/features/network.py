"""What only the whole platform can say of a merchant: the rollups of all merchants come in; sums
and counts, one a merchant in the order of merchant_id, go out.

A merchant is a party like its consignees: ids are one namespace, and `key_of` tells parties apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from app.features.calendar import (
    FRESH_WITHIN_DAYS,
    RECIPROCAL_MONTHS,
    RECIPROCAL_WITHIN_DAYS,
    AsOf,
    first_day_of,
    month_of,
)
from app.features.columns import Floats, Ints
from app.features.graphs import count_sharers, sum_reciprocal, sum_rings
from app.features.journeys import read_journeys
from app.features.kept import Keep
from app.features.reference import References
from app.features.rollup_list import TRADES
from app.features.rollups import RolledLake
from app.features.sql_text import Value, render_sql

SHARED = {"phone_sharers": 6, "card_sharers": 7}  # kinds as in the lists of known parties
_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True, slots=True)
class Network:
    """`sums[name]` of shape (merchants,): captive_fen and reciprocal_fen of M1–M12, recent_fen,
    fresh_fen and ring_fen of the 90 days before T; phone_sharers, card_sharers of M1–M12; and what
    journeys.py reads.

    `begun_on` is the day of the platform's first bill, None without any.
    """

    sums: Mapping[str, Ints | Floats]
    begun_on: date | None

    def cut(self, begin: int, end: int) -> dict[str, Ints | Floats]:
        """The sums of the merchants from place `begin` up to `end`."""
        return {name: values[begin:end] for name, values in self.sums.items()}


def read_network(
    connection: duckdb.DuckDBPyConnection,
    rolled: RolledLake,
    as_of: AsOf,
    size: int,
    keep: Keep,
) -> Network:
    """Look over the platform's `size` merchants; `keep` gives answers that full months alone tell.

    The tables `listed` and `roster` must exist; makes the table `shippers`.
    """
    first_late = month_of(as_of.newcomers_from)
    values: dict[str, Value] = {"m1": as_of.month(1), "m12": as_of.month(12)}
    values |= {"new_from": as_of.new_from, "newcomers_from": as_of.newcomers_from}
    values["fresh_days"] = FRESH_WITHIN_DAYS
    origins = {
        "origin": rolled.select_from(*TRADES),
        "recent": rolled.select_from(*TRADES, since=month_of(as_of.new_from)),
        "late": rolled.select_from(*TRADES, since=first_late),
        "before": rolled.select_from(*TRADES, before=first_late),
        "year": rolled.select_from("merchant_bill"),
    }

    def write(name: str, **other: str) -> str:
        text = render_sql(f"network_{name}", values)
        for word, origin in (origins | other).items():
            text = text.replace("{" + word + "}", origin)
        return text

    def fetch(name: str, **other: str) -> pa.Table:
        return connection.sql(write(name, **other)).to_arrow_table()

    def sum_of(name: str, **other: str) -> Ints:
        table = fetch(name, **other)
        total = np.zeros(size, np.int64)
        total[_ints(table, "place")] = _ints(table, "amount_fen")
        return total

    files = {
        "captives": rolled.list_files("merchant_bill"),
        "known": rolled.list_files(*TRADES, before=first_late),
    }
    for name, read in files.items():
        origins[name] = keep(name, write(name), read)
    for name in ("shippers", "newcomers"):
        connection.execute(write(name))
    sums = {
        "captive_fen": sum_of("captive"),
        "recent_fen": sum_of("recent", origin=origins["recent"]),
        "fresh_fen": sum_of("fresh"),
    }
    connection.execute("drop table newcomers")
    origin = rolled.select_from(*TRADES, since=as_of.month(RECIPROCAL_MONTHS))
    connection.execute(write("trades", origin=origin))
    mutual, edges = (fetch(name) for name in ("mutual", "edges"))
    connection.execute("drop table trades")
    sums["reciprocal_fen"] = _sum_reciprocal(mutual, as_of, size)
    sums["ring_fen"] = sum_rings(
        _ints(edges, "shipper"), _ints(edges, "consignee"), _ints(edges, "amount_fen"), size
    )
    origin = rolled.select_from("merchant_identity")
    shared = fetch("shared", origin=origin)
    sums |= _count_sharers(shared, size)
    carried = read_journeys(lambda sql: connection.sql(sql).to_arrow_table(), rolled, as_of, size)
    row = connection.execute(f"select min(created_on) from {origins['origin']}").fetchone()
    return Network({**sums, **carried}, row[0] if row else None)


def open_references(
    connection: duckdb.DuckDBPyConnection, references: References, as_of: AsOf
) -> None:
    """Make the tables `blacklist` and `staff` (kind, value): keys of the parties in force."""
    lists = {"blacklist": references.blacklist, "staff": references.staff}
    for name, found in lists.items():
        _open_list(connection, name, found.in_force(as_of) if found else ())


def _open_list(
    connection: duckdb.DuckDBPyConnection, name: str, parties: Iterable[tuple[int, str]]
) -> None:
    kinds, texts = zip(*parties, strict=True) if parties else ((), ())
    told = pa.table({"kind": pa.array(kinds, pa.int8()), "text": pa.array(texts, pa.string())})
    connection.register("told_parties", told)
    connection.execute(
        f"create or replace table {name} as select kind, key_of(text) as value from told_parties"
    )
    connection.unregister("told_parties")


def _sum_reciprocal(mutual: pa.Table, as_of: AsOf, size: int) -> Ints:
    first, end = (
        int((np.datetime64(first_day_of(as_of.month(k)), "D") - _EPOCH).astype(int))
        for k in (12, 0)
    )
    day = _days(mutual)
    return sum_reciprocal(
        _ints(mutual, "shipper"),
        _ints(mutual, "consignee"),
        day,
        _ints(mutual, "amount_fen"),
        RECIPROCAL_WITHIN_DAYS,
        (day >= first) & (day < end),
        size,
    )


def _count_sharers(shared: pa.Table, size: int) -> dict[str, Ints]:
    place, kind = _ints(shared, "place"), _ints(shared, "kind")
    value = shared.column("value").to_numpy()
    return {
        name: count_sharers(place[kind == number], value[kind == number], size)
        for name, number in SHARED.items()
    }


def _ints(table: pa.Table, name: str) -> Ints:
    values: Ints = table.column(name).cast(pa.int64()).to_numpy()
    return values


def _days(table: pa.Table) -> Ints:
    values: Ints = table.column("created_on").cast(pa.int32()).cast(pa.int64()).to_numpy()
    return values
