-- Block: how many COD bills of M1–M12 had which amount, from the rollup `merchant_ticket`.
select place, amount_fen, cast(sum(bills) as bigint) as bills
from merchant_ticket
where month >= $m12
group by place, amount_fen
order by place, amount_fen
