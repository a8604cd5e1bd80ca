-- Block: how many COD bills of M1–M12 were paid after so many days, as known before T, of the months
-- from $open_from on (year_cycles.sql has the others), from the rollup `merchant_bill`.
select place, paid_days as days, count(*) as bills
from merchant_bill
where month >= $open_from and month >= $m12 and paid_days >= 0 and created_on + paid_days < $as_of
group by place, paid_days
order by place, paid_days
