-- Features of merchants as of $as_of (the first of a month), straight from the raw file: written from
-- the definitions in rulesets/catalogue.yaml, for a source of invoices. Money in fen.
with rows as (
    select *, row_number() over (partition by waybill_no order by file_row_number) as n,
        cast(cod_amount * 100 as bigint) as fen
    from read_parquet($file, file_row_number = true)
),
records as (
    select waybill_no, shipper_id as merchant_id, consignee_id, fen, status, created_at,
        (select 12 * year($as_of) + month($as_of)) - (12 * year(created_at) + month(created_at)) as m,
        status not in ('voided', 'returned') and fen not in (1, 12345600)
            and shipper_id <> consignee_id as is_bill
    from rows where n = 1 and created_at < $as_of
),
cod as (select * from records where is_bill and fen > 0),
months as (
    select merchant_id, i.m, coalesce(sum(c.fen), 0) as fen, count(c.fen) as bills
    from (select distinct merchant_id from records) cross join range(1, 13) i(m)
    left join cod c using (merchant_id, m) group by all
),
spread as (
    select merchant_id, median(fen) as middle, min(fen) as least, sum(fen) as total,
        (sum(fen) - min(fen) - max(fen)) / 10 as trimmed, stddev_pop(fen) / nullif(avg(fen), 0) as cv,
        count(*) filter (where bills >= 3) as active
    from months group by 1
),
consignees as (
    select merchant_id, consignee_id, sum(fen) as fen,
        bool_or(m between 1 and 6) as late, bool_or(m between 7 and 12) as early
    from cod where m between 1 and 12 group by all
),
shares as (
    select merchant_id, max(fen) / sum(fen) as top1, sum((fen / 1.0) ** 2) / sum(fen / 1.0) ** 2 as hhi,
        count(*) filter (where late and early) / nullif(count(*) filter (where early), 0) as retention
    from consignees group by 1
),
sums as (
    select merchant_id, min(m) filter (where fen > 0 and is_bill) is not null as has_cod,
        max(m) filter (where is_bill and fen > 0) as history,
        min(created_at) filter (where is_bill and fen > 0) as first_at,
        max(created_at) filter (where is_bill) as last_at,
        count(*) filter (where is_bill and m between 1 and 12) as waybill_cnt_12m,
        count(distinct consignee_id) filter (where is_bill and m between 1 and 12) as consignee_cnt,
        count(*) filter (where is_bill and fen > 0 and m between 1 and 12) as cod_cnt_12m,
        count(*) filter (where is_bill and fen > 0 and fen % 100000 = 0 and m between 1 and 12) as round_cnt,
        count(*) filter (where m between 1 and 12) as record_cnt,
        count(*) filter (where status = 'voided' and m between 1 and 12) as void_cnt,
        coalesce(sum(fen) filter (where is_bill and fen > 0 and m <= 3 and m >= 1), 0) as cod_amt_3m,
        coalesce(sum(fen) filter (where is_bill and fen > 0 and m <= 6 and m >= 1), 0) as cod_amt_6m,
        coalesce(sum(fen) filter (where is_bill and fen > 0 and m <= 12 and m >= 1), 0) as cod_amt_12m,
        coalesce(sum(fen) filter (where is_bill and fen > 0 and m between 13 and 15), 0) as base_3m,
        coalesce(sum(abs(fen)) filter (where status = 'returned' and m between 1 and 6
            and created_at < $as_of - interval 29 day), 0) as returned_fen,
        coalesce(sum(fen) filter (where is_bill and fen > 0 and m between 1 and 6
            and created_at < $as_of - interval 29 day), 0) as mature_fen
    from records group by 1
)
select merchant_id, waybill_cnt_12m, consignee_cnt, cod_amt_3m, cod_amt_6m, cod_amt_12m,
    floor(cod_amt_12m / nullif(cod_cnt_12m, 0) + 0.5) as avg_ticket,
    12 * (year($as_of) - year(first_at)) + month($as_of) - month(first_at)
        - case when day(first_at) > day($as_of) then 1 else 0 end as cod_months,
    date_diff('day', last_at::date, $as_of) - 1 as days_since_last_bill,
    active as active_months_12m,
    case when history >= 12 then floor(middle + 0.5) end as cod_median_month,
    case when history >= 12 then least end as cod_min_month,
    case when history >= 12 then floor(trimmed + 0.5) end as cod_trim_month,
    case when history >= 12 then cv end as cv,
    case when history >= 15 then cod_amt_3m / nullif(base_3m, 0) - 1 end as yoy_3m,
    top1 as top1_consignee_share, hhi as hhi_consignee, retention,
    round_cnt / nullif(cod_cnt_12m, 0) as round_share,
    void_cnt / nullif(record_cnt, 0) as void_rate,
    returned_fen / nullif(returned_fen + mature_fen, 0) as return_rate_amt_6m
from sums left join shares using (merchant_id) left join spread using (merchant_id)
