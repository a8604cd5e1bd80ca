-- Network: a merchant's amount of M1–M12 to consignees who bought from nobody else then, from the
-- table `parties`.
select s.place, c.amount_fen
from (
    select one_shipper as shipper, cast(sum(amount_fen) as bigint) as amount_fen
    from parties
    where one_shipper = other_shipper
    group by one_shipper
) as c
join shippers s on c.shipper = s.shipper
