-- Rollup: a merchant's COD bills of a month counted by amount, from `bills`.
select merchant, cast($month as integer) as month, amount_fen, count(*) as bills
from bills
where amount_fen > 0
group by merchant, amount_fen
order by merchant, amount_fen
