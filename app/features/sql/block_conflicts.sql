-- Block: conflicts with older imports of waybills of M1–M12, from the tables `conflicts`, `listed`
-- and `wanted`, one row a merchant.
select w.row_in_block as place, cast(sum(c.resets) as bigint) as resets
from conflicts c
join listed l on c.merchant_id = l.merchant_id
join wanted w on l.place = w.place
where c.month >= $m12 and c.month <= $m1
group by w.row_in_block
order by w.row_in_block
