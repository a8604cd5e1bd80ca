-- Year: the amounts of COD bills of M1–M12, from the rollup `merchant_bill`, a row a bill.
select place, amount_fen, cast(1 as bigint) as bills
from merchant_bill
where month >= $m12 and amount_fen > 0
order by place, amount_fen
