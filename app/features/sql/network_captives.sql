-- Network: consignees that are the customers of one merchant only in M1–M12, with the amount, from
-- the bills of merchants ({year}: its months M1–M12).
create or replace table captives as
select shipper, cast(sum(amount_fen) as bigint) as amount_fen
from (
    select
        consignee,
        min(shipper) as shipper,
        max(shipper) as other_shipper,
        cast(sum(amount_fen) as bigint) as amount_fen
    from {year}
    group by consignee
) as bought
where shipper = other_shipper
group by shipper
