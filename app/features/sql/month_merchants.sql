-- The merchants of a month, from the view `waybills`; `merchant`, the place in the order of
-- merchant_id, counted from 0, stands for the merchant in every rollup of the month; `shipper` is
-- its key over all months.
select
    merchant_id,
    key_of(merchant_id) as shipper,
    cast(row_number() over (order by merchant_id) - 1 as integer) as merchant
from (select distinct merchant_id from waybills) as distinct_merchants
