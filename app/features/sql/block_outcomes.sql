-- Block: how waybills of M1–M12 ended, one row a merchant, from the rollup `merchant_outcome` and
-- the table `sources` (source, is_invoice, tells_settlement: whether any of its bills in M1–M12 was
-- settled in a way that it records).
select
    o.place,
    cast(sum(case when s.is_invoice then 0 else o.shipped end) as bigint) as shipped,
    cast(sum(case when s.is_invoice then 0 else o.signed end) as bigint) as signed,
    cast(sum(case when s.is_invoice then 0 else o.with_signed_at end) as bigint) as with_signed_at,
    cast(sum(case when o.month >= $m6 then o.returned_fen else 0 end) as bigint) as returned_6m_fen,
    cast(sum(case when o.month >= $m6 then o.mature_fen else 0 end) as bigint) as mature_6m_fen,
    cast(sum(o.settled_fen) as bigint) as settled_fen,
    count(case when o.bills > 0 and s.tells_settlement then 1 end) as with_settlement,
    cast(sum(o.with_paid_at) as bigint) as with_paid_at
from merchant_outcome o
join sources s on o.source = s.source
where o.month >= $m12
group by o.place
order by o.place
