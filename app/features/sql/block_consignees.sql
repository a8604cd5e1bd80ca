-- Block: what a merchant's consignees say of it, one row a merchant, whole numbers only, from the
-- rollups `merchant_bill` (M1–M12) and `merchant_trade` (before). Bits of `seen`: 2 a COD bill in M1–M6, 4 one in M7–M12. What was
-- before M12 is asked only of `unsure`: who bought in M1–M6, but not in M7–M12. Squares of amounts
-- pass 64 bits, so an amount is cut into high and low parts of 2^20 fen:
-- amount² = (high·2^20 + low)².
with recent as (
    select
        place,
        consignee,
        bit_or(case when amount_fen = 0 then 0 when month >= $m6 then 2 else 4 end) as seen,
        cast(sum(amount_fen) as bigint) as amount_12m_fen,
        cast(sum(case when month >= $m6 then amount_fen else 0 end) as bigint) as amount_6m_fen,
        cast(sum(case when month >= $m3 then amount_fen else 0 end) as bigint) as amount_3m_fen,
        min(case when amount_fen > 0 then created_on end) as first_cod_on
    from merchant_bill
    where month >= $m12
    group by place, consignee
),
unsure as (
    select place, consignee
    from recent
    where amount_6m_fen > 0 and seen < 4
),
earlier as (
    select c.place, c.consignee, max(case when c.month >= $m18 then 1 else 0 end) as in_13_18
    from merchant_trade c
    semi join unsure u on c.place = u.place and c.consignee = u.consignee
    where c.month < $m12 and c.amount_fen > 0
    group by c.place, c.consignee
),
judged as (
    select
        r.place,
        r.seen,
        r.amount_12m_fen,
        r.amount_12m_fen // 1048576 as high,
        r.amount_12m_fen % 1048576 as low,
        case when r.seen >= 4 or e.in_13_18 = 1 then r.amount_6m_fen else 0 end as repeat_6m_fen,
        case when e.place is null and r.first_cod_on >= $new_from then r.amount_3m_fen else 0 end
            as new_3m_fen
    from recent r
    left join earlier e on r.place = e.place and r.consignee = e.consignee
)
select
    place,
    count(*) as consignees,
    max(amount_12m_fen) as largest_fen,
    cast(sum(high * high) as bigint) as high_high,
    cast(sum(high * low) as bigint) as high_low,
    cast(sum(low * low) as bigint) as low_low,
    cast(sum(repeat_6m_fen) as bigint) as repeat_6m_fen,
    count(case when seen = 2 or seen = 6 then 1 end) as in_1_6,
    count(case when seen >= 4 then 1 end) as in_7_12,
    count(case when seen = 6 then 1 end) as retained,
    cast(sum(new_3m_fen) as bigint) as new_3m_fen
from judged
group by place
order by place
