-- Block: conflicts with older imports by month of the older waybill, from the tables `conflicts`
-- and `listed`.
select cast(l.place - $begin as integer) as place, c.month, c.resets
from conflicts c
join listed l on c.merchant_id = l.merchant_id
where l.place >= $begin and l.place < $end
order by place, c.month
