-- Network: a merchant's amount of the 90 days before T, from the bills of merchants.
select s.place, r.amount_fen
from (
    select shipper, cast(sum(amount_fen) as bigint) as amount_fen
    from {origin}
    where created_on >= $new_from
    group by shipper
) as r
join shippers s on r.shipper = s.shipper
