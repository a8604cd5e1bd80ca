-- Rollup: which originals the return waybills of a month name, from the view `waybills`.
select distinct source, return_of as waybill_no
from waybills
where return_of is not null
order by source, waybill_no
