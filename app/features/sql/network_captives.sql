-- Network: what a merchant sold in M1–M12 to consignees that are the customers of one merchant only,
-- by the merchant's key, from the merchants' bills ({year}: those of M1–M12).
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
