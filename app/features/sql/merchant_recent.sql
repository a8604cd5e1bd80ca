-- Rollup: what of a merchant's month lies in the 30 days before T (from $recent_from), and what in
-- the 180 days before those (from $base_from), from `bills`.
select
    merchant,
    cast($month as integer) as month,
    cast(sum(case when created_on >= $recent_from then amount_fen else 0 end) as bigint)
        as recent_fen,
    cast(
        sum(
            case
                when created_on >= $base_from and created_on < $recent_from then amount_fen
                else 0
            end
        ) as bigint
    ) as base_fen
from bills
where amount_fen > 0
group by merchant
order by merchant
