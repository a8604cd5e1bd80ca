-- Rollup: freight of a merchant's month, and what is odd about its records, from `bills`.
select
    merchant,
    cast($month as integer) as month,
    count(case when is_bill and freight_fen is not null then 1 end) as freight_bills,
    cast(sum(case when is_bill then coalesce(freight_fen, 0) else 0 end) as bigint) as freight_fen,
    count(case when amount_fen > 0 and amount_fen % 100000 = 0 then 1 end) as round_bills,
    count(case when (flags & $voided) <> 0 then 1 end) as voided,
    cast(sum(repeats) as bigint) as repeats,
    cast(sum(resets) as bigint) as resets,
    cast(
        sum(case when (flags & $self_deal) <> 0 and cod_fen > 0 then cod_fen else 0 end) as bigint
    ) as self_deal_fen,
    count(case when is_two_sided then 1 end) as two_sided,
    cast(sum(case when (flags & $edited_up) <> 0 then amount_fen else 0 end) as bigint) as edited_fen,
    count(case when is_bill and has_first_amount then 1 end) as with_first_amount
from bills
group by merchant
order by merchant
