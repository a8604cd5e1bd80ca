-- Year: a merchant's consignees of M1–M12 and what they bought, a row each, whole numbers only, from
-- the rollups `merchant_bill` (M1–M12) and `merchant_trade` (before). Bits of `seen`: 2 a COD bill in
-- M1–M6, 4 one in M7–M12. What was before M12 is asked only of `unsure`: who bought in M1–M6, but not
-- in M7–M12. `is_new`: who had no COD bill before M1–M12's first.
create or replace temp table customers as
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
)
select
    r.place,
    r.seen,
    r.amount_12m_fen,
    r.amount_3m_fen,
    r.first_cod_on,
    case when r.seen >= 4 or e.in_13_18 = 1 then r.amount_6m_fen else 0 end as repeat_6m_fen,
    e.place is null as is_new
from recent r
left join earlier e on r.place = e.place and r.consignee = e.consignee
