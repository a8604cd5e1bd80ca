-- Year: how many parties a merchant had in M1–M12 (consignees, and phones of its bills on either
-- side), and how many of them stand on the blacklist, one row a merchant, from the rollups
-- `merchant_bill` and `merchant_phone` and the table `blacklist` (kind, value).
with parties as (
    select distinct place, 1 as kind, consignee as value
    from merchant_bill
    where month >= $m12
    union all
    select distinct place, 6, phone
    from merchant_phone
    where month >= $m12
)
select p.place, count(*) as parties, count(b.value) as listed
from parties p
left join blacklist b on p.kind = b.kind and p.value = b.value
group by p.place
order by p.place
