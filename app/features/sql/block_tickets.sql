-- Block: the amounts of COD bills of M1–M12, a row a bill, from the rollup `merchant_ticket`.
select place, amount_fen, cast(1 as bigint) as bills
from merchant_ticket
where month >= $m12
order by place, amount_fen
