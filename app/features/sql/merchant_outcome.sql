-- Rollup: how a merchant's waybills of a month ended, as known before the cut-off, by source, from
-- `bills`. What counts of `sign_rate` and `return_rate_amt_6m` must be mature: created before
-- $mature_before.
select
    merchant,
    source,
    cast($month as integer) as month,
    count(case when is_bill then 1 end) as bills,
    count(case when is_shipped and is_mature then 1 end) as shipped,
    count(case when is_shipped and is_mature and is_signed then 1 end) as signed,
    count(case when is_shipped and signed_at is not null then 1 end) as with_signed_at,
    cast(sum(case when is_returned and is_mature then abs(cod_fen) else 0 end) as bigint)
        as returned_fen,
    cast(sum(case when is_mature then amount_fen else 0 end) as bigint) as mature_fen,
    cast(sum(case when is_settled then amount_fen else 0 end) as bigint) as settled_fen,
    count(case when is_bill and (cod_paid_at is not null or tells_settlement) then 1 end)
        as with_settlement,
    count(case when amount_fen > 0 and cod_paid_at is not null then 1 end) as with_paid_at
from (
    select
        *,
        created_on < $mature_before as is_mature,
        (flags & ($voided | $self_deal | $test)) = 0 and not is_return_waybill as is_shipped,
        not is_returned
            and case when signed_at is not null then signed_at < $cut_off else says_signed end
            as is_signed,
        case when cod_paid_at is not null then cod_paid_at < $cut_off else says_settled end
            as is_settled
    from bills
) as judged_bills
group by merchant, source
order by merchant, source
