-- Block: a rollup narrowed to the block's merchants, `place` being the merchant's row in the block;
-- the names in braces are written in by `app.features.blocks`.
create or replace temp {kind} {rollup} as
select p.place, r.*
from ({origin}) as r
join places p on r.month = p.month and r.merchant = p.merchant
