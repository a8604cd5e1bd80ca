-- Rollup: calendar days from created to paid of COD bills paid before the cut-off, counted by
-- number of days, from `bills`.
select merchant, cast($month as integer) as month, days, count(*) as bills
from (
    select merchant, date_diff('day', created_on, cast(cod_paid_at as date)) as days
    from bills
    where amount_fen > 0 and cod_paid_at < $cut_off and (flags & $time) = 0
) as cycles
where days >= 0
group by merchant, days
order by merchant
