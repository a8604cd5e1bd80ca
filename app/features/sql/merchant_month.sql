-- Rollup: a merchant's month in counts, amount and days, from `bills`; it has every merchant of the
-- month, so it tells for all rollups of the month which `merchant` stands for which merchant_id.
-- Bit d − 1 of `bill_days` is set where a bill was created on day d.
select
    s.merchant,
    m.merchant_id,
    cast($month as integer) as month,
    s.records,
    s.bills,
    s.cod_bills,
    s.amount_fen,
    s.first_cod_on,
    s.last_bill_on,
    s.bill_days
from (
    select
        merchant,
        count(*) as records,
        count(case when is_bill then 1 end) as bills,
        count(case when amount_fen > 0 then 1 end) as cod_bills,
        cast(sum(amount_fen) as bigint) as amount_fen,
        min(case when amount_fen > 0 then created_on end) as first_cod_on,
        max(case when is_bill then created_on end) as last_bill_on,
        cast(bit_or(case when is_bill then 1 << (day(created_on) - 1) else 0 end) as bigint) as bill_days
    from bills
    group by merchant
) as s
join merchants m on s.merchant = m.merchant
order by s.merchant
