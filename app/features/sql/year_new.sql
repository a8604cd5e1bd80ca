-- Year: what a merchant sold in M1–M3 to consignees that were new on a day from $earliest_new on, from
-- `customers`; a row a merchant and day.
select place, first_cod_on, cast(sum(amount_3m_fen) as bigint) as amount_fen
from customers
where is_new and first_cod_on >= $earliest_new and amount_3m_fen > 0
group by place, first_cod_on
order by place, first_cod_on
