# ruff: noqa: E501  the columns of wide statements
"""Thirty features by hand: waybill files and the as-of day come in; a table of merchant_id and the
features goes out, by one query in Polars and by one in ClickHouse embedded (chdb).

Money is in whole fen, rounded half up. AMOUNT_OUTLIER, FREIGHT_OUTLIER and FEE_OUTLIER are not
judged here: the build they are compared with does not judge them either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

FEATURES = (
    *("waybill_cnt_1m", "waybill_cnt_3m", "waybill_cnt_6m", "waybill_cnt_12m"),
    *("cod_amt_1m", "cod_amt_3m", "cod_amt_6m", "cod_amt_12m", "cod_amt_24m"),
    *("cod_settled_12m", "freight_12m", "avg_ticket", "p50_ticket", "cod_penetration"),
    *("consignee_cnt", "dest_city_cnt", "carrier_cnt", "category_cnt"),
    *("cod_months", "active_months_12m", "days_since_last_bill"),
    *("top1_consignee_share", "hhi_consignee", "hhi_carrier"),
    *("retention", "net_consignee_growth", "sign_rate", "return_rate_amt_6m"),
    *("round_share", "void_rate"),
)
LEFT_OUT = 1 | 8 | 32  # VOIDED, SELF_DEAL, TEST


def ask_polars(files: Sequence[str], as_of: date) -> pa.Table:
    """The features by Polars: lazy, in its streaming engine."""
    import polars as pl

    last = as_of.year * 12 + as_of.month - 2  # M1
    cut_off = datetime.combine(as_of, time())
    mature_before = cut_off - timedelta(days=29)
    column = pl.col
    lake = pl.scan_parquet(list(files), hive_partitioning=False).filter(
        column("created_at") < cut_off
    )
    named = lake.filter(column("return_of").is_not_null()).select(waybill_no="return_of").unique()
    named = named.with_columns(is_named=pl.lit(True))
    back = last + 1 - column("month").cast(pl.Int64)  # k of Mk; 0 is T's month
    is_named = column("is_named").fill_null(False)
    rows = (
        lake.join(named, on="waybill_no", how="left")
        .with_columns(
            back=back,
            is_bill=column("is_sale") & ~is_named,
            is_returned=(column("flags") & 2 != 0) | is_named,
            is_mature=column("created_at") < mature_before,
        )
        .with_columns(fen=pl.when("is_bill").then("eligible_fen").otherwise(0))
        .with_columns(is_cod=column("fen") > 0)
    )

    def within(k: int) -> Any:
        return column("back").is_between(1, k)

    shipped = (
        within(12)
        & column("is_mature")
        & (column("flags") & LEFT_OUT == 0)
        & column("return_of").is_null()
    )
    says_signed = column("status").is_in(["signed", "cod_collected", "cod_remitted", "cod_paid"])
    says_settled = column("status").is_in(["cod_paid", "paid"])
    signed = ~column("is_returned") & (column("signed_at") < cut_off).fill_null(says_signed)
    settled = (column("cod_paid_at") < cut_off).fill_null(says_settled)
    mature_6m = within(6) & column("is_mature")
    bills, cod, fen = column("is_bill"), column("is_cod"), column("fen")
    merchants = rows.group_by("merchant_id").agg(
        *(
            (bills & within(k)).sum().cast(pl.Int64).alias(f"waybill_cnt_{k}m")
            for k in (1, 3, 6, 12)
        ),
        *(fen.filter(within(k)).sum().alias(f"cod_amt_{k}m") for k in (1, 3, 6, 12, 24)),
        cod_settled_12m=fen.filter(within(12) & settled).sum(),
        freight_12m=column("freight_fen").filter(bills & within(12)).sum(),
        cods=(cod & within(12)).sum().cast(pl.Int64),
        p50_ticket=(fen.filter(cod & within(12)).median() + 0.5).floor().cast(pl.Int64),
        first=column("created_at").filter(cod).min(),
        last=column("created_at").filter(bills).max(),
        freights=(bills & within(12) & column("freight_fen").is_not_null()).sum(),
        shipped=shipped.sum(),
        signed=(shipped & signed).sum(),
        returned=column("cod_fen").abs().filter(mature_6m & column("is_returned")).sum(),
        kept=fen.filter(mature_6m).sum(),
        rounds=(cod & within(12) & (fen % 100_000 == 0)).sum(),
        voided=(within(12) & (column("flags") & 1 != 0)).sum(),
        records=within(12).sum(),
        dest_city_cnt=column("destination").filter(bills & within(12)).drop_nulls().n_unique(),
        category_cnt=column("goods_category").filter(bills & within(12)).drop_nulls().n_unique(),
    )
    year = rows.filter(bills & within(12))
    months = (
        year.filter(cod).group_by("merchant_id", "back").agg(cods=pl.len())
        .group_by("merchant_id").agg(active_months_12m=(column("cods") >= 3).sum())
    )  # fmt: skip
    customers = (
        year.group_by("merchant_id", "consignee_id")
        .agg(
            fen=fen.sum(),
            now=(cod & within(6)).any(),
            then=(cod & ~within(6)).any(),
        )
        .group_by("merchant_id")
        .agg(
            consignee_cnt=pl.len(),
            largest=fen.max(),
            squares=(fen.cast(pl.Float64) ** 2).sum(),
            now=column("now").sum().cast(pl.Int64),
            then=column("then").sum().cast(pl.Int64),
            both=(column("now") & column("then")).sum(),
        )
    )
    carriers = (
        year.filter(column("carrier_id").is_not_null())
        .group_by("merchant_id", "carrier_id")
        .agg(fen=fen.sum(), bills=pl.len())
        .group_by("merchant_id")
        .agg(
            carrier_cnt=(column("bills") >= 3).sum(),
            carried=fen.sum(),
            carried_squares=(fen.cast(pl.Float64) ** 2).sum(),
        )
    )

    def share(part: str | Any, whole: str | Any) -> Any:
        whole = column(whole) if isinstance(whole, str) else whole
        part = column(part) if isinstance(part, str) else part
        return pl.when(whole != 0).then(part / whole)

    def counted(name: str) -> Any:
        return pl.when(column(name) > 0).then(name)

    year_fen, cods, first = column("cod_amt_12m"), column("cods"), column("first")
    between = last + 1 - (first.dt.year().cast(pl.Int64) * 12 + first.dt.month() - 1)
    found = merchants
    for other in (months, customers, carriers):
        found = found.join(other, on="merchant_id", how="left")
    found = found.with_columns(
        cod_settled_12m=pl.when(column("waybill_cnt_12m") > 0).then("cod_settled_12m"),
        freight_12m=pl.when(column("freights") > 0).then("freight_12m"),
        avg_ticket=pl.when(cods > 0).then((2 * year_fen + cods) // (2 * cods)),
        cod_penetration=share("cods", "waybill_cnt_12m"),
        consignee_cnt=column("consignee_cnt").fill_null(0),
        dest_city_cnt=counted("dest_city_cnt"),
        category_cnt=counted("category_cnt"),
        cod_months=between - (first.dt.day() > as_of.day).cast(pl.Int64),
        active_months_12m=column("active_months_12m").fill_null(0),
        days_since_last_bill=(pl.lit(as_of) - column("last").dt.date()).dt.total_days() - 1,
        top1_consignee_share=share("largest", "cod_amt_12m"),
        hhi_consignee=share("squares", year_fen.cast(pl.Float64) ** 2),
        hhi_carrier=share("carried_squares", column("carried").cast(pl.Float64) ** 2),
        retention=share("both", "then"),
        net_consignee_growth=share(column("now") - column("then"), "then"),
        sign_rate=share("signed", "shipped"),
        return_rate_amt_6m=share("returned", column("returned") + column("kept")),
        round_share=share("rounds", "cods"),
        void_rate=share("voided", "records"),
    )
    return found.select("merchant_id", *FEATURES).collect(engine="streaming").to_arrow()


def ask_clickhouse(files: Sequence[str], as_of: date) -> pa.Table:
    """The features by ClickHouse, in memory as Polars and DuckDB are; spills nothing."""
    import chdb

    return chdb.query(_write_clickhouse(files, as_of), "ArrowTable")


def _write_clickhouse(files: Sequence[str], as_of: date) -> str:
    last = as_of.year * 12 + as_of.month - 2
    return _CLICKHOUSE.format(
        lake=f"file('{_glob(files)}', Parquet)",
        last=last,
        m3=last - 2,
        m6=last - 5,
        m12=last - 11,
        m24=last - 23,
        as_of=as_of.isoformat(),
        day=as_of.day,
        left_out=LEFT_OUT,
    )


def _glob(files: Sequence[str]) -> str:
    """The files of months of one lake as one path; the root stands before the braces."""
    if len(files) == 1:
        return files[0]
    root = Path(files[0]).parents[1]
    return f"{root}/{{{','.join(str(Path(path).relative_to(root)) for path in files)}}}"


_CLICKHOUSE = """
with
    toDateTime64('{as_of} 00:00:00', 6, 'UTC') as cut_off,
    cut_off - interval 29 day as mature_before,
    named as (
        select return_of from {lake}
        where return_of is not null and created_at < toDateTime64('{as_of} 00:00:00', 6, 'UTC')
    ),
    main as (
        select
            merchant_id,
            is_sale and waybill_no not in named as is_bill,
            bitAnd(flags, 2) != 0 or waybill_no in named as is_returned,
            if(is_bill, ifNull(eligible_fen, 0), 0) as fen,
            fen > 0 as is_cod,
            month between {m12} and {last} as in_12,
            month between {m6} and {last} and created_at < mature_before as in_6_mature,
            in_12 and created_at < mature_before and bitAnd(flags, {left_out}) = 0 and return_of is null as is_shipped,
            month, freight_fen, cod_fen, flags, destination, goods_category, created_at,
            not is_returned and if(signed_at is not null, signed_at < cut_off,
                status in ('signed', 'cod_collected', 'cod_remitted', 'cod_paid')) as is_signed,
            if(cod_paid_at is not null, cod_paid_at < cut_off, status in ('cod_paid', 'paid')) as is_settled
        from {lake}
        where created_at < cut_off
    ),
    merchants as (
        select
            merchant_id,
            countIf(is_bill and month = {last}) as waybill_cnt_1m,
            countIf(is_bill and month between {m3} and {last}) as waybill_cnt_3m,
            countIf(is_bill and month between {m6} and {last}) as waybill_cnt_6m,
            countIf(is_bill and in_12) as waybill_cnt_12m,
            sumIf(fen, month = {last}) as cod_amt_1m,
            sumIf(fen, month between {m3} and {last}) as cod_amt_3m,
            sumIf(fen, month between {m6} and {last}) as cod_amt_6m,
            sumIf(fen, in_12) as cod_amt_12m,
            sumIf(fen, month between {m24} and {last}) as cod_amt_24m,
            sumIf(fen, in_12 and is_settled) as settled,
            sumIf(ifNull(freight_fen, 0), is_bill and in_12) as freight,
            countIf(is_bill and in_12 and freight_fen is not null) as freights,
            toInt64(countIf(is_cod and in_12)) as cods,
            quantileExactInclusiveIf(0.5)(fen, is_cod and in_12) as middle,
            uniqExactIf(destination, is_bill and in_12) as destinations,
            uniqExactIf(goods_category, is_bill and in_12) as categories,
            countIf(is_cod) as ever_cods,
            minIf(created_at, is_cod) as first,
            countIf(is_bill) as ever_bills,
            maxIf(created_at, is_bill) as latest,
            countIf(is_shipped) as shipped,
            countIf(is_shipped and is_signed) as signed,
            sumIf(abs(ifNull(cod_fen, 0)), in_6_mature and is_returned) as returned,
            sumIf(fen, in_6_mature) as kept,
            countIf(is_cod and in_12 and fen % 100000 = 0) as rounds,
            countIf(in_12 and bitAnd(flags, 1) != 0) as voided,
            countIf(in_12) as records
        from main
        group by merchant_id
    ),
    months as (
        select merchant_id, countIf(cods >= 3) as active from (
            select merchant_id, month, count() as cods from {lake}
            where month between {m12} and {last} and is_sale and eligible_fen > 0 and waybill_no not in named
            group by merchant_id, month
        ) group by merchant_id
    ),
    customers as (
        select
            merchant_id, count() as consignees, max(total) as largest, sum(toFloat64(total) * total) as squares,
            toInt64(countIf(now > 0)) as in_now, toInt64(countIf(then > 0)) as in_then, countIf(now > 0 and then > 0) as in_both
        from (
            select
                merchant_id, consignee_id, sum(ifNull(eligible_fen, 0)) as total,
                countIf(eligible_fen > 0 and month >= {m6}) as now,
                countIf(eligible_fen > 0 and month < {m6}) as then
            from {lake}
            where month between {m12} and {last} and is_sale and waybill_no not in named
            group by merchant_id, consignee_id
        ) group by merchant_id
    ),
    carriers as (
        select merchant_id, countIf(bills >= 3) as used, sum(total) as carried, sum(toFloat64(total) * total) as squares
        from (
            select merchant_id, carrier_id, sum(ifNull(eligible_fen, 0)) as total, count() as bills
            from {lake}
            where month between {m12} and {last} and is_sale and carrier_id is not null and waybill_no not in named
            group by merchant_id, carrier_id
        ) group by merchant_id
    )
