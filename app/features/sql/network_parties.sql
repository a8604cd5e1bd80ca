-- Network: consignees that are the customers of one merchant only in M1–M12 (`one_shipper` and
-- `other_shipper`, the least and the greatest key, are the same), or that were first sold to on
-- $newcomers_from or later, from the rollup `merchant_consignee`; no others are kept.
create or replace table parties as
select consignee, first_on, one_shipper, other_shipper, amount_fen
from (
    select
        consignee,
        min(created_on) as first_on,
        min(case when month >= $m12 and month <= $m1 then shipper end) as one_shipper,
        max(case when month >= $m12 and month <= $m1 then shipper end) as other_shipper,
        cast(sum(case when month >= $m12 and month <= $m1 then amount_fen else 0 end) as bigint)
            as amount_fen
    from {origin}
    group by consignee
) as bought
where one_shipper = other_shipper or first_on >= $newcomers_from
