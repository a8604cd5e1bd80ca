-- The texts of a month that a snapshot shows again, from the view `waybills`: goods categories
-- (kind 3) and origins (kind 4), as written.
select distinct cast(3 as tinyint) as kind, goods_category as word
from waybills
where goods_category is not null
union all
select distinct cast(4 as tinyint), origin
from waybills
where origin is not null
order by kind, word