select
    m.merchant_id as merchant_id,
    waybill_cnt_1m, waybill_cnt_3m, waybill_cnt_6m, waybill_cnt_12m,
    cod_amt_1m, cod_amt_3m, cod_amt_6m, cod_amt_12m, cod_amt_24m,
    if(waybill_cnt_12m > 0, settled, null) as cod_settled_12m,
    if(freights > 0, freight, null) as freight_12m,
    if(cods > 0, intDiv(2 * cod_amt_12m + cods, 2 * greatest(cods, 1)), null) as avg_ticket,
    if(cods > 0, toInt64(floor(middle + 0.5)), null) as p50_ticket,
    cods / nullIf(waybill_cnt_12m, 0) as cod_penetration,
    coalesce(c.consignees, 0) as consignee_cnt,
    nullIf(destinations, 0) as dest_city_cnt,
    if(a.carried is null, null, a.used) as carrier_cnt,
    nullIf(categories, 0) as category_cnt,
    if(ever_cods > 0, {last} + 1 - (toYear(first) * 12 + toMonth(first) - 1) - (toDayOfMonth(first) > {day}), null) as cod_months,
    coalesce(n.active, 0) as active_months_12m,
    if(ever_bills > 0, dateDiff('day', toDate(latest), toDate('{as_of}')) - 1, null) as days_since_last_bill,
    c.largest / nullIf(cod_amt_12m, 0) as top1_consignee_share,
    c.squares / nullIf(toFloat64(cod_amt_12m) * cod_amt_12m, 0) as hhi_consignee,
    a.squares / nullIf(toFloat64(a.carried) * a.carried, 0) as hhi_carrier,
    c.in_both / nullIf(c.in_then, 0) as retention,
    (c.in_now - c.in_then) / nullIf(c.in_then, 0) as net_consignee_growth,
    signed / nullIf(shipped, 0) as sign_rate,
    returned / nullIf(returned + kept, 0) as return_rate_amt_6m,
    rounds / nullIf(cods, 0) as round_share,
    voided / nullIf(records, 0) as void_rate
from merchants m
left join months n on m.merchant_id = n.merchant_id
left join customers c on m.merchant_id = c.merchant_id
left join carriers a on m.merchant_id = a.merchant_id
settings join_use_nulls = 1, session_timezone = 'UTC'
"""
