-- Network: a merchant's amount of the 90 days before T to consignees who were first seen, as
-- consignee or as shipper, at most $fresh_days days before that bill, from the rollup
-- the merchants' bills ({origin} all of it, {recent} what may lie in the 90 days) and the table
-- `newcomers`.
with shipped as (
    select t.shipper, min(t.created_on) as first_on
    from {origin} t
    semi join newcomers n on t.shipper = n.consignee
    group by t.shipper
),
seen as (
    select n.consignee, least(n.first_on, coalesce(s.first_on, n.first_on)) as first_on
    from newcomers n
    left join shipped s on n.consignee = s.shipper
),
sold as (
    select t.shipper, cast(sum(t.amount_fen) as bigint) as amount_fen
    from {recent} t
    join seen s on t.consignee = s.consignee
    where t.created_on >= $new_from and t.created_on <= s.first_on + $fresh_days
    group by t.shipper
)
select m.place, f.amount_fen
from sold f
join shippers m on f.shipper = m.shipper
