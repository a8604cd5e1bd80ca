-- The merchants of a month, from the view `waybills`; `merchant`, the place in the order of
-- merchant_id, counted from 0, stands for the merchant in every rollup of the month.
select
    merchant_id,
    cast(row_number() over (order by merchant_id) - 1 as integer) as merchant
from (select distinct merchant_id from waybills) as distinct_merchants
