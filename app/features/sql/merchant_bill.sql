-- Rollup: a merchant's bills of a month of the last year, from `bills`: a row a bill, as grouping them
-- by day and consignee would leave nearly as many. `shipper` is the merchant's key and `consignee` the
-- consignee's, in one namespace: a party may be both. `paid_days` are the calendar days from created
-- to paid of COD bills whose times are right, whenever that was.
select
    merchant,
    shipper,
    consignee,
    cast($month as integer) as month,
    created_on,
    amount_fen,
    carrier,
    destination,
    category,
    cast(
        case
            when amount_fen > 0 and (flags & $time) = 0
                then date_diff('day', created_on, cast(cod_paid_at as date))
        end as integer
    ) as paid_days
from bills
where is_bill
order by merchant
