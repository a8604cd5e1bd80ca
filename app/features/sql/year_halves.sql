-- Year: carriers (kind 1) and goods categories (kind 3) with their amounts in M1–M6 and in M7–M12,
-- from `parts`. Sorted by amounts, so that sums of fractions taken in this order do not depend on
-- keys.
select place, kind, now_fen, then_fen
from parts
where kind = 1 or kind = 3
order by place, kind, now_fen, then_fen
