"""A source of six carriers over some months, made by DuckDB from hashes: the same every time.

A day has about 300 bills, Sundays fewer; amounts are lognormal enough; the last file can be harmed
by any SQL.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from app.quality.check import Desk, check_day, open_desk
from app.settings import PROJECT_FOLDER
from app.waybills.intake import ImportReport, import_files, open_intake

RULESETS = PROJECT_FOLDER / "rulesets"
FIRST, LAST = date(2025, 7, 1), date(2025, 11, 30)  # no Spring Festival in it; National Day is
NIGHT = date(2025, 11, 29)  # a Saturday, the last night of the clean months
AS_OF = date(2025, 12, 1)
SOURCE = "tms"
KEY = b"a key that is used by tests only"

BILLS = f"""
select 'W' || lpad(i::varchar, 7, '0') as waybill_no, 'M' || (h % 40) as shipper_id,
    'C' || (h // 64 % 400) as consignee_id, 'K' || (h // 8 % 6) as carrier_id,
    'O' || (h // 8 % 6) || '-' || (h // 512 % 3) as outlet_id,
    ['hardware', 'lamps', 'toys', 'shoes'][(h // 16 % 4 + 1)::integer] as goods_category,
    ['prepaid', 'collect', 'monthly'][(h // 32 % 3 + 1)::integer] as freight_payment,
    round(20 + h // 128 % 100, 2)::decimal(18,2) as freight,
    round(exp(6 + (h // 256 % 1000) / 400.0), 2)::decimal(18,2) as cod_amount,
    5::decimal(18,2) as cod_fee, '临沂' as origin, '城市' || (h // 1024 % 9) as destination,
    case when h // 4096 % 50 = 0 then 'returned' when h // 4096 % 50 = 1 then 'voided'
        else 'signed' end as status,
    day + to_seconds((8 * 3600 + h // 2048 % 43200)::bigint) as created_at,
    day + interval 1 day + to_seconds((h // 2048 % 43200)::bigint) as signed_at
from (select i, hash(i) % 1000000007 as h,
        date '{FIRST}'::timestamp + to_days((i // 320)::integer) as day
    from range({((LAST - FIRST).days + 1) * 320}) t(i))
where not (extract(isodow from day) = 7 and h % 3 = 0) and h % 17 <> 0
"""


def write_bills(path: Path, where: str, harm: str = "select * from bills") -> None:
    """Write the bills that `where` chooses, after `harm`, which selects from `bills`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"create view bills as select * from ({BILLS}) where {where}")
        connection.execute(f"copy ({harm}) to '{path}' (format parquet)")


def take_in(lake: Path, path: Path, source: str = SOURCE) -> ImportReport:
    """Import a file of the source."""
    intake = open_intake(lake, KEY, RULESETS, 512)
    return import_files(intake, [path], source)[0]


def desk_of(lake: Path, rulesets: Path = RULESETS) -> Desk:
    """A desk over a lake, with the expectations that are shipped."""
    return open_desk(lake, rulesets, 512)


def check(lake: Path, as_of: date = AS_OF, **given: Any) -> dict[str, Any]:
    """The report of a day."""
    return check_day(desk_of(lake), as_of, **given)


def broken(report: dict[str, Any], severity: str = "fail") -> set[str]:
    """The names of the expectations that broke."""
    return {one["expectation"] for one in report["findings"] if one["severity"] == severity}
