-- Network: who sold to whom in the 90 days before T, and for how much, from the table `trades`.
select shipper, consignee, cast(sum(amount_fen) as bigint) as amount_fen
from trades
where created_on >= $new_from
group by shipper, consignee
