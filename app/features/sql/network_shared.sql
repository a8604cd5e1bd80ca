-- Network: phones (kind 6) and cards (kind 7) that stood on bills of more than one merchant in
-- M1–M12, a row a merchant and phone or card, from the rollup `merchant_identity`.
with borne as (
    select distinct r.place, a.kind, a.value
    from (
        select month, merchant, 6 as kind, phone as value
        from {origin}
        union all
        select month, merchant, 7, card
        from {origin}
    ) as a
    join roster r on a.month = r.month and a.merchant = r.merchant
    where a.value is not null and a.month >= $m12 and a.month <= $m1
),
shared as (
    select kind, value
    from borne
    group by kind, value
    having count(*) > 1
)
select b.place, b.kind, b.value
from borne b
semi join shared s on b.kind = s.kind and b.value = s.value
