-- Which `merchant` of which month has which place in `listed`, from the rollup `merchant_month`.
create or replace table roster as
select r.month, r.merchant, l.place
from {origin} r
join listed l on r.merchant_id = l.merchant_id
