-- Network: the trades of pairs that ship to each other, from the table `trades`.
select t.shipper, t.consignee, t.created_on, t.amount_fen
from trades t
semi join trades r on t.shipper = r.consignee and t.consignee = r.shipper
