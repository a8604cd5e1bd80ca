-- Rollup: the waybills of a month that a return waybill of any month names, and where they stand in
-- the month's files, from the view `waybills` and the table `named` (source, waybill_no).
select w.source, w.waybill_no, w.file_index, w.file_row_number
from waybills w
join named n on w.source = n.source and w.waybill_no = n.waybill_no
order by w.source, w.waybill_no, w.file_index, w.file_row_number
