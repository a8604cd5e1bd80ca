-- All merchants in the order of merchant_id with their number of waybills, from the rollup
-- `merchant_month`; `place` counts from 0.
create or replace table listed as
select merchant_id, cast(row_number() over (order by merchant_id) - 1 as integer) as place, records
from (
    select merchant_id, cast(sum(records) as bigint) as records
    from {origin}
    group by merchant_id
) as merchants
