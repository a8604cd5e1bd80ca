# ruff: noqa: E501  the columns of one wide statement
"""A synthetic lake for the feature benchmark: a size comes in, waybill files in the lake's schema
go out, written by DuckDB alone, with the row groups and the compression that an import writes, and
in the order of time, as carriers export them and an import keeps them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

MONTHS = 24
LAST_MONTH = 2025 * 12 + 11  # December 2025; the as-of day of the benchmark is 2026-01-01

_MONTH_SQL = """
copy (
    with drawn as (
        select
            i,
            cast(floor({merchants} * pow((hash(i * 7 + {month}) % 1000003) / 1000003.0, 1.6)) as bigint) as merchant,
            hash(i * 11 + {month}) % 1000000007 as a,
            hash(i * 13 + {month}) % 1000000009 as b,
            hash(i * 17 + {month}) % 998244353 as c,
            hash(i * 19 + {month}) % 1000000021 as d
        from range({rows}) t(i)
    ),
    typed as (
        select
            *,
            timestamp '{first_day}' + to_seconds(cast(a % ({days} * 86400) as integer)) as created_at,
            case
                when b % 100 < 2 then 'voided' when b % 100 < 5 then 'returned'
                when b % 100 < 8 then 'signed' else 'cod_paid'
            end as status,
            case when c % 10 < 1 then 0
                when d % 997 = 0 then 20000000 + cast(d % 900000 as bigint)
                else cast(round(exp(5.5 + 2.4 * ((b % 10007) + (c % 10009) + (d % 10037)) / 30053.0) * 100) as bigint)
                    * 10
            end as cod_fen
        from drawn
    )
    select
        'tms' as source,
        '{name}{month}' || lpad(cast(i as varchar), 9, '0') as waybill_no,
        'M' || lpad(cast(merchant as varchar), 7, '0') as merchant_id,
        'C' || lpad(cast((merchant * 67 + cast(floor(pow((b % 10007) / 10007.0, 2) * 120) as bigint)) % {consignees} as varchar), 8, '0')
            as consignee_id,
        'X' || ((merchant + c % 3) % 400) as carrier_id,
        null::varchar as outlet_id, null::varchar as goods_name,
        'category ' || (merchant % 16 + d % 2) as goods_category,
        'prepaid' as freight_payment,
        'Linyi' as origin,
        'city ' || ((merchant * 3 + b % 9) % 330) as destination,
        status,
        case when d % 331 = 7 then '{name}{month}' || lpad(cast((i + 1) % {rows} as varchar), 9, '0') end as return_of,
        null::varchar as "operator",
        cast(1 + a % 20 as bigint) as pieces, cast(null as bigint) as weight_g, cast(null as bigint) as volume_cm3,
        cast(1000 + c % 20000 as bigint) as freight_fen,
        cod_fen, cod_fen as cod_first_fen, (cod_fen + 99999) // 100000 * 100 as cod_fee_fen,
        cast(null as bigint) as declared_fen, cast(null as bigint) as insured_fee_fen,
        created_at,
        case when status in ('signed', 'cod_paid') then created_at + to_hours(cast(24 + c % 72 as integer)) end as signed_at,
        cast(null as timestamp) as cod_collected_at,
        case when status = 'cod_paid' then created_at + to_hours(cast(120 + d % 240 as integer)) end as cod_paid_at,
        md5('n' || merchant) as shipper_name_hash, null::varchar as shipper_name_masked,
        md5('p' || merchant) as shipper_phone_hash, null::varchar as shipper_phone_masked,
        md5('n' || b % 50000) as consignee_name_hash, null::varchar as consignee_name_masked,
        null::varchar as consignee_phone_hash, null::varchar as consignee_phone_masked,
        {month}::integer as month,
        case status when 'voided' then {voided} when 'returned' then {returned} else 0 end::integer as flags,
        cast(case when a % 401 = 0 then 1 else 0 end as integer) as repeats,
        cast(case when a % 607 = 0 then 1 else 0 end as integer) as resets,
        status not in ('voided', 'returned') as is_sale,
        case when status in ('voided', 'returned') then 0 else cod_fen end as eligible_fen,
        'bench' as import_id, timestamp '2026-01-01' as arrived_at
    from typed
    order by created_at, waybill_no
) to '{path}' (format parquet, compression snappy, row_group_size 122880)
"""


def make_lake(waybills: int, merchants: int, consignees: int) -> dict[int, Path]:
    """Month → its one waybill file, in a temporary folder that is kept for the next run of the same
    size.
    """
    folder = _folder(waybills, merchants, consignees)
    months = [LAST_MONTH - back for back in range(MONTHS - 1, -1, -1)]
    files = {month: folder / f"month={month}" / "bench.parquet" for month in months}
    for month, path in files.items():
        _write_month(path, month, waybills // MONTHS, 28, merchants, consignees)
    return files


def make_night(waybills: int, merchants: int, consignees: int) -> dict[str, dict[int, Path]]:
    """What arrives in the night after the first day that make_lake's files lack, month → file: "day"
    is one day's waybills (1/730 of all); "late" half as many again, written in the two months
    before.
    """
    folder = _folder(waybills, merchants, consignees)
    rows = max(waybills // 730, 50)
    wanted = {
        "day": {LAST_MONTH + 1: (rows, 1)},
        "late": {LAST_MONTH: (rows // 4, 28), LAST_MONTH - 1: (rows // 4, 28)},
    }
    made: dict[str, dict[int, Path]] = {}
    for name, months in wanted.items():
        made[name] = {month: folder / f"month={month}" / f"{name}.parquet" for month in months}
        for month, (count, days) in months.items():
            _write_month(made[name][month], month, count, days, merchants, consignees, name)
    return made


def _folder(waybills: int, merchants: int, consignees: int) -> Path:
    name = f"chengxin-bench-lake-5-{waybills}-{merchants}-{consignees}"
    return Path(tempfile.gettempdir()) / name


def _write_month(
    path: Path, month: int, rows: int, days: int, merchants: int, consignees: int, name: str = "W"
) -> None:
    """Write a month's file unless it is there; `name` begins the numbers of its waybills."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(
            _MONTH_SQL.format(
                name=name,
                rows=rows,
                merchants=merchants,
                consignees=consignees,
                month=month,
                first_day=f"{month // 12}-{month % 12 + 1:02d}-01",
                days=days,
                voided=1,
                returned=2,
                path=draft,
            )
        )
    draft.rename(path)
