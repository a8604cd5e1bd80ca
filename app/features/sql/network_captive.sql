-- Network: a merchant's amount of M1–M12 to consignees who bought from nobody else then, from the
-- query `captives` ({captives}).
select s.place, c.amount_fen
from {captives} c
join shippers s on c.shipper = s.shipper
