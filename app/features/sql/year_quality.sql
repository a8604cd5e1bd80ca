-- Year: freight of M1–M12, and what is odd about its records, one row a merchant, from the rollup
-- `merchant_quality`.
select
    place,
    cast(sum(freight_bills) as bigint) as freight_bills,
    cast(sum(freight_fen) as bigint) as freight_fen,
    cast(sum(round_bills) as bigint) as round_bills,
    cast(sum(voided) as bigint) as voided,
    cast(sum(repeats) as bigint) as repeats,
    cast(sum(resets) as bigint) as resets,
    cast(sum(self_deal_fen) as bigint) as self_deal_fen,
    cast(sum(two_sided) as bigint) as two_sided,
    cast(sum(edited_fen) as bigint) as edited_fen,
    cast(sum(with_first_amount) as bigint) as with_first_amount
from merchant_quality
where month >= $m12
group by place
order by place
