-- Block: carriers (kind 1) and goods categories (kind 3) of M1–M12 with their amounts in M1–M6 and
-- in M7–M12, from the rollup `merchant_attribute`. Sorted by amounts, so that sums of fractions
-- taken in this order do not depend on keys.
select
    place,
    kind,
    cast(sum(case when month >= $m6 then amount_fen else 0 end) as bigint) as now_fen,
    cast(sum(case when month < $m6 then amount_fen else 0 end) as bigint) as then_fen
from merchant_attribute
where month >= $m12 and (kind = 1 or kind = 3)
group by place, kind, value
order by place, kind, now_fen, then_fen
