-- Block: how many COD bills of M1–M12 were paid after so many days, from the rollup
-- `merchant_cycle`.
select place, days, cast(sum(bills) as bigint) as bills
from merchant_cycle
where month >= $m12
group by place, days
order by place, days
