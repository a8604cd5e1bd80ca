-- Rollup: what a merchant sold to a consignee in a month, from `bills`; `consignee` is a key.
-- `first_cod_on` is null when none of the bills had an amount.
select
    merchant,
    consignee,
    cast($month as integer) as month,
    cast(sum(amount_fen) as bigint) as amount_fen,
    min(case when amount_fen > 0 then created_on end) as first_cod_on
from bills
where is_bill
group by merchant, consignee
order by merchant
