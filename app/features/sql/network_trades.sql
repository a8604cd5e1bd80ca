-- Network: what merchants sold to merchants, by day, from the bills of merchants; both
-- sides by their place. What a party sends itself is no trade between parties.
create or replace table trades as
select s.place as shipper, c.place as consignee, t.created_on, t.amount_fen
from {origin} t
join shippers c on t.consignee = c.shipper
join shippers s on t.shipper = s.shipper
where t.shipper <> t.consignee
