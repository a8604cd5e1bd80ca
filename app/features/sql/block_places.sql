-- Block: which `merchant` of which month is which row of the block, from the tables `roster` and
-- `wanted` (place in the order of merchant_id, row_in_block).
create or replace temp table places as
select r.month, r.merchant, w.row_in_block as place
from roster r
join wanted w on r.place = w.place
