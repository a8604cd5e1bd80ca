"""What a build counts of a merchant's waybills, by the very statements of a build: the waybills
come in; whether each is a bill, what counts of its amount and which codes it got are noted on them.

A month is judged of its own: the merchant's waybills in it and, for what freight usually is, the
bills of others on its lanes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from app.features.calendar import month_of
from app.features.month_bills import Month, open_bills, open_waybills
from app.features.rollups import look_at_month, make_keys
from app.features.sql_text import render_sql, write_literal
from app.features.tracing.files import Bill, Files

JUDGED = ("waybill_no", "is_bill")
# What is read of the bills of others, for what freight usually is.
FREIGHT = (
    "source, waybill_no, merchant_id, origin, destination, goods_category, freight_fen, cod_fen,"
    " eligible_fen, is_sale, created_at, month"
)
CARRIED = ("is_freight_outlier", "is_fee_outlier", "barred_fen")


def judge_bills(files: Files, merchant_id: str, bills: Iterable[Bill]) -> None:
    """Judge waybills; all of the merchant in each of their months must be among them."""
    months: dict[int, dict[tuple[str, str], Bill]] = defaultdict(dict)
    for bill in bills:
        months[month_of(bill.day)][bill.source, bill.waybill_no] = bill
    make_keys(files.connection)
    files.open_named()
    with TemporaryDirectory(prefix="chengxin-trace-") as folder:
        for month, own in sorted(months.items()):
            _judge_month(files, merchant_id, month, own, Path(folder))


def _judge_month(
    files: Files, merchant_id: str, month: int, own: dict[tuple[str, str], Bill], folder: Path
) -> None:
    looked = _extract(files, merchant_id, month, own.values(), folder)
    open_bills(files.connection, looked, JUDGED, files.lake.outlier_rules)
    judges = looked.values["judges_freight"] or looked.values["judges_fee"]
    carried = CARRIED if judges else [f"null as {name}" for name in CARRIED]
    judged = files.fetch(
        f"select b.source, b.waybill_no, is_bill, amount_fen, {', '.join(carried)}"
        " from bills b join merchants m on b.merchant = m.merchant"
        f" where m.merchant_id = {write_literal(merchant_id)}"
    )
    for row in judged:
        bill = own[row["source"], row["waybill_no"]]
        bill.is_bill, bill.amount_fen = row["is_bill"], row["amount_fen"]
        bill.barred_fen = row["barred_fen"] or 0
        counted = bill.amount_fen + bill.barred_fen
        if bill.is_bill and counted != (bill.eligible_fen or 0):
            bill.capped_from_fen = bill.eligible_fen
        told = {"FREIGHT_OUTLIER": "is_freight_outlier", "FEE_OUTLIER": "is_fee_outlier"}
        bill.judged = {code: row[name] for code, name in told.items() if row[name] is not None}
    files.connection.execute("drop table bills")


def _extract(
    files: Files, merchant_id: str, month: int, own: Iterable[Bill], folder: Path
) -> Month:
    """The month as a build looks at it, narrowed to what judging this merchant needs."""
    paths = files.lake.months[month]
    target = folder / str(month) / f"{paths[0].stem}.parquet"
    target.parent.mkdir()
    names = ", ".join(write_literal(str(path)) for path in paths)
    origin = f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"
    mine = write_literal(merchant_id)
    # The merchant's own rows of all months were read at once: no file is gone through twice.
    query = f"select * exclude (filename) from own_rows where month = {month}"
    lanes = {(b.origin, b.destination) for b in own if b.freight_fen is not None}
    lanes = {lane for lane in lanes if None not in lane}
    if lanes and any(rule.freight for rule in files.lake.carriage_rules.values()):
        origins, destinations = zip(*sorted(lanes), strict=True)
        told = pa.table({"origin": origins, "destination": destinations})
        files.connection.register("own_lanes", told)
        query += (
            f" union all by name select {FREIGHT} from {origin} as others"
            " semi join own_lanes using (origin, destination)"
            f" where merchant_id <> {mine} and freight_fen is not null and is_sale and cod_fen > 0"
        )
    files.connection.execute(
        f"copy ({query}) to {write_literal(str(target))} (format parquet, compression uncompressed)"
    )
    lake = replace(files.lake, months={month: (target,)})
    looked = look_at_month(lake, files.as_of, month)
    returned = target.with_name("returned.parquet")
    open_waybills(files.connection, looked)
    files.connection.execute(
        f"copy ({render_sql('returned', looked.values)})"
        f" to {write_literal(str(returned))} (format parquet)"
    )
    return replace(looked, returned=(returned,))
