-- Rollup: what a merchant sold to a consignee on each day of a month, from `bills`; `shipper` is the
-- merchant's key and `consignee` the consignee's, in one namespace: a party may be both. The amount
-- is 0 where none of the day's bills had one.
select d.merchant, m.shipper, d.consignee, cast($month as integer) as month, d.created_on, d.amount_fen
from (
    select merchant, consignee, created_on, cast(sum(amount_fen) as bigint) as amount_fen
    from bills
    where is_bill
    group by merchant, consignee, created_on
) as d
join merchants m on d.merchant = m.merchant
order by d.merchant
