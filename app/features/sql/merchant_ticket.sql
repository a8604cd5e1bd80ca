-- Rollup: the amounts of a merchant's COD bills of a month, from `bills`, a row a bill.
select merchant, cast($month as integer) as month, amount_fen
from bills
where amount_fen > 0
order by merchant
