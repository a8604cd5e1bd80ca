-- Year: how many COD bills of M1–M12 were paid after so many days, of the months before $open_from,
-- whose bills were all paid before T's month, from the rollup `merchant_bill`.
select place, paid_days as days, count(*) as bills
from merchant_bill
where month >= $m12 and month < $open_from and paid_days >= 0
group by place, paid_days
order by place, paid_days
