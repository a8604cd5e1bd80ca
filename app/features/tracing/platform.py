"""What a trace asks of other merchants' waybills: a condition comes in; bills of anybody that prove
something go out, as few as do.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.features.sql_text import write_literal
from app.features.tracing.files import COLUMNS, Bill
from app.features.tracing.rows import Own


def bills_sql(own: Own, where: str, oldest: int | None, newest: int) -> str:
    """A query of the bills of anybody in M`oldest` … M`newest` that meet a condition."""
    own.files.open_named()
    query = own.files.select(COLUMNS, f"is_sale and {where}", own.files.months(oldest, newest))
    return (
        f"select b.* from ({query}) as b anti join named n"
        " on b.source = n.source and b.waybill_no = n.waybill_no"
    )


def find_bills(own: Own, where: str, oldest: int | None, newest: int, limit: int = 0) -> list[Bill]:
    """The first bills of anybody that meet a condition; all of them without a limit."""
    query = f"{bills_sql(own, where, oldest, newest)} order by created_at, source, waybill_no"
    return _make(own.files.fetch(f"{query} limit {limit}" if limit else query))


def find_one_each(
    own: Own, where: str, keys: str, oldest: int | None, newest: int
) -> list[tuple[Bill, int]]:
    """Of the bills that meet a condition the first one for each value of `keys`, and how many there
    are of that value.
    """
    query = (
        "select * exclude (n) from (select *,"
        f" row_number() over (partition by {keys} order by created_at, source, waybill_no) as n,"
        f" count(*) over (partition by {keys}) as alike"
        f" from ({bills_sql(own, where, oldest, newest)}) as bills) as ranked"
        f" where n = 1 order by {keys}"
    )
    rows = own.files.fetch(query)
    counts = [int(row.pop("alike")) for row in rows]
    return list(zip(_make(rows), counts, strict=True))


def _make(rows: list[dict[str, Any]]) -> list[Bill]:
    bills = [Bill(row, Path(row.pop("filename")).stem) for row in rows]
    for bill in bills:
        bill.is_bill = True
        bill.amount_fen = int(bill.eligible_fen or 0)
    return bills


def one_of(own: Own, column: str, values: Collection[str], name: str) -> str:
    """A condition that a column has one of these values, however many they are."""
    table = pa.table({"value": pa.array(sorted(values), pa.string())})
    own.files.connection.register(f"told_{name}", table)
    own.files.connection.execute(
        f"create or replace temp table {name} as select value from told_{name}"
    )
    own.files.connection.unregister(f"told_{name}")
    return f"{column} in (select value from {name})"


def not_own(own: Own) -> str:
    """A condition that a bill is of another merchant."""
    return f"merchant_id <> {write_literal(own.merchant_id)}"
