-- Year: merchants whose id, or whose phone or card on a bill of M1–M12, stands on the list of
-- carriers' staff, from the rollup `merchant_identity` and the tables `shippers` and `staff` (kind,
-- value).
select a.place, 1 as related
from (
    select place, month, 6 as kind, phone as value from merchant_identity
    union all
    select place, month, 7, card from merchant_identity
) as a
semi join staff s on a.kind = s.kind and a.value = s.value
where a.month >= $m12
union
select w.row_in_block, 1
from shippers m
join wanted w on m.place = w.place
semi join staff s on s.kind = 1 and m.shipper = s.value
order by place
