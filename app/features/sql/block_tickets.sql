-- Block: how many COD bills of M1–M12 had which amount, from the rollup `merchant_ticket`; an amount
-- stands once a month.
select place, amount_fen, bills
from merchant_ticket
where month >= $m12
order by place, amount_fen
